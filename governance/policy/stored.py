"""Bundles from their two sources: policy files and the stored form that a log keeps."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from governance.canonical import digest
from governance.errors import Diagnostic, PolicyError
from governance.policy.check import check, examine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.policy.bundle import Bundle
    from governance.policy.check import Examination

__all__ = ["NO_POLICIES", "examine_bundle", "load_bundle", "make_bundle", "named_sources"]


NO_POLICIES: Final = Diagnostic(
    "no-policies", "there is no .policy file", None, "name a folder that holds one"
)

_HALF: Final = re.compile("[\ud800-\udfff]")


def make_bundle(library: Mapping[str, str], files: Mapping[str, str]) -> Bundle:
    """Return the bundle of policy `files` with the standard `library`, both text by name.

    The library's files are part of every bundle, under `std/`. Raises `PolicyError`, also when there are no files.
    """
    found = examine_bundle(library, files, None)
    if found.bundle is None:
        raise PolicyError(*found.errors)
    return found.bundle


def examine_bundle(library: Mapping[str, str], files: Mapping[str, str], at: int | None) -> Examination:
    """Return what policy `files` with the standard `library` are, and everything that is to be said of them.

    `at`, in milliseconds since 1970, is when it is asked: rules that have ended are told. Raises `PolicyError`
    when there are no files, or their names stand in for the library's.
    """
    if not files:
        raise PolicyError(NO_POLICIES)
    taken = sorted(name for name in files if name.startswith("std/"))
    if taken:
        message = f"{', '.join(taken)} would stand in for the standard library"
        raise PolicyError(
            Diagnostic("reserved-name", message, None, "call the folder something else than std")
        )
    return examine(named_sources(library, files), at)


def named_sources(library: Mapping[str, str], files: Mapping[str, str]) -> dict[str, str]:
    """Return the sources of a bundle by the names that it calls them: the library's lie under `std/`."""
    return {**{f"std/{name}": text for name, text in library.items()}, **files}


def load_bundle(data: bytes, name: str) -> Bundle:
    """Return the bundle that `data`, kept in a log under the digest `name`, is.

    Raises `PolicyError` when the bytes are not those, or when this engine takes the sources for something else.
    """
    if digest(data) != name:
        raise PolicyError(
            Diagnostic("bundle-edited", f"the bundle {name} is not what was stored", None, "restore it")
        )
    bundle = check(_sources(data, name))
    if bundle.digest != name:
        message = f"this engine takes the sources of {name} for {bundle.digest}"
        raise PolicyError(
            Diagnostic("other-meaning", message, None, "replay with the version that wrote the log")
        )
    return bundle


def _sources(data: bytes, name: str) -> dict[str, str]:
    try:
        stored = json.loads(data)
    except (ValueError, RecursionError):
        stored = None
    match stored:
        case {"sources": dict(sources)} if all(_is_text(each) for pair in sources.items() for each in pair):
            return {str(file): str(text) for file, text in sources.items()}
    raise PolicyError(
        Diagnostic("no-bundle", f"what is stored as {name} is no bundle", None, "restore the log")
    )


def _is_text(value: object) -> bool:
    """Whether a value of JSON is text; half a surrogate pair is no character."""
    return isinstance(value, str) and _HALF.search(value) is None
