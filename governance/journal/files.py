"""The file operations that the log is written with, and nothing that knows what is written.

They are an interface so that a test can let a write fail, or find out what was synced when. Reading is
done by `governance.regular`. No name is followed through a symbolic link.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, Protocol

from governance.errors import Diagnostic, JournalError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["DISK", "Disk", "Files", "unreadable"]

_SAFE: Final = os.O_NOFOLLOW | os.O_CLOEXEC


class Files(Protocol):
    """What the log needs of a file system; every method raises OSError as the system does."""

    def make_folder(self, folder: Path) -> None:
        """Make `folder` with mode 0700, and those above it, unless they are there."""

    def open_append(self, path: Path) -> int:
        """Open, or make with mode 0600, the file at `path` for appending; return its descriptor."""

    def create(self, path: Path) -> int:
        """Open the file at `path` empty, made anew with mode 0600 if need be; return its descriptor."""

    def write(self, descriptor: int, data: bytes) -> int:
        """Write some first part of `data`; return how many bytes were taken."""

    def sync(self, descriptor: int) -> None:
        """Return when what was written through `descriptor`, and the length of the file, are durable."""

    def sync_folder(self, folder: Path) -> None:
        """Return when the names in `folder` are durable."""

    def truncate(self, descriptor: int, size: int) -> None:
        """Cut the file to its first `size` bytes."""

    def rename(self, old: Path, new: Path) -> None:
        """Give the file the name `new`, at once and whole."""

    def close(self, descriptor: int) -> None:
        """Close the descriptor."""


class Disk:
    """The operating system's files."""

    def make_folder(self, folder: Path) -> None:
        """Make `folder` with mode 0700, and those above it, unless they are there."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def open_append(self, path: Path) -> int:
        """Open, or make with mode 0600, the file at `path` for appending; return its descriptor."""
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | _SAFE, 0o600)

    def create(self, path: Path) -> int:
        """Open the file at `path` empty, made anew with mode 0600 if need be; return its descriptor."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _SAFE, 0o600)

    def write(self, descriptor: int, data: bytes) -> int:
        """Write some first part of `data`; return how many bytes were taken."""
        return os.write(descriptor, data)

    def sync(self, descriptor: int) -> None:
        """Return when what was written through `descriptor`, and the length of the file, are durable.

        `fdatasync` suffices: POSIX has it flush the metadata that is needed to read the data back, the
        length among it; what it may leave out is the time of the change.
        """
        os.fdatasync(descriptor)

    def sync_folder(self, folder: Path) -> None:
        """Return when the names in `folder` are durable."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def truncate(self, descriptor: int, size: int) -> None:
        """Cut the file to its first `size` bytes."""
        os.ftruncate(descriptor, size)

    def rename(self, old: Path, new: Path) -> None:
        """Give the file the name `new`, at once and whole."""
        old.rename(new)

    def close(self, descriptor: int) -> None:
        """Close the descriptor."""
        os.close(descriptor)


DISK: Final = Disk()


def unreadable(error: OSError) -> JournalError:
    """Return `error` as what the operator is told when a file of the log cannot be read."""
    return JournalError(
        Diagnostic(
            "log-unreadable",
            f"the log cannot be read: {error.strerror}: {error.filename}",
            help="see that the files of the log are regular files that this user may read, then try again",
        )
    )
