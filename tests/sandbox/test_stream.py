"""A container's stream is read as hostile input: the engine's frames, and the runner's in them, cut anywhere."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.errors import SandboxError
from governance.sandbox.stream import Answer, Capture, Ended, Ready, Spoken, Unstarted, call_frames
from governance.sandbox.tools import frames
from governance.sandbox.tools.frames import Frames, frame
from tests.sandbox.speech import READY, ended, engine_frame, err, out, unstarted

PIECES = st.lists(st.tuples(st.sampled_from([out, err]), st.binary(max_size=20)), max_size=8)


class Heard:
    """A stream whose runner is ready and was asked, and what came of it."""

    def __init__(self, most: int = 1000) -> None:
        self.capture = Capture(most)
        self.spoken = Spoken()
        self.answers: list[Answer] = list(self.spoken.feed(engine_frame(READY)))
        self.spoken.asked(self.capture)

    def feed(self, data: bytes) -> None:
        self.answers += self.spoken.feed(data)


def heard(data: bytes, most: int = 1000) -> Heard:
    made = Heard(most)
    made.feed(engine_frame(data))
    return made


def test_output_errors_and_the_end_are_told_apart() -> None:
    made = heard(out(b"out ") + err(b"err") + out(b"put") + ended(status=3))
    made.spoken.finish()
    capture = made.capture
    assert (capture.stdout, capture.stderr, capture.arrived, capture.full) == ("out put", "err", 10, False)
    assert made.answers == [Ready("b", "k"), Ended(3, 1500, 4096, late=False, memory=None)]


def test_a_program_that_was_not_started_is_said() -> None:
    assert heard(unstarted("No such file")).answers[1:] == [Unstarted("No such file")]


def test_the_runner_is_ready_again_after_a_call() -> None:
    made = heard(ended() + READY)
    made.spoken.asked(made.capture)
    made.feed(engine_frame(out(b"more") + ended()))
    assert made.capture.stdout == "more"


@given(PIECES, st.lists(st.integers(1, 30)), st.integers(0, 60))
def test_where_the_socket_and_the_engine_cut_does_not_matter(
    said: list[tuple[object, bytes]], cuts: list[int], most: int
) -> None:
    data = b"".join(kind(piece) for kind, piece in said) + ended()  # type: ignore[operator]
    whole, pieces = heard(data, most), Heard(most)
    for cut in cuts:
        pieces.feed(engine_frame(data[:cut]))
        data = data[cut:]
    for byte in engine_frame(data):
        pieces.feed(bytes([byte]))
    pieces.spoken.finish()
    assert whole.answers == pieces.answers
    one, other = whole.capture, pieces.capture
    assert (one.stdout, one.stderr, one.arrived) == (other.stdout, other.stderr, other.arrived)


@given(PIECES, st.integers(0, 60))
def test_no_more_is_kept_than_asked_and_all_is_counted(said: list[tuple[object, bytes]], most: int) -> None:
    made = heard(b"".join(kind(b"x" * len(piece)) for kind, piece in said), most)  # type: ignore[operator]
    capture = made.capture
    assert capture.arrived == sum(len(piece) for _, piece in said)
    assert len(capture.stdout) + len(capture.stderr) == min(most, capture.arrived)
    assert capture.full == (capture.arrived > most)


def test_exactly_as_much_as_is_kept_is_not_too_much() -> None:
    assert not heard(out(b"x" * 1000)).capture.full
    assert heard(out(b"x" * 1000) + err(b"y")).capture.full


def test_a_frame_of_the_engine_s_reserves_nothing_by_its_length() -> None:
    made = Heard()
    made.feed(b"\1\0\0\0\xff\xff\xff\xff" + out(b"abc"))
    assert made.capture.stdout == "abc"


REFUSED = {
    "an unknown kind": b"?\0\0\0\0",
    "a kind that only the gateway says": frame(frames.CALL, b"{}"),
    "an oversized length": bytes([frames.OUT]) + (frames.PIECE + 1).to_bytes(4),
    "an enormous length": bytes([frames.ENDED]) + b"\xff\xff\xff\xff",
    "garbage": b"Traceback (most recent call last):",
    "ready in the middle": READY,
    "two ends": ended() + ended(),
    "output after the end": ended() + out(b"x"),
    "ready twice": ended() + READY + READY,
    "no JSON": frame(frames.ENDED, b"{"),
    "no UTF-8": frame(frames.ENDED, b"\xff"),
    "a field too many": ended(more=1),
    "a field too few": frame(frames.ENDED, b'{"status":0}'),
    "a list": frame(frames.ENDED, b"[]"),
    "a status out of range": ended(status=256),
    "a negative status": ended(status=-1),
    "a status that is a flag": ended(status=True),
    "a status that is text": ended(status="0"),
    "a number with a point": ended(cpu=1.5),
    "a number that is none": frame(frames.ENDED, json.dumps({"cpu": float("nan")}).encode()),
    "processor time out of range": ended(cpu=2**60),
    "a flag that is a number": ended(late=0),
    "a long reason": unstarted("x" * 301),
    "more than the window": out(b"x" * frames.PIECE) * (frames.FIRST_WINDOW // frames.PIECE) + out(b"y"),
    "deep nesting": frame(frames.ENDED, b"[" * 4000),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_runner_says_is_refused(name: str) -> None:
    with pytest.raises(SandboxError) as caught:
        heard(REFUSED[name], 2**30)
    assert caught.value.code == "runner"


@pytest.mark.parametrize(
    "data", [ended(), out(b"x"), unstarted("x"), b"\0"], ids=["ended", "out", "unstarted", "0"]
)
def test_before_the_runner_is_ready_it_says_nothing_else(data: bytes) -> None:
    with pytest.raises(SandboxError) as caught:
        list(Spoken().feed(engine_frame(data.ljust(5, b"\0"))))
    assert caught.value.code == "runner"


def test_what_the_runner_says_of_its_failure_is_shown_at_the_end() -> None:
    made = Heard()
    made.feed(engine_frame(b"no such module\n", stream=2) + engine_frame(ended()))
    assert isinstance(made.answers[-1], Ended)
    with pytest.raises(SandboxError, match="the sandbox's runner failed: no such module"):
        made.spoken.finish()


def test_a_failure_without_end_is_refused() -> None:
    made = Heard()
    with pytest.raises(SandboxError) as caught:
        made.feed(engine_frame(b"x" * 2**20, stream=2))
    assert caught.value.code == "runner"


@pytest.mark.parametrize("data", [b"\3\0\0\0\0\0\0\1x", b"\1\0\0\1\0\0\0\1x", b"HTTP/1.1 500", b"\xff" * 8])
def test_what_is_no_frame_of_the_engine_s_is_refused(data: bytes) -> None:
    with pytest.raises(SandboxError) as caught:
        Heard().feed(data)
    assert caught.value.code == "stream"


@pytest.mark.parametrize("data", [b"\1", b"\1\0\0\0\0\0\0", b"\1\0\0\0\0\0\0\2X", engine_frame(ended()[:-1])])
def test_a_stream_that_ends_within_a_frame_is_refused(data: bytes) -> None:
    made = Heard()
    made.feed(data)
    with pytest.raises(SandboxError) as caught:
        made.spoken.finish()
    assert caught.value.code == "stream"


@given(st.binary(max_size=60))
def test_whatever_comes_is_understood_or_refused(data: bytes) -> None:
    made = Heard()
    with suppress(SandboxError):
        made.feed(data)
        made.feed(engine_frame(data))


def test_the_window_is_opened_by_what_was_taken() -> None:
    made = heard(out(b"x" * 1000), 2**30)
    assert made.spoken.opened() == b""
    made.feed(engine_frame(out(b"x" * frames.PIECE) * 4))
    taken = 1000 + 4 * frames.PIECE
    assert made.spoken.opened() == frame(frames.WINDOW, taken.to_bytes(4))
    assert made.spoken.opened() == b""


def test_bytes_that_are_not_text_are_shown_as_escapes() -> None:
    assert heard(out(b"caf\xc3\xa9 \xff\x00")).capture.stdout == "café \\xff\x00"


def test_text_cut_within_a_character_is_shown_as_escapes() -> None:
    assert heard(out("é".encode()), most=1).capture.stdout == "\\xc3"


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@given(st.lists(TEXT, min_size=1), st.none() | st.binary(max_size=200), st.booleans())
def test_the_argv_that_is_told_is_the_judged_one(argv: list[str], stdin: bytes | None, again: bool) -> None:
    argv[0] = argv[0] or "program"
    (kind, body), *inputs = Frames(frames.TO_RUNNER).feed(call_frames(tuple(argv), stdin, 7, again=again))
    assert kind == frames.CALL
    read = None if stdin is None else len(stdin)
    assert json.loads(body) == {"again": again, "argv": argv, "deadline": 7, "input": read}
    assert b"".join(piece for _, piece in inputs) == (stdin or b"")
    assert {kind for kind, _ in inputs} <= {frames.INPUT}


@pytest.mark.parametrize("argv", [(), ("",), ("a", "b\0c"), ("a", "\ud800"), ("\udfff",)])
def test_arguments_that_no_program_can_be_given_are_refused(argv: tuple[str, ...]) -> None:
    with pytest.raises(SandboxError) as caught:
        call_frames(argv, None, 1, again=False)
    assert caught.value.code == "argv"


def test_a_call_that_is_too_long_is_refused() -> None:
    for argv, stdin in ((("a", "x" * frames.MOST_CALL), None), (("a",), bytes(frames.MOST_INPUT + 1))):
        with pytest.raises(SandboxError) as caught:
            call_frames(argv, stdin, 1, again=False)
        assert caught.value.code == "call-too-long"
