"""Calls that are asked for together: each judged on the state as those before it would leave it, all or none.

The strictest verdict is that of all; nothing is reserved and nothing labelled unless every one is allowed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from governance.policy.case import Case
from governance.policy.decision import Code

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from governance.capabilities.call import Call
    from governance.policy.change import Change
    from governance.policy.evaluate import Ruling
    from governance.policy.rule import Agent
    from governance.policy.state import State

__all__ = ["judge_together"]

_STRICTNESS: Final = (Code.PERMITTED, Code.NEEDS_APPROVAL)
"""The codes that are no deny, the least strict first."""


def judge_together(
    judge: Callable[[Case], Ruling],
    calls: Sequence[Call],
    lineage: tuple[Agent, ...],
    session: str,
    at: int,
    state: State,
) -> tuple[Ruling, tuple[Ruling, ...], tuple[Change, ...]]:
    """Return the ruling on `calls` as one, that on each, and what follows for the state."""
    rulings: list[Ruling] = []
    so_far = state
    for number, call in enumerate(calls):
        ruling = judge(Case(call, lineage, session, at, so_far))
        rulings.append(ruling)
        so_far = so_far.decided(ruling.changes, at, f"call {number}")
    strictest = max(rulings, key=_strictness)
    if strictest.code is Code.PERMITTED:
        changes = tuple(change for ruling in rulings for change in ruling.changes)
    elif len(rulings) == 1:
        changes = strictest.changes
    else:
        changes = tuple(change for ruling in rulings for change in ruling.attempts)
    return strictest, tuple(rulings), changes


def _strictness(ruling: Ruling) -> int:
    return _STRICTNESS.index(ruling.code) if ruling.code in _STRICTNESS else len(_STRICTNESS)
