"""What a policy's text must be before anything in it is read: what people see is what is there, and not too deep.

Knows brackets, strings and comments, and no more of the language.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from governance.errors import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from governance.text import Source

__all__ = ["scan"]

DEPTH: Final = 32
"""Brackets, and `not` after `not`, are nested at most so deep."""

_HIDDEN: Final = re.compile(
    r"\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    r"\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U0001bca0-\U0001bca3"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Characters that an editor does not show, or that show a line's parts in another order or on another line."""

_NESTING: Final = re.compile(
    r'"[^"\\\n]*(?:\\.[^"\\\n]*)*+"?|#[^\n]*|(?P<open>[\[({])|(?P<close>[\])}])|(?P<nots>(?:\bnot\s++){2,}+)'
)


def scan(source: Source) -> tuple[Diagnostic, ...]:
    """Return what is wrong with the text of `source` whatever it means."""
    return (*_hidden(source), *_deep(source))


def _hidden(source: Source) -> Iterator[Diagnostic]:
    found = _HIDDEN.search(source.text)
    if found is not None:
        message = f"the character U+{ord(found[0]):04X} does not show, and can hide what a policy says"
        yield Diagnostic("hidden-character", message, source.span(*found.span()), "leave it out")


def _deep(source: Source) -> Iterator[Diagnostic]:
    depth = 0
    for found in _NESTING.finditer(source.text):
        if found["open"] or found["close"]:
            depth = depth + 1 if found["open"] else max(depth - 1, 0)
        nots = (found["nots"] or "").count("not")
        if depth + nots > DEPTH:
            mend = f"nest at most {DEPTH} deep"
            yield Diagnostic("too-deep", "this is nested too deep", source.span(*found.span()), mend)
            return
