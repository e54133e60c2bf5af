"""The frames between a micro VM and its host: how they are written, and read as hostile input.

A frame is one byte for its kind, four for the channel, four for the length (big endian), then that many bytes.
The same text runs at both ends, inside on Debian's own Python; so it imports nothing but what that has.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LARGEST", "Frame", "FrameError", "Frames", "Kind", "frame"]

LARGEST: Final = 32 * 1024
"""Bytes that a frame carries at most."""

_HEADER: Final = struct.Struct(">BII")


class Kind(IntEnum):
    """What a frame says of its channel."""

    OPEN = 1
    """It begins; the payload names the service."""
    DATA = 2
    """The next bytes of the stream."""
    CREDIT = 3
    """So many more bytes may be sent (four bytes)."""
    END = 4
    """No more bytes come from this side."""
    GONE = 5
    """This side neither sends nor takes any more."""


_SIZES: Final = {
    Kind.OPEN: (1, 32),
    Kind.DATA: (1, LARGEST),
    Kind.CREDIT: (4, 4),
    Kind.END: (0, 0),
    Kind.GONE: (0, 0),
}
"""The least and most bytes of a payload."""


class FrameError(ValueError):
    """The other side sent what is no frame, or one that has no place here."""


class Frame:
    """One frame."""

    __slots__ = ("channel", "kind", "payload")

    def __init__(self, kind: Kind, channel: int, payload: bytes) -> None:
        self.kind = kind
        self.channel = channel
        self.payload = payload


def frame(kind: Kind, channel: int, payload: bytes = b"") -> bytes:
    """Return the bytes of a frame."""
    return _HEADER.pack(kind, channel, len(payload)) + payload


class Frames:
    """Takes bytes as they arrive, and gives the frames in them; never keeps more than one frame."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Yield the frames that `data` completes. Raises FrameError."""
        self._held += data
        start = 0
        while len(self._held) - start >= _HEADER.size:
            kind, channel, size = self._header(start)
            end = start + _HEADER.size + size
            if len(self._held) < end:
                break
            yield Frame(kind, channel, bytes(self._held[start + _HEADER.size : end]))
            start = end
        del self._held[:start]

    def _header(self, start: int) -> tuple[Kind, int, int]:
        number, channel, size = _HEADER.unpack_from(self._held, start)
        try:
            kind = Kind(number)
        except ValueError:
            raise FrameError(f"there is no frame of kind {number}") from None
        least, most = _SIZES[kind]
        if not least <= size <= most:
            raise FrameError(f"a frame {kind.name} of {size} bytes")
        return kind, channel, size
