"""One container's streams, spoken to until an answer comes, the output is too much, or time is up.

One loop over one socket that does not block: what is to be said is written as it is taken, what comes is read, and
neither waits for the other. What the bytes mean is `stream`'s; what follows is `box`'s.
"""

from __future__ import annotations

import select
from collections import deque
from enum import Enum
from typing import TYPE_CHECKING, Final

from governance.errors import SandboxError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from governance.sandbox.stream import Answer, Spoken

__all__ = ["End", "Line"]

_PIECE: Final = 256 * 1024


class End(Enum):
    """Why waiting ended without an answer."""

    CLOSED = "the other side closed the stream"
    FULL = "more came than is kept"
    LATE = "the deadline passed"


class Line:
    """The connection to one runner. `clock` counts seconds."""

    def __init__(self, connection: socket.socket, spoken: Spoken, clock: Callable[[], float]) -> None:
        """Speak over `connection`, which does not block."""
        self._connection = connection
        self._spoken = spoken
        self._clock = clock
        self._unsent = memoryview(b"")
        self._answers: deque[Answer] = deque()
        self._fault: SandboxError | None = None
        self._poll = select.poll()
        self._poll.register(connection, select.POLLIN)
        self._writing = False

    def wait(self, say: bytes, deadline: float, full: Callable[[], bool] = lambda: False) -> Answer | End:
        """Write `say`, and read until an answer, until `full` holds, or until `deadline`. SandboxError as of `feed`."""
        self._unsent = memoryview(bytes(self._unsent) + say)
        self._write()
        while not self._answers:
            if self._fault is not None:
                raise self._fault
            left = deadline - self._clock()
            if left <= 0:
                return End.LATE
            self._watch()
            for _, events in self._poll.poll(left * 1000 + 1):
                if events & select.POLLOUT:
                    self._write()
                if events & ~select.POLLOUT:
                    data = self._read()
                    if data is None:
                        continue
                    if not data:
                        return End.CLOSED
                    self._hear(data)
            if full():
                return End.FULL
            if opened := self._spoken.opened():
                self._unsent = memoryview(bytes(self._unsent) + opened)
                self._write()
        return self._answers.popleft()

    def quiet(self) -> bool:
        """Tell whether the other side is there and says nothing."""
        return not self._answers and self._fault is None and not self._poll.poll(0)

    def _hear(self, data: bytes) -> None:
        """Take what came; what is wrong with it is raised once the answers before it are taken."""
        try:
            self._answers.extend(self._spoken.feed(data))
        except SandboxError as error:
            self._fault = error

    def _watch(self) -> None:
        if self._writing is not bool(self._unsent):
            self._writing = not self._writing
            events = select.POLLIN | select.POLLOUT if self._writing else select.POLLIN
            self._poll.modify(self._connection, events)

    def _write(self) -> None:
        try:
            while self._unsent:
                self._unsent = self._unsent[self._connection.send(self._unsent[:_PIECE]) :]
        except BlockingIOError:
            return
        except OSError:  # nobody takes it any more: what has come is still of interest
            self._unsent = memoryview(b"")

    def _read(self) -> bytes | None:
        """Return what is there, None for nothing yet, and no bytes once nothing more will come."""
        try:
            return self._connection.recv(_PIECE)
        except BlockingIOError:
            return None
        except OSError:  # how it ended is asked of the engine, which knows more than a broken socket
            return b""
