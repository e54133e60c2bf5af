from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from governance import resources
from governance.cli.lines import read_lines
from governance.errors import JournalError, PolicyError
from governance.gateway.pipeline import Approval
from governance.instant import milliseconds
from governance.journal import Journal, read, read_bundle, verify
from governance.library import load_policies
from governance.policy import Ask, EngineFacts
from governance.policy.connection import Asked, Refused, Scheme
from governance.policy.decision import Code
from governance.replay import replay
from governance.request import Origin
from governance.request.wire import LIMIT, Oversize
from tests.gateway.conftest import FACTS, NOW, Setting
from tests.journal.simulated_disk import SimulatedDisk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from governance.journal import Event
    from governance.policy import Bundle
    from governance.sandbox import Outcome

CODER = Origin("claude-1", "s-1")
READ = b'fs.read(path="/workspace/a.py")'
KEY = b'fs.read(path="/workspace/.env")'


def events(setting: Setting, kind: str) -> list[Event]:
    return [event for event in read(setting.folder) if event.kind == kind]


def assert_replays(setting: Setting) -> None:
    again = list(replay(read(setting.folder), lambda digest: read_bundle(setting.folder, digest)))
    assert again
    assert [each.differences for each in again] == [()] * len(again)
    assert not verify(setting.folder).problems


def test_allowed_call_is_on_disk_before_it_is_dispatched(setting: Setting) -> None:
    decided = setting.engine.decide(READ, CODER)
    outcome = setting.engine.dispatch(decided)
    assert outcome is not None
    assert outcome.status == "ok"
    assert decided.decision.id.encode() in setting.dispatcher.on_disk[0]
    assert [event.body["id"] for event in events(setting, "outcome")] == [decided.decision.id]
    assert_replays(setting)


def test_denied_call_is_recorded_and_never_dispatched(setting: Setting) -> None:
    decided = setting.engine.decide(KEY, CODER)
    assert decided.decision.code is Code.FORBIDDEN
    assert setting.engine.dispatch(decided) is None
    assert setting.dispatcher.dispatched == []
    assert len(events(setting, "decision")) == 1
    assert events(setting, "outcome") == []


def test_one_decision_is_dispatched_once(setting: Setting) -> None:
    decided = setting.engine.decide(READ, CODER)
    assert setting.engine.dispatch(decided) is not None
    second = setting.engine.dispatch(decided)
    assert second is not None
    assert second.status == "sandbox-error"
    assert len(setting.dispatcher.dispatched) == 1


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"\xff\xfe", Code.MALFORMED),
        (b"", Code.MALFORMED),
        (b"[" * 100_000, Code.MALFORMED),
        (b" " * (LIMIT + 1), Code.MALFORMED),
        (Oversize(2 << 20, "sha256:" + 64 * "c"), Code.MALFORMED),
        (b'{"a":1,"a":2}', Code.MALFORMED),
        (b'{"agent":7,"request":"x()"}', Code.MALFORMED),
        (b'fs.raed(path="/a")', Code.UNKNOWN_CAPABILITY),
        (b'fs.read(path="/workspace/../etc")', Code.ILL_TYPED),
        (b'{"agent":"nobody","request":"fs.read(path=\\"/workspace/a\\")"}', Code.UNKNOWN_AGENT),
        (b'proc.exec(argv=["/usr/bin/curl"])', Code.NO_PERMIT),
        (b'fs.write(path="/workspace/.husky/x",content="")', Code.FORBIDDEN),
    ],
)
def test_every_request_leaves_a_record_that_replays(setting: Setting, line: bytes, code: Code) -> None:
    decided = setting.engine.decide(line, CODER)
    assert decided.decision.code is code
    assert decided.receipt is not None
    assert decided.decision.reason
    assert_replays(setting)


def test_full_disk_denies_and_runs_nothing(setting: Setting) -> None:
    setting.disk.room = 100
    decided = setting.engine.decide(READ, CODER)
    assert decided.decision.code is Code.FAIL_CLOSED
    assert decided.fault is not None
    assert "No space left" in str(decided.fault)
    assert setting.engine.dispatch(decided) is None
    setting.disk.room = None
    assert setting.engine.decide(READ, CODER).decision.code is Code.FAIL_CLOSED
    assert setting.dispatcher.dispatched == []
    setting.reopen()
    assert setting.journal.loss is not None
    assert setting.engine.decide(READ, CODER).decision.code is Code.PERMITTED
    assert_replays(setting)


def test_failing_sync_denies_and_runs_nothing(setting: Setting) -> None:
    setting.disk.sync_fails = True
    decided = setting.engine.decide(READ, CODER)
    assert decided.decision.code is Code.FAIL_CLOSED
    assert setting.engine.dispatch(decided) is None
    assert setting.dispatcher.dispatched == []


def test_outcome_that_cannot_be_recorded_is_an_error_and_shows_as_unknown(setting: Setting) -> None:
    decided = setting.engine.decide(READ, CODER)
    setting.disk.sync_fails = True
    with pytest.raises(JournalError):
        setting.engine.dispatch(decided)


def test_unknown_outcome_is_counted_not_hidden(setting: Setting) -> None:
    setting.engine.decide(READ, CODER)
    assert verify(setting.folder).unsettled == 1


def test_no_bundle_denies_everything(tmp_path: Path) -> None:
    setting = Setting(tmp_path / "log", None, FACTS, SimulatedDisk())
    decided = setting.engine.decide(READ, CODER)
    assert decided.decision.code is Code.FAIL_CLOSED
    assert decided.decision.bundle is None
    assert_replays(setting)
    setting.journal.close()


def test_missing_image_is_a_recorded_deny(tmp_path: Path, coder: Bundle) -> None:
    setting = Setting(tmp_path / "log", coder, EngineFacts((), ("container",)), SimulatedDisk())
    decided = setting.engine.decide(READ, CODER)
    assert decided.decision.code is Code.FAIL_CLOSED
    assert "governance/base" in decided.decision.reason
    assert_replays(setting)
    setting.journal.close()


def test_state_goes_on_where_the_log_ends(setting: Setting) -> None:
    first = setting.engine.decide(READ, CODER).decision
    setting.reopen()
    second = setting.engine.decide(READ, CODER).decision
    assert first.request == second.request
    assert first.id != second.id
    assert_replays(setting)


def test_instants_never_go_back(setting: Setting) -> None:
    early = b'{"at":"2020-01-01T00:00:00Z","request":"fs.read(path=\\"/workspace/a\\")"}'
    late = b'{"at":"2030-01-01T00:00:00Z","request":"fs.read(path=\\"/workspace/a\\")"}'
    for line in (READ, late, early, READ):
        setting.engine.decide(line, CODER)
    instants = [event.at for event in read(setting.folder)]
    assert instants == sorted(instants)
    assert_replays(setting)


def test_many_threads_share_one_log(setting: Setting) -> None:
    def ask(number: int) -> Outcome | None:
        line = READ if number % 2 else f'fs.read(path="/workspace/{number}.py")'.encode()
        return setting.engine.dispatch(setting.engine.decide(line, CODER))

    with ThreadPoolExecutor(32) as pool:
        outcomes = list(pool.map(ask, range(320)))
    assert all(outcome is not None and outcome.status == "ok" for outcome in outcomes)
    assert len({event.body["id"] for event in events(setting, "outcome")}) == 320
    assert_replays(setting)


def test_recorded_session_replays_identically(setting: Setting) -> None:
    place = resources.folder("policies") / "examples" / "coder" / "session.txt"
    with place.open("rb") as session:
        for line in read_lines(session):
            setting.engine.dispatch(setting.engine.decide(line, CODER))
    assert len(events(setting, "decision")) >= 30
    assert_replays(setting)


def test_second_writer_is_refused(setting: Setting) -> None:
    with pytest.raises(JournalError) as caught:
        Journal.open(setting.folder, now="2026-11-23T10:00:00.000Z")
    assert caught.value.code == "log-in-use"


LATER = milliseconds(NOW) + 1000
ASKING = """
agent "claude-1" { groups coders  workspace "repos/web" }
sandbox reader { image "governance/base"  mount workspace at "/workspace" read-only }
permit read { agent in coders  call fs.read, fs.list  sandbox reader  because "work" }
ask first { call fs.read  approver "dana"  because "ask first" }
limit few { call fs.list  at most 1 per 1h  counting completed }
label told { call fs.list }
declassify clean { clears told  approver "dana"  because "looked at" }
"""


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Setting]:
    (tmp_path / "asking.policy").write_text(ASKING)
    made = Setting(tmp_path / "log", load_policies(tmp_path / "asking.policy"), FACTS, SimulatedDisk())
    yield made
    made.journal.close()


def test_what_is_asked_about_runs_once_after_an_approval(asking: Setting) -> None:
    decision = asking.engine.decide(READ, CODER).decision
    assert isinstance(decision, Ask)
    (grant,) = asking.engine.approve(decision, "claude-1", Approval("dana", LATER))
    assert len(grant) == 32
    assert asking.engine.decide(READ, CODER).decision.code is Code.PERMITTED
    assert asking.engine.decide(READ, CODER).decision.code is Code.NEEDS_APPROVAL
    assert_replays(asking)


def test_an_approval_can_be_taken_back_and_outlives_a_restart(asking: Setting) -> None:
    decision = asking.engine.decide(READ, CODER).decision
    assert isinstance(decision, Ask)
    (grant,) = asking.engine.approve(decision, "claude-1", Approval("dana", LATER, uses=None))
    asking.reopen()
    assert asking.engine.decide(READ, CODER).decision.code is Code.PERMITTED
    asking.engine.revoke(grant)
    assert asking.engine.decide(READ, CODER).decision.code is Code.NEEDS_APPROVAL


def test_only_those_who_are_named_approve_and_clear(asking: Setting) -> None:
    decision = asking.engine.decide(READ, CODER).decision
    assert isinstance(decision, Ask)
    with pytest.raises(PolicyError, match="lee does not decide"):
        asking.engine.approve(decision, "claude-1", Approval("lee", LATER))
    with pytest.raises(PolicyError, match="lee does not decide"):
        asking.engine.clear("told", "claude-1", "", "lee")
    with pytest.raises(PolicyError, match="does not decide"):
        asking.engine.clear("other", "claude-1", "", "dana")


def test_a_budget_is_held_and_given_back_when_the_call_fails(asking: Setting) -> None:
    line = b'fs.list(path="/workspace")'
    decided = asking.engine.decide(line, CODER)
    assert asking.engine.decide(line, CODER).decision.code is Code.OVER_LIMIT
    asking.dispatcher.status = "failed"
    asking.engine.dispatch(decided)
    assert asking.engine.decide(line, CODER).decision.code is Code.PERMITTED
    asking.engine.hear("user", "list it", "claude-1", "")
    asking.engine.clear("told", "claude-1", "", "dana")
    assert_replays(asking)


def connected(setting: Setting) -> None:
    """Let a sandbox of the coder ask for a connection; its decision lets nothing through."""
    decided = setting.engine.decide(READ, CODER)
    asked = Asked(Scheme.TLS, "api.example.org", 443)
    setting.engine.connected(decided.decision.id, asked, (), Refused("host", "no", "ask for another"))


def test_a_connection_is_on_disk_before_it_is_let_through(setting: Setting) -> None:
    connected(setting)
    (event,) = events(setting, "connection")
    assert (event.body["decision"], event.body["code"]) == ("deny", "host")
    assert event.body["asked"] == {
        "scheme": "tls",
        "host": "api.example.org",
        "port": 443,
        "method": None,
        "target": None,
    }
    assert not verify(setting.folder).problems


def test_a_connection_that_cannot_be_recorded_is_an_error(setting: Setting) -> None:
    decided = setting.engine.decide(READ, CODER)
    setting.disk.sync_fails = True
    with pytest.raises(JournalError):
        setting.engine.connected(decided.decision.id, None, (), None)


def test_a_connection_after_the_outcome_breaks_a_law(setting: Setting) -> None:
    decided = setting.engine.decide(READ, CODER)
    setting.engine.dispatch(decided)
    setting.engine.connected(decided.decision.id, None, (), Refused("malformed", "no", "no"))
    assert [problem.code for problem in verify(setting.folder).problems] == ["connection-without-allow"]
