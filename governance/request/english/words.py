"""A sentence as words: what stands between spaces, quoted values, commas, and the mark at the end.

Only the space parts words. A value in quotes is taken literally: in `"…"` the escapes are those of JSON, in `'…'`
there are none.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from governance.errors import Diagnostic, RequestError
from governance.request.placed import call_grammar
from governance.request.quick import quick_json

if TYPE_CHECKING:
    from governance.text import Source

__all__ = ["LIMIT", "Said", "words_of"]

LIMIT: Final = 1 << 16
"""A sentence has at most this many bytes."""

_WORD: Final = re.compile(r"[^ \x00-\x1f\x7f]+")
_LITERAL: Final = re.compile(r"'([^'\x00-\x1f\x7f]*)'")
_MARKS: Final = (".", "?", "!")
_CLOSES: Final = ("", " ", ",")


class Said(NamedTuple):
    """One word of a sentence: its text, or the value in its quotes, at `start` up to `end`."""

    text: str
    start: int
    end: int
    quoted: bool = False

    @property
    def folded(self) -> str:
        """The word as keywords are compared: ASCII letters in lower case; nothing where it is quoted."""
        if self.quoted:
            return ""
        return self.text.lower() if self.text.isascii() else self.text


def words_of(source: Source) -> tuple[Said, ...]:
    """Return the words of the sentence that `source` is, commas apart, without the mark at its end.

    Raises `RequestError` for a control character, quotes without an end, and what is too long.
    """
    if len(source.text) > LIMIT or len(source.text.encode(errors="surrogatepass")) > LIMIT:
        message = f"the sentence is longer than {LIMIT} bytes"
        raise RequestError(Diagnostic("too-long", message, None, "say less at once"))
    found: list[Said] = []
    text, place = source.text, 0
    end = len(text.rstrip(" "))
    if text[:end].endswith(_MARKS) and text[end - 2 : end - 1] not in _CLOSES:
        end -= 1
    while place < end:
        if text[place] == " ":
            place += 1
        elif text[place] in "\"'":
            found.append(_quoted(source, place, end))
            place = found[-1].end
        else:
            found += _bare(source, place, end)
            place = found[-1].end
    return tuple(found)


def _bare(source: Source, place: int, end: int) -> tuple[Said, ...]:
    """Return the word at `place`, and each comma that ends it."""
    match = _WORD.match(source.text, place, end)
    if match is None:
        mend = "a control character is never white space here; in a quoted value write it as an escape"
        raise _refused(source, place, place + 1, "a control character stands here", mend)
    word = match[0].rstrip(",")
    commas = range(place + len(word), match.end())
    first = (Said(word, place, place + len(word)),) if word else ()
    return (*first, *(Said(",", comma, comma + 1) for comma in commas))


def _quoted(source: Source, place: int, end: int) -> Said:
    text = source.text
    literal = text[place] == "'"
    match = (_LITERAL if literal else _string()).match(text, place, end)
    if match is None:
        mend = 'end it with the quote it begins with, on one line; write control characters as escapes in "…"'
        raise _refused(source, place, end, "these quotes hold no value", mend)
    if text[match.end() : min(match.end() + 1, end)] not in _CLOSES:
        mend = 'leave a space behind the quotes; inside "…" write a quote as \\"'
        raise _refused(source, match.end(), match.end() + 1, "a word goes on behind its quotes", mend)
    if literal:
        return Said(match[1], place, match.end(), quoted=True)
    try:
        value = quick_json(match[0])
    except ValueError:
        mend = "write the whole pair"
        raise _refused(source, place, match.end(), "half a surrogate pair is no character", mend) from None
    return Said(str(value), place, match.end(), quoted=True)


@cache
def _string() -> re.Pattern[str]:
    """Return what matches a string of the call syntax."""
    return re.compile(call_grammar().pattern("STRING"))


def _refused(source: Source, start: int, end: int, message: str, mend: str) -> RequestError:
    return RequestError(Diagnostic("syntax", message, source.span(start, end), mend))
