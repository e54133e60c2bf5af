"""The lock that lets one process at a time write a log.

It is an advisory lock of the system (`flock`) on a file of the log: it ends with the process that holds it,
however that ends, so there is no stale lock to remove.
"""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, Final

from governance.errors import Diagnostic, JournalError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["in_use", "release", "take"]

_NAME: Final = "lock"


def take(folder: Path) -> int:
    """Take the lock of the log in `folder`; return the descriptor that holds it.

    Raises JournalError `log-in-use`, which names the process that has it, and OSError as the system does.
    """
    descriptor = os.open(folder / _NAME, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        _lock(descriptor, folder)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    except (OSError, JournalError):
        os.close(descriptor)
        raise
    return descriptor


def release(descriptor: int) -> None:
    """Give the lock up."""
    os.close(descriptor)


def in_use(folder: Path) -> bool:
    """Say whether a process holds the lock of the log in `folder`."""
    try:
        descriptor = os.open(folder / _NAME, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _lock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
        raise JournalError(
            Diagnostic(
                "log-in-use",
                f"the log in {folder} is being written by process {holder}",
                help="one process writes a log: stop that one, or name another folder with --log",
            )
        ) from error
