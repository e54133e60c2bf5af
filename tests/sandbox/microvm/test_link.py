"""Both ends of a link over a pair of sockets: one serves echoes, the other opens channels or breaks the rules."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import pytest

from governance.sandbox.microvm.frames import FrameError, Frames, Kind, frame
from governance.sandbox.microvm.link import MOST_CHANNELS, WINDOW, Link

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 20.0
BIG = os.urandom(3 * WINDOW + 17)


class Ends:
    """A link to a side that serves `echo` (all it reads, once that has ended), `silent` and `closed`."""

    def __init__(self) -> None:
        self.stack = ExitStack()
        self.served: list[socket.socket] = []
        ours, theirs = socket.socketpair()
        self.ports = (ours, theirs)
        for port in self.ports:
            port.settimeout(0)
        self.link = Link(ours.fileno())
        self.bell, rung = socket.socketpair()
        self.wanted: list[tuple[bytes, socket.socket]] = []
        self.link.watch(rung.fileno(), lambda: self._open(rung))
        self.threads = [
            threading.Thread(target=run, daemon=True)
            for run in (self.link.run, Link(theirs.fileno(), self._serve).run)
        ]
        for thread in self.threads:
            thread.start()
        for each in (*self.ports, self.bell, rung):
            self.stack.callback(each.close)

    def _open(self, rung: socket.socket) -> None:
        rung.recv(1)
        self.link.open(*self.wanted.pop(0))

    def _serve(self, service: bytes) -> socket.socket | None:
        if service == b"none":
            return None
        ours, theirs = socket.socketpair()
        self.served.append(theirs)
        if service == b"echo":
            threading.Thread(target=echo, args=(theirs,), daemon=True).start()
        if service == b"closed":
            theirs.close()
        return ours

    def connect(self, service: bytes) -> socket.socket:
        ours, theirs = socket.socketpair()
        ours.settimeout(PATIENCE)
        self.wanted.append((service, theirs))
        self.bell.send(b"\0")
        self.stack.callback(ours.close)
        return ours

    def close(self) -> None:
        for port in self.ports:
            port.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()
        for served in self.served:
            served.close()
        self.stack.close()


def echo(connection: socket.socket) -> None:
    with connection:
        data = read_all(connection)
        connection.sendall(data)


def read_all(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.fixture
def ends() -> Iterator[Ends]:
    made = Ends()
    yield made
    made.close()


@pytest.mark.parametrize("size", [0, 1, WINDOW, len(BIG)])
def test_a_stream_arrives_whole_with_its_end_in_both_directions(ends: Ends, size: int) -> None:
    stream = ends.connect(b"echo")
    stream.sendall(BIG[:size])
    stream.shutdown(socket.SHUT_WR)
    assert read_all(stream) == BIG[:size]


def test_many_streams_are_kept_apart(ends: Ends) -> None:
    streams = [ends.connect(b"echo") for _ in range(40)]
    for number, stream in enumerate(streams):
        stream.sendall(b"%d." % number * 1000)
        stream.shutdown(socket.SHUT_WR)
    for number, stream in enumerate(streams):
        assert read_all(stream) == b"%d." % number * 1000


def test_a_stream_that_nobody_reads_holds_up_no_other_and_is_bounded(ends: Ends) -> None:
    stuck = ends.connect(b"silent")
    stuck.settimeout(0.3)
    sent = 0
    with suppress(TimeoutError):
        while sent < 64 * 2**20:
            sent += stuck.send(BIG)
    assert sent < WINDOW + 4 * 2**20
    other = ends.connect(b"echo")
    other.sendall(b"through")
    other.shutdown(socket.SHUT_WR)
    assert read_all(other) == b"through"


@pytest.mark.parametrize("service", [b"none", b"closed"])
def test_a_service_that_is_not_there_ends_the_stream(ends: Ends, service: bytes) -> None:
    assert read_all(ends.connect(service)) == b""


def test_a_caller_that_goes_away_ends_its_channel_alone(ends: Ends) -> None:
    for _ in range(2 * MOST_CHANNELS):
        stream = ends.connect(b"closed")
        assert read_all(stream) == b""
        stream.close()
    stream = ends.connect(b"echo")
    stream.sendall(b"still here")
    stream.shutdown(socket.SHUT_WR)
    assert read_all(stream) == b"still here"


def opened(kind: Kind, payload: bytes = b"") -> Callable[[int], bytes]:
    return lambda channel: frame(kind, channel, payload)


@pytest.mark.parametrize(
    "told",
    [
        opened(Kind.OPEN, b"engine"),
        lambda channel: frame(Kind.DATA, channel + 7, b"x"),
        lambda channel: frame(Kind.END, channel) + frame(Kind.DATA, channel, b"x"),
        lambda channel: frame(Kind.END, channel) * 2,
        opened(Kind.CREDIT, (1).to_bytes(4)),
        lambda channel: frame(Kind.DATA, channel, b"x" * 32768) * 60,
        lambda _: b"\xff" * 100,
    ],
    ids=["opens", "unknown channel", "data after end", "two ends", "credit for nothing", "past its credit", "garbage"],
)  # fmt: skip
def test_a_guest_that_breaks_the_rules_is_cut_off(told: Callable[[int], bytes]) -> None:
    """The reader of the stream stays away, so that nothing it was sent is credited."""
    with ExitStack() as stack:
        ours, guest, near, far = (
            stack.enter_context(each) for pair in (socket.socketpair(), socket.socketpair()) for each in pair
        )
        ours.settimeout(0)
        guest.settimeout(PATIENCE)
        failures: list[FrameError] = []
        link = Link(ours.fileno())
        link.open(b"engine", far)

        def run() -> None:
            try:
                link.run()
            except FrameError as error:
                failures.append(error)
            finally:
                ours.close()

        thread = threading.Thread(target=run)
        thread.start()
        frames = Frames()
        [first] = frames.feed(guest.recv(100))
        assert (first.kind, first.payload) == (Kind.OPEN, b"engine")
        with suppress(OSError):  # it may be cut off before all is sent
            guest.sendall(told(first.channel))
        thread.join(PATIENCE)
        assert not thread.is_alive()
        assert len(failures) == 1
        near.settimeout(PATIENCE)
        read_all(near)
