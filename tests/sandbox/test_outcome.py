"""An outcome has the keys that scripts rely on, and claims nothing that was not measured."""

from __future__ import annotations

from governance.capabilities.difference import Alteration
from governance.sandbox.outcome import Kept, Outcome, written_json


def test_the_keys_are_the_interface_s_in_its_order() -> None:
    found = Outcome(
        id="d", status="ok", tier="container", exit=0, stdout="hi\n", bytes=3, wall_ms=12
    ).to_json()
    assert list(found) == [
        "id", "status", "exit", "stdout", "stderr", "truncated", "bytes", "usage", "tier", "evidence", "labels",
        "effects", "workspace", "message",
    ]  # fmt: skip


def test_what_was_not_measured_is_null() -> None:
    found = Outcome(id="d", status="sandbox-error", tier="container").to_json()
    assert found["usage"] == {"wall_ms": None, "cpu_ms": None, "peak_bytes": None, "start": None}
    assert (found["exit"], found["evidence"]) == (None, None)


def test_a_workspace_that_is_read_only_is_written_nothing() -> None:
    found = Outcome(id="d", status="ok", tier="container").to_json()
    assert found["effects"] == {"written": (), "sent": ()}
    assert found["workspace"] is None


def test_what_was_kept_stands_among_the_effects_and_how_in_the_workspace() -> None:
    change = Alteration(b"a", "added", "file", 0o644, 1, "sha256:1", None)
    kept = Kept(copy="overlay", verdict="committed", written=(written_json(change, "/workspace/a"),))
    found = Outcome(id="d", status="ok", tier="container", kept=kept).to_json()
    assert found["effects"] == {
        "written": (
            {
                "path": "/workspace/a", "change": "added", "kind": "file", "mode": "0644", "size": 1,
                "digest": "sha256:1", "before": None,
            },
        ),
        "sent": (),
    }  # fmt: skip
    assert found["workspace"] == {
        "copy": "overlay", "verdict": "committed", "code": "", "reason": "", "left_out": (), "not_carried": (),
    }  # fmt: skip
