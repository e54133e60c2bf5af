"""Redirections: which descriptor becomes what. `&>` is two of them, a here-string's text ends with a newline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from governance.request.shell.refusals import Refusal
from governance.request.shell.tree import Duplicate, File, Here, Text, Word
from governance.request.shell.words import Spelling, Where, lead, spelled

if TYPE_CHECKING:
    from governance.grammar import Token
    from governance.request.shell.here import Body
    from governance.request.shell.raw import RawRedirection, RawWord
    from governance.request.shell.scope import Scope
    from governance.request.shell.tree import Mode, Redirection

__all__ = ["here_document", "redirected"]

_MODES: Final[dict[str, Mode]] = {"<": "<", ">": ">", ">|": ">", ">>": ">>", "&>": ">", "&>>": ">>"}
_NETWORK: Final = ("/dev/tcp/", "/dev/udp/")
_BLANK: Final = " \t\\\n"


class _Operator(NamedTuple):
    """`sign` with the digits before it, from `start` up to `end`."""

    digits: str
    sign: str
    start: int
    end: int

    def descriptor(self, default: int) -> int:
        return int(self.digits or default)


def _operator(token: Token, offset: int) -> _Operator:
    blanks = lead(token)
    written = token[blanks:]
    start, end = (token.start_pos or 0) + blanks + offset, (token.end_pos or 0) + offset
    digits = written[: len(written) - len(written.lstrip("0123456789"))]
    if len(digits) > 1:
        raise Refusal("descriptor", start, start + len(digits))
    return _Operator(digits, written[len(digits) :].rstrip(_BLANK), start, end)


def redirected(raw: RawRedirection, spelling: Spelling, scope: Scope, offset: int) -> tuple[Redirection, ...]:
    """Return what a redirection that is no here-document stands for. Raises `Refusal`."""
    operator = _operator(raw.operator, offset)
    if raw.target is not None:
        return _to_word(operator, raw.target, spelling, scope)
    source = operator.sign[2:].lstrip(_BLANK)
    if len(source) > 1:
        raise Refusal("descriptor", operator.end - len(source), operator.end)
    descriptor = operator.descriptor(0 if operator.sign[0] == "<" else 1)
    return (Duplicate(descriptor, None if source == "-" else int(source), operator.start, operator.end),)


def _to_word(operator: _Operator, raw: RawWord, spelling: Spelling, scope: Scope) -> tuple[Redirection, ...]:
    sign, start = operator.sign, operator.start
    where = Where.TEXT if sign == "<<<" else Where.FILE
    word = spelled(spelling.atoms(raw.parts, where), where, scope)[0]
    if sign == "<<<":
        return (Here(operator.descriptor(0), _with_newline(word), start, word.end),)
    if word.text is not None and word.text.startswith(_NETWORK):
        raise Refusal("network-file", word.start, word.end, word.text)
    if not sign.startswith("&"):
        return (File(operator.descriptor(0 if sign == "<" else 1), _MODES[sign], word, start, word.end),)
    if operator.digits:
        raise Refusal("descriptor", start, start + 1)
    return (File(1, _MODES[sign], word, start, word.end), Duplicate(2, 1, word.end, word.end))


def here_document(token: Token, bodies: dict[int, Body], offset: int) -> Here | File:
    """Return the here-document that `token` asks for, and take its body out of `bodies`. Raises `Refusal`."""
    operator = _operator(token, offset)
    body = bodies.pop((token.start_pos or 0) + token.index("<<"), None)
    if body is None:
        message = "the lines of this here-document, or its last one, are missing"
        raise Refusal("here-document", operator.start, operator.end, message)
    place = (operator.start, operator.end)
    if not body.text:
        return File(operator.descriptor(0), "<", Word((Text("/dev/null", *place),), *place), *place)
    text = Text(body.text, body.start, body.end)
    return Here(operator.descriptor(0), Word((text,), body.start, body.end), *place)


def _with_newline(word: Word) -> Word:
    """Return the word with the newline that a here-string ends with."""
    last = word.pieces[-1] if word.pieces else None
    if isinstance(last, Text):
        return word._replace(pieces=(*word.pieces[:-1], last._replace(text=last.text + "\n")))
    return word._replace(pieces=(*word.pieces, Text("\n", word.end, word.end)))
