from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from governance.decide import judge
from governance.evidence import bundle_body, decision_body
from governance.instant import milliseconds
from governance.journal import Journal
from governance.library import load_policies
from governance.policy import State
from governance.request import Origin, parse_request

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

NOW = "2026-11-23T10:00:00.000Z"
LINES = (b'fs.read(path="/workspace/a.py")', b"\xff", b'fs.read(path="/workspace/.env")', b"{}")


@pytest.fixture
def log(tmp_path: Path, coder_policies: Path) -> Path:
    bundle = load_policies(coder_policies)
    state = State().in_force(bundle.digest, None, milliseconds(NOW))
    folder = tmp_path / "log"
    with Journal.open(folder, now=NOW) as journal:
        journal.keep_bundle(bundle.digest, bundle.stored)
        journal.record("bundle", NOW, bundle_body(bundle.digest, None), None)
        for line in LINES:
            request = parse_request(line, Origin("claude-1"))
            judgement = judge(bundle, request, state, NOW)
            journal.record("decision", NOW, decision_body(request, judgement, state), None)
            state = judgement.state
    return folder


def test_untouched_log_replays_identically(governance: Run, log: Path) -> None:
    done = governance("replay", log)
    assert (done.returncode, done.stdout) == (0, "replay: 4 of 4 identical\n")


def test_any_changed_byte_is_found_by_its_record(governance: Run, log: Path) -> None:
    segment = next(log.glob("*.jsonl"))
    whole = segment.read_bytes()
    fourth = whole.index(b'"seq":4')
    for offset in (fourth, fourth - 40):
        segment.write_bytes(whole[:offset] + bytes([whole[offset] ^ 1]) + whole[offset + 1 :])
        done = governance("replay", log)
        assert done.returncode == 1
        assert "record 4" in done.stderr
    segment.write_bytes(whole)
    assert governance("replay", log).returncode == 0


def test_new_policies_show_what_would_change(
    governance: Run, log: Path, tmp_path: Path, coder_policies: Path
) -> None:
    new = tmp_path / "new"
    new.mkdir()
    text = (coder_policies / "coder.policy").read_text()
    (new / "coder.policy").write_text(text + '\nforbid all { call any  because "closed" }\n')
    done = governance("check", new)
    assert done.returncode == 1, "its own examples now fail, which a bundle does not survive"
    text = text.replace('"**/.env", ', "").replace('fs.read(path="/workspace/.env"),', "")
    (new / "coder.policy").write_text(text.replace('text.cat(paths=["/workspace/.env"]), ', ""))
    done = governance("replay", log, "--policies", new)
    assert done.returncode == 0, done.stderr
    assert "record 4: deny forbidden → allow permitted" in done.stdout
    assert "replay: 3 of 4 unchanged" in done.stdout


def test_json_for_machines(governance: Run, log: Path) -> None:
    found = json.loads(governance("replay", log, "--json").stdout)
    assert found == {"decisions": 4, "identical": 4, "reviews_differ": 0, "whole": True}


def test_decide_goes_on_from_the_state_of_a_log(governance: Run, log: Path, coder_policies: Path) -> None:
    words = ("decide", "--policies", coder_policies, "--agent", "claude-1", "--at", NOW)
    fresh = json.loads(governance(*words, stdin=LINES[0]).stdout)
    after = json.loads(governance(*words, "--state", log, stdin=LINES[0]).stdout)
    assert fresh["decision"] == after["decision"] == "allow"
    assert fresh["id"] != after["id"]


def test_missing_bundle_is_named(governance: Run, log: Path) -> None:
    for path in (log / "bundles").iterdir():
        path.unlink()
    done = governance("replay", log)
    assert done.returncode == 1
    assert "bundle" in done.stderr
