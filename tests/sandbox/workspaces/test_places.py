"""What a call wrote is reviewed once it has ended, and whatever goes wrong then is said in its outcome, not raised."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from governance.errors import Diagnostic, JournalError
from governance.policy.commit import Commit, Left
from governance.policy.decision import Code
from governance.sandbox.outcome import Outcome
from governance.sandbox.places import prepared
from governance.sandbox.workspaces import store
from tests.sandbox.build import WORKSPACE, WRITABLE, allow, spec
from tests.sandbox.workspaces.places import Place, file, held, make

if TYPE_CHECKING:
    from collections.abc import Callable

    from governance.capabilities.difference import Difference
    from governance.policy.decision import Allow
    from governance.sandbox.outcome import Status
    from governance.sandbox.places import Review


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path, overlays=False)
    make(made.top, {b"a": file(b"one"), b"b": file(b"two")})
    return made


def commit(*kept: int, code: Code = Code.PERMITTED, left: tuple[Left, ...] = ()) -> Review:
    def review(decision: Allow, difference: Difference) -> Commit:
        assert len(difference.alterations) == 2
        verdict = "commit" if kept else "drop"
        return Commit(decision.id, verdict, code, "because", (), kept, left, ())  # type: ignore[arg-type]

    return review


def change(top: Path) -> None:
    (top / "a").write_bytes(b"new")
    (top / "c").write_bytes(b"new")


def settled(
    place: Place, review: Review | None, status: Status = "ok", change: Callable[[Path], None] = change
) -> Outcome:
    sandbox = spec(mounts=(WRITABLE,))
    with prepared(place.workspaces, sandbox) as places:
        change(Path(dict(places.folders)[WRITABLE.source].path))
        outcome = Outcome(id="d", status=status, tier="container", exit=0)
        return places.settled(outcome, allow(sandbox), review)


def told(outcome: Outcome) -> tuple[str, str, str]:
    assert outcome.kept
    return outcome.status, outcome.kept.verdict, outcome.kept.code


def test_what_is_kept_is_said_and_there(place: Place) -> None:
    outcome = settled(place, commit(0, 1))
    assert told(outcome) == ("ok", "committed", "")
    assert outcome.message == ""
    assert [each["path"] for each in outcome.to_json()["effects"]["written"]] == [
        "/workspace/a",
        "/workspace/c",
    ]  # type: ignore[index,call-overload]
    assert held(place.top)[b"c"] == file(b"new")


def test_what_is_left_out_is_said_with_its_reason(place: Place) -> None:
    outcome = settled(place, commit(0, left=(Left(1, Code.NO_PERMIT, "no rule"),)))
    assert told(outcome) == ("ok", "committed", "no-permit")
    assert outcome.message == "not all that it wrote was kept: because"
    assert outcome.kept
    assert outcome.kept.left_out == (
        {"path": "/workspace/c", "change": "added", "code": "no-permit", "reason": "no rule"},
    )
    assert b"c" not in held(place.top)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (Code.NO_PERMIT, "ok"),
        (Code.FORBIDDEN, "failed"),
        (Code.NEEDS_APPROVAL, "failed"),
        (Code.OVER_LIMIT, "failed"),
    ],
)
def test_a_call_that_loses_what_it_wrote_has_failed_but_for_leavings(
    place: Place, code: Code, status: str
) -> None:
    before = held(place.top)
    outcome = settled(place, commit(code=code))
    assert told(outcome) == (status, "dropped", code.value)
    assert outcome.message == "nothing that it wrote was kept: because"
    assert held(place.top) == before


@pytest.mark.parametrize("status", ["timeout", "limit", "sandbox-error"])
def test_what_did_not_end_by_itself_is_not_reviewed(place: Place, status: Status) -> None:
    before = held(place.top)
    assert told(settled(place, commit(0, 1), status)) == (status, "dropped", "cut-off")
    assert held(place.top) == before


def test_a_failed_program_is_reviewed_like_another(place: Place) -> None:
    assert told(settled(place, commit(0, 1), "failed")) == ("failed", "committed", "")


def test_where_nobody_reviews_nothing_is_kept(place: Place) -> None:
    assert told(settled(place, None)) == ("failed", "dropped", "no-review")


def test_what_is_unchanged_needs_no_review(place: Place) -> None:
    assert told(settled(place, None, change=lambda _: None)) == ("ok", "unchanged", "")


def test_a_full_disk_is_said_and_leaves_the_workspace(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = held(place.top)
    for step in ("stage", "write_intent"):
        monkeypatch.setattr(store, step, full)
        outcome = settled(place, commit(0, 1))
        assert told(outcome) == ("failed", "dropped", "workspace-store")
        assert "No space left" in outcome.message
        assert held(place.top) == before
        monkeypatch.undo()
    assert not [path for path in place.left if "/" in path]


def test_a_workspace_that_changed_meanwhile_is_said(place: Place) -> None:
    def review(decision: Allow, difference: Difference) -> Commit:
        (place.top / "b").write_bytes(b"mine")
        return commit(0, 1)(decision, difference)

    outcome = settled(place, review)
    assert told(outcome) == ("failed", "dropped", "workspace-changed")
    assert "'b' of the workspace was changed" in outcome.message


def test_a_review_that_cannot_be_recorded_is_raised_and_nothing_is_kept(place: Place) -> None:
    def review(decision: Allow, difference: Difference) -> Commit:
        raise JournalError(
            Diagnostic("log-failed", f"no record of {decision.id}, {len(difference.alterations)}")
        )

    before = held(place.top)
    with pytest.raises(JournalError):
        settled(place, review)
    assert held(place.top) == before
    assert not [path for path in place.left if "/" in path]


def test_a_workspace_that_is_read_only_is_the_workspace_itself(place: Place) -> None:
    with prepared(place.workspaces, spec(mounts=(WORKSPACE,))) as places:
        assert [(source, each.path) for source, each in places.folders] == [
            (WORKSPACE.source, str(place.top))
        ]
        assert places.copy is None
        outcome = Outcome(id="d", status="ok", tier="container")
        assert places.settled(outcome, allow(spec()), None) is outcome
