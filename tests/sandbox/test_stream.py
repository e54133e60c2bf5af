"""Frames of a container's streams are read as hostile input, cut anywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.errors import SandboxError
from governance.sandbox.stream import Capture

FRAMES = st.lists(st.tuples(st.sampled_from([0, 1, 2]), st.binary(max_size=20)), max_size=8)


def frame(stream: int, data: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(data).to_bytes(4) + data


def fed(data: bytes, most: int = 1000) -> Capture:
    capture = Capture(most)
    capture.feed(data)
    return capture


def test_output_and_errors_are_told_apart() -> None:
    capture = fed(frame(1, b"out ") + frame(2, b"err") + frame(1, b"put"))
    capture.finish()
    assert (capture.stdout, capture.stderr, capture.arrived, capture.full) == ("out put", "err", 10, False)


@given(FRAMES, st.lists(st.integers(1, 30)), st.integers(0, 60))
def test_where_the_socket_cuts_does_not_matter(
    frames: list[tuple[int, bytes]], cuts: list[int], most: int
) -> None:
    data = b"".join(frame(stream, piece) for stream, piece in frames)
    whole, pieces = fed(data, most), Capture(most)
    for cut in cuts:
        pieces.feed(data[:cut])
        data = data[cut:]
    pieces.feed(data)
    pieces.finish()
    assert (whole.stdout, whole.stderr, whole.arrived) == (pieces.stdout, pieces.stderr, pieces.arrived)


@given(FRAMES, st.integers(0, 60))
def test_no_more_is_kept_than_asked_and_all_is_counted(frames: list[tuple[int, bytes]], most: int) -> None:
    capture = fed(b"".join(frame(stream, b"x" * len(piece)) for stream, piece in frames), most)
    assert capture.arrived == sum(len(piece) for _, piece in frames)
    assert len(capture.stdout) + len(capture.stderr) <= min(most, capture.arrived)
    assert capture.full == (capture.arrived > most)
    if all(stream for stream, _ in frames):
        assert len(capture.stdout) + len(capture.stderr) == min(most, capture.arrived)


def test_exactly_as_much_as_is_kept_is_not_too_much() -> None:
    assert not fed(frame(1, b"x" * 1000)).full
    assert fed(frame(1, b"x" * 1000) + frame(2, b"y")).full


def test_a_frame_s_claimed_length_reserves_nothing() -> None:
    capture = fed(b"\1\0\0\0\xff\xff\xff\xffabc")
    assert capture.stdout == "abc"


@pytest.mark.parametrize("data", [b"\3\0\0\0\0\0\0\1x", b"\1\0\0\1\0\0\0\1x", b"HTTP/1.1 500", b"\xff" * 8])
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(SandboxError) as caught:
        fed(data)
    assert caught.value.code == "stream"


@pytest.mark.parametrize("data", [b"\1", b"\1\0\0\0\0\0\0", b"\1\0\0\0\0\0\0\2x"])
def test_a_stream_that_ends_within_a_frame_is_refused(data: bytes) -> None:
    with pytest.raises(SandboxError) as caught:
        fed(data).finish()
    assert caught.value.code == "stream"


def test_an_empty_frame_is_a_frame() -> None:
    capture = fed(frame(1, b"") + frame(2, b"x"))
    capture.finish()
    assert capture.stderr == "x"


def test_bytes_that_are_not_text_are_shown_as_escapes() -> None:
    assert fed(frame(1, b"caf\xc3\xa9 \xff\x00")).stdout == "café \\xff\x00"


def test_text_cut_within_a_character_is_shown_as_escapes() -> None:
    assert fed(frame(1, "é".encode()), most=1).stdout == "\\xc3"
