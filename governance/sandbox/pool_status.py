"""What a gateway says of its pool, for other processes of the same user: one small file for each gateway.

A file counts only while its gateway runs, which holds a lock on another beside it; what a crash left is removed by
whoever reads, and by the next gateway. Nothing is decided by it.
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypedDict, cast

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["POOLS", "BoxStatus", "PoolStatus", "StatusFile", "statuses"]

POOLS: Final = "pools"
"""The name of the folder of these files, among the user's state."""

_LOCK: Final = ".lock"
_DATA: Final = ".json"
_NEW: Final = ".new"


class BoxStatus(TypedDict):
    """The boxes of one kind: the digest of what they are made from, how many there are, seconds of the oldest."""

    box: str
    waiting: int
    making: int
    oldest_s: int


class PoolStatus(TypedDict):
    """One gateway's pool: how many calls it had by where their box came from, in thousandths how many had one waiting."""

    log: str
    calls: dict[str, int]
    hits_per_mille: int | None
    boxes: list[BoxStatus]
    bounds: dict[str, int]


class StatusFile:
    """One gateway's file; `close` removes it."""

    def __init__(self, folder: Path, name: str) -> None:
        """Make the file `name` in `folder`, where what crashed gateways left is removed first."""
        folder.mkdir(parents=True, exist_ok=True)
        for _ in statuses(folder):
            pass
        self._data, self._new = folder / f"{name}{_DATA}", folder / f"{name}{_NEW}"
        self._lock = folder / f"{name}{_LOCK}"
        self._new.unlink(missing_ok=True)  # of an earlier process: a log has one gateway at a time
        # Locked before it has its name: whoever finds it unlocked may remove it.
        self._held = os.open(self._new, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._held, fcntl.LOCK_EX)
        self._new.rename(self._lock)

    def write(self, status: PoolStatus) -> None:
        """Replace what the file says, whole."""
        self._new.write_text(json.dumps(status))
        self._new.replace(self._data)

    def close(self) -> None:
        """Remove the file."""
        _remove(self._lock)
        os.close(self._held)


def statuses(folder: Path) -> Iterator[PoolStatus]:
    """Yield what the gateways that run now say; what those left that do not is removed."""
    for lock in sorted(folder.glob(f"*{_LOCK}")):
        with suppress(FileNotFoundError):
            held = os.open(lock, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
                _remove(lock)
            except BlockingIOError:
                yield cast("PoolStatus", json.loads(lock.with_suffix(_DATA).read_text()))
            finally:
                os.close(held)


def _remove(lock: Path) -> None:
    for suffix in (_NEW, _DATA, _LOCK):
        lock.with_suffix(suffix).unlink(missing_ok=True)
