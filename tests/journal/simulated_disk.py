"""A disk that can fail, fill up and lose power, over real files.

It keeps the promise a real disk makes and no more: what was written and not synced may be gone, or partly
there, or zeros, when the power comes back.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from governance.journal.files import Disk

if TYPE_CHECKING:
    from pathlib import Path


class SimulatedDisk(Disk):
    """The operating system's files, with faults that a test switches on."""

    def __init__(self) -> None:
        self.room: int | None = None
        """How many more bytes fit; None for no end."""
        self.sync_fails = False
        self.dead = False
        self.syncs = 0
        self.durable_lines = 0
        """How many line feeds were written to segments before the last sync began."""
        self._written_lines = 0
        self._paths: dict[int, Path] = {}
        self._synced: dict[Path, int] = {}

    def open_append(self, path: Path) -> int:
        self._alive()
        descriptor = super().open_append(path)
        self._paths[descriptor] = path
        return descriptor

    def write(self, descriptor: int, data: bytes) -> int:
        self._alive()
        if self.room is not None:
            if self.room == 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            data = data[: self.room]
            self.room -= len(data)
        count = super().write(descriptor, data)
        self._written_lines += data[:count].count(b"\n")
        return count

    def sync(self, descriptor: int) -> None:
        self._alive()
        if self.sync_fails:
            raise OSError(errno.EIO, "Input/output error")
        lines, size = self._written_lines, os.fstat(descriptor).st_size
        super().sync(descriptor)
        self.syncs += 1
        self.durable_lines = lines
        if descriptor in self._paths:
            self._synced[self._paths[descriptor]] = size

    def close(self, descriptor: int) -> None:
        self._paths.pop(descriptor, None)
        super().close(descriptor)

    def lose_power(self) -> None:
        """Let every operation fail from now on, but closing."""
        self.dead = True

    def come_back(self, kept: int, *, zeros: bool = False) -> None:
        """Work again; of what was not synced, each file has its first `kept` bytes, or that many zeros."""
        self.dead = False
        for path, size in self._synced.items():
            rest = path.read_bytes()[size : size + kept]
            os.truncate(path, size)
            with path.open("ab") as file:
                file.write(bytes(len(rest)) if zeros else rest)

    def _alive(self) -> None:
        if self.dead:
            raise OSError(errno.EIO, "Input/output error")
