"""Values of each type as regular expressions: all that one matches is a value, not all values are matched.

They keep to what the regular expressions of decoders have in common: no look-around, no lazy repetition, classes
that are written out, and a bound on every length.
"""

from __future__ import annotations

import re
from math import ceil, floor
from typing import TYPE_CHECKING, Final

from governance.canonical import EXACT_INTEGER
from governance.capabilities.argv import check_endings
from governance.capabilities.networks import Network
from governance.capabilities.numbers import UNITS
from governance.request.constraint.ranges import between

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from decimal import Decimal

    from governance.capabilities.values import Type

__all__ = ["json_pattern", "said_pattern"]

_LONGEST: Final = 4000
"""So many characters of a string are offered; a model that needs more writes the call without a grammar."""

_MOST_ITEMS: Final = 8
_MOST_WORDS: Final = 16
_MOST_DIGITS: Final = 10**15 - 1

_CHARACTER: Final = r'([^"\\\x00-\x1f\x7f-\x9f]|\\["\\nrt])'
_NAME: Final = r"[.]?[A-Za-z0-9_-]([A-Za-z0-9_.-]{0,40}[A-Za-z0-9_-])?"
_STAR: Final = rf"(\*\*|\*[.][A-Za-z0-9]{{1,8}}|{_NAME})"
_LABEL: Final = "[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?"
_SEGMENT: Final = "[A-Za-z0-9_~-]([A-Za-z0-9._~-]{0,60}[A-Za-z0-9_~-])?"
_DAY: Final = "20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
_TIME: Final = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"


def json_pattern(kind: Type) -> str:
    """Return what matches values of `kind` in the call syntax. Raises `ValueError` where none is found."""
    match kind.name:
        case "Bool":
            return "(true|false)"
        case "Int":
            return between(*_whole(kind, -EXACT_INTEGER, EXACT_INTEGER))
        case "Decimal":
            return _decimal(kind)
        case "Size" | "Duration":
            whole = between(*_whole(kind, 0, EXACT_INTEGER))
            units = _units(kind)
            return f'({whole}|"{units}")' if units else whole
        case "String":
            return _string(kind)
        case "Json":
            return f'"{_CHARACTER}{{0,200}}"'
        case "Argv":
            word = _word(kind)
            return rf"\[{word}(, {word}){{0,{_MOST_WORDS - 1}}}\]"
        case "List" | "Set":
            least, pattern = _several(kind, json_pattern, ", ")
            return rf"\[({pattern})?\]" if least == 0 else rf"\[{pattern}\]"
        case "Record":
            fields = (f'"{name}": {json_pattern(each)}' for name, each in kind.fields if not each.optional)
            return rf"\{{{', '.join(fields)}\}}"
    return f'"{_text(kind)}"'


def said_pattern(kind: Type) -> str:
    """Return what matches values of `kind` as a sentence says them. Raises `ValueError` where none is found."""
    match kind.name:
        case "Size" | "Duration":
            whole = between(*_whole(kind, 0, EXACT_INTEGER))
            units = _units(kind)
            return f"({whole}|{units})" if units else whole
        case "Argv":
            word = _word(kind)
            return f"{word}( {word}){{0,{_MOST_WORDS - 1}}}"
        case "List" | "Set":
            return _several(kind, said_pattern, " and ")[1]
        case "Bool" | "Int" | "Decimal" | "String":
            return json_pattern(kind)
        case "Glob" | "Host":
            return f'"{_text(kind)}"'
    return _text(kind)


def _whole(kind: Type, low: int, high: int) -> tuple[int, int]:
    """Return the bounds of the type, or these where it has none."""
    return int(low if kind.low is None else kind.low), int(high if kind.high is None else kind.high)


def _units(kind: Type) -> str:
    """Return what matches amounts with a unit, nothing where none lies within the bounds."""
    low, high = _whole(kind, 0, EXACT_INTEGER)
    found = [
        between(max(1, -(-low // worth)), min(high // worth, _MOST_DIGITS)) + unit
        for unit, worth in UNITS[kind.name].items()
        if max(1, -(-low // worth)) <= high // worth
    ]
    return f"({'|'.join(found)})" if found else ""


def _decimal(kind: Type) -> str:
    """Return what matches whole numbers within the bounds, and two digits behind the point where they fit."""
    low: int | Decimal = -EXACT_INTEGER if kind.low is None else kind.low
    high: int | Decimal = EXACT_INTEGER if kind.high is None else kind.high
    first, last = ceil(low), floor(high)
    parts = [between(first, last)] if first <= last else []
    if max(first, 0) < last:
        parts.append(f"{between(max(first, 0), last - 1)}[.][0-9]{{1,2}}")
    if not parts:
        raise ValueError(f"no whole number is a {kind}")
    return f"({'|'.join(parts)})"


def _string(kind: Type) -> str:
    least, most = int(kind.low or 0), int(_LONGEST if kind.high is None else kind.high)
    return f'"{_CHARACTER}{{{least},{max(least, min(most, _LONGEST))}}}"'


def _word(kind: Type) -> str:
    """Return what matches words of a command line; none begins like a word that it is to be without."""
    if kind.within is None:
        return f'"{_CHARACTER}{{1,200}}"'
    firsts = "".join(sorted({re.escape(word[0]) for word in check_endings(kind.within)}))
    return rf'"[^"\\\x00-\x1f\x7f-\x9f{firsts}]{_CHARACTER}{{0,199}}"'


def _several(kind: Type, pattern: Callable[[Type], str], between_items: str) -> tuple[int, str]:
    """Return the least number of items, and what matches one or more of them; of a set no two may be the same."""
    if kind.item is None:
        raise ValueError("a list of nothing")
    item = pattern(kind.item)
    least, most = int(kind.low or 0), int(_MOST_ITEMS if kind.high is None else kind.high)
    if most == 0:
        raise ValueError("a list without items")
    if kind.name == "Set" and least > 1:
        raise ValueError("no set of several items is offered")
    more = 0 if kind.name == "Set" else max(least, min(most, _MOST_ITEMS)) - 1
    return least, f"{item}({between_items}{item}){{{max(least - 1, 0)},{more}}}" if more else item


def _text(kind: Type) -> str:
    return _TEXTS[kind.name](kind)


def _path(kind: Type, name: str = _NAME) -> str:
    folder = re.escape(kind.within.rstrip("/")) if kind.within else ""
    return f"{folder}(/{name}){{{0 if folder else 1},8}}"


def _host(kind: Type) -> str:
    if kind.within is not None:
        return f"({_LABEL}[.]){{0,3}}{re.escape(kind.within)}"
    return f"({_LABEL}[.]){{1,3}}[a-z]{{2,10}}"


def _cidr(kind: Type) -> str:
    """Return what matches single addresses within whole bytes of an IPv4 network, else the network itself."""
    octet = between(0, 255)
    if kind.within is None:
        return rf"{octet}([.]{octet}){{3}}"
    network = Network.of(kind.within)
    free = (network.last - network.first + 1).bit_length() - 1
    if network.version != 4 or free % 8 or not free:
        return re.escape(kind.within)
    head = kind.within.partition("/")[0].split(".")[: 4 - free // 8]
    return "[.]".join([*head, *[octet] * (free // 8)])


_TEXTS: Final[Mapping[str, Callable[[Type], str]]] = {
    "Enum": lambda kind: f"({'|'.join(re.escape(name) for name in kind.names)})",
    "Path": _path,
    "PathGlob": lambda kind: _path(kind, _STAR),
    "Glob": lambda _: f"({_STAR}/){{0,5}}{_STAR}",
    "Host": _host,
    "Url": lambda kind: f"https://{_host(kind)}/({_SEGMENT}(/{_SEGMENT}){{0,6}})?",
    "Email": lambda kind: f"[A-Za-z0-9_+-]{{1,30}}([.][A-Za-z0-9_+-]{{1,30}})?@{_host(kind)}",
    "Cidr": _cidr,
    "Instant": lambda _: f"{_DAY}T{_TIME}Z",
}
"""Of each type whose values are texts, what matches some that need no escape and no quotes."""
