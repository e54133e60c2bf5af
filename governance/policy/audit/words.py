"""Command lines as far as a policy fixes them: words that are known, and words that an agent chooses.

A permit that compares a parameter with constants fixes more than the declaration; whatever else a rule says leaves a word
as free as its type.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from governance.capabilities.declaration import ArgvGroup
from governance.policy.condition import All, Comparison, Constant, Either, Given, PathTest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from governance.capabilities.declaration import ArgvWord, Capability, Parameter
    from governance.capabilities.values import Value
    from governance.policy.condition import Condition

__all__ = ["NUMBERS", "Piece", "command_lines"]

NUMBERS: Final = ("Bool", "Decimal", "Duration", "Int", "Size")
"""The types whose values name neither a program nor a file."""

_FREE: Final = ("Argv", "Email", "Glob", "String")
"""The types whose values may begin with a hyphen."""

_LETTERS: Final = (*_FREE, "Cidr", "Enum", "Host", "Url")
"""The types whose values may begin with a letter or a hyphen, which behind one makes an option."""

_MOST: Final = 64
"""So many ways to fix the words of one capability are told apart; beyond, they count as free."""


class Piece(NamedTuple):
    """One word: exactly one of `texts`, or if there are none `before` and then any value of the type `kind`.

    `parameter` is what it comes from, if an agent chooses it; it may be missing (`optional`), or there `many` times. Pieces
    of one `group`, counted from 1, are there together.
    """

    texts: tuple[str, ...] = ()
    before: str = ""
    kind: str = ""
    parameter: str = ""
    optional: bool = False
    many: bool = False
    group: int = 0

    @property
    def begins_freely(self) -> bool:
        """Whether it may be any option: nothing but hyphens stands before what an agent chooses."""
        if self.texts or self.before.strip("-"):
            return False
        return self.kind in (_LETTERS if self.before else _FREE)

    @property
    def lettered(self) -> bool:
        """Whether what an agent chooses may begin with a letter."""
        return not self.texts and self.kind in _LETTERS


Fixed: TypeAlias = "tuple[tuple[Value, bool], ...] | None"
"""The values that a parameter can have, each whole (True) or only its beginning; None for any."""


def command_lines(capability: Capability, when: Condition | None) -> tuple[tuple[Piece, ...], ...]:
    """Return what the command line of a call can be, where `when` holds of it."""
    fixed = {each.name: _fixed(when, each.name) for each in capability.parameters}
    several = [
        each for each in capability.parameters if each.type.name == "Argv" and fixed[each.name] is not None
    ]
    ways = [fixed[each.name] or () for each in several]
    lines = []
    for chosen in product(*ways):
        picked = {each.name: way for each, way in zip(several, chosen, strict=True)}
        lines.append(tuple(_pieces(capability, fixed, picked)))
    return tuple(dict.fromkeys(lines))


def _pieces(
    capability: Capability, fixed: dict[str, Fixed], picked: dict[str, tuple[Value, bool]]
) -> Iterator[Piece]:
    kinds = {each.name: each for each in capability.parameters}
    for number, item in enumerate(capability.argv, 1):
        grouped = isinstance(item, ArgvGroup)
        for word in item.words if isinstance(item, ArgvGroup) else (item,):
            parameter = kinds.get(word.parameter or "")
            for piece in _of_word(word, parameter, fixed.get(word.parameter or ""), picked):
                yield piece._replace(optional=piece.optional or grouped, group=number if grouped else 0)


def _of_word(
    word: ArgvWord, parameter: Parameter | None, fixed: Fixed, picked: dict[str, tuple[Value, bool]]
) -> Iterator[Piece]:
    if parameter is None:
        yield Piece((word.text,))
        return
    kind, name = parameter.type, parameter.name
    if kind.name == "Argv":
        value, whole = picked.get(name, ((), False))
        for text in value if isinstance(value, tuple) else ():
            yield Piece((str(text),), parameter=name)
        if not whole:
            yield Piece(kind="Argv", parameter=name, many=True, optional=value != ())
        return
    item = kind.item or kind
    optional = kind.optional or (kind.item is not None and not kind.low)
    texts = () if kind.item is not None else _texts(word, parameter, fixed)
    before = "" if texts else f"{word.text}{_beginning(fixed)}"
    yield Piece(texts, before, item.name, name, optional, kind.item is not None)


def _beginning(fixed: Fixed) -> str:
    """Return how a text that is not known surely begins."""
    match fixed:
        case ((str(beginning), False),):
            return beginning
        case _:
            return ""


def _texts(word: ArgvWord, parameter: Parameter, fixed: Fixed) -> tuple[str, ...]:
    """Return what a word can be, nothing where that is not known."""
    kind = parameter.type
    if kind.name == "Enum":
        values: tuple[Value, ...] = kind.names
    elif kind.name == "Bool":
        return (f"{word.text}false", f"{word.text}true")
    else:
        values = ()
    if fixed is not None and all(whole and isinstance(value, str) for value, whole in fixed):
        values = tuple(value for value, _ in fixed)
    return tuple(f"{word.text}{value}" for value in values)


def _fixed(condition: Condition | None, name: str) -> Fixed:
    """Return the values that a parameter can have where the condition holds."""
    match condition:
        case Comparison(
            left=Given(name=given, steps=()), right=Constant(value=value), each=False, part=None
        ) if given == name:
            return _of_comparison(condition.operator, value)
        case PathTest(given=Given(name=given, steps=()), sets=sets, each=False) if given == name:
            return tuple((str(each), True) for each in sets) if all(each.single for each in sets) else None
        case All():
            found = [fixed for each in condition.conditions if (fixed := _fixed(each, name)) is not None]
            return min(found, key=_looseness, default=None)
        case Either():
            ways: list[tuple[Value, bool]] = []
            for each in condition.conditions:
                fixed = _fixed(each, name)
                if fixed is None:
                    return None
                ways += [way for way in fixed if way not in ways]
            return tuple(ways) if len(ways) <= _MOST else None
        case _:
            return None


def _looseness(fixed: tuple[tuple[Value, bool], ...]) -> tuple[bool, int]:
    return any(not whole for _, whole in fixed), len(fixed)


def _of_comparison(operator: str, value: Value) -> Fixed:
    if operator == "==":
        return ((value, True),)
    if operator == "starts":
        return ((value, False),)
    if operator == "in" and isinstance(value, tuple):
        return tuple((each, True) for each in value) if len(value) <= _MOST else None
    return None
