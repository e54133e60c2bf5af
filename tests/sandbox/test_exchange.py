"""One loop says what is to be said, reads what comes and keeps the deadline, and none of them waits for another."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from governance.errors import SandboxError
from governance.sandbox.exchange import End, Line
from governance.sandbox.stream import Answer, Capture, Ended, Ready, Spoken, call_frames
from governance.sandbox.tools import frames
from governance.sandbox.tools.frames import Frames
from tests.sandbox.speech import READY, ended, engine_frame, err, out

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


def speak(
    peer: Peer, say: bytes = b"", most: int = 2**20, seconds: float = 20.0
) -> tuple[Answer | End, Capture]:
    """Say a call to a runner that is ready, and listen."""
    capture, spoken = Capture(most), Spoken()
    list(spoken.feed(engine_frame(READY)))
    with facing(peer) as connection:
        line = Line(connection, spoken, time.monotonic)
        spoken.asked(capture)
        answer = line.wait(say, time.monotonic() + seconds, lambda: capture.full)
    return answer, capture


def said(theirs: socket.socket, kind: int, count: int) -> int:
    """Read until `count` frames of `kind` came; return how many bytes they hold."""
    heard, size = Frames(frames.TO_RUNNER), 0
    while count:
        for found, body in heard.feed(theirs.recv(65536)):
            if found == kind:
                count -= 1
                size += len(body)
    return size


def drain(theirs: socket.socket) -> bytes:
    received = bytearray()
    while piece := theirs.recv(65536):
        received += piece
    return bytes(received)


def quietly(peer: Peer) -> Peer:
    """Let a peer go on until nobody listens."""

    def serve(theirs: socket.socket) -> None:
        try:
            peer(theirs)
        except OSError:
            return

    return serve


def test_output_is_read_until_the_end_is_told() -> None:
    answer, capture = speak(lambda theirs: theirs.sendall(engine_frame(out(b"one") + err(b"two") + ended())))
    assert isinstance(answer, Ended)
    assert (capture.stdout, capture.stderr) == ("one", "two")


def test_what_comes_behind_an_answer_is_the_next_answer() -> None:
    spoken = Spoken()
    with facing(lambda theirs: (theirs.sendall(engine_frame(READY)), drain(theirs))) as connection:
        line = Line(connection, spoken, time.monotonic)
        assert line.wait(b"", time.monotonic() + 20) == Ready("b", "k")
        assert line.quiet()
    with facing(lambda theirs: theirs.sendall(engine_frame(ended() + READY))) as connection:
        line = Line(connection, spoken, time.monotonic)
        spoken.asked(Capture(1))
        assert isinstance(line.wait(b"", time.monotonic() + 20), Ended)
        assert not line.quiet()
        assert line.wait(b"", time.monotonic() + 20) == Ready("b", "k")


def test_what_is_wrong_behind_an_answer_is_not_the_answer_s() -> None:
    spoken = Spoken()
    list(spoken.feed(engine_frame(READY)))
    with facing(lambda theirs: theirs.sendall(engine_frame(ended() + out(b"x")))) as connection:
        line = Line(connection, spoken, time.monotonic)
        spoken.asked(Capture(1))
        assert isinstance(line.wait(b"", time.monotonic() + 20), Ended)
        assert not line.quiet()
        with pytest.raises(SandboxError, match="out of turn"):
            line.wait(b"", time.monotonic() + 20)


@pytest.mark.parametrize("size", [0, 1, 2**20 + 1])
def test_input_is_delivered_whole(size: int) -> None:
    def count(theirs: socket.socket) -> None:
        pieces = -(-size // frames.PIECE)
        theirs.sendall(engine_frame(out(str(said(theirs, frames.INPUT, pieces)).encode()) + ended()))

    say = call_frames(("x",), b"x" * size, 1000, again=False)
    assert speak(count, say)[1].stdout == str(size)


def test_input_and_output_cross_without_waiting_for_each_other() -> None:
    def chatter(theirs: socket.socket) -> None:
        for _ in range(15):
            theirs.sendall(engine_frame(out(b"y" * frames.PIECE)))
        size = said(theirs, frames.INPUT, 32)
        theirs.sendall(engine_frame(out(str(size).encode()) + ended()))

    say = call_frames(("x",), b"x" * 2**21, 1000, again=False)
    answer, capture = speak(chatter, say, most=2**22)
    assert isinstance(answer, Ended)
    assert capture.stdout[-7:] == str(2**21)


def test_a_runner_that_does_not_listen_is_still_heard() -> None:
    def deaf(theirs: socket.socket) -> None:
        theirs.shutdown(socket.SHUT_RD)
        theirs.sendall(engine_frame(out(b"bye") + ended()))

    answer, capture = speak(deaf, b"x" * 2**22)
    assert isinstance(answer, Ended)
    assert capture.stdout == "bye"


def test_a_stream_that_closes_is_no_answer() -> None:
    assert speak(lambda theirs: theirs.sendall(engine_frame(out(b"one"))))[0] is End.CLOSED


def test_output_beyond_the_window_waits_until_some_was_taken() -> None:
    def generous(theirs: socket.socket) -> None:
        heard, window = Frames(frames.TO_RUNNER), frames.FIRST_WINDOW
        for _ in range(64):
            while window < frames.PIECE:
                window += sum(int.from_bytes(body) for _, body in heard.feed(theirs.recv(65536)))
            window -= frames.PIECE
            theirs.sendall(engine_frame(out(b"z" * frames.PIECE)))
        theirs.sendall(engine_frame(ended()))

    answer, capture = speak(generous, most=2**30)
    assert isinstance(answer, Ended)
    assert capture.arrived == 64 * frames.PIECE


def test_silence_ends_at_the_deadline() -> None:
    looks = iter([19.98, 19.99, 20.0])
    spoken = Spoken()
    with facing(drain) as connection:
        answer = Line(connection, spoken, lambda: next(looks)).wait(b"", 20.0)
    assert answer is End.LATE
    assert list(looks) == []


@quietly
def trickle(theirs: socket.socket) -> None:
    while True:
        theirs.sendall(engine_frame(out(b".")))


def test_a_steady_trickle_ends_at_the_deadline_too() -> None:
    assert speak(trickle, most=2**40, seconds=0.2)[0] in (End.LATE, End.FULL)


def test_more_output_than_is_kept_ends_at_once() -> None:
    answer, capture = speak(trickle, most=500)
    assert (answer, len(capture.stdout), capture.full) == (End.FULL, 500, True)


def test_a_stream_that_is_no_frames_is_refused() -> None:
    with pytest.raises(SandboxError) as caught:
        speak(lambda theirs: theirs.sendall(b"not a frame at all"))
    assert caught.value.code == "stream"


def test_a_connection_that_breaks_is_as_one_that_closes() -> None:
    def slam(theirs: socket.socket) -> None:
        theirs.recv(1)

    assert speak(slam, b"x" * 2**22)[0] is End.CLOSED
