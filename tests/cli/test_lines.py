from __future__ import annotations

import hashlib
import io
import tracemalloc

import pytest

from governance.cli.lines import read_lines
from governance.request.wire import LIMIT, Oversize


def lines(data: bytes) -> list[bytes | Oversize]:
    return list(read_lines(io.BytesIO(data)))


def oversize(content: bytes) -> Oversize:
    return Oversize(len(content), "sha256:" + hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize(
    ("data", "read"),
    [
        (b"", []),
        (b"\n", [b""]),
        (b"a\nb\n", [b"a", b"b"]),
        (b"a\nb", [b"a", b"b"]),
        (b"a\r\n\r\n", [b"a\r", b"\r"]),
        (b"a\rb\x0bc\x0cd\x85e\xe2\x80\xa8f\x1eg\n", [b"a\rb\x0bc\x0cd\x85e\xe2\x80\xa8f\x1eg"]),
        (b"\x00\n\xff\n", [b"\x00", b"\xff"]),
        (b"\n\n\n", [b"", b"", b""]),
    ],
)
def test_only_a_line_feed_ends_a_line(data: bytes, read: list[bytes]) -> None:
    assert lines(data) == read


@pytest.mark.parametrize("end", [b"", b"\n", b"\nnext\n"])
@pytest.mark.parametrize(
    "length", [LIMIT - 1, LIMIT, LIMIT + 1, LIMIT + 2, 2 * LIMIT, 2 * LIMIT + 1, 3 * LIMIT + 1]
)
def test_line_around_the_limit_is_whole_or_only_measured(length: int, end: bytes) -> None:
    content = b"a" * length
    first = content if length <= LIMIT else oversize(content)
    assert lines(content + end) == [first, *([b"next"] if b"next" in end else [])]


def test_lines_after_a_long_one_are_read() -> None:
    long = b"x" * (2 << 20)
    assert lines(b"a\n" + long + b"\nb\n" + long) == [b"a", oversize(long), b"b", oversize(long)]


class Endless(io.RawIOBase):
    """A stream of one line, made while it is read."""

    def __init__(self, length: int) -> None:
        self._left = length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = min(len(buffer), self._left)
        buffer[:count] = b"a" * count
        self._left -= count
        return count


def test_memory_does_not_grow_with_the_line() -> None:
    length = 64 << 20
    with io.BufferedReader(Endless(length)) as stream:
        tracemalloc.start()
        (line,) = read_lines(stream)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert isinstance(line, Oversize)
    assert line.length == length
    assert peak < 8 << 20


def test_lines_are_read_as_they_come() -> None:
    stream = io.BytesIO(b"a\n" + b"b" * 100)
    first = next(iter(read_lines(stream)))
    assert (first, stream.tell()) == (b"a", 2)
