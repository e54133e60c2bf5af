"""Conditions after checking: every name resolved, every constant canonical, every type right.

Truth has three values. A request may speak of a set of paths (a tree, a glob); a test is then true of all of
them (True), of none (False), or of some (None). A permit applies only where its condition is True and its
exception False; a forbid wherever its condition is not False. So no set slips through between its members.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, assert_never, cast

if TYPE_CHECKING:
    from governance.capabilities.call import Call
    from governance.capabilities.glob import PathSet
    from governance.capabilities.values import Value

__all__ = ["All", "Condition", "Constant", "Either", "Given", "Not", "Operand", "Operator", "PathTest", "Present", "SizeOf", "Test", "Truth", "truth"]  # fmt: skip

Truth: TypeAlias = bool | None

Operator: TypeAlias = Literal["==", "!=", "<", "<=", ">", ">=", "in", "within", "starts", "ends", "contains"]


@dataclass(frozen=True, slots=True)
class Given:
    """The value of a parameter."""

    name: str


@dataclass(frozen=True, slots=True)
class SizeOf:
    """The characters of a string, or the items of a list, that a parameter holds."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that stands in the policy."""

    value: Value


Operand: TypeAlias = Given | SizeOf | Constant


@dataclass(frozen=True, slots=True)
class Test:
    """A comparison of two values. `text` is how the policy writes it."""

    operator: Operator
    left: Operand
    right: Operand
    text: str

    __test__ = False


@dataclass(frozen=True, slots=True)
class PathTest:
    """Whether the path or paths of parameter `name` lie in one of `sets`: `under`, `matches`, `==` and `in`."""

    name: str
    sets: tuple[PathSet, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Present:
    """Whether an optional parameter is given, or `present` False: is not."""

    name: str
    present: bool
    text: str


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class All:
    """Every one; read from the left, and no further than the first that is false."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one; read from the left, and no further than the first that is true."""

    conditions: tuple[Condition, ...]


Condition: TypeAlias = Test | PathTest | Present | Not | All | Either


def truth(condition: Condition, call: Call) -> Truth:
    """Return whether `condition` holds of all, none or some (None) of what `call` speaks of."""
    match condition:
        case PathTest():
            return _path_truth(condition, call)
        case Test():
            return _holds(condition, call)
        case Present():
            return (condition.name in call.arguments) is condition.present
        case Not():
            inner = truth(condition.condition, call)
            return None if inner is None else not inner
        case All():
            return _first(condition.conditions, call, stop=False)
        case Either():
            return _first(condition.conditions, call, stop=True)
        case _:
            assert_never(condition)


def _first(conditions: tuple[Condition, ...], call: Call, *, stop: bool) -> Truth:
    result: Truth = not stop
    for condition in conditions:
        value = truth(condition, call)
        if value is stop:
            return stop
        result = None if value is None else result
    return result


def _path_truth(test: PathTest, call: Call) -> Truth:
    paths = call.paths(test.name)
    if isinstance(paths, tuple):
        for each in test.sets:  # noqa: SIM110 - the hot path of a decision, where a generator costs as much again
            if each.contains(paths):
                return True
        return False
    if any(paths.within(each) for each in test.sets):
        return True
    return None if any(paths.meets(each) for each in test.sets) else False


def _holds(test: Test, call: Call) -> bool:
    left, right = _value(test.left, call), _value(test.right, call)
    match test.operator:
        case "==":
            return left == right
        case "!=":
            return left != right
        case "<" | "<=" | ">" | ">=":
            return _ordered(test.operator, cast("int", left), cast("int", right))
        case "in":
            return left in cast("tuple[Value, ...]", right)
        case "within":
            host = "." + cast("str", left)
            return any(
                host.endswith("." + cast("str", domain)) for domain in cast("tuple[Value, ...]", right)
            )
        case "starts" | "ends" | "contains":
            return _part(test.operator, left, right)
        case _:
            assert_never(test.operator)


def _ordered(operator: Literal["<", "<=", ">", ">="], left: int, right: int) -> bool:
    if operator in ("<", ">="):
        return (left < right) is (operator == "<")
    return (left > right) is (operator == ">")


def _part(operator: Literal["starts", "ends", "contains"], left: Value, right: Value) -> bool:
    if isinstance(left, tuple):
        if operator == "contains":
            return right in left
        items = cast("tuple[Value, ...]", right)
        return (
            left[: len(items)] == items if operator == "starts" else left[len(left) - len(items) :] == items
        )
    text, piece = cast("str", left), cast("str", right)
    if operator == "contains":
        return piece in text
    return text.startswith(piece) if operator == "starts" else text.endswith(piece)


def _value(operand: Operand, call: Call) -> Value:
    match operand:
        case Constant():
            return operand.value
        case Given():
            return call.arguments[operand.name]
        case SizeOf():
            return len(cast("str", call.arguments[operand.name]))
        case _:
            assert_never(operand)
