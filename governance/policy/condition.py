"""Conditions after checking: every name resolved, every constant canonical, every type right.

Truth has three values. A request may speak of a set (a tree, a glob, a network, a list); a test is then true of
all of it (True), of none (False), or of some (None). A permit applies only where its condition is True and its
exception False; everything else wherever its condition is not False. So no set slips through between its
members. What cannot fail when it is evaluated is made sure of by `governance.policy.check`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from governance.capabilities.glob import PathSet
    from governance.capabilities.networks import Network
    from governance.capabilities.values import Type, Value
    from governance.policy.target import Target

__all__ = ["All", "Carries", "Comparison", "Condition", "Constant", "Earlier", "Either", "From", "Given", "Happened", "Member", "NetworkTest", "Not", "Operand", "Operator", "PathTest", "Present", "SizeOf", "Truth", "Watch", "Window"]  # fmt: skip

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


@dataclass(frozen=True, slots=True)
class Watch:
    """Past events that a rule asks for: calls of `targets` with `where` that were `happened`.

    The state files events under `key`, which is made of what the watch says as it is written: rules that ask the
    same share it, and a bundle that still asks it keeps what was seen.
    """

    happened: Happened
    targets: tuple[Target, ...]
    where: Condition | None
    key: str


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

    @property
    def whole(self) -> bool:
        """Whether every time lies in the window."""
        return (self.first, self.last) == (0, 1440) and len(self.days) == 7

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
