"""What people call that which stands where a command line stops to follow the grammar."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from governance.request.shell.keywords import KEYWORDS
from governance.request.shell.refusals import ENDS_CASE, HIDING, Refusal, stray_word
from governance.text import excerpt, shown

if TYPE_CHECKING:
    from governance.grammar import Misfit, Token

__all__ = ["named"]

_FINISH: Final = {
    "(": "write ( … )",
    "$(": "write $( … )",
    "{": "write { …; }",
    "if": "write if … then … fi, with `;` or a newline before then and fi",
    "while": "write while …; do …; done",
    "until": "write until …; do …; done",
    "for": "write for NAME in WORDS; do …; done",
}


class _Sign(NamedTuple):
    """What people call that which begins as `pattern` does."""

    pattern: re.Pattern[str]
    code: str
    found: tuple[str, ...] = ()


def _sign(pattern: str, code: str, *found: str) -> _Sign:
    return _Sign(re.compile(pattern), code, found)


_SIGNS: Final = (
    _sign(r"\$\(\(|\(\(|\$\[", "arithmetic"),
    _sign(r"\$(?:[A-Za-z_][A-Za-z0-9_]*)?\\\n", "line-continuation"),
    _sign(r"\$'", "ansi-c-quote"),
    _sign(r'\$"', "translated-quote"),
    _sign(r"\$\{", "parameter-expansion"),
    _sign(r"[<>]\(", "process-substitution"),
    _sign(
        r"(?:[0-9]+|\{[A-Za-z_][A-Za-z0-9_]*\})?(?:[<>]&|<>)|(?:[0-9]+|\{[A-Za-z_][A-Za-z0-9_]*\})[<>]",
        "descriptor",
    ),
    _sign(r"<<", "here-document", "this here-document is not read"),
    _sign(r"&(?!&)", "background"),
    _sign(r";;|;&", "reserved-word", ";;", ENDS_CASE),
    _sign(r"['\"`]", "open-quote"),
)
_ESCAPE: Final = re.compile(r"`[^`\\]*(?:\\[^`$\\\"][^`\\]*)*\\[`$\\\"]")
_JOINED: Final = re.compile(r"(?:[ \t]|\\\n)*")
_WORD: Final = re.compile(r"[a-z]+|[{}\[\]!]+")
_FIRST: Final = re.compile(r"\$\((?!\()|`|\"")
"""What a word begins with that is not known before something runs; misplaced only where a program is named."""

_SPECIAL: Final = re.compile(r"\$[0-9@*#?$!-]")


def named(misfit: Misfit, text: str) -> Refusal:
    """Return what stands in `text` where it stops to follow the grammar, by its name."""
    run = _JOINED.match(text, misfit.span.start)
    start = misfit.span.start if run is None else run.end()
    if run is not None and "\\" in run[0] and (start == len(text) or not run[0].strip("\\\n")):
        place = run.start() + run[0].index("\\")
        return Refusal("line-continuation", place, place + 1)
    if not text[start:].strip("\n"):
        return _unfinished(misfit.begun, start)
    if (special := _SPECIAL.match(text, start)) is not None:
        return Refusal("special-parameter", *special.span(), special[0])
    if (escape := _ESCAPE.match(text, start)) is not None:
        return Refusal("backtick-escape", escape.end() - 2, escape.end(), escape[0][-1])
    if (first := _FIRST.match(text, start)) is not None and text.find(first[0][-1:], start + 1) > 0:
        return Refusal("program-not-literal", *first.span())
    for sign in _SIGNS:
        if (found := sign.pattern.match(text, start)) is not None:
            return Refusal(sign.code, *found.span(), *sign.found)
    return _other(text, start)


def _other(text: str, start: int) -> Refusal:
    character = text[start]
    if character == "(" and text[start - 1 : start] == "=":
        return Refusal("array", start, start + 1)
    if character == "(":
        return Refusal("function", start, start + 1)
    if character == HIDING:
        return Refusal(
            "here-document", start, start + 1, "a here-document begins within quotes, or none is here"
        )
    if character == "#":
        start = next(at for at in range(start, len(text)) if shown(text[at]) != text[at])
        character = text[start]
    if not character.isascii():
        return Refusal("hidden-character", start, start + 1, f"U+{ord(character):04X}")
    if character in "|&;\n":
        return Refusal("no-command", start, start + 1)
    word = _WORD.match(text, start)
    if word is not None and word[0] in KEYWORDS:
        return stray_word(word[0], start)
    return Refusal(
        "syntax", start, start + 1, f"`{excerpt(character)}` stands where it means nothing", "quote it"
    )


_OPENS: Final = {
    "OPEN": "(",
    "SUBSTITUTE": "$(",
    "GAP_SUBSTITUTE": "$(",
    "QUOTED_SUBSTITUTE": "$(",
    "LEFT_BRACE": "{",
    "IF": "if",
    "WHILE": "while",
    "UNTIL": "until",
    "FOR": "for",
    "QUOTE": '"',
    "GAP_QUOTE": '"',
}


def _unfinished(tokens: tuple[Token, ...], end: int) -> Refusal:
    """Return what is still open at the end of a text in which these tokens begin something."""
    opened = [token for token in tokens if token.type in _OPENS]
    if not opened:
        return Refusal("no-command", end, end)
    sign = _OPENS[opened[-1].type]
    start = opened[-1].start_pos or 0
    start += len(opened[-1]) - len(opened[-1].lstrip(" \t\\\n"))
    if sign == '"':
        return Refusal("open-quote", start, start + 1)
    return Refusal("syntax", start, start + len(sign), f"`{sign}` is not finished", _FINISH[sign])
