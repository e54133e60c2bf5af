"""What the checker says of rules is so: a rule that it calls idle can go, and nothing is decided otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.policy.case import Case, session_key
from governance.policy.check.analysis import analyse
from governance.policy.decision import Code
from governance.policy.evaluate import evaluate
from governance.policy.state import State
from governance.policy.truth import truth
from governance.request.bind import bind
from governance.request.syntax import parse_call
from governance.text import Source
from tests.laws import language_strategies as language
from tests.laws.test_compiled_laws import EXAMPLES, START

if TYPE_CHECKING:
    from governance.policy import Bundle
    from governance.policy.rule import Rule
    from tests.laws.language_strategies import Step

pytestmark = pytest.mark.slow

law = settings(
    max_examples=EXAMPLES // 2,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def findings(bundle: Bundle) -> list[tuple[str, str, int]]:
    """Return the codes and messages of what is found in the generated file, and the lines they are found on."""
    sources = {name: Source(name, text) for name, text in bundle.sources.items()}
    found = analyse(bundle, sources)
    return [
        (each.code, each.message, each.span.line)
        for each in found
        if each.span and each.span.source.name == "x.policy"
    ]


def cases(bundle: Bundle, history: list[Step]) -> list[Case]:
    return [
        Case(
            bind(parse_call(Source("call", step.call)), bundle.capabilities),
            bundle.lineage(bundle.agents[step.agent]),
            session_key(step.agent, step.session),
            START,
            State(),
        )
        for step in history
        if step.kind == "call"
    ]


@law
@given(language.policies, language.histories)
def test_a_rule_that_is_called_idle_can_go(rules: str, history: list[Step]) -> None:
    bundle = language.bundle_of(rules)
    idle = {
        line
        for code, _, line in findings(bundle)
        if code in ("dead-rule", "shadowed-rule", "unsatisfiable-rule")
    }
    if not idle:
        return
    lines = rules.split("\n")
    left = language.bundle_of("\n".join(line for number, line in enumerate(lines, 1) if number not in idle))
    for one, two in zip(cases(bundle, history), cases(left, history), strict=True):
        before, after = evaluate(bundle, one), evaluate(left, two)
        assert (before.code, before.profile, before.labels) == (after.code, after.profile, after.labels), (
            one.call
        )


@law
@given(language.policies, language.histories)
def test_a_condition_that_is_said_to_hold_never_or_always_does(rules: str, history: list[Step]) -> None:
    bundle = language.bundle_of(rules)
    for code, message, line in findings(bundle):
        if code in ("never-holds", "always-holds"):
            hold_so(bundle, rule_at(bundle, line), code, message, cases(bundle, history))


def rule_at(bundle: Bundle, line: int) -> Rule:
    (rule,) = (
        each for each in bundle.rules if (each.reference.file, each.reference.line) == ("x.policy", line)
    )
    return rule


def hold_so(bundle: Bundle, rule: Rule, code: str, message: str, asked: list[Case]) -> None:
    """Assert that the condition named in `message` comes out for every call as `code` says."""
    condition = rule.when if "`when`" in message else rule.unless
    assert condition is not None
    # A permit needs its condition to hold of the whole; of part of it is as good as not.
    in_part = (None,) if rule.kind == "permit" and condition is rule.when else ()
    wanted = (True,) if code == "always-holds" else (False, *in_part)
    for case in asked:
        if rule in bundle.rules_by_capability[case.call.capability.name]:
            assert truth(condition, case) in wanted, (code, str(case.call))


_APART: Final = st.sampled_from(
    [
        'path under "/w/src" and path under "/w/k"',
        'path matches "**/.env" and not path matches keys',
        'path == "/w/a.py" and path == "/w/lock"',
        'not (path under "/w" or not path under "/w/src")',
        'path matches "/w/*.py" and path under "/e"',
    ]
)
"""What no path is, and a set of paths may be in part."""


@law
@given(_APART, _APART, language.histories)
def test_what_an_exception_of_a_permit_holds_of_in_part_is_not_said_to_say_nothing(
    first: str, second: str, history: list[Step]
) -> None:
    call = "call t.find, t.save, t.drop, t.file"
    rules = f'permit r {{ agent any  {call}  unless ({first}) or ({second})  sandbox reader  because "x" }}\n'
    bundle = language.bundle_of(rules)
    for code, message, line in findings(bundle):
        hold_so(bundle, rule_at(bundle, line), code, message, cases(bundle, history))
    assert not findings(bundle)


def test_an_exception_that_holds_in_part_keeps_a_permit_from_a_set() -> None:
    text = 'permit r { agent any  call t.find  unless path under "/w/src" and path under "/w/k"  sandbox reader  because "x" }\n'
    bundle = language.bundle_of(text)
    step = language.Step("call", "ann", "", 0, call='t.find(path="/w", glob="**")')
    (case,) = cases(bundle, [step])
    (rule,) = (each for each in bundle.rules if each.name == "r")
    assert rule.unless is not None
    assert truth(rule.unless, case) is None
    assert evaluate(bundle, case).code is Code.NO_PERMIT
    assert findings(bundle) == []
