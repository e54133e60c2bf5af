"""The laws of decisions, over random policies and calls, and agreement with an oracle that knows no algorithms."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING
from unittest import mock

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from governance.canonical import canonical
from governance.decide import judge
from governance.evidence import bundle_body, decision_body, fold
from governance.journal.record import Event
from governance.policy.decision import Code
from governance.policy.evaluate import applies, evaluate
from governance.policy.facts import EngineFacts
from governance.policy.state import State
from governance.policy.truth import truth
from governance.replay import replay
from governance.request.wire import Origin, Oversize, parse_request
from tests.laws import policy_strategies as policy
from tests.laws.oracle import concerns, meaning
from tests.laws.policy_strategies import UNIVERSE, bundle_of, globbed, shown
from tests.policy import build

if TYPE_CHECKING:
    from governance.canonical import Json
    from governance.policy import Bundle
    from governance.policy.case import Case
    from governance.policy.condition import Condition, Truth
    from tests.laws.policy_strategies import Asked, Rule
    from tests.policy.build import Verdict

pytestmark = pytest.mark.slow

# The packages give the functions of these names; here the modules are meant.
deciding = sys.modules["governance.decide"]
evaluation = sys.modules["governance.policy.evaluate"]

FACTS = EngineFacts((("governance/base", "sha256:" + "a" * 64),), ("container", "gvisor"))
AT = "2026-11-23T10:00:00.000Z"

law = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def verdict_of(bundle: Bundle, text: str, agent: str) -> Verdict:
    return build.verdict_of(bundle, text, agent, FACTS)


def names(verdict: Verdict) -> frozenset[str]:
    return frozenset(rule.name.rpartition("/")[2] for rule in verdict.rules)


@settings(law, max_examples=300)
@given(policy.policies, st.lists(policy.asked, min_size=1, max_size=8), policy.agents)
def test_the_evaluator_agrees_with_the_oracle(
    rules: tuple[Rule, ...], calls: list[Asked], agent: str
) -> None:
    bundle = bundle_of(rules)
    for call in calls:
        verdict, wanted = verdict_of(bundle, call.text(), agent), meaning(rules, call, agent)
        if wanted.sure:
            assert (verdict.code.value, names(verdict)) == (wanted.code, wanted.rules), call
        else:
            assert verdict.code in (Code.FORBIDDEN, Code.NO_PERMIT), call


@law
@given(policy.policies, policy.asked, policy.agents)
def test_1_without_a_matching_permit_everything_is_denied(
    rules: tuple[Rule, ...], call: Asked, agent: str
) -> None:
    kept = tuple(
        rule
        for rule in rules
        if rule.kind == "forbid" or agent not in policy.AGENTS or not concerns(rule, call, agent)
    )
    verdict = verdict_of(bundle_of(kept), call.text(), agent)
    assert verdict.sandbox is None
    assert verdict.code is not Code.PERMITTED


@law
@given(policy.policies, policy.call_texts, policy.agents, st.sampled_from(["any", "named", "family"]))
def test_2_a_matching_forbid_denies_whatever_else_matches(
    rules: tuple[Rule, ...], text: str, agent: str, form: str
) -> None:
    name = text.partition("(")[0]
    target = {"any": ("any",), "named": ("named", name), "family": ("named", name.partition(".")[0] + ".*")}
    stop = policy.Rule("forbid", "stop", None, (target[form],), None, None, "reader", protected=False)
    verdict = verdict_of(bundle_of(rules, (stop,)), text, agent)
    assert verdict.sandbox is None
    if agent in policy.AGENTS:
        assert verdict.code is Code.FORBIDDEN
        assert "stop" in names(verdict)


@law
@given(policy.policies, st.lists(policy.call_texts, min_size=1, max_size=4), policy.agents, st.data())
def test_3_the_order_of_rules_and_files_changes_no_decision(
    rules: tuple[Rule, ...], texts: list[str], agent: str, data: st.DataObject
) -> None:
    other = tuple(data.draw(st.permutations(rules)))
    cut = data.draw(st.integers(0, len(other)))
    first, second = bundle_of(rules), bundle_of(other[:cut], other[cut:])
    for text in texts:
        one, two = verdict_of(first, text, agent), verdict_of(second, text, agent)
        assert (one.code, names(one), one.sandbox) == (two.code, names(two), two.sandbox)


@law
@given(
    policy.policies,
    policy.rules("forbid"),
    st.lists(policy.call_texts, min_size=1, max_size=4),
    policy.agents,
)
def test_4_a_forbid_more_never_turns_a_deny_into_an_allow(
    rules: tuple[Rule, ...], more: Rule, texts: list[str], agent: str
) -> None:
    before, after = bundle_of(rules), bundle_of(rules, (more,))
    for text in texts:
        if verdict_of(before, text, agent).sandbox is None:
            assert verdict_of(after, text, agent).sandbox is None


@law
@given(policy.policies, st.lists(policy.call_texts, min_size=1, max_size=4), policy.agents, st.data())
def test_4_a_permit_less_never_turns_a_deny_into_an_allow(
    rules: tuple[Rule, ...], texts: list[str], agent: str, data: st.DataObject
) -> None:
    permits = [rule for rule in rules if rule.kind == "permit"]
    assume(permits)
    gone = data.draw(st.sampled_from(permits))
    before, after = bundle_of(rules), bundle_of(tuple(rule for rule in rules if rule is not gone))
    for text in texts:
        if verdict_of(before, text, agent).sandbox is None:
            assert verdict_of(after, text, agent).sandbox is None


@law
@given(policy.policies, policy.call_texts, policy.agents, st.data())
def test_5_a_rule_that_cannot_be_evaluated_allows_nothing(
    rules: tuple[Rule, ...], text: str, agent: str, data: st.DataObject
) -> None:
    bundle = bundle_of(rules)
    request = parse_request(text.encode(), Origin(agent))
    state = State(facts=FACTS)
    sound = judge(bundle, request, state, AT).decision
    conditions = [each for rule in bundle.rules for each in (rule.when, rule.unless) if each is not None]
    assume(conditions)
    broken = data.draw(st.sampled_from(conditions))

    def failing(condition: Condition, case: Case) -> Truth:
        if condition is broken:
            raise LookupError
        return truth(condition, case)

    reference = mock.patch.object(deciding, "compiled", lambda bundle: lambda case: evaluate(bundle, case))
    with reference, mock.patch.object(evaluation, "truth", failing):
        decision = judge(bundle, request, state, AT).decision
    if decision != sound:
        assert (decision.verdict, decision.code) == ("deny", Code.FAIL_CLOSED)


@settings(law, max_examples=300)
@given(policy.policies, st.lists(policy.call_texts, min_size=1, max_size=8), policy.agents)
def test_5_no_condition_that_the_checker_accepts_can_fail(
    rules: tuple[Rule, ...], texts: list[str], agent: str
) -> None:
    bundle = bundle_of(rules)
    for text in texts:
        case = build.case_of(bundle, text, agent if agent in bundle.agents else "ann")
        for rule in bundle.rules_by_capability[case.call.capability.name]:
            applies(rule, case, case.call.effects)


def recorded(body: dict[str, Json]) -> dict[str, Json]:
    """Return a body as it comes back from the log."""
    read: dict[str, Json] = json.loads(canonical(body))
    return read


lines = st.one_of(
    policy.call_texts.map(str.encode),
    st.binary(max_size=40),
    st.text(max_size=40).map(lambda text: text.encode(errors="replace")),
    st.builds(
        lambda call, agent, session: canonical({"agent": agent, "session": session, "request": call}),
        policy.call_texts,
        policy.agents,
        st.sampled_from(["s", "t"]),
    ),
    st.just(Oversize(1 << 21, "sha256:" + "b" * 64)),
)


@law
@given(policy.policies, st.lists(st.tuples(lines, policy.agents | st.none()), max_size=6), st.booleans())
def test_7_replay_gives_every_record_again_byte_for_byte(
    rules: tuple[Rule, ...], asked: list[tuple[bytes | Oversize, str | None]], known: bool
) -> None:
    bundle = bundle_of(rules)
    state = State()
    events = [Event(0, AT, "bundle", recorded(bundle_body(bundle.digest, FACTS if known else None)))]
    for line, agent in asked:
        state = fold(state, events[-1])
        request = parse_request(line, Origin(agent))
        body = decision_body(request, judge(bundle, request, state, AT), state)
        events.append(Event(len(events), AT, "decision", recorded(body)))
    again = list(replay(events, {bundle.digest: bundle.stored}.__getitem__))
    assert [each.differences for each in again] == [()] * len(asked)
    assert [canonical(each.now) for each in again] == [canonical(each.recorded) for each in again]


@law
@given(lines, policy.agents | st.none(), st.booleans())
def test_10_without_a_bundle_everything_is_denied(
    line: bytes | Oversize, agent: str | None, known: bool
) -> None:
    state = State(facts=FACTS if known else None)
    decision = judge(None, parse_request(line, Origin(agent)), state, AT).decision
    assert decision.verdict == "deny"
    assert decision.code in (Code.FAIL_CLOSED, Code.MALFORMED)
    assert decision.bundle is None


@settings(law, max_examples=300)
@given(
    policy.policies,
    st.sampled_from(["/workspace", "/workspace/src", "/src", "/zz"]),
    st.sampled_from(policy.RELATIVE),
    st.sampled_from(["ann", "bob", "cy"]),
    policy.path_conditions,
)
def test_what_is_allowed_of_a_set_is_allowed_of_every_member(
    rules: tuple[Rule, ...], folder: str, glob: str, agent: str, except_: policy.Condition
) -> None:
    wide = policy.Rule("permit", "wide", None, (("named", "fs.*"),), None, except_, "reader", protected=False)
    bundle = bundle_of(rules, (wide,))
    verdict = verdict_of(bundle, f'fs.search(path="{folder}", glob="{glob}", text="x")', agent)
    assume(verdict.sandbox is not None)
    members = sorted(globbed(f"{folder}/{glob}") & frozenset(UNIVERSE[1:]))
    about = {rule.reference: rule for rule in bundle.rules_by_capability["fs.search"]}
    both = {rule.reference for rule in bundle.rules_by_capability["fs.read"]} & about.keys()
    for member in members[:: max(1, len(members) // 12)]:
        read = f'fs.read(path="{shown(member)}")'
        one, case = verdict_of(bundle, read, agent), build.case_of(bundle, read, agent)
        assert one.code is not Code.FORBIDDEN or not set(one.rules) & both, member
        for reference in both.intersection(verdict.rules):
            assert applies(about[reference], case, case.call.effects), member
