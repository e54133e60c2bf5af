"""A real file system that is full: a tiny `tmpfs`, mounted for the test."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from governance.errors import JournalError
from governance.journal import Journal, Receipt, verify
from tests.journal.samples import NOW, decision

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(tmp_path)]
    mounted = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    if mounted.returncode != 0:
        pytest.fail(
            f"a full disk can be tested only as root, with leave to mount a tmpfs: {mounted.stderr.strip()}"
        )
    try:
        yield tmp_path
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True, timeout=30)


def record_until_full(journal: Journal, receipts: list[Receipt[None]]) -> None:
    for number in range(10_000):
        receipt = journal.record("decision", NOW, decision(f"{number:04x}", "deny"), None)
        receipts.append(receipt)


def test_full_disk_gives_no_receipt_and_the_log_goes_on_when_there_is_room(small_disk: Path) -> None:
    folder, ballast = small_disk / "log", small_disk / "ballast"
    ballast.write_bytes(bytes(64 * 1024))
    journal = Journal.open(folder, now=NOW)
    receipts: list[Receipt[None]] = []
    with pytest.raises(JournalError, match="No space left on device") as caught:
        record_until_full(journal, receipts)
    assert caught.value.code == "log-failed"
    with pytest.raises(JournalError, match="No space left on device"):
        journal.record("message", NOW, {"what": "x"}, None)
    journal.close()
    assert len(receipts) > 10
    with (
        Journal.open(folder, now=NOW) as journal,
        pytest.raises(JournalError, match="No space left on device"),
    ):
        journal.record("message", NOW, {"what": 100_000 * "x"}, None)
    ballast.unlink()
    with Journal.open(folder, now=NOW) as journal:
        events = list(journal.events())
        assert journal.record("message", NOW, {"what": "room again"}, None).seq == len(events)
    assert [event.seq for event in events] == list(range(len(events)))
    assert receipts[-1].seq < len(events)
    assert verify(folder).holds
