"""Values without places, read fast: calls by one regular expression, JSON by the standard library's decoder.

A reader here returns exactly what `governance.request.placed` would, or raises `ValueError`; it never says
what is wrong. Whatever does not surely fit is read there.
"""

from __future__ import annotations

import json
import re
from functools import cache
from json import scanner
from typing import TYPE_CHECKING, Final, NoReturn

from governance.request.placed import DEPTH, VALUES, bound, call_grammar, number

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from governance.request.nodes import Plain

__all__ = ["quick_call", "quick_json"]

_MOST_ARGUMENTS: Final = 16
"""Calls with more are for the whole reading; the expression has room for one more, which ends the loop."""

_SHORT: Final = 15
"""A whole number of so many digits is exact everywhere."""

_WHITE: Final = " \t\n\r"
_STRICT: Final = getattr(scanner, "c_make_scanner", None) is not None
"""Whether the decoder is the one written in C; the one in Python takes digits of every script."""

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def quick_json(text: str) -> Plain:
    """Return the one JSON value that `text` is. Raises `ValueError` for what the whole reading must decide."""
    if not _STRICT:
        raise ValueError("this decoder takes digits of every script")
    if len(text) >= DEPTH:
        bound(text)
    start = 0 if text[:1] == "{" else len(text) - len(text.lstrip(_WHITE))
    value: Plain
    value, end = _DECODE(text, start)
    if end < len(text) and text[end:].strip(_WHITE):
        raise ValueError("something follows the value")
    if "[" in text:
        value = _in_tuples(value)
    if "\\u" in text and ("\\ud" in text or "\\uD" in text):
        _check_pairs(value)
    return value


def quick_call(text: str) -> tuple[str, dict[str, Plain]]:
    """Return name and arguments of the one call that `text` is, of scalars and flat arrays.

    Raises `ValueError` for what the whole reading must decide.
    """
    if len(text) >= VALUES:
        bound(text)
    match = _call_match()(text)
    if match is None or (pieces := match.groups())[-1] is not None:
        raise ValueError("no call of the regular subset")
    found: dict[str, Plain] = {}
    place = 1
    while (key := pieces[place]) is not None:
        argument, written = key.rstrip(" ="), pieces[place + 1]
        if argument in found:
            raise ValueError("an argument stands twice")
        if written[0] == '"' and "\\" not in written:
            found[argument] = written[1:-1]
        elif written.isdigit() and len(written) <= _SHORT:
            found[argument] = int(written)
        else:
            found[argument] = quick_json(written)
        place += 2
    return pieces[0].rstrip(" ("), found


@cache
def _call_match() -> Callable[[str], re.Match[str] | None]:
    """Return what matches a call, made of the terminals of the grammar.

    INVARIANT: linear. No two repetitions that can match the same character stand side by side, and no two
    alternatives begin alike, so that what one gives back no other can take.
    """
    terminal = call_grammar().pattern
    spaces = terminal("SPACES").removesuffix("+") + "*"
    scalar = "|".join(f"(?:{terminal(name)})" for name in ("STRING", "NUMBER", "TRUE", "FALSE", "NULL"))
    item = f"(?:{scalar}){spaces}"
    more = f"(?:{terminal('COMMA')}{spaces}{item})*"
    array = f"{terminal('LSQB')}{spaces}(?:{item}{more})?{terminal('RSQB')}"
    argument = f"({terminal('ARGUMENT')}){spaces}({scalar}|{array}){spaces}"
    rest = end = terminal("RPAR")
    for _ in range(_MOST_ARGUMENTS):
        rest = f"(?:{terminal('COMMA')}{spaces}{argument}{rest}|{end})"
    return re.compile(
        f"{spaces}({terminal('CAPABILITY')}){spaces}(?:{argument}{rest}|{end}){spaces}"
    ).fullmatch


def _members(members: list[tuple[str, Plain]]) -> dict[str, Plain]:
    found = dict(members)
    if len(found) < len(members):
        raise ValueError("a key stands twice")
    return found


def _number(text: str) -> int | Decimal:
    return int(text) if len(text) <= _SHORT and text.isdigit() else number(text)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"JSON has no {name}")


_DECODE: Final = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=_number, parse_float=number, parse_constant=_no_constant
).raw_decode


def _in_tuples(value: Plain | list[Plain]) -> Plain:
    """Return `value` with a tuple for every list of the decoder."""
    if isinstance(value, list):
        return tuple([_in_tuples(item) for item in value])
    if isinstance(value, dict):
        return {name: _in_tuples(item) for name, item in value.items()}
    return value


def _check_pairs(value: Plain) -> None:
    """Refuse half a surrogate pair, wherever it stands."""
    if isinstance(value, str):
        if _SURROGATE.search(value):
            raise ValueError("half a surrogate pair is no character")
    elif isinstance(value, tuple):
        for item in value:
            _check_pairs(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            _check_pairs(name)
            _check_pairs(item)
