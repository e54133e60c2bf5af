from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.sandbox.microvm.frames import LARGEST, FrameError, Frames, Kind, frame

PAYLOADS = {
    Kind.OPEN: st.binary(min_size=1, max_size=32),
    Kind.DATA: st.binary(min_size=1, max_size=200),
    Kind.CREDIT: st.binary(min_size=4, max_size=4),
    Kind.END: st.just(b""),
    Kind.GONE: st.just(b""),
}
ANY = st.sampled_from(Kind).flatmap(
    lambda kind: st.tuples(st.just(kind), st.integers(0, 2**32 - 1), PAYLOADS[kind])
)


@given(st.lists(ANY), st.lists(st.integers(1, 50), min_size=1))
def test_frames_are_read_as_written_however_they_are_cut(
    written: list[tuple[Kind, int, bytes]], cuts: list[int]
) -> None:
    data = b"".join(frame(*each) for each in written)
    frames, read, at = Frames(), [], 0
    while at < len(data):
        size = cuts[at % len(cuts)]
        read += [(each.kind, each.channel, each.payload) for each in frames.feed(data[at : at + size])]
        at += size
    assert read == written


@pytest.mark.parametrize(
    "data",
    [
        b"\0" * 9,
        b"\6" + b"\0" * 8,
        b"\1\0\0\0\1\0\0\0\0",
        b"\1\0\0\0\1\0\0\0\41",
        b"\2\0\0\0\1\0\0\0\0",
        b"\2\0\0\0\1" + (LARGEST + 1).to_bytes(4),
        b"\2\0\0\0\1\377\377\377\377",
        b"\3\0\0\0\1\0\0\0\5",
        b"\4\0\0\0\1\0\0\0\1",
    ],
    ids=[
        "no kind", "unknown kind", "no service", "long service", "no data", "too much", "four gigabytes", "odd credit",
        "an end with more",
    ],
)  # fmt: skip
def test_what_is_no_frame_is_refused_by_its_header_alone(data: bytes) -> None:
    with pytest.raises(FrameError):
        list(Frames().feed(data))


@given(st.binary(max_size=300))
def test_any_bytes_are_frames_or_refused(data: bytes) -> None:
    try:
        for each in Frames().feed(data):
            assert len(each.payload) <= LARGEST
    except FrameError:
        pass
