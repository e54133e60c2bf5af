"""Runs the tests that stand in policies: step by step on one state, each against what is expected of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, assert_never

from governance.instant import milliseconds
from governance.policy.case import Case, session_key
from governance.policy.compiled import compiled
from governance.policy.decision import Code
from governance.policy.explain import explain
from governance.policy.state import Grant, State
from governance.policy.suite import After, Approves, As, At, Clears, Expects, InSession, Says
from governance.policy.together import judge_together

if TYPE_CHECKING:
    from governance.policy.bundle import Bundle
    from governance.policy.evaluate import Ruling
    from governance.policy.explain import Explanation
    from governance.policy.suite import Item, Scenario

__all__ = ["START", "Failure", "Trial", "run_scenario"]

START: Final = milliseconds("2026-01-05T12:00:00.000Z")
"""When a test begins that does not say: a Monday at noon."""

_VERDICTS: Final = {Code.PERMITTED: "allow", Code.NEEDS_APPROVAL: "ask"}


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that came out otherwise: what was expected, what came, and why."""

    step: Expects
    expected: str
    came: str
    why: Explanation


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one test: its failures, and every case that it asked about."""

    scenario: Scenario
    failures: tuple[Failure, ...]
    cases: tuple[Case, ...]


@dataclass(slots=True)
class _Run:
    """A test on its way."""

    bundle: Bundle
    agent: str = ""
    session: str = ""
    at: int = START
    state: State = field(default_factory=State)
    steps: int = 0
    asked: tuple[Case, Ruling] | None = None
    failures: list[Failure] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)

    @property
    def key(self) -> str:
        return session_key(self.agent, self.session)

    def take(self, item: Item) -> None:
        """Let one item of the test happen."""
        match item:
            case As(agent):
                self.agent = agent
            case InSession(session):
                self.session = session
            case At(instant):
                self.at = instant
            case After(duration):
                self.at += duration
            case Says(source, text):
                self.state = self.state.with_text(self.key, [source], text)
            case Clears(label, _):
                self.state = self.state.declassified(self.key, frozenset({label}))
            case Approves():
                self._approve(item)
            case Expects():
                self._expect(item)
            case _:
                assert_never(item)

    def _approve(self, item: Approves) -> None:
        """Grant the call that was asked about last, to every rule that asked and names this approver."""
        if self.asked is None:
            return
        case, ruling = self.asked
        rules = {rule.reference: rule for rule in self.bundle.rules}
        for reference in ruling.rules:
            approvers = rules[reference].approvers
            if not approvers or item.approver in approvers:
                expires = self.at + (item.lasts or 0)
                grant = Grant(
                    reference.name,
                    case.call.digest,
                    self.agent,
                    self.bundle.digest,
                    item.approver,
                    expires,
                    item.uses,
                )
                self.state = self.state.with_grant(f"grant {len(self.state.grants)}", grant)

    def _expect(self, step: Expects) -> None:
        lineage = self.bundle.lineage(self.bundle.agents[self.agent])
        before = self.state
        judge = compiled(self.bundle)
        ruling, rulings, changes = judge_together(judge, step.calls, lineage, self.key, self.at, before)
        self.steps += 1
        name = f"step {self.steps}"
        self.state = before.decided(changes, self.at, name)
        self.cases += [Case(call, lineage, self.key, self.at, before) for call in step.calls]
        decisive = Case(step.calls[rulings.index(ruling)], lineage, self.key, self.at, before)
        if ruling.code is Code.NEEDS_APPROVAL:
            self.asked = (decisive, ruling)
        if step.then is not None and ruling.code is Code.PERMITTED:
            self.state = self.state.settled(name, self.at, completed=step.then == "completed")
        expected, came = _expected(step), _came(ruling)
        if not _fits(step, ruling):
            self.failures.append(Failure(step, expected, came, explain(self.bundle, decisive)))


def run_scenario(bundle: Bundle, scenario: Scenario) -> Trial:
    """Return what comes of `scenario` under `bundle`."""
    run = _Run(bundle, state=State().in_force(bundle.digest, None, START))
    for item in scenario.items:
        run.take(item)
    return Trial(scenario, tuple(run.failures), tuple(run.cases))


def _fits(step: Expects, ruling: Ruling) -> bool:
    names = {reference.name for reference in ruling.rules}
    return (
        _VERDICTS.get(ruling.code, "deny") == step.verdict
        and step.code in (None, ruling.code)
        and names.issuperset(step.rules)
    )


def _expected(step: Expects) -> str:
    code = f" {step.code.value}" if step.code else ""
    return f"{step.verdict}{code}{' by ' + ', '.join(step.rules) if step.rules else ''}"


def _came(ruling: Ruling) -> str:
    rules = ", ".join(reference.name for reference in ruling.rules)
    verdict = _VERDICTS.get(ruling.code, "deny")
    return f"{verdict} {ruling.code.value}{' by ' + rules if rules else ''}"
