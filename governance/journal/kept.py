"""What records name by digest and do not hold: kept beside the log, one file each, under its digest.

Policy bundles, so that an old decision can be judged again, and the evidence of sandboxes, so that an outcome's
can be looked up. A file is there whole or not at all, and what is read is what the digest says. What it means is
not known here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from governance.canonical import digest as digest_of
from governance.errors import Diagnostic, JournalError
from governance.journal.files import unreadable
from governance.regular import open_to_read

if TYPE_CHECKING:
    from pathlib import Path

    from governance.journal.files import Files

__all__ = ["BUNDLES", "EVIDENCE", "Kept", "read_bundle", "read_evidence"]

_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_LONGEST: Final = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Kept:
    """One kind of what is kept: the word for it, its folder beside the log, and what cannot be done without it.

    Its errors are JournalError `WORD-missing` and `WORD-edited`.
    """

    word: str
    folder: str
    loss: str

    def keep(self, log: Path, digest: str, data: bytes, files: Files) -> None:
        """Keep `data` durably beside the log in `log`; does nothing if it is there already.

        Raises JournalError `WORD-edited` if `digest` is not that of `data`, and OSError as the system does. Not
        safe for use by two threads at once.
        """
        path = self._path(log, digest)
        if digest_of(data) != digest:
            raise self._edited(digest, "is not what it was handed over with")
        if path.exists() and path.read_bytes() == data:
            return
        files.make_folder(path.parent)
        files.sync_folder(log)
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

    def read(self, log: Path, digest: str) -> bytes:
        """Return what is kept under `digest` beside the log in `log`.

        Raises JournalError `WORD-missing` or `WORD-edited`.
        """
        path = self._path(log, digest)
        try:
            with open_to_read(path) as file:
                data = file.read(_LONGEST + 1)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise JournalError(
                Diagnostic(
                    f"{self.word}-missing",
                    f"the {self.word} {digest} is not kept beside the log ({path.name})",
                    help=f"put the {self.word}'s file back as {path.parent.name}/{path.name}; {self.loss}",
                )
            ) from error
        except OSError as error:
            raise unreadable(error) from error
        if digest_of(data) != digest:
            raise self._edited(digest, f"is not what {path.name} holds")
        return data

    def _path(self, log: Path, digest: str) -> Path:
        if _DIGEST.fullmatch(digest) is None:
            raise JournalError(
                Diagnostic(
                    f"{self.word}-missing",
                    f"{digest!r} is no digest of {self.word}",
                    help=f"name the {self.word} as sha256: and 64 hexadecimal digits",
                )
            )
        return log / self.folder / f"{digest.replace(':', '-')}.json"

    def _edited(self, digest: str, what: str) -> JournalError:
        return JournalError(
            Diagnostic(
                f"{self.word}-edited",
                f"the {self.word} {digest} {what}",
                help="put the right file back from a copy; its content must have the digest that its name says",
            )
        )


BUNDLES: Final = Kept("bundle", "bundles", "decisions cannot be replayed without it")
EVIDENCE: Final = Kept("evidence", "evidence", "what the sandbox was is not proven without it")


def read_bundle(log: Path, digest: str) -> bytes:
    """Return the policy bundle with `digest`; JournalError `bundle-missing` or `bundle-edited`."""
    return BUNDLES.read(log, digest)


def read_evidence(log: Path, digest: str) -> bytes:
    """Return the evidence with `digest`; JournalError `evidence-missing` or `evidence-edited`."""
    return EVIDENCE.read(log, digest)
