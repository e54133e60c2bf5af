"""Runs the tests that stand in policies: step by step on one state, each against what is expected of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final, assert_never

from governance.capabilities.work import Work
from governance.policy.case import Case, session_key
from governance.policy.compiled import compiled
from governance.policy.decision import Code
from governance.policy.evaluate import Ruling
from governance.policy.explain import explain
from governance.policy.sandboxes import derive
from governance.policy.state import Grant, State
from governance.policy.suite import START, After, Approves, As, At, Clears, Expects, InSession, Says
from governance.policy.together import judge_together

if TYPE_CHECKING:
    from governance.policy.bundle import Bundle
    from governance.policy.explain import Explanation
    from governance.policy.suite import Item, Scenario
    from governance.policy.together import Together

__all__ = ["Failure", "Trial", "run_scenario"]

_VERDICTS: Final = {Code.PERMITTED: "allow", Code.NEEDS_APPROVAL: "ask"}


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that came out otherwise: what was expected, what came, for which reason, and why.

    `why` explains the call that determined it, by the rules that decided and those that were expected to; where
    there are none, by the permits that could have applied.
    """

    step: Expects
    expected: str
    came: str
    reason: str
    why: Explanation


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one test: its failures, and every case that it asked about."""

    scenario: Scenario
    failures: tuple[Failure, ...]
    cases: tuple[Case, ...]


@dataclass(slots=True)
class _Run:
    """A test on its way; `asked` are the calls that the last step to be asked about asked for."""

    bundle: Bundle
    state: State
    agent: str = ""
    session: str = ""
    at: int = START
    steps: int = 0
    asked: tuple[tuple[Case, Ruling], ...] = ()
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
        """Grant what was asked about last, to whoever asked, for every rule that takes this approver's word."""
        approvers = {rule.reference: rule.approvers for rule in self.bundle.rules}
        for case, ruling in self.asked:
            for reference in ruling.rules:
                if not approvers[reference] or item.approver in approvers[reference]:
                    grant = Grant(
                        rule=reference.name,
                        call=case.call.digest,
                        agent=case.agent.name,
                        bundle=self.bundle.digest,
                        approver=item.approver,
                        expires=self.at + item.lasts,
                        uses=item.uses,
                    )
                    self.state = self.state.with_grant(f"grant {len(self.state.grants)}", grant)

    def _expect(self, step: Expects) -> None:
        lineage = self.bundle.lineage(self.bundle.agents[self.agent])
        first = Case(step.calls[0], lineage, self.key, self.at, self.state)
        together = judge_together(self.bundle, partial(_judge, self.bundle), first, *step.calls[1:])
        ruling = _with_sandbox(together)
        self.steps += 1
        name = f"step {self.steps}"
        changes = ruling.changes if ruling.code is Code.FAIL_CLOSED else together.changes
        self.state = self.state.decided(changes, self.at, name)
        self.cases += together.cases
        if ruling.code is Code.NEEDS_APPROVAL:
            pairs = zip(together.cases, together.rulings, strict=True)
            self.asked = tuple(pair for pair in pairs if pair[1].code is Code.NEEDS_APPROVAL)
        if step.then is not None and ruling.code is Code.PERMITTED:
            self.state = self.state.settled(name, self.at, completed=step.then == "completed")
        if not _fits(step, ruling):
            why = _telling(explain(self.bundle, together.case), ruling, step)
            self.failures.append(Failure(step, _expected(step), _came(ruling), ruling.reason, why))


def run_scenario(bundle: Bundle, scenario: Scenario) -> Trial:
    """Return what comes of `scenario` under `bundle`."""
    run = _Run(bundle, State().in_force(bundle.digest, None, START))
    for item in scenario.items:
        run.take(item)
    return Trial(scenario, tuple(run.failures), tuple(run.cases))


def _judge(bundle: Bundle, case: Case) -> Ruling:
    """Return the ruling on a call; what is permitted, but in a sandbox that there can never be, is refused."""
    ruling = compiled(bundle)(case)
    if ruling.profile is None:
        return ruling
    effects = (*case.call.effects, *ruling.reach)
    sandbox = derive(ruling.profile, Work.of(case.call), case.agent, None, effects, taint=True)
    if not isinstance(sandbox, str):
        return ruling
    attempts = ruling.attempts
    return Ruling(Code.FAIL_CLOSED, ruling.rules, sandbox, changes=attempts, attempts=attempts)


def _with_sandbox(together: Together) -> Ruling:
    """Return the ruling on calls made together, which must also have a sandbox in common."""
    ruling = together.ruling
    sandbox = together.sandbox(Work.of(*(case.call for case in together.cases)), None)
    if not isinstance(sandbox, str):
        return ruling
    return Ruling(Code.FAIL_CLOSED, ruling.rules, sandbox, changes=ruling.attempts, attempts=ruling.attempts)


def _fits(step: Expects, ruling: Ruling) -> bool:
    names = {reference.name for reference in ruling.rules}
    return (
        _VERDICTS.get(ruling.code, "deny") == step.verdict
        and step.code in (None, ruling.code)
        and names.issuperset(step.rules)
    )


def _telling(why: Explanation, ruling: Ruling, step: Expects) -> Explanation:
    """Return the part of an explanation that says why the step came out otherwise."""
    names = {*step.rules, *(reference.name for reference in ruling.rules)}
    rules = tuple(each for each in why.rules if each.rule.reference.name in names)
    permits = tuple(each for each in why.rules if each.rule.kind == "permit")
    return replace(why, rules=rules or permits)


def _expected(step: Expects) -> str:
    code = f" {step.code.value}" if step.code else ""
    return f"{step.verdict}{code}{' by ' + ', '.join(step.rules) if step.rules else ''}"


def _came(ruling: Ruling) -> str:
    rules = ", ".join(reference.name for reference in ruling.rules)
    verdict = _VERDICTS.get(ruling.code, "deny")
    return f"{verdict} {ruling.code.value}{' by ' + rules if rules else ''}"
