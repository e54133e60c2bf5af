"""`audit writes` says what was written, and what could be: each way with a call that the policies permit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from governance import resources
from governance.capabilities.glob import PathSet
from governance.decide import decide
from governance.library import load_policies
from governance.policy.decision import Allow
from governance.policy.state import State
from governance.request.bind import bind
from governance.request.syntax import parse_call
from governance.text import Source
from tests.journal.samples import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

EXAMPLES = sorted(path for path in (resources.folder("policies") / "examples").iterdir() if path.is_dir())
POLICY = """
agent "ann" { groups coders  workspace "repos/web" }
agent "eve" { groups guests  workspace "repos/web" }
sandbox box { image "governance/base"  mount workspace at "/w" writable }
sandbox shut { image "governance/base"  mount workspace at "/w" read-only }
permit docs { agent in coders  call fs.write  when path under "/w/docs" or path matches ["/w/*.md"]
  unless path == "/w/docs/LICENSE"  sandbox box  because "docs" }
permit build { agent in coders  call make.run  when folder == "/w"  sandbox box  including protected  because "build" }
permit keep { agent in coders  call fs.commit  when path under "/w/out" and kind == "file"  sandbox box  because "built" }
permit look { agent any  call fs.read  when path under "/w"  sandbox shut  because "look" }
permit useless { agent in guests  call fs.delete  when path under "/w"  sandbox shut  because "nothing" }
forbid drafts { call any that writes under "/w/docs/drafts"  when agent in guests  because "no drafts" }
"""


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    path = tmp_path / "a.policy"
    path.write_text(POLICY)
    return path


def test_what_could_be_written_is_listed_with_a_call_for_each(governance: Run, policies: Path) -> None:
    done = governance("audit", "writes", "--policies", policies, "--at", NOW, "--json")
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [
        (each["agent"], each["rule"].rpartition("/")[2], each["paths"], each["can"]) for each in found
    ] == [
        ("ann", "docs", ["/w/docs/**", "/w/*.md"], ["write", "create"]),
        ("ann", "keep", ["/w/out/**"], ["write", "create", "delete"]),
    ]
    assert found[0]["except"] == ["/w/docs/LICENSE", "/w/docs/drafts/**"]
    assert found[0]["witness"].startswith("fs.write(path=")
    assert found[1]["witness"].startswith(("fs.write(path=", "make.run(folder="))
    assert found[1]["commit"].startswith('fs.commit(path="/w/out/')


def test_what_could_be_written_is_shown_as_a_table(
    governance: Run, policies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from governance.cli.console import out

    monkeypatch.setattr(out, "width", 220)
    done = governance("audit", "writes", "--policies", policies, "--agent", "ann", "--at", NOW)
    assert done.stdout.splitlines()[-1] == "1 agents can write, by 2 ways"
    assert "/w/docs/LICENSE" in done.stdout
    assert "what is protected" in done.stdout
    none = governance("audit", "writes", "--policies", policies, "--agent", "eve", "--at", NOW)
    assert none.stdout == "0 agents can write, by 0 ways\n"


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda path: path.name)
def test_each_witness_of_the_examples_is_allowed_and_changes_what_it_says(
    governance: Run, folder: Path
) -> None:
    bundle = load_policies(folder)
    done = governance("audit", "writes", "--policies", folder, "--at", NOW, "--json")
    for line in done.stdout.splitlines():
        found = json.loads(line)
        assert found["witness"] is not None, found
        call = bind(parse_call(Source("call", found["witness"])), bundle.capabilities)
        decision = decide(bundle, call, bundle.agents[found["agent"]], State(), NOW).decision
        assert isinstance(decision, Allow)
        assert any(mount.writable for mount in decision.sandbox.mounts)
        if found["commit"] is None:
            changed = {str(each.target) for each in call.effects if each.verb.value in found["can"]}
            assert found["path"] in changed
            assert any(PathSet.glob(found["path"]).within(PathSet.glob(place)) for place in found["paths"])


@pytest.mark.parametrize("words", [(), ("--log", "x", "--policies", "y")])
def test_one_of_log_and_policies_is_given(governance: Run, policies: Path, words: tuple[str, ...]) -> None:
    words = tuple(str(policies) if word == "y" else word for word in words)
    assert governance("audit", "writes", *words).returncode == 2


def test_an_agent_that_is_not_known_is_said(governance: Run, policies: Path) -> None:
    assert governance("audit", "writes", "--policies", policies, "--agent", "bob").returncode == 2


def test_a_folder_that_is_no_log_is_said(governance: Run, tmp_path: Path) -> None:
    done = governance("audit", "writes", "--log", tmp_path)
    assert done.returncode == 2
    assert "no-log" in done.stderr


def test_help_has_examples(governance: Run) -> None:
    done = governance("audit", "writes", "--help")
    assert "governance audit writes --log decisions" in done.stdout
