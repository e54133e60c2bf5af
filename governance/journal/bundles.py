"""Policy bundles kept beside the log, each under its digest, so that an old decision can be judged again.

A bundle is there whole or not at all, and what is read is what the digest says. What a bundle means is not
known here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from governance.canonical import digest as digest_of
from governance.errors import Diagnostic, JournalError
from governance.journal.files import unreadable
from governance.regular import open_to_read

if TYPE_CHECKING:
    from pathlib import Path

    from governance.journal.files import Files

__all__ = ["keep_bundle", "read_bundle"]

_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_LONGEST: Final = 256 * 1024 * 1024


def keep_bundle(folder: Path, digest: str, data: bytes, files: Files) -> None:
    """Keep `data` durably beside the log in `folder`; does nothing if it is there already.

    Raises JournalError `bundle-edited` if `digest` is not that of `data`, and OSError as the system does. Not
    safe for use by two threads at once.
    """
    path = _path(folder, digest)
    if digest_of(data) != digest:
        raise _edited(digest, "is not what it was handed over with")
    if path.exists() and path.read_bytes() == data:
        return
    files.make_folder(path.parent)
    files.sync_folder(folder)
    fresh = path.with_suffix(".new")
    descriptor = files.create(fresh)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[files.write(descriptor, bytes(rest)) :]
        files.sync(descriptor)
    finally:
        files.close(descriptor)
    files.rename(fresh, path)
    files.sync_folder(path.parent)


def read_bundle(folder: Path, digest: str) -> bytes:
    """Return the bundle with `digest` that is kept beside the log in `folder`.

    Raises JournalError `bundle-missing` or `bundle-edited`.
    """
    path = _path(folder, digest)
    try:
        with open_to_read(path) as file:
            data = file.read(_LONGEST + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise JournalError(
            Diagnostic(
                "bundle-missing",
                f"the bundle {digest} is not kept beside the log ({path.name})",
                help=f"put the bundle's file back as {path.parent.name}/{path.name}; decisions cannot be replayed "
                "without it",
            )
        ) from error
    except OSError as error:
        raise unreadable(error) from error
    if digest_of(data) != digest:
        raise _edited(digest, f"is not what {path.name} holds")
    return data


def _path(folder: Path, digest: str) -> Path:
    if _DIGEST.fullmatch(digest) is None:
        raise JournalError(
            Diagnostic(
                "bundle-missing",
                f"{digest!r} is no digest of a bundle",
                help="name the bundle as sha256: and 64 hexadecimal digits",
            )
        )
    return folder / "bundles" / f"{digest.replace(':', '-')}.json"


def _edited(digest: str, what: str) -> JournalError:
    return JournalError(
        Diagnostic(
            "bundle-edited",
            f"the bundle {digest} {what}",
            help="put the right file back from a copy; its content must have the digest that its name says",
        )
    )
