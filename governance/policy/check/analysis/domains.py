"""Whether tests can all come out as they should: by intervals, sets of values, paths, hosts and networks.

Only what is surely impossible is called so. Nothing here searches: each value is looked at by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias, cast

from governance.capabilities.glob import PathSet
from governance.capabilities.networks import Network
from governance.capabilities.values import Type
from governance.policy.condition import (
    Comparison,
    Constant,
    Given,
    NetworkTest,
    PathTest,
    Present,
    SizeOf,
    Window,
)
from governance.policy.hosts import within_domain
from governance.policy.truth import compare

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from governance.capabilities.declaration import Capability
    from governance.capabilities.values import Value
    from governance.policy.check.analysis.formula import Literal
    from governance.policy.condition import Condition

__all__ = ["impossible"]

_Number: TypeAlias = "int | Decimal | str"
_FLIPPED: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_EVERYWHERE: Final = PathSet.tree("/")


def impossible(literals: Sequence[Literal], capability: Capability) -> bool:
    """Whether no call of `capability` makes every literal come out as it says."""
    groups: dict[str, list[Literal]] = {}
    for literal in literals:
        groups.setdefault(_about(literal.test), []).append(literal)
    return any(_contradict(found, capability) for found in groups.values())


def _about(test: Condition) -> str:
    """Return what a test is about: two tests about other things have nothing to do with each other."""
    match test:
        case Comparison():
            size = "size " if isinstance(test.left, SizeOf) else ""
            given = test.left.of if isinstance(test.left, SizeOf) else test.left
            part = f".{test.part[1]}" if test.part else ""
            return f"{size}{given}{part}{' each' if test.each else ''}"
        case PathTest() | NetworkTest():
            return f"{type(test).__name__} {test.given}{' each' if test.each else ''}"
        case Present():
            return f"{test.given} is present"
        case _:
            return getattr(test, "text", "")


def _contradict(literals: list[Literal], capability: Capability) -> bool:
    """Whether tests about one thing cannot all come out so."""
    first = literals[0].test
    if len({(each.test, each.holds) for each in literals}) > len({each.test for each in literals}):
        return True
    match first:
        case Present():
            return len({cast("Present", each.test).present is each.holds for each in literals}) > 1
        case Window():
            return first.whole and not all(each.holds for each in literals)
        case PathTest():
            return _no_path(literals, _type_of(first.given, capability, each=first.each))
        case NetworkTest():
            return _no_network(literals, _type_of(first.given, capability, each=first.each))
        case Comparison() if isinstance(first.left, SizeOf):
            return _no_value(literals, _length_of(first.left.of, capability), None)
        case Comparison() if isinstance(first.left, Given):
            kind = _type_of(first.left, capability, each=first.each)
            return _no_value(literals, kind if first.part is None else None, _domain_of(first, capability))
        case _:
            return False


def _type_of(given: Given, capability: Capability, *, each: bool) -> Type | None:
    """Return the type of what is asked for, with `each` that of an item of it."""
    parameter = capability.parameter(given.name)
    kind = parameter.type if parameter else None
    for _, name in given.steps:
        kind = kind.field(name) if kind else None
    return kind.item if kind and each else kind


def _length_of(given: Given, capability: Capability) -> Type:
    """Return the lengths that there are as a type."""
    kind = _type_of(given, capability, each=False)
    return Type("Int", kind.low or 0 if kind else 0, kind.high if kind else None)


def _domain_of(test: Comparison, capability: Capability) -> str | None:
    """Return the domain that the type of a host, or of the URL or address that it is a part of, keeps it within."""
    given = cast("Given", test.left)
    if given.steps and given.steps[-1][0].name in ("Url", "Email"):
        given = Given(given.name, given.steps[:-1])
    kind = _type_of(given, capability, each=test.each)
    return kind.within if kind and kind.name in ("Host", "Url", "Email") else None


def _no_path(literals: list[Literal], kind: Type | None) -> bool:
    wanted = [cast("PathTest", each.test).sets for each in literals if each.holds]
    wanted.append((PathSet.tree(kind.within) if kind and kind.within else _EVERYWHERE,))
    barred = [place for each in literals if not each.holds for place in cast("PathTest", each.test).sets]
    if any(all(any(place.within(bar) for bar in barred) for place in sets) for sets in wanted):
        return True
    return any(
        not any(one.meets(other) for one in left for other in right)
        for number, left in enumerate(wanted)
        for right in wanted[number + 1 :]
    )


def _no_network(literals: list[Literal], kind: Type | None) -> bool:
    wanted = [cast("NetworkTest", each.test).networks for each in literals if each.holds]
    wanted += [(Network.of(kind.within),)] if kind and kind.within else []
    barred: list[Network] = [
        place for each in literals if not each.holds for place in cast("NetworkTest", each.test).networks
    ]
    return any(all(any(place.within(bar) for bar in barred) for place in places) for places in wanted) or any(
        not any(one.meets(other) for one in left for other in right)
        for number, left in enumerate(wanted)
        for right in wanted[number + 1 :]
    )


def _no_value(literals: list[Literal], kind: Type | None, domain: str | None) -> bool:
    """Whether no value of `kind`, a host within `domain`, passes comparisons with constants; others are left out."""
    tests = [
        (cast("Comparison", each.test), each.holds)
        for each in literals
        if isinstance(cast("Comparison", each.test).right, Constant)
    ]
    candidates = _candidates(tests, kind)
    if candidates is not None:
        return not any(
            _fits(value, kind, domain) and all(_passes(value, test, holds) for test, holds in tests)
            for value in candidates
        )
    return _no_number(tests, kind) or _no_host(tests, domain) or _no_text(tests)


def _fits(value: Value, kind: Type | None, domain: str | None) -> bool:
    """Whether a value that a test names is one that its type has."""
    if domain is not None and kind is not None and kind.name == "Host":
        return within_domain(cast("str", value), (domain,))
    try:
        return kind is None or kind.check(value) is not None
    except ValueError:
        return False


def _passes(value: Value, test: Comparison, holds: bool) -> bool:
    return compare(test.operator, value, cast("Constant", test.right).value) is holds


def _candidates(tests: list[tuple[Comparison, bool]], kind: Type | None) -> tuple[Value, ...] | None:
    """Return the only values that there may be, None where there is no end of them."""
    for test, holds in tests:
        value = cast("Constant", test.right).value
        if test.operator == "in" and holds:
            return cast("tuple[Value, ...]", value)
        if (test.operator == "==" and holds) or (test.operator == "!=" and not holds):
            return (value,)
    if kind is not None and kind.name == "Enum":
        return kind.names
    return (True, False) if kind is not None and kind.name == "Bool" else None


def _no_number(tests: list[tuple[Comparison, bool]], kind: Type | None) -> bool:
    """Whether bounds leave nothing between them: those of the type, and those that tests set."""
    low, high, whole = _bounds(kind)
    strict_low = strict_high = False
    for test, holds in tests:
        if test.operator not in _FLIPPED:
            continue
        operator = test.operator if holds else _FLIPPED[test.operator]
        value = cast("_Number", cast("Constant", test.right).value)
        if operator in (">", ">=") and (low is None or value > low or (value == low and operator == ">")):  # type: ignore[operator]
            low, strict_low = value, operator == ">"
        if operator in ("<", "<=") and (high is None or value < high or (value == high and operator == "<")):  # type: ignore[operator]
            high, strict_high = value, operator == "<"
    if low is None or high is None:
        return False
    if whole and isinstance(low, int) and isinstance(high, int):
        return low + strict_low > high - strict_high
    return low > high or (low == high and (strict_low or strict_high))  # type: ignore[operator]


def _bounds(kind: Type | None) -> tuple[_Number | None, _Number | None, bool]:
    """Return the least and the greatest value of a type, and whether all are whole."""
    if kind is None or kind.name not in ("Int", "Size", "Duration", "Decimal"):
        return None, None, False
    least = 0 if kind.low is None and kind.name in ("Size", "Duration") else kind.low
    return least, kind.high, kind.name != "Decimal"


def _no_host(tests: list[tuple[Comparison, bool]], domain: str | None) -> bool:
    def domains(test: Comparison) -> tuple[str, ...]:
        return cast("tuple[str, ...]", cast("Constant", test.right).value)

    wanted = [domains(test) for test, holds in tests if test.operator == "within" and holds]
    wanted += [(domain,)] if domain else []
    barred = [
        name for test, holds in tests if test.operator == "within" and not holds for name in domains(test)
    ]
    return any(all(within_domain(name, barred) for name in found) for found in wanted) or any(
        not any(within_domain(one, [other]) or within_domain(other, [one]) for one in left for other in right)
        for number, left in enumerate(wanted)
        for right in wanted[number + 1 :]
    )


def _no_text(tests: list[tuple[Comparison, bool]]) -> bool:
    """Whether beginnings, or endings, contradict each other."""
    for operator in ("starts", "ends"):
        wanted = [
            cast("Constant", test.right).value for test, holds in tests if test.operator == operator and holds
        ]
        barred = [
            cast("Constant", test.right).value
            for test, holds in tests
            if test.operator == operator and not holds
        ]
        for number, one in enumerate(wanted):
            if any(compare(operator, one, bar) for bar in barred):
                return True
            for other in wanted[number + 1 :]:
                if not compare(operator, one, other) and not compare(operator, other, one):
                    return True
    return False
