"""Explanations: every rule that can be about the call, what each part came to, and no part that is not there."""

from __future__ import annotations

import pytest

from governance.policy.evaluate import evaluate
from governance.policy.explain import Explanation, RuleExplanation, explain
from tests.policy.build import bundle_of, case_of

RULES = """
permit read { agent in coders  call fs.read  when path under "/workspace" and offset < 10  unless path matches "**/.env"
  sandbox reader  because "work" }
forbid env { call fs.*  when path matches "**/.env"  because "keys" }
permit other { agent in reviewers  call git.log  sandbox reader  because "x" }
"""


def explained(rules: str, text: str, agent: str = "ann") -> Explanation:
    bundle = bundle_of(rules)
    case = case_of(bundle, text, agent)
    explanation = explain(bundle, case)
    assert explanation.ruling == evaluate(bundle, case)
    return explanation


def findings(rule: RuleExplanation, part: str) -> list[tuple[str, str, bool | None]]:
    return [(each.text, each.value, each.truth) for each in rule.findings if each.part == part]


def test_only_rules_that_can_be_about_the_call_are_shown() -> None:
    shown = explained(RULES, 'fs.read(path="/workspace/a")').rules
    assert [each.rule.reference.name for each in shown] == ["x/read", "x/env"]


def test_each_part_shows_its_text_its_value_and_its_truth() -> None:
    read, env = explained(RULES, 'fs.read(path="/workspace/a", offset=3)').rules
    assert (read.applies, read.determines, env.applies, env.determines) == (True, True, False, False)
    assert findings(read, "agent") == [("in coders", "ann (coders)", True)]
    assert findings(read, "when") == [
        ('path under "/workspace"', "/workspace/a", True),
        ("offset < 10", "3", True),
    ]
    assert findings(read, "unless") == [('path matches "**/.env"', "/workspace/a", False)]


def test_a_set_that_is_met_in_part_is_neither_true_nor_false() -> None:
    rules = 'permit s { agent any  call fs.search  when path under "/w/src"  sandbox reader  because "x" }\n'
    (rule,) = explained(rules, 'fs.search(path="/w", glob="**", text="x")').rules
    assert findings(rule, "when") == [('path under "/w/src"', "/w/**", None)]
    assert not rule.applies


def test_an_opposite_shows_what_it_came_to() -> None:
    rules = 'permit s { agent any  call fs.read  when not path under "/w"  sandbox reader  because "x" }\n'
    (rule,) = explained(rules, 'fs.read(path="/w/a")').rules
    assert findings(rule, "when") == [('not: path under "/w"', "/w/a", False)]


def test_a_size_shows_the_size() -> None:
    rules = 'permit s { agent any  call fs.edit  when size old<3  sandbox editor  because "x" }\n'
    (rule,) = explained(rules, 'fs.edit(path="/a", old="abcd", new="")').rules
    assert findings(rule, "when") == [("size old<3", "4", False)]


@pytest.mark.parametrize(
    "condition",
    [
        'when path is present  unless path under "/w"',
        'when path is present and path under "/w"',
        'when (path is present and most > 3) and path under "/w"',
        'when not (path is present and path == "/w")',
        'when most > 3 or path is present and path under "/w"',
    ],
)
def test_tests_of_an_absent_parameter_are_left_out(condition: str) -> None:
    rules = f'permit s {{ agent any  call git.log  {condition}  sandbox reader  because "x" }}\n'
    (absent,) = explained(rules, 'git.log(repo="/w")').rules
    (present,) = explained(rules, 'git.log(repo="/w", path="/w")').rules
    about = [
        [each.value for each in rule.findings if "path" in each.text and each.part != "call"]
        for rule in (absent, present)
    ]
    assert about[0] == ["absent"]
    assert len(about[1]) == 2


def test_a_permit_that_does_not_cover_what_a_call_does_says_so() -> None:
    rules = 'permit s { agent any  call any that reads  sandbox editor  because "x" }\n'
    (rule,) = explained(rules, 'fs.edit(path="/a", old="x", new="")').rules
    assert findings(rule, "call") == [("covers what the call does", "read /a, write /a", False)]
