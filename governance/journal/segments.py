"""The files that a log is cut into, and the one that is written at its end.

Segments are named by the number of their first record. Here they are listed, read line by line with
their offsets, and appended to; what a line says is the business of `chain`.
"""

from __future__ import annotations

import os
import re
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from governance.errors import Diagnostic, JournalError
from governance.journal.chain import LONGEST
from governance.journal.files import unreadable
from governance.regular import open_to_read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from governance.journal.files import Files

__all__ = ["Line", "Segment", "Tail", "first_segment", "last_line", "lines", "segments"]

_NAME: Final = re.compile(r"[0-9]{20}\.jsonl")


class Segment(NamedTuple):
    """One file of a log and the number that its first record must have."""

    path: Path
    first: int

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.path.name


class Line(NamedTuple):
    """A line of a segment without its line feed, and where it begins.

    `whole` is False for what stands at the end of a file without a line feed; of such a rest, and of a line
    that is longer than any record, only the first bytes are kept in `data`, and `size` counts all of them.
    """

    data: bytes
    offset: int
    size: int
    whole: bool


def first_segment(folder: Path) -> Segment:
    """Return the segment that every log begins with."""
    return _segment(folder, 0)


def segments(folder: Path) -> tuple[Segment, ...]:
    """Return the segments in `folder` in order; JournalError `no-log` where there is none."""
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if _NAME.fullmatch(entry.name))
    except (FileNotFoundError, NotADirectoryError):
        names = []
    except OSError as error:
        raise unreadable(error) from error
    if not names:
        raise JournalError(
            Diagnostic(
                "no-log",
                f"there is no decision log in {folder}",
                help="name the folder that holds the log's segments (00000000000000000000.jsonl and so on)",
            )
        )
    return tuple(Segment(folder / name, int(name[:20])) for name in names)


def lines(segment: Segment, offset: int = 0) -> Iterator[Line]:
    """Read the lines of `segment` from `offset` on, holding one at a time."""
    try:
        with open_to_read(segment.path) as file:
            file.seek(offset)
            while data := file.readline(LONGEST + 1):
                size, whole = len(data), data.endswith(b"\n")
                rest = data
                while not whole and (rest := file.readline(LONGEST)):
                    size, whole = size + len(rest), rest.endswith(b"\n")
                yield Line(data[:-1] if whole and size == len(data) else data, offset, size, whole)
                offset += size
    except OSError as error:
        raise unreadable(error) from error


def last_line(segment: Segment) -> Line | None:
    """Return the last line of `segment`, or None if it is empty, without reading what stands before it."""
    try:
        with open_to_read(segment.path) as file:
            end = file.seek(0, os.SEEK_END)
            start, window = end, 4096
            while start > max(0, end - LONGEST):
                start = max(0, end - window)
                file.seek(start)
                found = file.read(end - start - 1).rfind(b"\n")
                if found >= 0:
                    start += found + 1
                    break
                window = min(8 * window, LONGEST)
    except OSError as error:
        raise unreadable(error) from error
    return next(lines(segment, start), None)


class Tail:
    """The end of a log: where lines become durable. Not safe for use by two threads at once."""

    def __init__(self, segment: Segment, segment_bytes: int, files: Files) -> None:
        """Open `segment`, made if need be, and see that what is in it and its name are durable."""
        self.segment = segment
        self._most = segment_bytes
        self._files = files
        self._descriptor = files.open_append(segment.path)
        try:
            self._size = os.fstat(self._descriptor).st_size
            files.sync(self._descriptor)
            files.sync_folder(segment.path.parent)
        except OSError:
            files.close(self._descriptor)
            raise

    def append(self, first: int, batch: Sequence[bytes]) -> None:
        """Return when the lines of `batch`, of which the first is record `first`, are durable; else OSError."""
        done = 0
        while done < len(batch):
            if self._size > 0 and self._size + len(batch[done]) > self._most:
                self._rotate(first + done)
            taken = self._fitting(batch, done)
            self._write(b"".join(islice(batch, done, done + taken)))
            self._files.sync(self._descriptor)
            done += taken

    def cut(self, size: int) -> None:
        """Cut the segment to its first `size` bytes, durably."""
        self._files.truncate(self._descriptor, size)
        self._files.sync(self._descriptor)
        self._size = size

    def close(self) -> None:
        """Close the segment."""
        self._files.close(self._descriptor)

    def _fitting(self, batch: Sequence[bytes], done: int) -> int:
        room, taken = self._most - self._size - len(batch[done]), 1
        while done + taken < len(batch) and room >= len(batch[done + taken]):
            room -= len(batch[done + taken])
            taken += 1
        return taken

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            count = self._files.write(self._descriptor, bytes(rest) if len(rest) < len(data) else data)
            self._size += count
            rest = rest[count:]

    def _rotate(self, first: int) -> None:
        following = Tail(_segment(self.segment.path.parent, first), self._most, self._files)
        self._files.close(self._descriptor)
        self.segment, self._descriptor, self._size = following.segment, following._descriptor, following._size


def _segment(folder: Path, first: int) -> Segment:
    return Segment(folder / f"{first:020d}.jsonl", first)
