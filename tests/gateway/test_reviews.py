"""What a call wrote is judged and recorded before anything is kept, and judged the same again by a replay."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from governance.capabilities.difference import Alteration, Difference
from governance.errors import JournalError
from governance.journal import read, read_bundle, verify
from governance.journal.chain import draft
from governance.library import load_policies
from governance.policy.decision import Code
from governance.replay import replay, replay_with
from governance.request import Origin
from governance.writes import writes
from tests.gateway.conftest import FACTS, Setting
from tests.journal.simulated_disk import SimulatedDisk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from governance.journal import Event
    from governance.policy import Bundle
    from governance.replay import Replayed

POLICY = """
agent "a-1" { groups coders  workspace "web" }
sandbox box { image "governance/base"  mount workspace at "/workspace" writable }
permit files { agent in coders  call fs.write, fs.delete  when path under "/workspace"  sandbox box
  because "files" }
permit code { agent in coders  call python.code  sandbox box  including protected  because "code" }
permit keep { agent in coders  call fs.commit  when path under "/workspace/build"  sandbox box  because "built" }
limit few { call fs.commit  at most 3 per 1h  counting completed }
"""
CODER = Origin("a-1", "s-1")
WRITE = b'fs.write(path="/workspace/a", content="x")'
CODE = b'python.code(code="1")'


@pytest.fixture
def setting(tmp_path: Path) -> Iterator[Setting]:
    (tmp_path / "a.policy").write_text(POLICY)
    made = Setting(tmp_path / "log", load_policies(tmp_path / "a.policy"), FACTS, SimulatedDisk())
    yield made
    made.disk.room, made.disk.sync_fails = None, False
    made.journal.close()


def wrote(*paths: bytes) -> Difference:
    return Difference(
        "web",
        "/workspace",
        tuple(Alteration(path, "added", "file", 0o644, 1, "sha256:1", None) for path in paths),
    )


def call(setting: Setting, line: bytes, *paths: bytes) -> None:
    setting.dispatcher.difference = wrote(*paths) if paths else None
    decided = setting.engine.decide(line, CODER)
    assert decided.decision.code is Code.PERMITTED
    assert setting.engine.dispatch(decided) is not None


def replayed(setting: Setting) -> list[Replayed]:
    return list(replay(read(setting.folder), lambda digest: read_bundle(setting.folder, digest)))


def kinds(setting: Setting) -> list[str]:
    return [event.kind for event in read(setting.folder)]


def test_a_review_is_recorded_between_decision_and_outcome_and_replays(setting: Setting) -> None:
    call(setting, WRITE, b"a")
    call(setting, WRITE)
    call(setting, CODE, b"build/\xff", b"build/b", b"c\n")
    assert kinds(setting)[2:] == [
        "decision", "commit", "outcome", "decision", "outcome", "decision", "commit", "outcome",
    ]  # fmt: skip
    again = replayed(setting)
    assert [each.kind for each in again] == ["decision", "commit", "decision", "decision", "commit"]
    assert not [each for each in again if each.differences]
    assert [each.recorded["verdict"] for each in again if each.kind == "commit"] == ["commit", "commit"]
    assert not verify(setting.folder).problems


def test_limits_on_what_is_kept_hold_over_calls_and_a_new_start(setting: Setting) -> None:
    call(setting, CODE, b"build/a", b"build/b")
    setting.reopen()
    call(setting, CODE, b"build/c", b"build/d")
    assert setting.dispatcher.commit
    assert setting.dispatcher.commit.code is Code.OVER_LIMIT
    setting.dispatcher.status = "failed"
    call(setting, CODE, b"build/c")
    setting.dispatcher.status = "ok"
    call(setting, CODE, b"build/c")
    assert setting.dispatcher.commit.verdict == "commit"
    call(setting, CODE, b"build/e")
    assert setting.dispatcher.commit.code is Code.OVER_LIMIT
    assert not [each for each in replayed(setting) if each.differences]


def test_a_review_that_cannot_be_recorded_keeps_nothing(setting: Setting) -> None:
    setting.dispatcher.difference = wrote(b"a")
    decided = setting.engine.decide(WRITE, CODER)
    setting.disk.sync_fails = True
    with pytest.raises(JournalError):
        setting.engine.dispatch(decided)
    assert setting.dispatcher.commit is None


def forged(setting: Setting, event: Event) -> list[Replayed]:
    events = [event if each.seq == event.seq else each for each in read(setting.folder)]
    return list(replay(events, lambda digest: read_bundle(setting.folder, digest)))


def test_another_review_of_the_same_is_found_by_a_replay(setting: Setting) -> None:
    call(setting, CODE, b"build/a", b"c")
    (event,) = (each for each in read(setting.folder) if each.kind == "commit")
    body = {**event.body, "left_out": [], "reason": "all of it"}
    (found,) = (each for each in forged(setting, replace(event, body=body)) if each.kind == "commit")
    assert found.differences == ("left_out", "reason")


@pytest.mark.parametrize(
    "difference", [None, {}, {"workspace": "w", "at": "/w", "alterations": [{}], "not_carried": []}]
)
def test_a_review_that_cannot_be_read_is_said(setting: Setting, difference: object) -> None:
    call(setting, CODE, b"build/a")
    (event,) = (each for each in read(setting.folder) if each.kind == "commit")
    with pytest.raises(JournalError, match="no review that can be read"):
        forged(setting, replace(event, body={**event.body, "difference": difference}))  # type: ignore[dict-item]


def test_other_policies_would_have_kept_something_else(setting: Setting, tmp_path: Path) -> None:
    call(setting, WRITE, b"a")
    call(setting, CODE, b"build/a", b"c")
    found = list(replay_with(read(setting.folder), other(tmp_path, "/workspace/build", "/workspace/out")))
    assert [each.differences for each in found if each.kind == "decision"] == [(), ()]
    same, changed = (each for each in found if each.kind == "commit")
    assert same.differences == ()
    assert (changed.recorded["verdict"], changed.now["verdict"]) == ("commit", "drop")
    found = list(replay_with(read(setting.folder), other(tmp_path, "call python.code", "call python.script")))
    assert [each.kind for each in found] == ["decision", "commit", "decision"]


def other(folder: Path, old: str, new: str) -> Bundle:
    """Return the bundle of policies that say something else, in a file of the same name."""
    (folder / "a.policy").write_text(POLICY.replace(old, new))
    return load_policies(folder / "a.policy")


def test_a_log_tells_what_was_written(setting: Setting) -> None:
    call(setting, WRITE, b"a")
    call(setting, CODE, b"build/\xff", b"build/b", b"c")
    decided = setting.engine.decide(CODE, CODER)
    assert decided.receipt
    found = list(writes(read(setting.folder)))
    assert [(each.path, each.capabilities, each.agent, each.session, each.sure) for each in found] == [
        (b"/workspace/a", ("fs.write",), "a-1", "s-1", True),
        (b"/workspace/build/b", ("python.code",), "a-1", "s-1", True),
    ]


def test_what_was_judged_and_has_no_outcome_is_not_sure(setting: Setting) -> None:
    call(setting, CODE, b"build/b", b"c")
    events = [event for event in read(setting.folder) if event.kind != "outcome"]
    assert [(each.path, each.sure) for each in writes(events)] == [(b"/workspace/build/b", False)]


def test_an_outcome_that_does_not_say_what_was_written_is_not_sure(setting: Setting) -> None:
    call(setting, WRITE, b"a")
    events = list(read(setting.folder))
    old = [
        replace(event, body={**event.body, "effects": {"written": None, "sent": []}})
        if event.kind == "outcome"
        else event
        for event in events
    ]
    assert [(each.path, each.sure) for each in writes(old)] == [(None, False)]
    broken = [
        replace(event, body={"id": event.body.get("id")}) if event.kind == "outcome" else event
        for event in events
    ]
    with pytest.raises(JournalError, match="is no outcome that can be read"):
        list(writes(broken))


def test_a_review_without_its_allow_or_a_second_one_is_found(tmp_path: Path) -> None:
    records = (
        ("message", {"what": "log-created", "log": "ab", "format": 1}),
        ("decision", {"decision": {"id": "d1", "decision": "allow"}}),
        ("commit", {"id": "d0"}),
        ("commit", {"id": "d1"}),
        ("commit", {"id": "d1"}),
        ("outcome", {"id": "d1"}),
        ("commit", {"id": "d1"}),
    )
    folder = tmp_path / "log"
    folder.mkdir()
    prev, data = "sha256:" + 64 * "0", b""
    for seq, (kind, body) in enumerate(records):
        line, prev = draft(kind, "2026-11-23T10:00:00.000Z", body).placed(seq, prev)  # type: ignore[arg-type]
        data += line
    (folder / f"{0:020d}.jsonl").write_bytes(data)
    assert [problem.code for problem in verify(folder).problems] == [
        "commit-without-allow", "commit-repeated", "commit-without-allow",
    ]  # fmt: skip
