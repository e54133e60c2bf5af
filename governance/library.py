"""Policy files from folders: the standard library of this package, and an operator's own.

Reading is all that happens here; what the text means is `governance.policy`.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NoReturn

from governance import resources
from governance.cache import keep_bundle, kept_bundle
from governance.errors import Diagnostic, PolicyError
from governance.policy.audit import read_programs
from governance.policy.stored import examine_bundle, make_bundle, named_sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from governance.policy.audit import Programs
    from governance.policy.bundle import Bundle
    from governance.policy.check import Examination

__all__ = [
    "STANDARD",
    "SUFFIX",
    "examine_policies",
    "known_programs",
    "load_policies",
    "policy_files",
    "standard_library",
]

_LIMIT: Final = 1 << 20
SUFFIX: Final = ".policy"

STANDARD: Final = resources.folder("policies") / "std"
"""Where the standard library lies, which is part of every bundle."""


def load_policies(place: Path) -> Bundle:
    """Return the bundle of the `.policy` file or folder `place` with the standard library.

    Files in folders below are part of it; names that begin with a dot are not. A link to a policy file is an
    error, for a rule that is silently left out may be a forbid. Raises `PolicyError`.
    """
    library, files = standard_library(), _read(place)
    bundle = kept_bundle(named_sources(library, files))
    if bundle is None:
        bundle = make_bundle(library, files)
        keep_bundle(bundle)
    return bundle


def examine_policies(place: Path, at: int) -> Examination:
    """Return what `load_policies` would find, with warnings; `at`, in milliseconds, is when it is asked.

    Raises `PolicyError` only for files that cannot be read at all.
    """
    return examine_bundle(standard_library(), _read(place), at)


def policy_files(place: Path) -> tuple[tuple[str, str], ...]:
    """Return the name and text of each policy file of `place`, itself one or a folder. Raises `PolicyError`."""
    if not place.exists():
        raise _unreadable(str(place), FileNotFoundError(2, "there is no such file or folder"))
    return tuple(sorted(_read(place).items()))


@cache
def known_programs() -> Programs:
    """Return what is known of programs, which this package has as data."""
    return read_programs((resources.folder("policies") / "facts" / "programs.json").read_text("utf-8"))


@cache
def standard_library() -> Mapping[str, str]:
    """Return the name and text of each file of the standard library."""
    return MappingProxyType(_read(STANDARD))


def _read(place: Path) -> dict[str, str]:
    if place.is_file():
        return {place.name: _text(place, place.name)}
    return {name: _text(place / name, name) for name in sorted(_names(place))}


def _names(place: Path) -> Iterator[str]:
    """Yield the policy files beneath `place`. One that cannot be read is an error: it may hold a forbid."""

    def refuse(error: OSError) -> NoReturn:
        raise _unreadable(str(error.filename), error)

    for folder, folders, files in os.walk(place, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            path = Path(folder) / name
            if name.endswith(SUFFIX) and not name.startswith("."):
                yield path.relative_to(place).as_posix()


def _unreadable(name: str, error: OSError) -> PolicyError:
    message = f"{name} cannot be read: {error.strerror}"
    return PolicyError(Diagnostic("unreadable", message, None, "make it readable, or move it away"))


def _text(path: Path, name: str) -> str:
    if path.is_symlink():
        message = f"{name} is a symbolic link"
        raise PolicyError(Diagnostic("link", message, None, "put the file itself there, or remove the link"))
    try:
        with path.open("rb") as file:
            data = file.read(_LIMIT + 1)
    except OSError as error:
        raise _unreadable(name, error) from None
    if len(data) > _LIMIT:
        raise PolicyError(
            Diagnostic("too-long", f"{name} has more than {_LIMIT} bytes", None, "split the file")
        )
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"{name} is no UTF-8: byte 0x{data[error.start]:02x} in line {line}"
        raise PolicyError(Diagnostic("not-utf-8", message, None, "save the file as UTF-8")) from None
    if text.startswith("\ufeff"):
        raise PolicyError(
            Diagnostic("byte-order-mark", f"{name} begins with a byte order mark", None, "leave it out")
        )
    return text
