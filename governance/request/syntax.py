"""What a request says, before anyone asks what it means: JSON values and calls, each with its place.

Strict reading of foreign JSON happens here and nowhere else, by `grammars/json.lark` and the checks beside
it. The nodes carry offsets into the text they were read from, so that every later error can point.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from governance.errors import Diagnostic, RequestError
from governance.grammar import Grammar, Misfit
from governance.text import excerpt

if TYPE_CHECKING:
    from governance.grammar import Token
    from governance.text import Source, Span

__all__ = [
    "DEPTH",
    "VALUES",
    "Argument",
    "Array",
    "CallSyntax",
    "Literal",
    "Member",
    "Node",
    "Object",
    "parse_call",
    "parse_json",
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

_STRUCTURE: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[{\]},]', re.DOTALL)
"""Strings, whole so that no sign in them counts and none after them is missed, brackets and commas."""


class Literal(NamedTuple):
    """A string, number, truth value or null at `start` up to `end` of its text. No number is ever a float."""

    value: str | int | Decimal | bool | None
    start: int
    end: int


class Array(NamedTuple):
    """Values in order."""

    items: tuple[Node, ...]
    start: int
    end: int


class Member(NamedTuple):
    """One key of an object with its value."""

    key: Literal
    value: Node


class Object(NamedTuple):
    """Members in the order they stand in; no key twice."""

    members: tuple[Member, ...]
    start: int
    end: int

    def items(self) -> dict[str, Node]:
        """Return the values by key."""
        return {str(member.key.value): member.value for member in self.members}


Node: TypeAlias = Literal | Array | Object


class Argument(NamedTuple):
    """One named argument; `start` and `end` are those of the name."""

    name: str
    start: int
    end: int
    value: Node


@dataclass(frozen=True, slots=True)
class CallSyntax:
    """A call as it was written: the capability's name and its named arguments, none twice.

    Arguments may stand in a text of their own (OpenAI sends them as a string inside the request).
    """

    name: str
    name_span: Span
    arguments: tuple[Argument, ...]
    source: Source
    """The text that the arguments' offsets refer to."""

    def span(self, node: Node | Argument) -> Span:
        """Return the place of an argument or a value of this call."""
        return self.source.span(node.start, node.end)


class _Fault(Exception):  # noqa: N818 - becomes a RequestError once the text it stands in is known
    def __init__(self, place: Token | Literal | Argument, code: str, message: str, mend: str) -> None:
        super().__init__(message)
        self.diagnostic = Diagnostic(code, message, None, mend)
        if isinstance(place, Literal | Argument):
            self.start, self.end = place.start, place.end
        else:
            self.start, self.end = place.start_pos or 0, place.end_pos or 0


class _JsonRules:
    """The values that the rules of `json.lark` make."""

    def string(self, children: list[Any]) -> Literal:
        token = children[0]
        text = token[1:-1]
        if "\\" in text:
            text = json.loads(token)
            if any("\ud800" <= character <= "\udfff" for character in text):
                raise _Fault(
                    token, "lone-surrogate", "half a surrogate pair is no character", "write the whole pair"
                )
        return Literal(text, token.start_pos, token.end_pos)

    def number(self, children: list[Any]) -> Literal:
        token = children[0]
        return Literal(_number(token), token.start_pos, token.end_pos)

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
                raise _Fault(member.key, "duplicate-key", message, "keep one")
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

    def call(self, children: list[Any]) -> tuple[str, int, tuple[Argument, ...]]:
        arguments: tuple[Argument, ...] = tuple(children[1:-1:2])
        seen: set[str] = set()
        for argument in arguments:
            if argument.name in seen:
                message = f"the argument `{excerpt(argument.name)}` stands here twice"
                raise _Fault(argument, "duplicate-key", message, "keep one")
            seen.add(argument.name)
        return children[0][:-1].rstrip(" "), children[0].start_pos, arguments


def _number(text: Token) -> int | Decimal:
    if len(text) > _DIGITS:
        raise _Fault(text, "bad-number", "the number is too long", f"write at most {_DIGITS} characters")
    if text == "-0":
        raise _Fault(text, "bad-number", "there is one zero, and it has no sign", "write 0")
    if text.isdigit() or text[1:].isdigit():
        return int(text)
    if abs(int(text.lower().partition("e")[2] or 0)) > _EXPONENT:
        raise _Fault(text, "bad-number", "the exponent is too large", f"stay within {_EXPONENT}")
    return Decimal(text)


@cache
def _json_grammar() -> Grammar:
    return Grammar("json", _JsonRules())


@cache
def _call_grammar() -> Grammar:
    return Grammar("call", _CallRules())


def parse_json(source: Source) -> Node:
    """Return the one JSON value that `source` is (RFC 8259).

    Raises `RequestError` for anything else, a duplicate key, a lone surrogate, a number or a depth out of bounds.
    """
    node: Node = _parse(_json_grammar(), source)
    return node


def parse_call(source: Source) -> CallSyntax:
    """Return the one call that `source` is: `fs.read(path="/workspace/a.py")`.

    Raises `RequestError` for anything else.
    """
    name, start, arguments = _parse(_call_grammar(), source)
    return CallSyntax(name, source.span(start, start + len(name)), arguments, source)


def _parse(grammar: Grammar, source: Source) -> Any:
    _bound(source)
    try:
        return grammar.parse(source)
    except Misfit as misfit:
        expected = " or ".join(["a value"] if "a string" in misfit.expected else misfit.expected)
        message = f"expected {expected}, not {misfit.found}"
        raise RequestError(Diagnostic("syntax", message, misfit.span, _hint(misfit))) from None
    except _Fault as fault:
        raise RequestError(replace(fault.diagnostic, span=source.span(fault.start, fault.end))) from None


def _hint(misfit: Misfit) -> str:
    found = misfit.span.source.text[misfit.span.start : misfit.span.end]
    if (bare := found.removeprefix("-")) in _HINTS:
        return _HINTS[bare]
    if found and ord(found[0]) < 0x20:
        return "a control character is never white space here; inside a string write it as an escape"
    return ""


def _bound(source: Source) -> None:
    """Refuse deep nesting and endless lists before anything is built.

    Linear: strings are skipped whole, and there is no nested repetition.
    """
    text = source.text
    if text.count("[") + text.count("{") < DEPTH and text.count(",") < VALUES:
        return
    depth = 0
    for number, match in enumerate(_STRUCTURE.finditer(text)):
        sign = match[0]
        depth += (sign in ("[", "{")) - (sign in ("]", "}"))
        if depth >= DEPTH:
            raise _unbounded("too-deep", f"values are nested {DEPTH} deep or more", source, match.start())
        if number >= VALUES:
            raise _unbounded("too-many", f"there are more than {VALUES} values", source, match.start())


def _unbounded(code: str, message: str, source: Source, place: int) -> RequestError:
    return RequestError(Diagnostic(code, message, source.span(place), "ask for less at once"))
