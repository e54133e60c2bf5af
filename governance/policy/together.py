"""Calls that are asked for together: each judged on the state as those before it would leave it, all or none.

The strictest verdict is that of all; nothing is reserved and nothing labelled unless every one is allowed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from governance.policy.change import Use
from governance.policy.decision import Code
from governance.policy.sandboxes import combined, derive, tainted
from governance.policy.state import Grant

if TYPE_CHECKING:
    from collections.abc import Callable

    from governance.capabilities.call import Call
    from governance.capabilities.work import Work
    from governance.policy.bundle import Bundle
    from governance.policy.case import Case
    from governance.policy.change import Change
    from governance.policy.decision import SandboxSpec
    from governance.policy.evaluate import Ruling
    from governance.policy.facts import EngineFacts
    from governance.policy.state import State

__all__ = ["Together", "judge_together"]

_STRICTNESS: Final = (Code.PERMITTED, Code.NEEDS_APPROVAL)
"""The codes that are no deny, the least strict first."""


class Together(NamedTuple):
    """What is said of calls made together: of each, on the state that it met, and of all.

    `decisive` is the place of the first call that has the strictest verdict; `changes` is what follows for the
    state that they were asked in.
    """

    cases: tuple[Case, ...]
    rulings: tuple[Ruling, ...]
    decisive: int
    changes: tuple[Change, ...]

    @property
    def ruling(self) -> Ruling:
        """The ruling on all of them as one: where all are permitted or asked about, with what is said of each."""
        decisive = self.rulings[self.decisive]
        if len(self.rulings) == 1 or decisive.code not in _STRICTNESS:
            return decisive
        alike = [ruling for ruling in self.rulings if ruling.code is decisive.code]
        return decisive._replace(
            rules=tuple(sorted({rule for ruling in alike for rule in ruling.rules})),
            reason="; ".join(dict.fromkeys(ruling.reason for ruling in alike)),
            changes=self.changes,
            attempts=tuple(change for ruling in self.rulings for change in ruling.attempts),
            labels=tuple(dict.fromkeys(label for ruling in alike for label in ruling.labels)),
            left=tuple(left for ruling in alike for left in ruling.left),
        )

    def sandbox(self, work: Work, facts: EngineFacts | None) -> SandboxSpec | str | None:
        """Return the sandbox of `work`, whose calls these are, why there can be none, or None where not all are permitted."""
        profiles = [ruling.profile for ruling in self.rulings if ruling.profile is not None]
        if len(profiles) < len(self.rulings):
            return None
        profile = profiles[0] if len(profiles) == 1 else combined(tuple(profiles))
        if isinstance(profile, str):
            return profile
        effects = (
            effect
            for case, ruling in zip(self.cases, self.rulings, strict=True)
            for effect in (*case.call.effects, *ruling.reach)
        )
        labels = [label for ruling in self.rulings for label in ruling.labels]
        taint = tainted(self.cases[0].state, self.cases[0].session, labels)
        return derive(profile, work, self.case.agent, facts, tuple(effects), taint=taint)

    @property
    def case(self) -> Case:
        """The call that determined the ruling, on the state that it met."""
        return self.cases[self.decisive]


def judge_together(bundle: Bundle, judge: Callable[[Case], Ruling], first: Case, *others: Call) -> Together:
    """Return what `judge` says, by the rules of `bundle`, of the call of `first` and of `others` after it."""
    cases, rulings = [first], [judge(first)]
    for call in others:
        so_far = _as_if_allowed(bundle, judge, cases[-1], rulings[-1], f"call {len(cases)}")
        cases.append(replace(first, call=call, state=so_far))
        rulings.append(judge(cases[-1]))
    worst = max(_strictness(ruling) for ruling in rulings)
    decisive = next(place for place, ruling in enumerate(rulings) if _strictness(ruling) == worst)
    whole = len(rulings) == 1 or rulings[decisive].code is Code.PERMITTED
    changes = tuple(change for ruling in rulings for change in (ruling.changes if whole else ruling.attempts))
    return Together(tuple(cases), tuple(rulings), decisive, changes)


def _as_if_allowed(
    bundle: Bundle, judge: Callable[[Case], Ruling], case: Case, ruling: Ruling, name: str
) -> State:
    """Return the state as the call of `case` would leave it: one that is asked about, as if it were approved.

    What that approval would be serves this call alone, and nothing of it is in the state.
    """
    if ruling.code is not Code.NEEDS_APPROVAL:
        return case.state.decided(ruling.changes, case.at, name)
    approved = case.state._replace(bundle=bundle.digest)
    asks = {rule.reference: rule for rule in bundle.rules if rule.kind == "ask"}
    supposed = {f"{name} {place}": asks[reference] for place, reference in enumerate(ruling.rules)}
    for grant, ask in supposed.items():
        named = (ask.reference.name, case.call.digest, case.agent.name, bundle.digest)
        approver = min(ask.approvers, default="")
        approved = approved.with_grant(grant, Grant(*named, approver, case.at + 1, 1))
    allowed = judge(replace(case, state=approved))
    kept = (each for each in allowed.changes if not (isinstance(each, Use) and each.grant in supposed))
    return case.state.decided(tuple(kept), case.at, name)


def _strictness(ruling: Ruling) -> int:
    return _STRICTNESS.index(ruling.code) if ruling.code in _STRICTNESS else len(_STRICTNESS)
