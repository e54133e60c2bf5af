"""`relay`: takes connections of a sandbox's network and passes their bytes on to a socket of the host, unread.

Runs as `/usr/lib/governance/relay` in a container of its own, the only other member of that network.

    relay PORT SOCKET

Once it listens it says so by one connection to SOCKET that holds `ready`. It never ends by itself.
"""

from __future__ import annotations

import selectors
import socket
import sys
from contextlib import suppress

TYPE_CHECKING = False  # as in `fs`
if TYPE_CHECKING:
    from typing import Final

_PIECE: Final = 65536
_MOST: Final = 128
"""Connections at a time; others wait in the kernel's queue."""

READY: Final = b"ready\n"


class Half:
    """One direction of a connection: what was read and is not yet written, never more than one piece."""

    def __init__(self, source: socket.socket, target: socket.socket) -> None:
        self.source, self.target = source, target
        self.held = b""
        self.ended = False
        self.done = False

    def read(self) -> None:
        """Take the next piece; an end is passed on once all before it is."""
        try:
            self.held = self.source.recv(_PIECE)
        except BlockingIOError:
            return
        self.ended = not self.held
        self.write()

    def write(self) -> None:
        """Pass on as much as the other side takes."""
        if self.held:
            with suppress(BlockingIOError):
                self.held = self.held[self.target.send(self.held) :]
        if self.ended and not self.held and not self.done:
            self.done = True
            self.target.shutdown(socket.SHUT_WR)


class Relay:
    """All connections, served by one loop."""

    def __init__(self, listener: socket.socket, path: str) -> None:
        self._listener, self._path = listener, path
        self._selector = selectors.DefaultSelector()
        self._pairs: dict[socket.socket, tuple[Half, Half]] = {}
        self._listen()

    def step(self) -> None:
        """Wait for what happens next, and see to it."""
        for key, events in self._selector.select():
            if key.fileobj is self._listener:
                self._accept()
            elif (pair := self._pairs.get(key.fileobj)) is not None:  # type: ignore[call-overload]
                self._serve(key.fileobj, pair, events)  # type: ignore[arg-type]

    def _listen(self) -> None:
        self._selector.register(self._listener, selectors.EVENT_READ)

    def _accept(self) -> None:
        try:
            near, _ = self._listener.accept()
        except OSError:
            return
        far = socket.socket(socket.AF_UNIX)
        try:
            far.connect(self._path)
        except OSError:
            near.close()
            far.close()
            return
        near.settimeout(0)
        far.settimeout(0)
        pair = (Half(near, far), Half(far, near))
        for end in (near, far):
            self._pairs[end] = pair
            self._selector.register(end, selectors.EVENT_READ)
        if len(self._pairs) >= 2 * _MOST:
            self._selector.unregister(self._listener)

    def _serve(self, end: socket.socket, pair: tuple[Half, Half], events: int) -> None:
        try:
            for half in pair:
                if half.source is end and events & selectors.EVENT_READ and not half.held and not half.ended:
                    half.read()
                if half.target is end and events & selectors.EVENT_WRITE:
                    half.write()
        except OSError:
            self._close(pair)
            return
        if all(half.done for half in pair):
            self._close(pair)
        else:
            for half in pair:
                self._watch(half.source, pair)

    def _watch(self, end: socket.socket, pair: tuple[Half, Half]) -> None:
        """Wait for what one end is good for now: to be read while nothing is held, written while something is."""
        events = 0
        for half in pair:
            if half.source is end and not half.held and not half.ended:
                events |= selectors.EVENT_READ
            if half.target is end and half.held:
                events |= selectors.EVENT_WRITE
        watched = self._selector.get_map()
        if end not in watched and events:
            self._selector.register(end, events)
        elif end in watched and events:
            self._selector.modify(end, events)
        elif end in watched:
            self._selector.unregister(end)

    def _close(self, pair: tuple[Half, Half]) -> None:
        watched = self._selector.get_map()
        for half in pair:
            if half.source in watched:
                self._selector.unregister(half.source)
            self._pairs.pop(half.source, None)
            half.source.close()
        if self._listener not in watched:
            self._listen()


def main(arguments: list[str]) -> int:
    """Listen, say so, and pass bytes on for ever; 2 for wrong usage."""
    if len(arguments) != 2 or not arguments[0].isdigit():
        sys.stderr.write("relay: the arguments are: PORT SOCKET\n")
        return 2
    listener = socket.create_server(("0.0.0.0", int(arguments[0])), backlog=_MOST)  # noqa: S104 - its own network
    listener.settimeout(0)
    relay = Relay(listener, arguments[1])
    with socket.socket(socket.AF_UNIX) as ready:
        ready.connect(arguments[1])
        ready.sendall(READY)
    while True:
        relay.step()


def start() -> int:
    """Do what this program's command line says and return the exit code."""
    return main(sys.argv[1:])
