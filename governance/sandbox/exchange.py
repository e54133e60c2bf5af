"""One container's streams, spoken to until they end, fill up, or time is up.

One selector loop over one socket that does not block: input is written and half-closed, output is read as it
comes, and neither waits for the other. What the bytes mean is `stream`'s; what follows is `dispatch`'s.
"""

from __future__ import annotations

import socket
from enum import Enum
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from governance.sandbox.stream import Capture

__all__ = ["End", "exchange"]

_PIECE: Final = 256 * 1024


class End(Enum):
    """Why an exchange ended."""

    CLOSED = "the other side closed the stream"
    FULL = "more came than is kept"
    LATE = "the deadline passed"


def exchange(
    connection: socket.socket,
    stdin: bytes | None,
    capture: Capture,
    deadline: float,
    clock: Callable[[], float],
) -> End:
    """Write `stdin` and read into `capture` until `deadline` of `clock` (seconds); SandboxError `stream`."""
    pending = _Input(connection, stdin)
    with DefaultSelector() as selector:
        key = selector.register(connection, pending.events)
        while (left := deadline - clock()) > 0:
            if key.events != pending.events:
                key = selector.modify(connection, pending.events)
            for _, events in selector.select(left):
                if events & EVENT_WRITE:
                    pending.write()
                if events & EVENT_READ and not _read(connection, capture):
                    return End.CLOSED
            if capture.full:
                return End.FULL
    return End.LATE


class _Input:
    """What is still to be written; half-closed once it is done, or once nobody reads it."""

    def __init__(self, connection: socket.socket, data: bytes | None) -> None:
        self._connection = connection
        self._rest = memoryview(data or b"")
        self.events = EVENT_READ if data is None else EVENT_READ | EVENT_WRITE

    def write(self) -> None:
        try:
            self._rest = (
                self._rest[self._connection.send(self._rest[:_PIECE]) :] if self._rest else self._rest
            )
            if not self._rest:
                self.events = EVENT_READ
                self._connection.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            return
        except OSError:  # the program no longer reads: its output and its end are still of interest
            self.events = EVENT_READ


def _read(connection: socket.socket, capture: Capture) -> bool:
    """Take what is there; False once nothing more will come."""
    try:
        data = connection.recv(_PIECE)
    except BlockingIOError:
        return True
    except OSError:  # how it ended is asked of the engine, which knows more than a broken socket
        return False
    capture.feed(data)
    return bool(data)
