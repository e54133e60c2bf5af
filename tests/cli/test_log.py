from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from governance.cli.log import log
from governance.errors import JournalError
from governance.journal import Journal, verify

if TYPE_CHECKING:
    from pathlib import Path

    from governance.canonical import Json

AT = "2026-11-23T10:00:00.000Z"


@dataclass(frozen=True)
class Answer:
    exit_code: int
    stdout: str
    stderr: str
    exception: BaseException | None


def run(*words: str) -> Answer:
    result = CliRunner().invoke(log, words)
    return Answer(result.exit_code, result.stdout, result.stderr, result.exception)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A log of two allows, one of them settled, a denial, and requests that could not be read."""
    path = tmp_path / "log"
    call = {"capability": "fs.read", "arguments": {"path": "/workspace/a.py", "limit": 7}, "effects": []}
    with Journal.open(path, now=AT) as journal:

        def decide(identifier: str, verdict: str, **more: object) -> None:
            judged = {"decision": verdict, "code": "c-" + verdict, "reason": "because", "calls": [call]}
            body = {"request": {"text": "unread"}, "decision": {**judged, "id": identifier, **more}}
            journal.append("decision", AT, json.loads(json.dumps(body)), None)

        journal.append("bundle", AT, {"bundle": None, "engine": {"images": {}, "tiers": ["container"]}}, None)
        decide("aa", "allow")
        decide("bb", "allow")
        decide("cc", "deny", calls=[], reason="\x1b[2Jgone\u202e")
        journal.append(
            "outcome", AT, {"id": "aa", "status": "failed", "exit": 3, "usage": {"wall_ms": 12}}, None
        )
        unreadable: list[tuple[str, dict[str, Json]]] = [
            ("dd", {"oversize": 9_000_000, "digest": "x"}),
            ("ee", {"base64": "/w=="}),
        ]
        for identifier, request in unreadable:
            decided: dict[str, Json] = {
                "decision": "deny",
                "code": "malformed",
                "reason": "r",
                "calls": [],
                "id": identifier,
            }
            journal.append("decision", AT, {"request": request, "decision": decided}, None)
    return path


def test_show_prints_a_line_a_record(folder: Path) -> None:
    result = run("show", str(folder))
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.split()[:3] for line in lines] == [
        [str(seq), AT, kind]
        for seq, kind in enumerate(
            ("message", "bundle", "decision", "decision", "decision", "outcome", "decision", "decision")
        )
    ]
    assert 'what="log-created"' in lines[0]
    assert "no bundle: everything is denied  tiers container" in lines[1]
    assert 'allow  c-allow  fs.read(limit=7, path="/workspace/a.py")  because' in lines[2]
    assert "failed  exit 3  12 ms  of record 2" in lines[5]
    assert "deny   malformed  <9000000 bytes>  r" in lines[6]
    assert "<not text: /w==>" in lines[7]


def test_allow_without_an_outcome_is_never_hidden(folder: Path) -> None:
    lines = run("show", str(folder)).stdout.splitlines()
    assert [line.split()[0] for line in lines if "unknown outcome" in line] == ["3"]
    assert "unknown outcome" in run("show", str(folder), "--kind", "decision").stdout.splitlines()[1]


def test_foreign_text_reaches_the_terminal_escaped(folder: Path) -> None:
    output = run("show", str(folder)).stdout
    assert "\\u001b[2Jgone\\u202e" in output
    assert output.isprintable() or output.replace("\n", "").isprintable()


def test_last_and_kind_choose_records(folder: Path) -> None:
    def seqs(*words: str) -> list[str]:
        return [line.split()[0] for line in run("show", str(folder), *words).stdout.splitlines()]

    assert seqs("--last", "2") == ["6", "7"]
    assert seqs("--last", "2", "--kind", "decision") == ["6", "7"]
    assert seqs("--last", "3", "--kind", "decision") == ["4", "6", "7"]
    assert seqs("--last", "99", "--kind", "outcome") == ["5"]
    assert run("show", str(folder), "--kind", "rumour").exit_code == 2
    assert run("show", str(folder), "--last", "0").exit_code == 2


def test_json_prints_the_records_as_they_are_in_the_log(folder: Path) -> None:
    result = run("show", str(folder), "--json")
    assert result.stdout == (folder / f"{0:020d}.jsonl").read_text()


def test_damaged_log_is_shown_up_to_the_damage(folder: Path) -> None:
    path = folder / f"{0:020d}.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"exit":3', b'"exit":0'))
    result = run("show", str(folder))
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 5
    assert "error[record-edited]: record 5 does not have the hash that it names" in result.stderr
    result = run("verify", str(folder))
    assert result.exit_code == 1
    assert "error[record-edited]: record 5" in result.stderr
    assert "log does not verify: 5 records hold" in result.stderr
    result = run("verify", str(folder), "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert found["verifies"] is False
    assert [problem["code"] for problem in found["problems"]] == ["record-edited"]


def test_verify_says_what_it_found(folder: Path) -> None:
    head = verify(folder).head
    result = run("verify", str(folder))
    assert result.exit_code == 0
    assert result.stdout.startswith(f"log verifies: 8 records, head {head}, {AT} to {AT}, 1 segment, ")
    assert result.stdout.endswith("; 1 allowed without an outcome\n")
    assert result.stderr == ""
    found = json.loads(run("verify", str(folder), "--json").stdout)
    assert found["verifies"] is True
    assert (found["head"], found["unknown_outcomes"], found["problems"]) == (head, 1, [])


@pytest.mark.parametrize("verb", ["show", "verify"])
def test_log_that_is_not_there_is_wrong_usage(tmp_path: Path, verb: str) -> None:
    result = run(verb, str(tmp_path / "missing"))
    assert result.exit_code == 2
    assert "error[no-log]" in result.stderr


@pytest.mark.parametrize("verb", ["show", "verify"])
def test_log_that_cannot_be_read_is_left_to_the_environment(folder: Path, verb: str) -> None:
    path = folder / f"{0:020d}.jsonl"
    path.unlink()
    path.mkdir()
    error = run(verb, str(folder)).exception
    assert isinstance(error, JournalError)
    assert error.code == "log-unreadable"


@pytest.mark.parametrize("verb", ["show", "verify"])
def test_help_has_an_example(verb: str) -> None:
    assert f"Example: governance log {verb} ./log" in run(verb, "--help").stdout


def test_connections_are_shown_with_the_decision_they_belong_to(tmp_path: Path) -> None:
    asked: dict[str, Json] = {
        "scheme": "http",
        "host": "a.example.org",
        "port": 80,
        "method": "GET",
        "target": "/x",
    }
    hidden: dict[str, Json] = {**asked, "scheme": "tls", "port": 443, "method": None, "target": None}
    verdicts: list[tuple[Json, str, str]] = [
        (asked, "allow", "permitted"),
        (hidden, "deny", "host"),
        (None, "deny", "slow"),
    ]
    with Journal.open(tmp_path / "log", now=AT) as journal:
        journal.append(
            "decision", AT, {"request": {"text": ""}, "decision": {"decision": "allow", "id": "aa"}}, None
        )
        for wanted, verdict, code in verdicts:
            body: dict[str, Json] = {"decision": verdict, "code": code, "reason": "why", "addresses": []}
            journal.append("connection", AT, {"id": "aa", "asked": wanted, **body}, None)
    answer = run("show", str(tmp_path / "log"), "--kind", "connection")
    assert [line.partition("connection  ")[2] for line in answer.stdout.splitlines()] == [
        "allow  permitted  GET http://a.example.org:80/x  why  of record 1",
        "deny   host  tls://a.example.org:443  why  of record 1",
        "deny   slow  nothing that can be read  why  of record 1",
    ]
