"""Many streams over one byte channel: each local socket is a channel, with credit, half-close and an end.

The host opens channels, the guest serves them. Both ends run this very loop, in one thread. Memory is bounded
by credit: a side sends no more than the other has said it can hold, and a side that sends more is cut off.
"""

from __future__ import annotations

import os
import selectors
import socket
from typing import TYPE_CHECKING, Final

from governance.sandbox.microvm.frames import LARGEST, FrameError, Frames, Kind, frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from governance.sandbox.microvm.frames import Frame

__all__ = ["MOST_CHANNELS", "WINDOW", "Link"]

WINDOW: Final = 256 * 1024
"""Bytes that may be under way on one channel in one direction."""

MOST_CHANNELS: Final = 256
_PIECE: Final = 64 * 1024
_FULL: Final = 128 * 1024
"""Bytes that wait for the port, past which no local socket is read."""

_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class _Channel:
    """One local socket and how far its two directions are; `ours` and `theirs` tell which directions have ended."""

    def __init__(self, number: int, local: socket.socket) -> None:
        self.number = number
        self.local = local
        self.credit = WINDOW
        self.waiting = bytearray()
        self.ours_ended = self.theirs_ended = self.deaf = False

    def events(self, may_read: bool) -> int:
        reads = may_read and not self.ours_ended and self.credit > 0
        return (_READ if reads else 0) | (_WRITE if self.waiting else 0)


class Link:
    """The loop over one port, which is a descriptor that does not block.

    `serve` gives the local socket for a channel that the other side opens by a service's name, or None where
    there is no such service; without it the other side may open nothing.
    """

    def __init__(self, port: int, serve: Callable[[bytes], socket.socket | None] | None = None) -> None:
        self._port = port
        self._serve = serve
        self._frames = Frames()
        self._out = bytearray()
        self._channels: dict[int, _Channel] = {}
        self._leaving: set[int] = set()
        self._next = 1
        self._selector = selectors.DefaultSelector()
        self._events: dict[int, int] = {}
        self._watched: dict[int, Callable[[], None]] = {}

    def watch(self, descriptor: int, ready: Callable[[], None]) -> None:
        """Call `ready` in the loop whenever `descriptor` can be read."""
        self._watched[descriptor] = ready
        self._selector.register(descriptor, _READ, None)

    def open(self, service: bytes, local: socket.socket) -> None:
        """Begin a channel to a service of the other side; `local` is the link's from now on."""
        if len(self._channels) + len(self._leaving) >= MOST_CHANNELS:
            local.close()
            return
        number, self._next = self._next, self._next + 1
        self._begin(number, local)
        self._out += frame(Kind.OPEN, number, service)

    def run(self) -> None:
        """Carry until the port ends. Raises FrameError where the other side breaks the rules."""
        try:
            while self._turn():
                pass
        finally:
            self.close()

    def close(self) -> None:
        """Close all local sockets; the port is its owner's."""
        for channel in self._channels.values():
            channel.local.close()
        self._channels.clear()
        self._selector.close()

    def _turn(self) -> bool:
        self._ask(self._port, _READ | (_WRITE if self._out else 0), None)
        may_read = len(self._out) < _FULL
        for channel in self._channels.values():
            self._ask(channel.local.fileno(), channel.events(may_read), channel)
        for key, events in self._selector.select():
            if key.fd == self._port:
                if events & _READ and not self._receive():
                    return False
            elif isinstance(key.data, _Channel):
                if self._channels.get(key.data.number) is key.data:  # it may have gone in this very turn
                    self._local(key.data, events)
            else:
                self._watched[key.fd]()
        return self._send()

    def _ask(self, descriptor: int, events: int, channel: _Channel | None) -> None:
        """Watch a descriptor for exactly these events."""
        before = self._events.get(descriptor, 0)
        if events == before:
            return
        if not before:
            self._selector.register(descriptor, events, channel)
        elif events:
            self._selector.modify(descriptor, events, channel)
        else:
            self._selector.unregister(descriptor)
        self._events[descriptor] = events

    def _send(self) -> bool:
        """Write what waits for the port, as far as it takes it; False once it has ended."""
        try:
            while self._out:
                del self._out[: os.write(self._port, self._out[:_PIECE])]
        except BlockingIOError:
            return True
        except OSError:
            return False
        return True

    def _receive(self) -> bool:
        try:
            data = os.read(self._port, _PIECE)
        except BlockingIOError:
            return True
        except OSError:
            return False
        for each in self._frames.feed(data):
            self._take(each)
        return bool(data)

    def _take(self, told: Frame) -> None:
        if told.kind is Kind.OPEN:
            self._opened(told)
        elif told.channel in self._channels:
            self._carry(self._channels[told.channel], told)
        elif told.channel in self._leaving:
            if told.kind in {Kind.END, Kind.GONE}:
                self._leaving.discard(told.channel)
        elif told.kind in {Kind.DATA, Kind.END}:
            raise FrameError(f"{told.kind.name} on channel {told.channel}, which is not open")

    def _opened(self, told: Frame) -> None:
        used = told.channel in self._channels or told.channel in self._leaving
        if self._serve is None or used:
            raise FrameError(f"channel {told.channel} cannot be opened")
        local = self._serve(told.payload) if len(self._channels) < MOST_CHANNELS else None
        if local is None:
            self._out += frame(Kind.GONE, told.channel)
            self._leaving.add(told.channel)
        else:
            self._begin(told.channel, local)

    def _begin(self, number: int, local: socket.socket) -> None:
        local.setblocking(False)  # noqa: FBT003 - as the library has it
        self._channels[number] = _Channel(number, local)

    def _carry(self, channel: _Channel, told: Frame) -> None:
        if told.kind is Kind.CREDIT:
            channel.credit += int.from_bytes(told.payload)
            if channel.credit > WINDOW:
                raise FrameError(f"more credit on channel {channel.number} than was used")
        elif told.kind is Kind.GONE:
            self._out += frame(Kind.GONE, channel.number)
            channel.ours_ended = channel.theirs_ended = True
            self._write(channel)
        elif channel.theirs_ended:
            raise FrameError(f"{told.kind.name} on channel {channel.number} after its end")
        elif told.kind is Kind.DATA:
            channel.waiting += told.payload
            if len(channel.waiting) > WINDOW:
                raise FrameError(f"more on channel {channel.number} than its credit")
            self._write(channel)
        else:
            channel.theirs_ended = True
            self._write(channel)

    def _local(self, channel: _Channel, events: int) -> None:
        if events & _READ:
            self._read(channel)
        if events & _WRITE and channel.number in self._channels:
            self._write(channel)

    def _read(self, channel: _Channel) -> None:
        try:
            data = channel.local.recv(min(channel.credit, LARGEST))
        except BlockingIOError:
            return
        except OSError:
            self._drop(channel)
            return
        if data:
            channel.credit -= len(data)
            self._out += frame(Kind.DATA, channel.number, data)
        elif channel.deaf:
            self._drop(channel)
        else:
            channel.ours_ended = True
            self._out += frame(Kind.END, channel.number)
            self._settle(channel)

    def _write(self, channel: _Channel) -> None:
        """Give the local socket what waits for it; what it no longer takes is thrown away, and still credited."""
        done = 0
        while channel.waiting:
            try:
                sent = len(channel.waiting) if channel.deaf else channel.local.send(channel.waiting)
            except BlockingIOError:
                break
            except OSError:
                channel.deaf = True
                continue
            done += sent
            del channel.waiting[:sent]
        if done:
            self._out += frame(Kind.CREDIT, channel.number, done.to_bytes(4, "big"))
        if channel.deaf and channel.ours_ended:
            self._drop(channel)
        else:
            self._settle(channel)

    def _settle(self, channel: _Channel) -> None:
        """Half-close or forget a channel as far as its directions have ended."""
        if not channel.theirs_ended or channel.waiting:
            return
        if channel.ours_ended:
            self._forget(channel)
            return
        try:
            channel.local.shutdown(socket.SHUT_WR)
        except OSError:
            channel.deaf = True

    def _drop(self, channel: _Channel) -> None:
        """Say that this side is gone, and wait for the other to say so too, unless it can say nothing more."""
        self._out += frame(Kind.GONE, channel.number)
        if not (channel.ours_ended and channel.theirs_ended):
            self._leaving.add(channel.number)
        self._forget(channel)

    def _forget(self, channel: _Channel) -> None:
        self._ask(channel.local.fileno(), 0, None)
        channel.local.close()
        del self._channels[channel.number]
