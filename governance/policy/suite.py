"""Tests that stand in policies: what is asked, step by step, and what must come of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from governance.instant import milliseconds

if TYPE_CHECKING:
    from governance.capabilities.call import Call
    from governance.policy.decision import Code, RuleReference

__all__ = [
    "START",
    "After",
    "Approves",
    "As",
    "At",
    "Clears",
    "Expects",
    "InSession",
    "Item",
    "Says",
    "Scenario",
]

START: Final = milliseconds("2026-01-05T12:00:00.000Z")
"""When a test begins that does not say: a Monday at noon."""


@dataclass(frozen=True, slots=True)
class As:
    """From here on this agent asks."""

    agent: str


@dataclass(frozen=True, slots=True)
class InSession:
    """From here on in this session."""

    session: str


@dataclass(frozen=True, slots=True)
class At:
    """It is this instant now, in milliseconds since 1970."""

    instant: int


@dataclass(frozen=True, slots=True)
class After:
    """So many milliseconds later."""

    duration: int


@dataclass(frozen=True, slots=True)
class Says:
    """Someone says something in the session: `user`, `trusted`, or output that carries a label."""

    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Approves:
    """A person approves what was asked about last: for so many milliseconds, and so often."""

    approver: str
    lasts: int
    uses: int


@dataclass(frozen=True, slots=True)
class Clears:
    """A person clears a label from the session."""

    label: str
    approver: str


@dataclass(frozen=True, slots=True)
class Expects:
    """Calls made together, and what must come of them: the verdict, and the code and the rules where they are said.

    `then` is how it goes on where they are allowed; nothing is said of it where it is None.
    """

    calls: tuple[Call, ...]
    verdict: Literal["allow", "ask", "deny"]
    code: Code | None
    rules: tuple[str, ...]
    then: Literal["completed", "failed"] | None
    start: int
    end: int


Item: TypeAlias = As | InSession | At | After | Says | Approves | Clears | Expects


@dataclass(frozen=True, slots=True)
class Scenario:
    """One `test` block."""

    reference: RuleReference
    items: tuple[Item, ...]
