"""What a condition comes to for a call: true of all that it speaks of, of none, or of some (None).

Every kind of condition has its meaning here, once; the generated code says the same in another way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, assert_never, cast

from governance.canonical import canonical
from governance.capabilities.glob import path_parts
from governance.capabilities.networks import Network
from governance.capabilities.values import field_of
from governance.policy.condition import (
    All,
    Carries,
    Comparison,
    Constant,
    Earlier,
    Either,
    From,
    Given,
    Member,
    NetworkTest,
    Not,
    PathTest,
    Present,
    SizeOf,
    Window,
)
from governance.policy.hosts import within_domain

if TYPE_CHECKING:
    from governance.capabilities.call import Call
    from governance.capabilities.glob import PathSet
    from governance.capabilities.values import Value
    from governance.policy.case import Case
    from governance.policy.condition import Condition, Operand, Operator, Truth

__all__ = ["compare", "matching", "same", "truth", "value_of"]


def truth(condition: Condition, case: Case) -> Truth:
    """Return whether `condition` holds of all, none or some (None) of what the call of `case` speaks of."""
    match condition:
        case Comparison() | PathTest() | NetworkTest():
            return _of_items(condition, case.call)
        case Present():
            return (value_of(condition.given, case.call) is not None) is condition.present
        case Carries():
            return case.state.carries(case.session, condition.label)
        case From():
            return case.state.said(case.session, condition.source, value_of(condition.given, case.call))
        case Earlier():
            return case.state.happened(case.session, condition.watch.key, case.at - condition.within)
        case Window():
            return condition.holds(case.at)
        case Member():
            return any(condition.group in agent.groups for agent in case.lineage)
        case Not():
            inner = truth(condition.condition, case)
            return None if inner is None else not inner
        case All():
            return _first(condition.conditions, case, stop=False)
        case Either():
            return _first(condition.conditions, case, stop=True)
        case _:
            assert_never(condition)


def _first(conditions: tuple[Condition, ...], case: Case, *, stop: bool) -> Truth:
    result: Truth = not stop
    for condition in conditions:
        value = truth(condition, case)
        if value is stop:
            return stop
        result = None if value is None else result
    return result


def _of_items(test: Comparison | PathTest | NetworkTest, call: Call) -> Truth:
    """Return the truth of a test about one value, or about the items of a list: all, none or some of them."""
    if isinstance(test, PathTest) and not test.each:
        return _paths(test, call)
    value = value_of(test.left if isinstance(test, Comparison) else test.given, call)
    if not test.each:
        return _holds(test, value, call)
    found = {_holds(test, item, call) for item in cast("tuple[Value, ...]", value)}
    return found.pop() if len(found) == 1 else None


def _holds(test: Comparison | PathTest | NetworkTest, value: Value, call: Call) -> Truth:
    match test:
        case Comparison():
            found = value if test.part is None else field_of(value, *test.part)
            return compare(test.operator, found, value_of(test.right, call))
        case PathTest() if test.each and call.capability.names_sets(test.given.name):
            return matching(call.item_paths(test.given.name, cast("str", value)), test.sets)
        case PathTest():
            parts = path_parts(cast("str", value))
            return any(each.contains(parts) for each in test.sets)
        case NetworkTest():
            return matching(Network.of(cast("str", value)), test.networks)
        case _:
            assert_never(test)


def _paths(test: PathTest, call: Call) -> Truth:
    """Return the truth of a test of the paths that a parameter speaks of: one, a tree, or what a glob names."""
    if test.given.steps:
        return _holds(test, value_of(test.given, call), call)
    paths = call.paths(test.given.name)
    if isinstance(paths, tuple):
        return any(each.contains(paths) for each in test.sets)
    return matching(paths, test.sets)


def matching(wanted: PathSet | Network, places: tuple[PathSet, ...] | tuple[Network, ...]) -> Truth:
    """Return whether all, none or some (None) of `wanted` lies in one of `places`, which are of its kind."""
    if any(wanted.within(place) for place in places):  # type: ignore[arg-type]  # the checker pairs the kinds
        return True
    return None if any(wanted.meets(place) for place in places) else False  # type: ignore[arg-type]


def compare(operator: Operator, left: Value, right: Value) -> bool:
    """Return whether `left operator right` holds."""
    match operator:
        case "==":
            return same(left, right)
        case "!=":
            return not same(left, right)
        case "<" | "<=" | ">" | ">=":
            return _ordered(operator, cast("int", left), cast("int", right))
        case "in":
            return left in cast("tuple[Value, ...]", right)
        case "within":
            return within_domain(cast("str", left), cast("tuple[str, ...]", right))
        case "starts" | "ends" | "contains":
            return _part(operator, left, right)
        case _:
            assert_never(operator)


def same(left: Value, right: Value) -> bool:
    """Whether two values of one type are the same; in JSON `1` and `true` are not, which Python takes for equal."""
    if isinstance(left, tuple | Mapping):
        return left == right and canonical(left) == canonical(right)
    return left == right and isinstance(left, bool) is isinstance(right, bool)


def _ordered(operator: Literal["<", "<=", ">", ">="], left: int, right: int) -> bool:
    if operator in ("<", ">="):
        return (left < right) is (operator == "<")
    return (left > right) is (operator == ">")


def _part(operator: Literal["starts", "ends", "contains"], left: Value, right: Value) -> bool:
    if isinstance(left, tuple):
        if operator == "contains":
            return any(same(item, right) for item in left)
        items = cast("tuple[Value, ...]", right)
        return same(
            left[: len(items)] if operator == "starts" else left[max(len(left) - len(items), 0) :], items
        )
    text, piece = cast("str", left), cast("str", right)
    if operator == "contains":
        return piece in text
    return text.startswith(piece) if operator == "starts" else text.endswith(piece)


def value_of(operand: Operand, call: Call) -> Value | None:
    """Return the value of `operand`, None where an optional one is not given."""
    match operand:
        case Constant():
            return operand.value
        case SizeOf():
            return len(cast("str", value_of(operand.of, call)))
        case Given():
            value = call.arguments.get(operand.name)
            for kind, name in operand.steps:
                value = None if value is None else field_of(value, kind, name)
            return value
        case _:
            assert_never(operand)
