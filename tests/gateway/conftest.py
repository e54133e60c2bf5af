from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from governance import resources
from governance.capabilities.difference import path_to_json
from governance.gateway import Engine
from governance.journal import Journal
from governance.library import load_policies
from governance.policy import Bundle, EngineFacts
from governance.sandbox import Outcome, Warrants
from governance.sandbox.outcome import Kept, written_json
from tests.journal.simulated_disk import SimulatedDisk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from governance.capabilities.difference import Difference
    from governance.policy.commit import Commit
    from governance.sandbox import Warrant
    from governance.sandbox.outcome import Status
    from governance.sandbox.places import Review

NOW = "2026-11-23T10:00:00.000Z"
FACTS = EngineFacts((("governance/base", "sha256:" + 64 * "b"),), ("container",))


class RecordingDispatcher:
    """A dispatcher that runs nothing: it redeems warrants, remembers them, and looks at the log as it is then.

    Where it has a `difference`, that is what the call is said to have written, and it is reviewed.
    """

    def __init__(self, warrants: Warrants, folder: Path) -> None:
        self.warrants = warrants
        self.folder = folder
        self.dispatched: list[Warrant] = []
        self.on_disk: list[bytes] = []
        self.status: Status = "ok"
        self.difference: Difference | None = None
        self.commit: Commit | None = None

    def dispatch(self, warrant: Warrant, review: Review | None = None) -> Outcome:
        self.warrants.redeem(warrant)
        self.dispatched.append(warrant)
        self.on_disk.append(b"".join(path.read_bytes() for path in sorted(self.folder.glob("*.jsonl"))))
        return Outcome(
            id=warrant.decision.id,
            status=self.status,
            tier="container",
            exit=0,
            stdout="done\n",
            wall_ms=1,
            kept=self._kept(warrant, review),
        )

    def _kept(self, warrant: Warrant, review: Review | None) -> Kept | None:
        if self.difference is None or review is None:
            return None
        self.commit = review(warrant.decision, self.difference)
        kept = [self.difference.alterations[place] for place in self.commit.kept]
        return Kept(
            copy="plain",
            verdict="committed" if kept else "dropped",
            written=tuple(
                written_json(each, path_to_json(self.difference.place(each.path))) for each in kept
            ),
        )


class Setting:
    """An engine over a log in a folder, with a recording dispatcher; `reopen` begins again on the same log."""

    def __init__(self, folder: Path, bundle: Bundle | None, facts: EngineFacts, disk: SimulatedDisk) -> None:
        self.folder, self.bundle, self.facts, self.disk = folder, bundle, facts, disk
        self.open()

    def open(self) -> None:
        self.journal = Journal.open(self.folder, now=NOW, files=self.disk)
        warrants = Warrants()
        self.dispatcher = RecordingDispatcher(warrants, self.folder)
        self.engine = Engine(
            self.journal,
            self.bundle,
            self.facts,
            warrants,
            self.dispatcher,  # type: ignore[arg-type]
            lambda: NOW,
        )

    def reopen(self) -> None:
        self.journal.close()
        self.open()


@pytest.fixture(scope="session")
def coder() -> Bundle:
    return load_policies(resources.folder("policies") / "examples" / "coder")


@pytest.fixture
def setting(tmp_path: Path, coder: Bundle) -> Iterator[Setting]:
    made = Setting(tmp_path / "log", coder, FACTS, SimulatedDisk())
    yield made
    made.disk.room, made.disk.sync_fails = None, False
    made.journal.close()
