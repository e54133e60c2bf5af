"""One loop writes input, reads output and keeps the deadline, and none of them waits for another."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from governance.errors import SandboxError
from governance.sandbox.exchange import End, exchange
from governance.sandbox.stream import Capture

Peer = Callable[[socket.socket], object]


@contextmanager
def facing(peer: Peer) -> Iterator[socket.socket]:
    """Yield a socket that does not block, whose other end `peer` has until it returns."""
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with theirs:
            peer(theirs)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with ours:
            ours.settimeout(0)
            yield ours
    finally:
        thread.join()


def output(data: bytes) -> bytes:
    return b"\1\0\0\0" + len(data).to_bytes(4) + data


def speak(
    peer: Peer, stdin: bytes | None = None, most: int = 2**20, seconds: float = 20.0
) -> tuple[End, Capture]:
    capture = Capture(most)
    with facing(peer) as connection:
        end = exchange(connection, stdin, capture, time.monotonic() + seconds, time.monotonic)
    return end, capture


def drain(theirs: socket.socket) -> bytes:
    received = bytearray()
    while piece := theirs.recv(65536):
        received += piece
    return bytes(received)


def test_output_is_read_until_the_other_side_closes() -> None:
    end, capture = speak(lambda theirs: theirs.sendall(output(b"one") + output(b"two")))
    assert (end, capture.stdout) == (End.CLOSED, "onetwo")


@pytest.mark.parametrize("size", [0, 1, 2**20 + 1])
def test_input_is_delivered_whole_and_its_end_is_told(size: int) -> None:
    def echo(theirs: socket.socket) -> None:
        theirs.sendall(output(str(len(drain(theirs))).encode()))

    assert speak(echo, stdin=b"x" * size)[1].stdout == str(size)


def test_input_and_output_cross_without_waiting_for_each_other() -> None:
    def chatter(theirs: socket.socket) -> None:
        theirs.sendall(output(b"y" * 2**21))
        theirs.sendall(output(str(len(drain(theirs))).encode()))

    end, capture = speak(chatter, stdin=b"x" * 2**21, most=2**22)
    assert (end, capture.stdout[-7:], capture.arrived) == (End.CLOSED, str(2**21), 2**21 + 7)


def test_a_program_that_does_not_read_its_input_is_still_heard() -> None:
    def deaf(theirs: socket.socket) -> None:
        theirs.shutdown(socket.SHUT_RD)
        theirs.sendall(output(b"bye"))

    end, capture = speak(deaf, stdin=b"x" * 2**22)
    assert (end, capture.stdout) == (End.CLOSED, "bye")


def test_without_input_nothing_is_half_closed() -> None:
    def patient(theirs: socket.socket) -> None:
        theirs.settimeout(0.2)
        with pytest.raises(TimeoutError):
            theirs.recv(1)
        theirs.sendall(output(b"still open"))

    assert speak(patient)[1].stdout == "still open"


def test_silence_ends_at_the_deadline() -> None:
    looks = iter([19.98, 19.99, 20.0])
    with facing(drain) as connection:
        end = exchange(connection, None, Capture(2**20), 20.0, lambda: next(looks))
    assert end is End.LATE
    assert list(looks) == []


def test_a_steady_trickle_ends_at_the_deadline_too() -> None:
    def trickle(theirs: socket.socket) -> None:
        try:
            while True:
                theirs.sendall(output(b"."))
        except OSError:
            return

    end, _ = speak(trickle, most=2**40, seconds=0.2)
    assert end is End.LATE


def test_more_output_than_is_kept_ends_at_once() -> None:
    def flood(theirs: socket.socket) -> None:
        try:
            while True:
                theirs.sendall(output(b"x" * 1000))
        except OSError:
            return

    end, capture = speak(flood, most=500)
    assert (end, len(capture.stdout), capture.full) == (End.FULL, 500, True)


def test_what_is_no_frame_is_an_error() -> None:
    with pytest.raises(SandboxError) as caught:
        speak(lambda theirs: theirs.sendall(b"HTTP/1.1 500 no"))
    assert caught.value.code == "stream"
