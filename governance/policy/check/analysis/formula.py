"""Conditions as alternatives of plain tests: what must be true and what false, for one value of everything.

A condition about a set of paths or a list is read as about one member of it. What follows for the set depends on
who asks: see `analysis`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from governance.policy.condition import All, Either, Not

if TYPE_CHECKING:
    from collections.abc import Iterator

    from governance.policy.condition import Condition
    from governance.policy.rule import Rule

__all__ = ["Alternatives", "Literal", "alternatives", "of_rule", "opposite_of_rule", "tests_of"]

_MOST: Final = 32
_MOST_LITERALS: Final = 1024
"""More alternatives, or longer ones, are not looked at: then nothing is known."""


@dataclass(frozen=True, slots=True)
class Literal:
    """One test of a condition, and whether it has to hold."""

    test: Condition
    holds: bool


Alternatives: TypeAlias = tuple[tuple[Literal, ...], ...]
"""Any of these, each of which is all of its literals."""

_ALWAYS: Final[Alternatives] = ((),)


def alternatives(condition: Condition | None, *, holds: bool) -> Alternatives | None:
    """Return the ways in which `condition` holds, or does not; None where there are too many."""
    match condition:
        case None:
            return _ALWAYS if holds else ()
        case Not():
            return alternatives(condition.condition, holds=not holds)
        case All() | Either():
            found = [alternatives(each, holds=holds) for each in condition.conditions]
            if isinstance(condition, All) is holds:
                return _every(found)
            return _any(found)
        case _:
            return ((Literal(condition, holds),),)


def of_rule(rule: Rule) -> Alternatives | None:
    """Return the ways in which a rule's condition holds and its exception does not."""
    return _every([alternatives(rule.when, holds=True), _unless(rule, holds=False)])


def opposite_of_rule(rule: Rule) -> Alternatives | None:
    """Return the ways in which a rule's condition does not hold, or its exception does."""
    return _any([alternatives(rule.when, holds=False), _unless(rule, holds=True)])


def _unless(rule: Rule, *, holds: bool) -> Alternatives | None:
    """Return the ways of the exception; a rule without one has none that holds."""
    if rule.unless is None:
        return () if holds else _ALWAYS
    return alternatives(rule.unless, holds=holds)


def _every(found: list[Alternatives | None]) -> Alternatives | None:
    result: Alternatives = _ALWAYS
    for each in found:
        if each is None or len(result) * len(each) > _MOST or sum(map(len, result)) > _MOST_LITERALS:
            return None
        result = tuple((*left, *right) for left in result for right in each)
    return result


def _any(found: list[Alternatives | None]) -> Alternatives | None:
    result: Alternatives = ()
    for each in found:
        if each is None or len(result) + len(each) > _MOST:
            return None
        result += each
    return result


def tests_of(condition: Condition | None) -> Iterator[Condition]:
    """Yield the tests that a condition is made of."""
    match condition:
        case None:
            return
        case Not():
            yield from tests_of(condition.condition)
        case All() | Either():
            for each in condition.conditions:
                yield from tests_of(each)
        case _:
            yield condition
