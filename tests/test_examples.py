"""The example policies: each loads without a word from the checker, and its tests pass and see every rule."""

from __future__ import annotations

import pytest

from governance import resources
from governance.errors import PolicyError
from governance.instant import milliseconds
from governance.library import examine_policies, load_policies
from governance.policy.coverage import cases_of_examples, coverage
from governance.policy.trial import run_scenario

EXAMPLES = sorted(path for path in (resources.folder("policies") / "examples").iterdir() if path.is_dir())
NOW = milliseconds("2026-11-23T12:00:00.000Z")


def test_there_are_five() -> None:
    names = ["coder", "data-analyst", "release-engineer", "research-agent", "support-agent"]
    assert [path.name for path in EXAMPLES] == names


@pytest.mark.parametrize("name", [path.name for path in EXAMPLES])
def test_the_checker_has_nothing_to_say(name: str) -> None:
    (place,) = (path for path in EXAMPLES if path.name == name)
    found = examine_policies(place, NOW)
    assert not found.diagnostics, PolicyError(*found.diagnostics).render()
    assert len((place / "README.md").read_text().splitlines()) > 10


@pytest.mark.parametrize("name", [path.name for path in EXAMPLES])
def test_its_tests_pass_and_see_every_rule(name: str) -> None:
    (place,) = (path for path in EXAMPLES if path.name == name)
    bundle = load_policies(place)
    trials = [run_scenario(bundle, scenario) for scenario in bundle.tests]
    assert len(trials) >= 5
    failures = [(each.expected, each.came) for trial in trials for each in trial.failures]
    assert not failures
    cases = [*(case for trial in trials for case in trial.cases), *cases_of_examples(bundle)]
    idle = [each.rule.reference.name for each in coverage(bundle, cases) if not each.applied]
    assert not idle
    undecided = [
        each.rule.reference.name
        for each in coverage(bundle, cases)
        if each.rule.kind in ("permit", "forbid", "ask") and not each.determined
    ]
    assert not undecided
