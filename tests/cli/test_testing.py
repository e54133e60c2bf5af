"""The command `test`: what passes, what fails and why, coverage, JSON and JUnit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

POLICY = """
agent "ann" { groups coders workspace "w" }
sandbox reader { image "governance/base" mount workspace at "/w" read-only }
permit read { agent in coders  call fs.read  when path under "/w"  sandbox reader  because "work"
  allows fs.read(path="/w/a") }
forbid never { call fs.delete  because "no"  denies fs.delete(path="/w/a") }
limit few { call fs.read  at most 2 per 1h }
prove quiet { never permit fs.delete }
test "reads <&> counts" {
  agent "ann"
  fs.read(path="/w/a") -> allow by read
  fs.read(path="/w/b") -> allow
  fs.read(path="/w/c") -> EXPECTED
  after 1h
  fs.read(path="/w/c") -> allow
}
"""


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "a.policy").write_text(POLICY.replace("EXPECTED", "deny over-limit by few"))
    return tmp_path / "p"


def test_what_holds_passes_and_is_covered(governance: Run, policies: Path) -> None:
    done = governance("test", policies)
    assert done.returncode == 0, done.stderr
    assert "1 tests, 4 calls, 2 examples: all pass" in done.stdout
    assert "prove a/quiet: not proven" in done.stdout
    assert "100% of the rules" in done.stdout


def test_what_fails_is_shown_with_place_expectation_and_reason(governance: Run, policies: Path) -> None:
    (policies / "a.policy").write_text(POLICY.replace("EXPECTED", "allow by read"))
    done = governance("test", policies)
    assert done.returncode == 1
    assert "a.policy:13:3" in done.stdout
    assert "expected allow by a/read" in done.stdout
    assert "came     deny over-limit by a/few" in done.stdout
    assert "1 FAILED" in done.stdout


def test_json_for_machines(governance: Run, policies: Path) -> None:
    (policies / "a.policy").write_text(POLICY.replace("EXPECTED", "ask"))
    done = governance("test", policies, "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["ok"]) == (1, False)
    (failure,) = found["tests"][0]["failures"]
    assert (failure["expected"], failure["came"]) == ("ask", "deny over-limit by a/few")
    assert found["proofs"] == [{"name": "a/quiet", "result": "not proven"}]


def test_junit_is_xml_whatever_the_names_are(governance: Run, policies: Path, tmp_path: Path) -> None:
    place = tmp_path / "results.xml"
    (policies / "a.policy").write_text(POLICY.replace("EXPECTED", "allow"))
    assert governance("test", policies, "--junit", place).returncode == 1
    suite = ET.parse(place).getroot()  # noqa: S314 - our own file
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")
    assert [case.get("name") for case in suite] == [
        "a/reads <&> counts",
        "examples of a/read",
        "examples of a/never",
    ]


def test_coverage_below_the_least_fails(governance: Run, policies: Path) -> None:
    text = (policies / "a.policy").read_text() + 'forbid idle { call git.log  because "x" }\n'
    (policies / "a.policy").write_text(text)
    assert governance("test", policies).returncode == 0
    assert governance("test", policies, "--least-coverage", "100").returncode == 1


def test_only_some_tests_run(governance: Run, policies: Path) -> None:
    (policies / "a.policy").write_text(POLICY.replace("EXPECTED", "allow"))
    with (policies / "a.policy").open("a") as file:
        file.write('test "refused" { agent "ann"  fs.delete(path="/w/a") -> deny forbidden by never }\n')
    assert governance("test", policies).returncode == 1
    done = governance("test", policies, "--only", "refused")
    assert (done.returncode, "1 tests, 1 calls" in done.stdout) == (0, True)


def test_a_test_that_there_is_not_cannot_pass(governance: Run, policies: Path) -> None:
    done = governance("test", policies, "--only", "other")
    assert done.returncode == 2
    assert "no test is called like 'other'" in done.stderr


def test_policies_that_do_not_load_are_not_tested(governance: Run, policies: Path) -> None:
    (policies / "a.policy").write_text("permit x {")
    done = governance("test", policies)
    assert done.returncode == 1
    assert "error[syntax]" in done.stderr


def test_policies_that_do_not_load_are_an_error_for_machines_too(
    governance: Run, policies: Path, tmp_path: Path
) -> None:
    place = tmp_path / "results.xml"
    (policies / "a.policy").write_text("permit x {")
    found = json.loads(governance("test", policies, "--json", "--junit", place).stdout)
    assert (found["ok"], found["diagnostics"][0]["code"]) == (False, "syntax")
    suite = ET.parse(place).getroot()  # noqa: S314 - our own file
    assert (suite.get("errors"), suite[0][0].get("type")) == ("1", "syntax")


def test_the_code_of_a_capability_is_shown(governance: Run, policies: Path) -> None:
    done = governance("check", policies, "--show-code", "fs.read")
    assert done.returncode == 0
    assert "def fs_read(case, a, agent):" in done.stdout
    assert governance("check", policies, "--show-code", "fs.raed").returncode == 2


def test_warnings_fail_only_a_strict_check(governance: Run, policies: Path) -> None:
    text = (policies / "a.policy").read_text() + 'forbid idle { call git.log  because "x" }\n'
    (policies / "a.policy").write_text(text)
    done = governance("check", policies)
    assert (done.returncode, "warning[no-example]" in done.stderr) == (0, True)
    assert governance("check", policies, "--strict").returncode == 1
