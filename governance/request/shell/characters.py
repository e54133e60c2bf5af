"""What a command line must be before it is parsed: no characters that mislead, and not too much of anything.

Every check is linear in the text, and stops at the first thing that is wrong.
"""

from __future__ import annotations

import re
from typing import Final

from governance.request.shell.refusals import HIDING, Refusal

__all__ = ["DEPTH", "LONGEST", "check_characters", "check_size"]

LONGEST: Final = 1 << 20
"""A command line has at most so many bytes of UTF-8."""

DEPTH: Final = 32
"""Commands are nested at most so deep."""

_MARKS: Final = 8_000
"""A command line has about so many words and signs at most, quoted text not counted."""

_WIDEST_GAP: Final = 1_000

_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff" + HIDING + "]")
_NAMES: Final = {
    0x00: "NUL",
    0x0B: "VT",
    0x0C: "FF",
    0x0D: "CR",
    0x1B: "ESC",
    0x7F: "DEL",
    0x85: "NEL",
    0x2028: "LINE SEPARATOR",
    0x2029: "PARAGRAPH SEPARATOR",
}

_MARK: Final = re.compile(r"[ \t]+|[|&;<>()\n]|[\"'`$\\*?\[]")
"""What a token begins or ends with, and what a word is parted at."""

_SIGNS: Final = " \t|&;<>()\n\"'`$\\*?["
"""All characters of marks: a text that holds few of them has few marks."""

_OUTSIDE: Final = re.compile(
    r"'[^']*'"  # quoted text, whole
    r'|"[^"\\$`]*(?:\\.[^"\\$`]*)*"'
    r"|\\.|(?<=[ \t\n;|&()<>])#[^\n]*"  # an escaped character, a comment
    r"|(?P<rest>[\"`$])"  # from here on quotes may be nested
    r"|(?P<mark>[ \t]+|[|&;<>()\n'*?\[]|^#)",
    re.DOTALL,
)
"""The same where quotes are static: what they hold is no mark."""


def check_characters(text: str) -> None:
    """Refuse characters that are never passed. Raises `Refusal`."""
    if len(text) > LONGEST or len(text.encode(errors="surrogatepass")) > LONGEST:
        raise Refusal("too-long", 0, 0, f"a command line has at most {LONGEST} bytes")
    if (found := _FORBIDDEN.search(text)) is not None:
        point = ord(found[0])
        name = f" ({_NAMES[point]})" if point in _NAMES else ""
        raise Refusal("control-character", *found.span(), f"U+{point:04X}{name}")


def check_size(text: str) -> None:
    """Refuse endless lists of words, signs and blanks before anything is built. Raises `Refusal`."""
    count = 0
    pattern, start = _OUTSIDE, 0
    if len(text) < _MARKS or sum(map(text.count, _SIGNS)) < _MARKS:
        return
    for found in _OUTSIDE.finditer(text):
        start = found.start()
        if found["rest"]:
            pattern = _MARK
            break
        count += 1
        _check_count(found, count)
    if pattern is _MARK:
        for found in _MARK.finditer(text, start):
            count += 1
            _check_count(found, count)


def _check_count(found: re.Match[str], count: int) -> None:
    if count > _MARKS:
        raise Refusal("too-many", *found.span(), f"{_MARKS} words and signs")
    if found.end() - found.start() > _WIDEST_GAP and found[0].isspace():
        raise Refusal("too-long", *found.span(), f"there are more than {_WIDEST_GAP} blanks in a row")
