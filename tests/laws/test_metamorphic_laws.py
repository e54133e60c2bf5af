"""What must not change when a policy is written otherwise, and which way a change must go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.canonical import digest_of
from governance.policy.compiled import Compiled
from governance.policy.decision import Code
from governance.policy.state import State
from tests.laws import language_strategies as language
from tests.laws.test_analysis_laws import cases
from tests.laws.test_compiled_laws import EXAMPLES, START

if TYPE_CHECKING:
    from governance.policy import Bundle
    from governance.policy.case import Case
    from governance.policy.evaluate import Ruling
    from tests.laws.language_strategies import Step

pytestmark = pytest.mark.slow

law = settings(max_examples=EXAMPLES // 3, deadline=None, suppress_health_check=list(HealthCheck))


def decided(bundle: Bundle, asked: list[Case], *, refused_count: bool = True) -> list[Ruling]:
    """Return the rulings on calls, one after the other; each changes what the next one meets."""
    judge, state, found = Compiled(bundle), State().in_force(bundle.digest, None, START), []
    for number, case in enumerate(asked):
        case.state = state
        ruling = judge(case)
        found.append(ruling)
        if refused_count or ruling.code is Code.PERMITTED:
            state = state.decided(ruling.changes, START, str(number))
    return found


def meaning(ruling: Ruling) -> tuple[object, ...]:
    """Return what a ruling says, but for the places of rules."""
    names = sorted({reference.name.rpartition("/")[2] for reference in ruling.rules})
    profile = (
        None if ruling.profile is None else ruling.profile.egress,
        ruling.profile and ruling.profile.writable,
    )
    return ruling.code, names, profile, sorted(ruling.labels)


@law
@given(language.policies, language.histories, st.data())
def test_3_the_order_of_rules_changes_nothing(rules: str, history: list[Step], data: st.DataObject) -> None:
    lines = rules.splitlines(keepends=True)
    other = "".join(data.draw(st.permutations(lines)))
    one, two = language.bundle_of(rules), language.bundle_of(other)
    first, second = decided(one, cases(one, history)), decided(two, cases(two, history))
    assert [meaning(each) for each in first] == [meaning(each) for each in second]


@law
@given(language.policies, language.histories, st.data())
def test_a_rule_said_twice_changes_no_decision(rules: str, history: list[Step], data: st.DataObject) -> None:
    lines = [line for line in rules.splitlines(keepends=True) if not line.startswith("limit")]
    if not lines:
        return
    chosen = data.draw(st.sampled_from(lines))
    kind, _, rest = chosen.partition(" ")
    again = f"{kind} again {rest.partition(' ')[2]}" if kind != "label" else chosen
    one, two = language.bundle_of(rules), language.bundle_of(rules + again)
    first, second = decided(one, cases(one, history)), decided(two, cases(two, history))
    assert [(each.code, each.labels) for each in first] == [(each.code, each.labels) for each in second]


@law
@given(language.histories, st.sampled_from(["t.file", "t.save", "t.drop"]), st.booleans())
def test_a_permit_split_by_its_condition_permits_the_same(history: list[Step], name: str, keys: bool) -> None:
    whole = f'permit a {{ agent any  call {name}  sandbox reader  because "x" }}\n'
    test = "path matches keys" if keys else 'path under "/w/src"'
    parts = "".join(
        f'permit {rule} {{ agent any  call {name}  when {condition}  sandbox reader  because "x" }}\n'
        for rule, condition in (("a", test), ("b", f"not {test}"))
    )
    one, two = language.bundle_of(whole), language.bundle_of(parts)
    first, second = decided(one, cases(one, history)), decided(two, cases(two, history))
    spread = name == "t.drop"
    for left, right in zip(first, second, strict=True):
        assert left.code is right.code or (spread and right.code is Code.NO_PERMIT)


@law
@given(language.policies, language.histories, st.sampled_from(["/w", "/w/src", "/e"]))
def test_a_narrower_permit_permits_less(rules: str, history: list[Step], tree: str) -> None:
    wide = f'permit wide {{ agent any  call t.file, t.find  when path under "{tree}"  sandbox reader  because "x" }}\n'
    narrow = wide.replace(f'"{tree}"', f'"{tree}/a.py"')
    one, two = language.bundle_of(rules + wide), language.bundle_of(rules + narrow)
    state = State().in_force(one.digest, None, START)
    for left, right in zip(cases(one, history), cases(two, history), strict=True):
        left.state = right.state = state
        if Compiled(one)(left).code is not Code.PERMITTED:
            assert Compiled(two)(right).code is not Code.PERMITTED


@law
@given(language.histories, st.integers(0, 4), st.integers(0, 4))
def test_a_higher_limit_refuses_later(history: list[Step], low: int, more: int) -> None:
    text = 'permit all {{ agent any  call t.*  sandbox online  because "x" }}\nlimit l {{ call t.*  at most {} per 1h }}\n'
    one, two = language.bundle_of(text.format(low)), language.bundle_of(text.format(low + more))
    first, second = decided(one, cases(one, history)), decided(two, cases(two, history))
    for left, right in zip(first, second, strict=True):
        assert left.code is not Code.PERMITTED or right.code is Code.PERMITTED
    allowed = sum(1 for each in first if each.code is Code.PERMITTED)
    assert allowed <= low


@law
@given(language.policies, language.histories)
def test_refused_calls_change_nothing_that_comes_later(rules: str, history: list[Step]) -> None:
    kept = "".join(
        line for line in rules.splitlines(keepends=True) if "attempted" not in line and "asked" not in line
    )
    bundle = language.bundle_of(kept)
    with_them = decided(bundle, cases(bundle, history))
    without = decided(bundle, cases(bundle, history), refused_count=False)
    assert [digest_of([each.code, each.labels]) for each in with_them] == [
        digest_of([each.code, each.labels]) for each in without
    ]
