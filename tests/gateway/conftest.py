from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from governance import resources
from governance.gateway import Engine
from governance.journal import Journal
from governance.library import load_policies
from governance.policy import Bundle, EngineFacts
from governance.sandbox import Outcome, Warrants
from tests.journal.simulated_disk import SimulatedDisk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from governance.sandbox import Warrant
    from governance.sandbox.outcome import Status
    from governance.sandbox.places import Review

NOW = "2026-11-23T10:00:00.000Z"
FACTS = EngineFacts((("governance/base", "sha256:" + 64 * "b"),), ("container",))


class RecordingDispatcher:
    """A dispatcher that runs nothing: it redeems warrants, remembers them, and looks at the log as it is then."""

    def __init__(self, warrants: Warrants, folder: Path) -> None:
        self.warrants = warrants
        self.folder = folder
        self.dispatched: list[Warrant] = []
        self.on_disk: list[bytes] = []
        self.status: Status = "ok"

    def dispatch(self, warrant: Warrant, review: Review | None = None) -> Outcome:
        self.warrants.redeem(warrant)
        self.dispatched.append(warrant)
        self.review = review
        self.on_disk.append(b"".join(path.read_bytes() for path in sorted(self.folder.glob("*.jsonl"))))
        return Outcome(
            id=warrant.decision.id, status=self.status, tier="container", exit=0, stdout="done\n", wall_ms=1
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
