from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.interfaces import DECISION_KEYS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run


def test_one_decision_a_line_with_the_keys_of_the_interface(governance: Run, coder_policies: Path) -> None:
    session = (coder_policies / "session.txt").read_bytes()
    done = governance("decide", "--policies", coder_policies, "--agent", "claude-1", stdin=session)
    assert done.returncode == 0, done.stderr
    decisions = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(decisions) == session.count(b"\n") >= 30
    assert all(list(decision) == DECISION_KEYS for decision in decisions)
    assert {decision["code"] for decision in decisions} == {
        "permitted",
        "forbidden",
        "ill-typed",
        "no-permit",
        "malformed",
        "unknown-capability",
        "unknown-agent",
    }


def test_same_input_and_instant_give_the_same_bytes(governance: Run, coder_policies: Path) -> None:
    words = ("decide", "--policies", coder_policies, "--agent", "claude-1", "--at", "2026-11-23T10:00:00Z")
    session = (coder_policies / "session.txt").read_bytes()
    assert governance(*words, stdin=session).stdout == governance(*words, stdin=session).stdout


def test_policy_that_does_not_load_denies_everything(governance: Run, tmp_path: Path) -> None:
    (tmp_path / "x.policy").write_text("permit nobody { }\n")
    done = governance(
        "decide", "--policies", tmp_path, "--agent", "a", stdin=b'fs.read(path="/a")\nfs.list()\n'
    )
    assert done.returncode == 1
    assert [json.loads(line)["code"] for line in done.stdout.splitlines()] == ["fail-closed"] * 2
    assert "no-call" in done.stderr


def test_no_agent_is_an_unknown_agent(governance: Run, coder_policies: Path) -> None:
    done = governance("decide", "--policies", coder_policies, stdin=b'fs.read(path="/workspace/a")\n')
    assert json.loads(done.stdout)["code"] == "unknown-agent"


def test_two_mebibytes_on_a_line_are_one_deny(governance: Run, coder_policies: Path) -> None:
    line = b'fs.read(path="' + b"a" * (2 << 20) + b'")\n'
    done = governance("decide", "--policies", coder_policies, "--agent", "claude-1", stdin=line + b"x()\n")
    codes = [json.loads(text)["code"] for text in done.stdout.splitlines()]
    assert codes == ["malformed", "unknown-capability"]


def test_host_root_says_where_the_sandbox_has_a_folder_of_the_host(
    governance: Run, coder_policies: Path
) -> None:
    event = {
        "session_id": "s",
        "transcript_path": "/t",
        "cwd": "/home/me/web",
        "hook_event_name": "PreToolUse",
        "tool_name": "Read",
        "tool_input": {"file_path": "/home/me/web/src/app.py"},
    }
    line = json.dumps(event)
    words = ("decide", "--policies", coder_policies, "--agent", "claude-1")
    root = ("--host-root", "/home/me/web=/workspace")
    (decision,) = map(json.loads, governance(*words, *root, stdin=line.encode()).stdout.splitlines())
    assert decision["code"] == "permitted"
    assert decision["calls"][0]["arguments"]["path"] == "/workspace/src/app.py"
    (decision,) = map(json.loads, governance(*words, stdin=line.encode()).stdout.splitlines())
    assert (decision["code"], "known: none" in decision["reason"]) == ("malformed", True)
    explained = governance("explain", *words[1:], *root, line)
    assert explained.stdout.startswith("allow permitted")


@pytest.mark.parametrize(
    "roots", [("/home/me",), ("a=/b",), ("/a=/b/..",), ("/a=/x", "/a/b=/y"), ("/a=/x", "/b=/x")]
)
def test_other_host_roots_are_wrong_usage(
    governance: Run, coder_policies: Path, roots: tuple[str, ...]
) -> None:
    words = [word for root in roots for word in ("--host-root", root)]
    done = governance("decide", "--policies", coder_policies, *words, stdin=b"x()\n")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--host-root" in done.stderr


def test_nothing_on_standard_input_is_nothing_to_answer(governance: Run, coder_policies: Path) -> None:
    done = governance("decide", "--policies", coder_policies)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("decide",),
        ("decide", "--policies", "/nowhere"),
        ("decide", "--policies", ".", "--syntax", "klingon"),
        ("decide", "--policies", ".", "--at", "yesterday"),
        ("run", "--policies", "."),
        ("replay", "/nowhere"),
        ("nonsense",),
    ],
)
def test_wrong_usage_is_exit_2(governance: Run, words: tuple[str, ...]) -> None:
    done = governance(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr


@pytest.mark.parametrize(
    "verb", ["demo", "check", "decide", "run", "explain", "replay", "log", "engine", "image", "microvm"]
)
def test_every_verb_has_help_with_an_example(governance: Run, verb: str) -> None:
    done = governance(verb, "--help")
    assert done.returncode == 0
    assert "xample" in done.stdout or verb in ("log", "engine", "image", "microvm")
