from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from governance.errors import JournalError
from governance.journal import Journal, Receipt, verify
from tests.journal.samples import NOW, decision, raw_lines
from tests.journal.simulated_disk import SimulatedDisk

if TYPE_CHECKING:
    from pathlib import Path

WRITERS = 64


def test_64_writers_get_contiguous_numbers_and_receipts_only_after_the_sync(tmp_path: Path) -> None:
    disk = SimulatedDisk()
    receipts: list[Receipt[tuple[int, int]]] = []
    early: list[int] = []

    def write(journal: Journal, writer: int) -> None:
        for number in range(25):
            body = decision(f"{writer:04x}{number:04x}", "deny")
            receipt = journal.record("decision", NOW, body, (writer, number))
            if disk.durable_lines <= receipt.seq:
                early.append(receipt.seq)
            receipts.append(receipt)

    with Journal.open(tmp_path, now=NOW, segment_bytes=100_000, files=disk) as journal:
        threads = [threading.Thread(target=write, args=(journal, writer)) for writer in range(WRITERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert early == []
    assert sorted(receipt.seq for receipt in receipts) == list(range(1, WRITERS * 25 + 1))
    lines = raw_lines(tmp_path)
    for receipt in receipts:
        writer, number = receipt.subject
        assert receipt.hash.encode() in lines[receipt.seq]
        assert f'"id":"{writer:04x}{number:04x}"'.encode() in lines[receipt.seq]
    assert disk.syncs < WRITERS * 25 / 2
    found = verify(tmp_path)
    assert found.problems == ()
    assert found.records == WRITERS * 25 + 1


def test_instants_taken_by_many_writers_never_go_back_in_the_log(tmp_path: Path) -> None:
    def write(journal: Journal, writer: int) -> None:
        for number in range(20):
            at = journal.instant(f"2026-11-23T10:00:00.{(writer * 7 + number * 13) % 1000:03d}Z")
            journal.record("message", at, {"what": "x"}, None)

    with Journal.open(tmp_path, now=NOW) as journal:
        threads = [threading.Thread(target=write, args=(journal, writer)) for writer in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert verify(tmp_path).problems == ()


def test_failure_reaches_every_writer_and_none_gets_a_receipt_for_what_is_lost(tmp_path: Path) -> None:
    disk = SimulatedDisk()
    receipts: list[int] = []
    failures: list[str] = []

    def write(journal: Journal, writer: int) -> None:
        try:
            for number in range(1000):
                body = decision(f"{writer:04x}{number:04x}", "deny")
                receipts.append(journal.record("decision", NOW, body, None).seq)
        except JournalError as error:
            failures.append(error.code)

    journal = Journal.open(tmp_path, now=NOW, files=disk)
    disk.room = 200_000
    threads = [threading.Thread(target=write, args=(journal, writer)) for writer in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()
    assert failures == ["log-failed"] * WRITERS
    with Journal.open(tmp_path, now=NOW) as journal:
        kept = {event.seq for event in journal.events()}
    assert receipts
    assert set(receipts) <= kept
    assert max(receipts) < disk.durable_lines
