"""The monitor spoken to by a script: what QEMU says, and what is made of it."""

from __future__ import annotations

import json
import os
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from governance.errors import SandboxError
from governance.sandbox.microvm.monitor import Monitor

if TYPE_CHECKING:
    from pathlib import Path

GREETING = {"QMP": {"version": {}, "capabilities": []}}
DONE: dict[str, object] = {"return": {}}
EVENT = {"event": "STOP", "data": {}}


def spoken(answers: list[list[object]], file: Path) -> list[str]:
    """Save to `file` from a QEMU that answers each command with these lines; return the commands."""
    ours, theirs = socket.socketpair()
    heard: list[str] = []

    def play() -> None:
        with theirs, theirs.makefile("rb") as lines:
            for answer in answers:
                _, passed, _, _ = socket.recv_fds(theirs, 0, 4, socket.MSG_PEEK)
                for descriptor in passed:
                    os.close(descriptor)
                heard.append(json.loads(lines.readline())["execute"])
                for each in answer:
                    theirs.sendall(json.dumps(each).encode() + b"\n")

    player = threading.Thread(target=play)
    player.start()
    monitor = Monitor(ours)
    with file.open("wb") as target:
        try:
            monitor.save(target.fileno())
        finally:
            monitor.close()
            player.join()
    return heard


def test_a_snapshot_is_saved_and_waited_for(tmp_path: Path) -> None:
    active, completed = {"return": {"status": "active"}}, {"return": {"status": "completed"}}
    answers: list[list[object]] = [
        [GREETING, DONE],
        [DONE],
        [DONE],
        [EVENT, DONE],
        [active],
        [EVENT, completed],
    ]
    assert spoken(answers, tmp_path / "memory") == [
        "qmp_capabilities", "migrate-set-parameters", "getfd", "migrate", "query-migrate", "query-migrate",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "answers",
    [
        [[GREETING, {"error": {"class": "GenericError", "desc": "no"}}]],
        [[GREETING, DONE], [DONE], [DONE], [DONE], [{"return": {"status": "failed"}}]],
        [[GREETING, DONE], []],
        [[GREETING, "text"]],
    ],
    ids=["refused", "failed", "ended", "no object"],
)
def test_what_is_not_saved_is_an_error(answers: list[list[object]], tmp_path: Path) -> None:
    with pytest.raises(SandboxError) as caught:
        spoken(answers, tmp_path / "memory")
    assert [each.code for each in caught.value.diagnostics] == ["guest-snapshot"]
