"""A place to dispatch from: an engine, a workspace on the host, and a log of its own."""

from __future__ import annotations

import os
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from governance.policy.commit import Commit
from governance.policy.decision import Code
from governance.sandbox import Bounds, ContainerEngine, Dispatcher, Outcome, Pool, Warrants, Workspaces
from governance.sandbox.pool import NO_POOL
from tests.sandbox.build import receipt, spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from governance.capabilities.difference import Difference
    from governance.policy.decision import Allow, SandboxSpec
    from governance.sandbox.places import Review

OWNER = 1000


class Lab:
    """Everything between a decision and its outcome, for one log."""

    def __init__(
        self, engine: ContainerEngine, image: str, root: Path, log: str, bounds: Bounds = NO_POOL
    ) -> None:
        self.engine = engine
        self.image = image
        self.log = log
        self.workspace = root / "repos" / "web"
        self.workspace.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            os.chown(self.workspace, OWNER, OWNER)
        self.warrants = Warrants()
        self.workspaces = Workspaces(root, engine.socket)
        self.said: list[str] = []
        self.pool = Pool(engine, log, bounds, say=self.said.append)
        self.dispatcher = Dispatcher(engine, self.warrants, self.workspaces, log, self.pool)
        self.review: Review | None = keep_all
        self._numbers = count(1)

    def spec(self, *argv: str, **changes: Any) -> SandboxSpec:
        changes.setdefault("image", f"governance/base@{self.image}")
        return spec(*argv, **changes)

    def run(self, *argv: str, stdin: bytes | None = None, **changes: Any) -> Outcome:
        judged = receipt(self.spec(*argv, stdin=stdin, **changes), next(self._numbers))
        return self.dispatcher.dispatch(self.warrants.issue(judged, stdin), self.review)

    def python(self, code: str, **changes: Any) -> Outcome:
        return self.run("/usr/bin/python3", "-IS", "-c", code, **changes)

    def left(self) -> list[str]:
        """The states of this log's containers that are still there."""
        return [entry.state for entry in self.engine.containers(f"governance.log={self.log}")]

    def copies(self) -> list[str]:
        """What is left of copies of the workspace."""
        return [
            str(path)
            for path in (self.workspace.parent.parent / ".governance").glob("*/*")
            if path.name != "lock"
        ]


def keep_all(decision: Allow, difference: Difference) -> Commit:
    """Keep whatever a call wrote."""
    return Commit(
        id=decision.id,
        verdict="commit",
        code=Code.PERMITTED,
        reason="tests write what they like",
        rules=(),
        kept=tuple(range(len(difference.alterations))),
        left=(),
        changes=(),
    )


def running(mark: str) -> list[int]:
    """Return the host's processes whose command line holds `mark`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if mark.encode() in command.split(b"\0"):
                found.append(int(entry.name))
    return found


def until(holds: Callable[[], bool]) -> None:
    """Wait for what must come true within twenty seconds."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
