"""Offsets and positions, in all units and with all ends of lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types as lsp
from pygls.workspace import PositionCodec

from governance.editor.positions import Positions
from governance.text import Source

TEXTS = st.text(alphabet=st.sampled_from("ab\u00e9\U0001f600\n\r\u2028\x0b"), max_size=40)
ENCODINGS = st.sampled_from(["utf-8", "utf-16", "utf-32"])


@pytest.mark.parametrize(
    ("text", "offset", "place"),
    [
        ("", 0, (0, 0)),
        ("ab", 2, (0, 2)),
        ("ab\n", 3, (1, 0)),
        ("a\r\nb", 3, (1, 0)),
        ("a\rb", 2, (1, 0)),
        ("a\u2028b", 2, (0, 2)),
        ("\U0001f600b", 1, (0, 2)),
    ],
)
def test_positions_are_those_of_the_protocol(text: str, offset: int, place: tuple[int, int]) -> None:
    positions = Positions(Source("a", text), PositionCodec("utf-16"))
    assert positions.position(offset) == lsp.Position(*place)
    assert positions.offset(lsp.Position(*place)) == offset


@given(TEXTS, ENCODINGS, st.data())
def test_every_offset_comes_back(text: str, encoding: str, data: st.DataObject) -> None:
    positions = Positions(Source("a", text), PositionCodec(encoding))
    offset = data.draw(st.integers(0, len(text)))
    if text[offset - 1 : offset + 1] != "\r\n":  # no position lies within an end of line
        assert positions.offset(positions.position(offset)) == offset


@given(TEXTS, ENCODINGS, st.integers(0, 50), st.integers(0, 50))
def test_no_position_is_out_of_the_text(text: str, encoding: str, line: int, character: int) -> None:
    positions = Positions(Source("a", text), PositionCodec(encoding))
    assert 0 <= positions.offset(lsp.Position(line, character)) <= len(text)
