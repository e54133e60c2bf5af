"""An outcome has the keys that scripts rely on, and claims nothing that was not measured."""

from __future__ import annotations

from governance.sandbox.outcome import Outcome


def test_the_keys_are_the_interface_s_in_its_order() -> None:
    found = Outcome(
        id="d", status="ok", tier="container", exit=0, stdout="hi\n", bytes=3, wall_ms=12
    ).to_json()
    assert list(found) == [
        "id", "status", "exit", "stdout", "stderr", "truncated", "bytes", "usage", "tier", "evidence", "labels",
        "effects", "message",
    ]  # fmt: skip


def test_what_was_not_measured_is_null() -> None:
    found = Outcome(id="d", status="sandbox-error", tier="container").to_json()
    assert found["usage"] == {"wall_ms": None, "cpu_ms": None, "peak_bytes": None, "start": None}
    assert found["effects"] == {"written": None, "sent": ()}
    assert (found["exit"], found["evidence"]) == (None, None)
