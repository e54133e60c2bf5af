"""Here-documents: their bodies are lifted out of a command line before it is parsed, and hidden where they stood.

A body stands on the lines behind the one that asks for it, so no grammar of words can hold it. What looks like
the beginning of a here-document may be quoted text; whoever parses the rest says so by not asking for its body,
and such a command line is refused.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from governance.request.shell.refusals import HIDING, Refusal

__all__ = ["Body", "Lifted", "lift"]

_MOST: Final = 64
"""A command line has at most so many here-documents, and words that their delimiters may be."""

_MOST_INDENTED: Final = 8
"""And so many whose delimiter may be indented."""

_MOST_SIGNS: Final = 2_000
"""And so many lines with `<<`, or `<<` on one line."""

_BEGIN: Final = re.compile(
    r"(?<!<)<<(?P<tabs>-?)[ \t]*(?:'(?P<single>[^'\n]+)'|\"(?P<double>[^\"\\$`\n]+)\"|\\(?P<escaped>[A-Za-z0-9_.%+-]+)"
    r"|(?P<bare>[A-Za-z0-9_.%+-]+))(?=[ \t\n|&;()<>])"
)
_EXPANDED: Final = re.compile(r"\$[A-Za-z0-9_{(@*#?$!\['\"-]|`|\\[$`\\\n]")
"""What is not passed as it stands where the delimiter is not quoted."""


class Body(NamedTuple):
    """The text of a here-document, and where it stands in the command line."""

    text: str
    start: int
    end: int


class Lifted(NamedTuple):
    """A command line with its bodies hidden, and the bodies by the offset of the `<<` that asks for each."""

    text: str
    bodies: dict[int, Body]


def lift(text: str) -> Lifted:
    """Return `text`, which ends with a newline, with the bodies of its here-documents hidden.

    Offsets stay as they are. Raises `Refusal` for a body that would not be passed as it stands.
    """
    if "<<" not in text:
        return Lifted(text, {})
    pieces: list[str] = []
    bodies: dict[int, Body] = {}
    search = _Search(text)
    done = place = 0
    while (place := text.find("<<", place)) >= 0:
        line_end = after = text.find("\n", place)
        search.count(place)
        for begin in _BEGIN.finditer(text, place, line_end + 1):
            search.count(begin.start())
            if (body := search.body(begin, after)) is not None:
                bodies[begin.start()] = body
                after = text.index("\n", body.end)
        place = after
        if after > line_end:
            pieces += [text[done:line_end], HIDING * (after - line_end)]
            done = after
    return Lifted("".join(pieces) + text[done:], bodies)


class _Search:
    """Looks for the lines that here-documents end with: for the same one in vain only once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._absent: set[tuple[str, str]] = set()
        self._tried = 0
        self._signs = 0

    def count(self, place: int) -> None:
        """Refuse too many of what looks like a here-document."""
        self._signs += 1
        if self._signs > _MOST_SIGNS:
            raise Refusal("too-many", place, place + 2, f"{_MOST_SIGNS} signs `<<`")

    def body(self, begin: re.Match[str], newline: int) -> Body | None:
        """Return what stands between `newline` and the line of the delimiter, None where there is no such line."""
        end = self._end(begin, newline)
        if end < 0:
            return None
        written = self._text[newline + 1 : end + 1]
        if begin["bare"] and (sign := _EXPANDED.search(written)) is not None:
            place = newline + 1 + sign.start()
            message = f"`{sign[0]}` is expanded here, because the delimiter is not quoted"
            raise Refusal("here-document", place, place + len(sign[0]), message)
        body = re.sub(r"(?m)^\t+", "", written) if begin["tabs"] else written
        return Body(body, newline + 1, end + 1)

    def _end(self, begin: re.Match[str], newline: int) -> int:
        """Return where the newline before the line of the delimiter stands, -1 if there is no such line."""
        delimiter = begin["single"] or begin["double"] or begin["escaped"] or begin["bare"]
        if (delimiter, begin["tabs"]) in self._absent:
            return -1
        self._tried += _MOST // _MOST_INDENTED if begin["tabs"] else 1
        if self._tried > _MOST:
            raise Refusal("too-many", *begin.span(), f"{_MOST} here-documents")
        if begin["tabs"]:
            found = re.compile(f"\n\t*{re.escape(delimiter)}\n").search(self._text, newline)
            end = -1 if found is None else found.start()
        else:
            end = self._text.find(f"\n{delimiter}\n", newline)
        if end < 0:
            self._absent.add((delimiter, begin["tabs"]))
        return end
