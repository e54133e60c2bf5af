"""Checks the types of parameters: their names, and refinements that go with them and leave some value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from governance.canonical import EXACT_INTEGER
from governance.capabilities.argv import check_endings
from governance.capabilities.hosts import check_host
from governance.capabilities.networks import check_network
from governance.capabilities.numbers import decimal_of, decimal_text
from governance.capabilities.paths import check_path
from governance.capabilities.values import TYPE_NAMES, Type
from governance.policy.check.literals import number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from decimal import Decimal

    from governance.policy.check.scope import FileScope
    from governance.policy.syntax import TypeSyntax, Word

__all__ = ["check_type"]

_WITHIN: Final[Mapping[str, tuple[str, Callable[[str], object]]]] = {
    **dict.fromkeys(("Path", "PathGlob"), ("under", check_path)),
    **dict.fromkeys(("Host", "Url", "Email"), ("within", check_host)),
    "Cidr": ("within", check_network),
    "Argv": ("without", check_endings),
}
"""The word by which a type is refined to a place or to other words, and what these must be."""

_REFINED: Final = 'Enum(a, b), List<T>, Int(1..9), String(..80), Path under "/a", Host within "example.org"'
_BOUNDED: Final = ("Int", "Decimal", "Size", "Duration", "String", "List", "Set")
_DEEPEST_RECORD: Final = 4


def check_type(scope: FileScope, syntax: TypeSyntax, depth: int = 0) -> Type | None:
    """Return the type as written within `depth` records, None when something about it is wrong and reported."""
    name = syntax.name.text
    before = len(scope.scope.diagnostics)
    if syntax.fields:
        return _record(scope, syntax, depth)
    if name not in TYPE_NAMES:
        scope.unknown("type", syntax.name, TYPE_NAMES)
        return None
    _refinements(scope, syntax)
    item = None
    if syntax.item is not None:
        if syntax.item.item is not None or syntax.item.optional or syntax.item.name.text == "Argv":
            message = "the items of a list are neither lists nor optional"
            scope.report("bad-refinement", message, syntax.item.name, f"like {_REFINED}")
        else:
            item = check_type(scope, syntax.item, depth)
    low, high = _bounds(scope, syntax)
    seen: dict[str, Word] = {}
    for word in syntax.names:
        scope.declare("name", word, word, seen)
    if len(scope.scope.diagnostics) > before:
        return None
    names = tuple(seen)
    within = syntax.within.place.text if syntax.within else None
    return Type(name, low, high, names, within, item, syntax.optional)


def _record(scope: FileScope, syntax: TypeSyntax, depth: int) -> Type | None:
    if depth == _DEEPEST_RECORD:
        mend = f"nest records at most {_DEEPEST_RECORD} deep"
        scope.report("bad-refinement", "this record is nested too deep", syntax.name, mend)
        return None
    fields: dict[str, Type] = {}
    for name, kind in syntax.fields:
        found = check_type(scope, kind, depth + 1)
        if found is not None and (found.item or found).name == "PathGlob":
            message = "a field of a record names one path, never all that a glob does"
            scope.report("bad-refinement", message, kind.name, "write Path, or make it a parameter")
        elif found is not None:
            scope.declare("field", name, found, fields)
    if len(fields) < len(syntax.fields):
        return None
    return Type("Record", optional=syntax.optional, fields=tuple(fields.items()))


def _refinements(scope: FileScope, syntax: TypeSyntax) -> None:
    """Report refinements that do not go with the type."""
    name, within = syntax.name.text, syntax.within
    word, check = _WITHIN.get(name, ("", None))
    many = name in ("List", "Set")
    fits = {
        "bounds": syntax.bounds is None or name in _BOUNDED,
        "names": (name == "Enum") == bool(syntax.names),
        "item": many == (syntax.item is not None),
        "place": within is None or within.keyword.text == word,
    }
    for what in (what for what, right in fits.items() if not right):
        lacks = (name == "Enum" and what == "names") or (many and what == "item")
        message = f"{name} {'lacks its' if lacks else 'does not go with the'} {what}"
        scope.report("bad-refinement", message, syntax.name, f"like {_REFINED}")
    if within is not None and check is not None and fits["place"]:
        try:
            check(within.place.text)
        except ValueError as error:
            scope.report("bad-refinement", str(error), within.place, f"like {_REFINED}")


def _bounds(scope: FileScope, syntax: TypeSyntax) -> tuple[int | Decimal | None, int | Decimal | None]:
    if syntax.bounds is None:
        return None, None
    kind = syntax.name.text
    words = (syntax.bounds.low, syntax.bounds.high)
    if kind == "Decimal":
        return _decimal_bounds(scope, syntax.name, words)
    name = kind if kind in ("Size", "Duration") else "Int"
    low, high = (None if word is None else number(scope, word, name) for word in words)
    least = -EXACT_INTEGER if kind == "Int" else 0
    first, last = least if low is None else low, EXACT_INTEGER if high is None else high
    if not least <= first <= last <= EXACT_INTEGER:
        word = next(word for word in words if word is not None) if any(words) else syntax.name
        message = f"no value lies between {first} and {last}" if first > last else "a bound is out of range"
        scope.report(
            "bad-bounds", message, word, f"write bounds between {least} and {EXACT_INTEGER}, in order"
        )
    return low, high


def _decimal_bounds(
    scope: FileScope, name: Word, words: tuple[Word | None, Word | None]
) -> tuple[Decimal | None, Decimal | None]:
    low, high = (None if word is None else _decimal(scope, word) for word in words)
    if low is not None and high is not None and low > high:
        message = f"no value lies between {decimal_text(low)} and {decimal_text(high)}"
        scope.report("bad-bounds", message, name, "write bounds in order")
    return low, high


def _decimal(scope: FileScope, word: Word) -> Decimal | None:
    try:
        return decimal_of(word.text)
    except ValueError as error:
        scope.report("bad-number", str(error), word, "write bounds like 0..500.00")
        return None
