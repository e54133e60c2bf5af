from __future__ import annotations

import pytest

from governance.policy.permissible import permissible
from tests.policy.build import bundle_of


def names(rules: str, agent: str = "ann") -> set[str]:
    bundle = bundle_of(rules)
    return {each.name for each in permissible(bundle, bundle.agents[agent])}


READ = 'permit r { agent in coders  call fs.read, fs.list  sandbox reader  because "x" }\n'


def test_nothing_is_permissible_without_a_permit() -> None:
    assert names("") == set()


def test_permit_is_for_its_agents() -> None:
    assert names(READ) == {"fs.read", "fs.list"}
    assert names(READ, "bob") == set()


def test_permit_by_effects_holds_all_that_a_call_does() -> None:
    found = names('permit r { agent in coders  call any that reads  sandbox reader  because "x" }')
    assert {"fs.read", "fs.list", "fs.search"} <= found
    assert not {"fs.write", "fs.edit", "fs.delete", "git.log"} & found


def test_forbid_of_every_call_leaves_none() -> None:
    assert names(READ + 'forbid f { call fs.read  because "x" }') == {"fs.list"}


@pytest.mark.parametrize("some", ['when path under "/a"', "until 2027-01-01", "agent in reviewers"])
def test_forbid_of_some_calls_leaves_the_others(some: str) -> None:
    assert names(READ + f'forbid f {{ call fs.read  {some}  because "x" }}') == {"fs.read", "fs.list"}


def test_agent_that_narrows_another_needs_a_permit_of_both() -> None:
    narrower = 'agent "cy" { groups helpers  narrows "ann"  workspace "repos/web/x" }\n'
    permit = 'permit h { agent in helpers  call fs.read, fs.write  sandbox editor  because "x" }\n'
    assert names(narrower + READ + permit, "cy") == {"fs.read"}


def test_what_is_judged_after_a_call_is_never_asked_for() -> None:
    bundle = bundle_of(
        """
        agent "a-1" { groups coders  workspace "web" }
        permit keep { agent in coders  call fs.commit, fs.write  when path under "/workspace"  sandbox editor
          because "work" }
        """
    )
    assert [each.name for each in permissible(bundle, bundle.agents["a-1"])] == ["fs.write"]
