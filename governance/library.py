"""Policy files from folders: the standard library of this package, and an operator's own.

Reading is all that happens here; what the text means is `governance.policy`.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NoReturn, TypeAlias

from governance import resources
from governance.cache import keep_bundle, kept_bundle
from governance.errors import Diagnostic, PolicyError
from governance.policy.audit import read_programs
from governance.policy.stored import examine_bundle, make_bundle, named_sources
from governance.regular import open_to_read
from governance.text import shown

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
_Stamp: TypeAlias = tuple[int, int, int, int, int]
"""A file's device, number, size and the instants of its last changes."""

STANDARD: Final = resources.folder("policies") / "std"
"""Where the standard library lies, which is part of every bundle."""


def load_policies(place: Path) -> Bundle:
    """Return the bundle of the `.policy` file or folder `place` with the standard library.

    Files in folders below are part of it; names that begin with a dot are not. A link to a policy file or a folder
    is an error, for a rule that is silently left out may be a forbid. Raises `PolicyError`.
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
    """Return the text of each policy file of `place` as they all were at one moment."""
    files = _files(place)
    found, stamps = {}, {}
    for name, path in files.items():
        data, stamps[name] = _bytes(path, name)
        found[name] = _text(data, name)
    # A file that is written, moved or taken away meanwhile must not be half of what is judged by.
    if any(_stamp_at(path) != stamps[name] for name, path in files.items()) or _files(place) != files:
        message = f"the policies in {place.name} changed while they were read"
        raise PolicyError(Diagnostic("changing", message, None, "try again when they are written"))
    return found


def _files(place: Path) -> dict[str, Path]:
    """Return where each policy file of `place`, itself one or a folder, lies, by name and in that order."""
    if place.is_file():
        return {_visible(place.name): place}
    return {name: place / name for name in sorted(_names(place))}


def _names(place: Path) -> Iterator[str]:
    """Yield the policy files beneath `place`. One that cannot be read is an error: it may hold a forbid."""

    def refuse(error: OSError) -> NoReturn:
        raise _unreadable(str(error.filename), error)

    for folder, folders, files in os.walk(place, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in folders:
            if (path := Path(folder) / name).is_symlink():
                raise _link(path.relative_to(place).as_posix())
        for name in files:
            path = Path(folder) / name
            if name.endswith(SUFFIX) and not name.startswith("."):
                yield _visible(path.relative_to(place).as_posix())


def _visible(name: str) -> str:
    """Return the name of a file, which is part of its rules' names: people see what is there."""
    if name.isprintable():
        return name
    message = f"the name of the file {shown(name)} has a character that does not show"
    raise PolicyError(Diagnostic("hidden-character", message, None, "rename it"))


def _link(name: str) -> PolicyError:
    message = f"{shown(name)} is a symbolic link"
    mend = "put what it leads to there itself, or remove the link"
    return PolicyError(Diagnostic("link", message, None, mend))


def _unreadable(name: str, error: OSError) -> PolicyError:
    message = f"{shown(name)} cannot be read: {error.strerror}"
    return PolicyError(Diagnostic("unreadable", message, None, "make it readable, or move it away"))


def _bytes(path: Path, name: str) -> tuple[bytes, _Stamp]:
    """Return what is in the file at `path`, which people know as `name`, and what tells whether it changed since."""
    if path.is_symlink():
        raise _link(name)
    try:
        with open_to_read(path) as file:
            stamp = _stamp(os.fstat(file.fileno()))
            data = file.read(_LIMIT + 1)
    except OSError as error:
        raise _unreadable(name, error) from None
    if len(data) > _LIMIT:
        raise PolicyError(
            Diagnostic("too-long", f"{name} has more than {_LIMIT} bytes", None, "split the file")
        )
    return data, stamp


def _stamp(status: os.stat_result) -> _Stamp:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _stamp_at(path: Path) -> _Stamp | None:
    """Return the stamp of the file at `path`, None where there is none any more."""
    try:
        return _stamp(path.lstat())
    except OSError:
        return None


def _text(data: bytes, name: str) -> str:
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
