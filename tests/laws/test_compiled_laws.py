"""Law 11: the generated code and the reference agree on every input, with whatever came before.

And history is what the log says: counters, labels and what was seen come out the same when they are recomputed
from everything that happened.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from governance.canonical import canonical
from governance.instant import milliseconds
from governance.policy.case import Case, session_key
from governance.policy.change import Carry, Count, Expect, Hold, See, Use, change_from_json, change_to_json
from governance.policy.compiled import Compiled
from governance.policy.decision import Code
from governance.policy.evaluate import evaluate
from governance.policy.packed import pack, unpack
from governance.policy.state import Grant, State
from governance.request.bind import bind
from governance.request.syntax import parse_call
from governance.text import Source
from tests.effort import SOAK
from tests.laws import language_strategies as language

if TYPE_CHECKING:
    from governance.capabilities import Call
    from governance.policy import Bundle
    from governance.policy.change import Change
    from governance.policy.evaluate import Ruling
    from tests.laws.language_strategies import Step

pytestmark = pytest.mark.slow

START = milliseconds("2026-11-23T11:55:00.000Z")
EXAMPLES = 350 * SOAK
"""A soak run does so many times more."""


@dataclass
class Recomputed:
    """The state as the log says it: every question is answered by going through all that happened."""

    log: list[tuple[int, str, Change]] = field(default_factory=list)
    settled: list[tuple[int, str, bool | None]] = field(default_factory=list)
    cleared: list[tuple[int, str, frozenset[str]]] = field(default_factory=list)
    said_: list[tuple[str, str, str]] = field(default_factory=list)
    grants: list[tuple[str, Grant]] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)

    def _outcome(self, decision: str) -> tuple[int, bool | None] | None:
        return next(((at, how) for at, name, how in self.settled if name == decision), None)

    def counted(self, key: str, place: int, subject: str, since: int) -> int:
        total = 0
        for at, decision, change in self.log:
            if isinstance(change, Count) and (change.key, change.subject) == (key, subject):
                total += change.amounts[place] if at > since else 0
            if isinstance(change, Hold) and (change.key, change.subject) == (key, subject):
                outcome = self._outcome(decision)
                running = outcome is None
                kept = outcome is not None and outcome[1] is not False and outcome[0] > since
                total += change.amounts[place] if running or kept else 0
        return total

    def carries(self, session: str, label: str) -> bool:
        carried = False
        events = [(number, change) for number, (_, _, change) in enumerate(self.log)]
        for number, change in events:
            if isinstance(change, Carry) and (change.session, change.label) == (session, label):
                clearings = [each for each in self.cleared if each[0] > number]
                carried = not any(name == session and label in labels for _, name, labels in clearings)
        return carried

    def happened(self, session: str, watch: str, since: int) -> bool | None:
        surely = perhaps = False
        for at, decision, change in self.log:
            if isinstance(change, See) and (change.session, change.watch) == (session, watch):
                seen, sure = at, change.sure
            elif isinstance(change, Expect) and (change.session, change.watch) == (session, watch):
                outcome = self._outcome(decision)
                if outcome is None or outcome[1] not in (None, change.outcome == "completed"):
                    continue
                seen, sure = outcome[0], change.sure and outcome[1] is not None
            else:
                continue
            if seen >= since:
                perhaps, surely = True, surely or sure
        return True if surely else (None if perhaps else False)

    def said(self, session: str, source: str, value: object) -> bool | None:
        return State().with_text(session, [source], self._text(session, source)).said(session, source, value)  # type: ignore[arg-type]

    def _text(self, session: str, source: str) -> str:
        return "\n".join(text for name, who, text in self.said_ if (name, who) == (session, source))

    def grant_for(self, rule: str, call: str, agent: str, at: int, approvers: frozenset[str]) -> str | None:
        for identifier, grant in self.grants:
            used = sum(1 for _, _, change in self.log if change == Use(identifier))
            if identifier in self.revoked or (grant.rule, grant.call, grant.agent) != (rule, call, agent):
                continue
            live = at < grant.expires and (grant.uses is None or used < grant.uses)
            if live and (not approvers or grant.approver in approvers):
                return identifier
        return None


class Life:
    """A log as it grows: both evaluators are asked about every call, with both kinds of state."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle, self.compiled = bundle, Compiled(unpack(pack(bundle), bundle.sources))
        self.at, self.decisions = START, 0
        self.state = State().in_force(bundle.digest, None, START)
        self.past = Recomputed()
        self.asked: tuple[Call, str, Ruling] | None = None
        self.cases = 0

    def step(self, step: Step) -> None:
        self.at += step.later
        session = session_key(step.agent, step.session)
        match step.kind:
            case "call":
                self._call(step, session)
            case "approve" if self.asked is not None:
                self._approve(*self.asked)
            case "revoke" if self.past.grants:
                self.state = self.state.revoked(self.past.grants[-1][0])
                self.past.revoked.append(self.past.grants[-1][0])
            case "clear":
                labels = frozenset({"secret", "pii"})
                self.state = self.state.declassified(session, labels)
                self.past.cleared.append((len(self.past.log), session, labels))
            case "say":
                self.state = self.state.with_text(session, [step.source], step.text)
                self.past.said_.append((session, step.source, step.text))
            case "restart":
                self.state = self.state.in_force(self.bundle.digest, None, self.at)
                known = {name for _, name, _ in self.past.settled}
                open_ = dict.fromkeys(name for _, name, _ in self.past.log if name not in known)
                self.past.settled += [(self.at, name, None) for name in open_]

    def _call(self, step: Step, session: str) -> None:
        call = bind(parse_call(Source("call", step.call)), self.bundle.capabilities)
        lineage = self.bundle.lineage(self.bundle.agents[step.agent])
        case = Case(call, lineage, session, self.at, self.state)
        ruling = evaluate(self.bundle, case)
        fast = self.compiled(case)
        assert fast == ruling, (step.call, self.compiled.source(call.capability.name))
        again = Case(call, lineage, session, self.at, self.past)  # type: ignore[arg-type]
        assert evaluate(self.bundle, again) == ruling, step.call
        self.cases += 1
        self.decisions += 1
        identifier = f"d{self.decisions}"
        recorded = [change_from_json(change_to_json(change)) for change in ruling.changes]  # type: ignore[arg-type]
        assert recorded == list(ruling.changes)
        self.state = self.state.decided(ruling.changes, self.at, identifier)
        self.past.log += [(self.at, identifier, change) for change in ruling.changes]
        if ruling.code is Code.NEEDS_APPROVAL:
            self.asked = (call, step.agent, ruling)
        if ruling.code is Code.PERMITTED and step.outcome:
            completed = step.outcome == "completed"
            self.at += 1
            self.state = self.state.settled(identifier, self.at, completed=completed)
            self.past.settled.append((self.at, identifier, completed))

    def _approve(self, call: Call, agent: str, ruling: Ruling) -> None:
        for number, rule in enumerate(ruling.rules):
            grant = Grant(
                rule.name, call.digest, agent, self.bundle.digest, "dana", self.at + 3_600_000, 1 + number
            )
            identifier = f"g{len(self.past.grants)}"
            self.state = self.state.with_grant(identifier, grant)
            self.past.grants.append((identifier, grant))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(language.policies, language.histories)
def test_11_both_evaluators_and_the_recomputed_history_agree(rules: str, history: list[Step]) -> None:
    life = Life(language.bundle_of(rules))
    for step in history:
        life.step(step)


@settings(max_examples=EXAMPLES // 4, deadline=None, suppress_health_check=list(HealthCheck))
@given(language.policies, language.histories)
def test_the_state_is_a_value_and_its_digest_follows_from_what_happened(
    rules: str, history: list[Step]
) -> None:
    bundle = language.bundle_of(rules)
    one, two = Life(bundle), Life(bundle)
    digests = []
    for step in history:
        before = one.state
        kept = before.digest
        one.step(step)
        assert before.digest == kept
        digests.append(one.state.digest)
    for step in history:
        two.step(step)
    assert two.state.digest == digests[-1]
    assert canonical(digests) == canonical(list(digests))
