"""Conditions after checking: every name resolved, every constant canonical, every type right.

Truth has three values. A request may speak of a set (a tree, a glob, a network, a list); a test is then true of
all of it (True), of none (False), or of some (None). A permit applies only where its condition is True and its
exception False; everything else wherever its condition is not False. So no set slips through between its
members. What cannot fail when it is evaluated is made sure of by `governance.policy.check`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias, assert_never, cast

from governance.canonical import canonical, digest_of
from governance.capabilities.glob import path_parts
from governance.capabilities.networks import Network
from governance.capabilities.values import field_of
from governance.policy.hosts import within_domain
from governance.policy.plain import plain

if TYPE_CHECKING:
    from governance.capabilities.call import Call
    from governance.capabilities.glob import PathSet
    from governance.capabilities.values import Type, Value
    from governance.policy.case import Case
    from governance.policy.target import Target

__all__ = ["All", "Carries", "Comparison", "Condition", "Constant", "Earlier", "Either", "From", "Given", "Happened", "Member", "NetworkTest", "Not", "Operand", "Operator", "PathTest", "Present", "SizeOf", "Truth", "Watch", "Window", "compare", "matching", "same", "truth", "value_of"]  # fmt: skip

Truth: TypeAlias = bool | None

Operator: TypeAlias = Literal["==", "!=", "<", "<=", ">", ">=", "in", "within", "starts", "ends", "contains"]

Happened: TypeAlias = Literal["asked", "allowed", "completed", "failed"]


@dataclass(frozen=True, slots=True)
class Given:
    """The value of a parameter, or of a field of it: each step is a type and the name of one of its fields."""

    name: str
    steps: tuple[tuple[Type, str], ...] = ()

    def __str__(self) -> str:
        return ".".join([self.name, *(name for _, name in self.steps)])


@dataclass(frozen=True, slots=True)
class SizeOf:
    """The characters of a string, or the items of a list."""

    of: Given


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that stands in the policy."""

    value: Value


Operand: TypeAlias = Given | SizeOf | Constant


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison of two values. `text` is how the policy writes it.

    With `each` the left side is a list that is not empty, and the test is about its items, or about the `part` of
    each item: a type and the name of one of its fields.
    """

    operator: Operator
    left: Operand
    right: Operand
    text: str
    each: bool = False
    part: tuple[Type, str] | None = None


@dataclass(frozen=True, slots=True)
class PathTest:
    """Whether the path or paths of `given` lie in one of `sets`: `under`, `matches`, `==` and `in`."""

    given: Given
    sets: tuple[PathSet, ...]
    text: str
    each: bool = False


@dataclass(frozen=True, slots=True)
class NetworkTest:
    """Whether the addresses of `given` lie in one of `networks`."""

    given: Given
    networks: tuple[Network, ...]
    text: str
    each: bool = False


@dataclass(frozen=True, slots=True)
class Present:
    """Whether an optional value is given, or `present` False: is not."""

    given: Given
    present: bool
    text: str


@dataclass(frozen=True, slots=True)
class Carries:
    """Whether the session carries a label."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class From:
    """Whether the value occurs in what `source` said in the session: `user`, `trusted`, or output with a label."""

    given: Given
    source: str
    text: str


@dataclass(frozen=True)
class Watch:
    """Past events that a rule asks for: calls of `targets` with `where` that were `happened`.

    A watch is known by what it says, so that rules which ask the same share it, and a bundle that still asks it
    keeps what was seen.
    """

    happened: Happened
    targets: tuple[Target, ...]
    where: Condition | None

    @cached_property
    def key(self) -> str:
        """What the state files events under."""
        return digest_of(plain(self)).removeprefix("sha256:")[:24]


@dataclass(frozen=True, slots=True)
class Earlier:
    """Whether the session has seen such an event no longer than `within` milliseconds ago."""

    watch: Watch
    within: int
    text: str


@dataclass(frozen=True, slots=True)
class Window:
    """Whether the recorded time lies from `first` up to, but not at, `last`, on one of `days`.

    Minutes of the day where clocks are `offset` minutes ahead of UTC; a window that ends before it begins goes
    over midnight and belongs to the day it begins on. Monday is 0.
    """

    first: int
    last: int
    offset: int
    days: frozenset[int]
    text: str

    def holds(self, at: int) -> bool:
        """Whether `at`, in milliseconds since 1970, lies in the window."""
        day, minute = divmod(at // 60_000 + self.offset, 1440)
        if self.first < self.last:
            begun = day if self.first <= minute < self.last else None
        else:
            begun = day if minute >= self.first else (day - 1 if minute < self.last else None)
        # 1970 began on a Thursday.
        return begun is not None and (begun + 3) % 7 in self.days


@dataclass(frozen=True, slots=True)
class Member:
    """Whether the agent is in a group."""

    group: str
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


Condition: TypeAlias = (
    Comparison
    | PathTest
    | NetworkTest
    | Present
    | Carries
    | From
    | Earlier
    | Window
    | Member
    | Not
    | All
    | Either
)


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
            return right in left
        items = cast("tuple[Value, ...]", right)
        return (
            left[: len(items)] == items if operator == "starts" else left[len(left) - len(items) :] == items
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
