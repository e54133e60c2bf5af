"""What the checker says of rules is so: a rule that it calls idle can go, and nothing is decided otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from governance.policy.case import Case, session_key
from governance.policy.check.analysis import analyse
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
    from tests.laws.language_strategies import Step

pytestmark = pytest.mark.slow

law = settings(
    max_examples=EXAMPLES // 2,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def findings(bundle: Bundle) -> list[tuple[str, int]]:
    """Return the codes of what is found in the generated file, and the lines they are found on."""
    sources = {name: Source(name, text) for name, text in bundle.sources.items()}
    found = analyse(bundle, sources)
    return [
        (each.code, each.span.line) for each in found if each.span and each.span.source.name == "x.policy"
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
        for code, line in findings(bundle)
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
    found = [(code, line) for code, line in findings(bundle) if code in ("never-holds", "always-holds")]
    for code, line in found:
        (rule,) = [
            each for each in bundle.rules if (each.reference.file, each.reference.line) == ("x.policy", line)
        ]
        about = bundle.rules_by_capability
        asked = [case for case in cases(bundle, history) if rule in about[case.call.capability.name]]
        conditions = [each for each in (rule.when, rule.unless) if each is not None]
        for case in asked:
            wanted = (
                (True,) if code == "always-holds" else ((False, None) if rule.kind == "permit" else (False,))
            )
            assert any(truth(each, case) in wanted for each in conditions), (code, str(case.call))
