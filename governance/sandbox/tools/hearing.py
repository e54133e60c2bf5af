"""Hearing: what the runner is told by the gateway, read as hostile input, and what it says."""

from __future__ import annotations

import json
import os
import time

from governance.sandbox.tools import frames

TYPE_CHECKING = False  # as in `fs`
if TYPE_CHECKING:
    from typing import Final

_TYPES: Final = {"again": (bool,), "argv": (list,), "deadline": (int,), "input": (int, type(None))}
"""The fields of a call."""


class ProtocolError(Exception):
    """The gateway said what it cannot have meant."""


class Gateway:
    """The gateway, as it is spoken to."""

    def __init__(self) -> None:
        """Read standard input, write standard output."""
        self._frames = frames.Frames(frames.TO_RUNNER)
        self._came: list[tuple[int, bytes]] = []

    def next(self) -> tuple[int, bytes] | None:
        """Return the next frame, None at the end of the stream."""
        while not self._came:
            if not self.listen():
                return None
        return self._came.pop(0)

    def listen(self) -> bool:
        """Take what comes, waiting for it; False once nothing more will come."""
        data = os.read(0, 2 * frames.PIECE)
        self._came += self._frames.feed(data)
        return bool(data)

    def opened(self) -> int:
        """Return by how much the windows that came open, while a call runs and nothing else may come."""
        total = 0
        for kind, body in self._came:
            if kind != frames.WINDOW:
                raise ProtocolError
            total += int.from_bytes(body, "big")
        self._came.clear()
        return total

    def say(self, kind: int, body: bytes) -> None:
        """Write a frame, however long it is not read."""
        data = memoryview(frames.frame(kind, body))
        while data:
            data = data[os.write(1, data) :]


class Call:
    """A judged call, as the gateway sent it; all fields are there and of their types."""

    def __init__(self, body: bytes) -> None:
        """Take up the JSON object. Raises `ProtocolError` for any other."""
        found = json.loads(body)
        if not isinstance(found, dict) or sorted(found) != sorted(_TYPES):
            raise ProtocolError
        if any(type(found[name]) not in kinds for name, kinds in _TYPES.items()):
            raise ProtocolError
        self.argv: list[str] = found["argv"]
        self.again: bool = found["again"]
        self.input: int | None = found["input"]
        self.deadline = time.monotonic() + found["deadline"] / 1000
        if not self.argv or not all(isinstance(word, str) for word in self.argv):
            raise ProtocolError
        if self.input is not None and not 0 <= self.input <= frames.MOST_INPUT:
            raise ProtocolError
