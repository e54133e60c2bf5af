"""Offsets of a text and positions of the Language Server Protocol: lines, and units of the client's encoding."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lsprotocol import types as lsp
from pygls.workspace import ServerTextPosition

if TYPE_CHECKING:
    from pygls.workspace import PositionCodec

    from governance.text import Source, Span

__all__ = ["Positions"]

_END: Final = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")
"""Where a line ends: LSP 3.17, "Text Documents". Python's own lines end at more signs than these."""


class Positions:
    """The positions of one text."""

    def __init__(self, source: Source, codec: PositionCodec) -> None:
        self._source = source
        self._lines = _END.split(source.text)
        self._codec = codec

    def offset(self, position: lsp.Position) -> int:
        """Return the offset of a position; one beyond its line is at the line's end, one beyond the text at its."""
        if position.line >= len(self._lines):
            return len(self._source.text)
        own = lsp.Position(position.line, position.character)  # the codec changes what it is given
        found = self._codec.position_from_client_units(self._lines, own)
        return sum(map(len, self._lines[: found.line])) + found.character

    def position(self, offset: int) -> lsp.Position:
        """Return the position of an offset."""
        line, start = 0, 0
        while offset >= start + len(self._lines[line]) and line + 1 < len(self._lines):
            start += len(self._lines[line])
            line += 1
        return self._codec.position_to_client_units(self._lines, ServerTextPosition(line, offset - start))

    def range(self, span: Span) -> lsp.Range:
        """Return the range of a span of this text."""
        return lsp.Range(self.position(span.start), self.position(span.end))

    @property
    def whole(self) -> lsp.Range:
        """The range of the whole text."""
        return lsp.Range(lsp.Position(0, 0), self.position(len(self._source.text)))
