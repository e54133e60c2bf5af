"""Frames: how a gateway and the runner in a sandbox speak, one byte stream in each direction.

A frame is one byte that says its kind, four bytes with the length of what follows (big-endian), and that. Each
side reads the other as hostile: a kind that it does not expect and a length beyond the kind's own bound are
refused before anything is kept. Used by both sides, so it stands alone; nothing here reads or writes.

    to the runner    call: JSON    input: the next bytes that the program reads    window: so many more bytes may come
    to the gateway   ready: JSON   out, err: the next bytes it wrote    ended: JSON   unstarted: JSON

After `ready` comes one `call`, its input, and windows; then outputs, and `ended` or `unstarted`. Outputs that no
window covers are not sent: whoever reads slowly stops the program. `hearing` and `runner` have the fields.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as in `fs`
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Final

CALL: Final = ord("C")
INPUT: Final = ord("I")
WINDOW: Final = ord("W")
READY: Final = ord("R")
OUT: Final = ord("O")
ERR: Final = ord("E")
ENDED: Final = ord("X")
UNSTARTED: Final = ord("N")

PIECE: Final = 64 * 2**10
"""So many bytes of input or output are in one frame at most."""

FIRST_WINDOW: Final = 2**20
"""So many bytes of output may come for a call before a window is opened."""

MOST_CALL: Final = 16 * 2**20
MOST_INPUT: Final = 64 * 2**20
"""So many bytes a call, and all of its input, have at most."""

_REPORT: Final = 4096
_HEADER: Final = 5

TO_RUNNER: Final[Mapping[int, int]] = {CALL: MOST_CALL, INPUT: PIECE, WINDOW: 4}
TO_GATEWAY: Final[Mapping[int, int]] = {
    READY: _REPORT,
    OUT: PIECE,
    ERR: PIECE,
    ENDED: _REPORT,
    UNSTARTED: _REPORT,
}
"""The kinds that each side takes, and the most bytes of each."""


class FrameError(ValueError):
    """What came is no frame that may come."""


def frame(kind: int, body: bytes) -> bytes:
    """Return `body` as a frame."""
    return bytes((kind,)) + len(body).to_bytes(4, "big") + body


class Frames:
    """The frames that come in one direction, out of pieces that are cut anywhere."""

    def __init__(self, kinds: Mapping[int, int]) -> None:
        """Take the kinds `kinds`, of at most so many bytes each."""
        self._kinds = kinds
        self._held = bytearray()

    @property
    def within(self) -> bool:
        """Whether the last frame is not whole yet."""
        return bool(self._held)

    def feed(self, data: bytes | memoryview) -> Iterator[tuple[int, bytes]]:
        """Yield each frame that is whole with these bytes: its kind and its body. Raises `FrameError`."""
        held, at = self._held, 0
        held += data
        try:
            while len(held) - at >= _HEADER:
                kind = held[at]
                size = int.from_bytes(held[at + 1 : at + _HEADER], "big")
                if size > self._kinds.get(kind, -1):
                    raise FrameError("of a kind or a length that is not taken here")
                if len(held) - at < _HEADER + size:
                    return
                body = bytes(memoryview(held)[at + _HEADER : at + _HEADER + size])
                at += _HEADER + size
                yield kind, body
        finally:
            del held[:at]
