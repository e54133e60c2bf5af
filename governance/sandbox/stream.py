"""What arrives from a container's streams, read as hostile input.

The engine sends frames (Engine API, "Attach to a container", stream format): one byte for the stream, three
zero bytes, a length of four bytes, the bytes. Nothing here reads a socket.
"""

from __future__ import annotations

from typing import Final

from governance.errors import Diagnostic, SandboxError

__all__ = ["Capture"]

_HEADER: Final = 8
_STREAMS: Final = (b"\0\0\0\0", b"\1\0\0\0", b"\2\0\0\0")
"""Standard input (which engines never send), output and error, as the first half of a header."""


class Capture:
    """The first `most` bytes of both streams together, and how many arrived."""

    def __init__(self, most: int) -> None:
        self.arrived = 0
        self._most = most
        self._kept: tuple[bytearray, bytearray] = (bytearray(), bytearray())
        self._header = bytearray()
        self._stream = 0
        self._missing = 0

    @property
    def full(self) -> bool:
        """Whether more arrived than is kept."""
        return self.arrived > self._most

    @property
    def stdout(self) -> str:
        """What is kept of standard output; bytes that are not UTF-8 are shown as escapes."""
        return self._kept[0].decode("utf-8", "backslashreplace")

    @property
    def stderr(self) -> str:
        """What is kept of standard error; bytes that are not UTF-8 are shown as escapes."""
        return self._kept[1].decode("utf-8", "backslashreplace")

    def feed(self, data: bytes) -> None:
        """Take the next bytes, cut wherever the socket cut them; SandboxError `stream` if they are no frames."""
        view = memoryview(data)
        while view:
            if self._missing:
                piece, view = view[: self._missing], view[self._missing :]
                self._missing -= len(piece)
                self._keep(piece)
            else:
                piece, view = view[: _HEADER - len(self._header)], view[_HEADER - len(self._header) :]
                self._header += piece
                self._begin()

    def finish(self) -> None:
        """Say that the stream has ended; SandboxError `stream` if it ended within a frame."""
        if self._missing or self._header:
            raise _refusal("the engine's stream ended within a frame")

    def _begin(self) -> None:
        """Begin a frame once its header is whole."""
        if len(self._header) < _HEADER:
            return
        kind, length = bytes(self._header[:4]), int.from_bytes(self._header[4:])
        if kind not in _STREAMS:
            raise _refusal("the engine's stream holds something that is not a frame")
        self._stream, self._missing = _STREAMS.index(kind), length
        self._header.clear()

    def _keep(self, piece: memoryview) -> None:
        room = max(0, self._most - self.arrived)
        self.arrived += len(piece)
        if self._stream:
            self._kept[self._stream - 1].extend(piece[:room])


def _refusal(message: str) -> SandboxError:
    mend = "look at the engine's version and at what stands between it and this gateway"
    return SandboxError(Diagnostic("stream", message, help=mend))
