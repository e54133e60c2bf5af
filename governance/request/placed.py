"""The whole reading of a text, by Lark, with a place for everything: what decides, and what says why not.

The rules of `grammars/json.lark` and `grammars/call.lark` are followed here, and the checks that they cannot
say stand beside them. What is read faster elsewhere must come out as it does here.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from governance.errors import Diagnostic, RequestError
from governance.grammar import Grammar, Misfit
from governance.request.nodes import Argument, Array, Literal, Member, Object
from governance.text import excerpt

if TYPE_CHECKING:
    from governance.grammar import Token
    from governance.request.nodes import Node
    from governance.text import Source

__all__ = [
    "DEPTH",
    "VALUES",
    "Fault",
    "PlacedCall",
    "bound",
    "call_grammar",
    "number",
    "read_call",
    "read_json",
]

DEPTH: Final = 64
"""Values may be nested less deep than this."""

VALUES: Final = 10_000
"""A request holds about this many values at most: strings, brackets and commas are counted."""

_DIGITS: Final = 40
_EXPONENT: Final = 64
_HINTS: Final = {
    "NaN": "JSON has no NaN; leave the argument out",
    "Infinity": "JSON has no Infinity; leave the argument out",
    "None": "write null, or leave the argument out",
    "True": "write true",
    "False": "write false",
    "'": 'strings stand in double quotes: "…"',
    '"': "a string ends where it began, on its line, and writes control characters as escapes",
}
"""What to do about what agents often write instead."""

_STRUCTURE: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*+"?|[\[{\]},]', re.DOTALL)
"""Strings, whole so that no sign in them counts and none after them is missed, brackets and commas."""


class PlacedCall(NamedTuple):
    """A call with its places: the name at `start` up to `end`, and the arguments, none twice."""

    name: str
    start: int
    end: int
    arguments: tuple[Argument, ...]


class Fault(ValueError):  # noqa: N818 - becomes a RequestError once the text it stands in is known
    """Something is wrong that a grammar cannot say."""

    def __init__(self, place: object, code: str, message: str, mend: str) -> None:
        super().__init__(message)
        self.diagnostic = Diagnostic(code, message, None, mend)
        self._place: Any = place

    def in_text(self, source: Source) -> RequestError:
        """Return the error, pointing into `source`."""
        match self._place:
            case Literal() | Argument() as node:
                start, end = node.start, node.end
            case int() as start:
                end = start + 1
            case token:
                start, end = token.start_pos, token.end_pos
        return RequestError(replace(self.diagnostic, span=source.span(start, end)))


class _JsonRules:
    """The values that the rules of `json.lark` make."""

    def string(self, children: list[Any]) -> Literal:
        token = children[0]
        text = token[1:-1]
        if "\\" in text:
            text = json.loads(token)
            if any("\ud800" <= character <= "\udfff" for character in text):
                raise Fault(
                    token, "lone-surrogate", "half a surrogate pair is no character", "write the whole pair"
                )
        return Literal(text, token.start_pos, token.end_pos)

    def number(self, children: list[Any]) -> Literal:
        token = children[0]
        return Literal(number(token), token.start_pos, token.end_pos)

    def true(self, children: list[Any]) -> Literal:
        return Literal(True, children[0].start_pos, children[0].end_pos)  # noqa: FBT003 - the JSON literal itself

    def false(self, children: list[Any]) -> Literal:
        return Literal(False, children[0].start_pos, children[0].end_pos)  # noqa: FBT003 - the JSON literal itself

    def null(self, children: list[Any]) -> Literal:
        return Literal(None, children[0].start_pos, children[0].end_pos)

    def array(self, children: list[Any]) -> Array:
        return Array(tuple(children[1:-1:2]), children[0].start_pos, children[-1].end_pos)

    def member(self, children: list[Any]) -> Member:
        return Member(self.string(children), children[1])

    def object(self, children: list[Any]) -> Object:
        members: tuple[Member, ...] = tuple(children[1:-1:2])
        seen: set[object] = set()
        for member in members:
            if member.key.value in seen:
                message = f"the key `{excerpt(str(member.key.value))}` stands here twice"
                raise Fault(member.key, "duplicate-key", message, "keep one")
            seen.add(member.key.value)
        return Object(members, children[0].start_pos, children[-1].end_pos)


class _CallRules(_JsonRules):
    """The values that the rules of `call.lark` make; Lark prefixes what it imports from `json.lark`."""

    json__string = _JsonRules.string
    json__number = _JsonRules.number
    json__true = _JsonRules.true
    json__false = _JsonRules.false
    json__null = _JsonRules.null
    json__array = _JsonRules.array
    json__member = _JsonRules.member
    json__object = _JsonRules.object

    def argument(self, children: list[Any]) -> Argument:
        token, value = children
        name = token[:-1].rstrip(" ")
        return Argument(name, token.start_pos, token.start_pos + len(name), value)

    def call(self, children: list[Any]) -> PlacedCall:
        arguments: tuple[Argument, ...] = tuple(children[1:-1:2])
        seen: set[str] = set()
        for argument in arguments:
            if argument.name in seen:
                message = f"the argument `{excerpt(argument.name)}` stands here twice"
                raise Fault(argument, "duplicate-key", message, "keep one")
            seen.add(argument.name)
        name, start = children[0][:-1].rstrip(" "), children[0].start_pos
        return PlacedCall(name, start, start + len(name), arguments)


def number(text: str | Token) -> int | Decimal:
    """Return the exact value of a JSON number. Raises `Fault` for one that is too long, too large, or `-0`."""
    if len(text) > _DIGITS:
        raise Fault(text, "bad-number", "the number is too long", f"write at most {_DIGITS} characters")
    if text == "-0":
        raise Fault(text, "bad-number", "there is one zero, and it has no sign", "write 0")
    if text.isdigit() or text[1:].isdigit():
        return int(text)
    if abs(int(text.lower().partition("e")[2] or 0)) > _EXPONENT:
        raise Fault(text, "bad-number", "the exponent is too large", f"stay within {_EXPONENT}")
    return Decimal(text)


@cache
def _json_grammar() -> Grammar:
    return Grammar("json", _JsonRules())


@cache
def call_grammar() -> Grammar:
    """Return the grammar of calls."""
    return Grammar("call", _CallRules())


def read_json(source: Source) -> Node:
    """Return the one JSON value that `source` is (RFC 8259).

    Raises `RequestError` for anything else, a duplicate key, a lone surrogate, a number or a depth out of bounds.
    """
    node: Node = _parse(_json_grammar(), source)
    return node


def read_call(source: Source) -> PlacedCall:
    """Return the one call that `source` is. Raises `RequestError` for anything else."""
    call: PlacedCall = _parse(call_grammar(), source)
    return call


_VALUE: Final = frozenset({"a string", "a number", "`true`", "`false`", "`null`", "`[`", "`{`"})
"""What a value of JSON begins with."""


def _expected(misfit: Misfit) -> list[str]:
    """Return what could have stood there; all that a value begins with is one thing to people."""
    if not _VALUE.issubset(misfit.expected):
        return list(misfit.expected)
    return ["a value", *(name for name in misfit.expected if name not in _VALUE)]


def _parse(grammar: Grammar, source: Source) -> Any:
    try:
        bound(source.text)
        return grammar.parse(source)
    except Misfit as misfit:
        message = f"expected {' or '.join(_expected(misfit))}, not {misfit.found}"
        raise RequestError(Diagnostic("syntax", message, misfit.span, _hint(misfit))) from None
    except Fault as fault:
        raise fault.in_text(source) from None


def _hint(misfit: Misfit) -> str:
    found = misfit.span.source.text[misfit.span.start : misfit.span.end]
    if (bare := found.removeprefix("-")) in _HINTS:
        return _HINTS[bare]
    if found and ord(found[0]) < 0x20:
        return "a control character is never white space here; inside a string write it as an escape"
    return ""


def bound(text: str) -> None:
    """Refuse deep nesting and endless lists before anything is built. Raises `Fault`.

    Linear: strings are skipped whole, and there is no nested repetition.
    """
    if text.count("[") + text.count("{") < DEPTH and text.count(",") < VALUES:
        return
    depth = 0
    for count, match in enumerate(_STRUCTURE.finditer(text)):
        sign = match[0]
        depth += (sign in ("[", "{")) - (sign in ("]", "}"))
        if depth >= DEPTH:
            raise _unbounded("too-deep", f"values are nested {DEPTH} deep or more", match.start())
        if count >= VALUES:
            raise _unbounded("too-many", f"there are more than {VALUES} values", match.start())


def _unbounded(code: str, message: str, place: int) -> Fault:
    return Fault(place, code, message, "ask for less at once")
