from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from governance.cli.console import out

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

POLICY = """
agent "ann" { groups coders  workspace "repos/web" }
sandbox reader { image "governance/base"  mount workspace at "/workspace" read-only  scratch "/tmp" 1MiB }
capability text.sorted "Sort" {
  path: Path
  helper: String(1..80)
  effects { read path }
  argv { /usr/bin/sort --compress-program=$helper -- $path }
}
permit p {
  agent   in coders
  call    text.sorted
  when    path under "/workspace"
  sandbox reader
  because "work"
  allows  text.sorted(path="/workspace/a", helper="x")
}
permit q {
  agent   in coders
  call    proc.exec
  when    argv starts ["/usr/bin/true"] or argv == ["/opt/[tool]"]
  sandbox reader
  because "work"
  allows  proc.exec(argv=["/usr/bin/true"])
}
"""


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    path = tmp_path / "a.policy"
    path.write_text(POLICY)
    return path


def test_programs_are_shown_with_what_is_not_declared(
    governance: Run, policies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(out, "width", 200)
    done = governance("check", "--programs", policies)
    assert done.returncode == 0, done.stderr
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    told = " ".join(lines)
    assert "text.sorted /usr/bin/sort --compress-program start NOT start" in told
    assert "a/p: /workspace read-only; scratch /tmp; no network; container" in told
    assert "/opt/[tool] ? ? Nothing is known of it." in told
    assert "/usr/bin/true - yes It can do nothing beside what its operands name." in told
    assert lines[-2:] == [
        "2 capabilities may be permitted: 1 found, 1 not declared",
        "nothing is known of /opt/[tool]",
    ]


def test_what_is_not_declared_fails_only_a_strict_check(
    governance: Run, policies: Path, coder_policies: Path
) -> None:
    assert governance("check", "--programs", "--strict", policies).returncode == 1
    assert governance("check", "--strict", policies).returncode == 0
    assert governance("check", "--programs", "--strict", coder_policies).returncode == 0


def test_programs_as_json(governance: Run, policies: Path) -> None:
    done = governance("check", "--programs", "--strict", "--json", policies)
    said = json.loads(done.stdout)
    assert (done.returncode, said["ok"], list(said)) == (
        1,
        False,
        ["ok", "bundle", "diagnostics", "programs"],
    )
    run, text = said["programs"]
    assert (run["capability"], run["opaque"], run["programs"], run["unknown"], run["findings"]) == (
        "proc.exec",
        True,
        ["/usr/bin/true", "/opt/[tool]"],
        ["/opt/[tool]"],
        [],
    )
    (finding,) = text["findings"]
    assert finding | {"why": ""} == {
        "program": "/usr/bin/sort",
        "by": "--compress-program",
        "parameter": "helper",
        "can": ["start"],
        "undeclared": ["start"],
        "why": "",
    }
    assert text["bounds"] == [
        {
            "rule": "a/p",
            "sandbox": "reader",
            "isolation": "container",
            "mount": "/workspace",
            "writable": False,
            "scratch": ["/tmp"],
            "root": "read-only",
            "hosts": [],
        }
    ]


def test_policies_that_do_not_load_are_not_looked_at(governance: Run, tmp_path: Path) -> None:
    (tmp_path / "a.policy").write_text("permit p { call fs.raed }\n")
    done = governance("check", "--programs", "--json", tmp_path)
    assert done.returncode == 1
    assert json.loads(done.stdout)["programs"] == []


def test_without_the_option_nothing_is_said_of_programs(governance: Run, policies: Path) -> None:
    assert "programs" not in json.loads(governance("check", "--json", policies).stdout)
