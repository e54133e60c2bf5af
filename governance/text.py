"""Source text, places in it, and how both are shown to people.

Here live spans, caret lines, the display of hostile text, and the nearest names of a misspelt one.
Nothing here knows what the text means.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Source", "Span", "excerpt", "nearest", "shown", "with_article"]

_WIDEST: Final = 160
_LINE_FEED: Final = re.compile("\n")


@dataclass(frozen=True, slots=True)
class Source:
    """A text and the name people know it by (a file, `request`, `arguments`)."""

    name: str
    text: str

    def span(self, start: int, end: int | None = None) -> Span:
        """Return the span of characters `start` (0-based) up to, but not with, `end`."""
        return Span(self, start, start + 1 if end is None else end)

    def line_start(self, line: int) -> int:
        """Return where the 1-based `line` begins."""
        return _line_starts(self.text)[line - 1]


@dataclass(frozen=True, slots=True)
class Span:
    """A run of characters of a source, 0-based, half open."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        """The 1-based line the span begins in; only line feeds end a line."""
        return bisect_right(_line_starts(self.source.text), self.start)

    @property
    def column(self) -> int:
        """The 1-based column the span begins at, in characters."""
        return self.start - _line_starts(self.source.text)[self.line - 1] + 1

    @property
    def place(self) -> str:
        """The span as `name:line:column`."""
        return f"{shown(self.source.name)}:{self.line}:{self.column}"

    def caret(self) -> str:
        """Return the source line and, beneath it, carets under the span; of a long line, what stands around it."""
        text, starts, line = self.source.text, _line_starts(self.source.text), self.line
        begin = starts[line - 1]
        end = starts[line] - 1 if line < len(starts) else len(text)
        cut = max(begin, self.start - _WIDEST // 2)
        last = min(end, cut + _WIDEST)
        until = min(max(self.end, self.start + 1), last)
        before, after = "…" if cut > begin else "", "…" if last < end else ""
        lead, marked, tail = (
            shown(text[cut : self.start]),
            shown(text[self.start : until]),
            shown(text[until:last]),
        )
        return f"{before}{lead}{marked}{tail}{after}\n{' ' * len(before + lead)}{'^' * max(1, len(marked))}"


@lru_cache(maxsize=8)
def _line_starts(text: str) -> list[int]:
    """Return where each line of `text` begins: what is asked for many places in one text is found once."""
    return [0, *(found.end() for found in _LINE_FEED.finditer(text))]


def shown(text: str) -> str:
    """Return `text` with every control, format and separator character but the space escaped.

    Terminal escapes, right-to-left marks and look-alike spaces in foreign text must not reach a person's
    terminal as they are.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(character) for character in text)


def excerpt(text: str, most: int = 40) -> str:
    """Return the first `most` characters of `text` as `shown`, with `…` where more was left out.

    What a message quotes of foreign text is quoted by this, so that no message grows with a request.
    """
    return shown(text[:most]) + ("…" if len(text) > most else "")


def with_article(noun: str) -> str:
    """Return `noun` after `a` or `an`, as its first letter asks for."""
    return f"{'an' if noun[:1] in 'AEIOaeio' else 'a'} {noun}"


def _visible(character: str) -> str:
    if character == " " or unicodedata.category(character)[0] not in "CZ":
        return character
    point = ord(character)
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"


def nearest(word: str, names: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """Return up to `most` of `names` that `word` may have meant, nearest first, then by name.

    The distance is Levenshtein's; a name further off than half its own length is not offered.
    """
    if len(word) > _WIDEST:
        return ()
    ranked = sorted((_distance(word, name), name) for name in set(names))
    return tuple(name for distance, name in ranked if distance <= max(2, len(name) // 2))[:most]


def _distance(left: str, right: str) -> int:
    row = list(range(len(right) + 1))
    for index, character in enumerate(left, 1):
        diagonal, row[0] = row[0], index
        for column, other in enumerate(right, 1):
            diagonal, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, diagonal + (character != other)),
            )
    return row[-1]
