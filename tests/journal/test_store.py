from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from governance.errors import JournalError
from governance.journal import Journal, Receipt, read, verify
from governance.journal.segments import segments
from tests.journal.samples import LATER, NOW, decision, raw_lines
from tests.journal.simulated_disk import SimulatedDisk

if TYPE_CHECKING:
    from pathlib import Path


def test_new_log_begins_with_a_message_that_names_it(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "log", now=NOW) as journal:
        (event,) = journal.events()
        assert (event.seq, event.at, event.kind) == (0, NOW, "message")
        assert event.body == {"what": "log-created", "log": journal.log_id, "format": 1}
        assert len(bytes.fromhex(journal.log_id)) == 16
        assert journal.loss is None


def test_log_goes_on_where_it_ended(tmp_path: Path) -> None:
    with Journal.open(tmp_path, now=NOW) as journal:
        receipt = journal.record("decision", NOW, decision("aa"), "subject")
        assert receipt == Receipt(1, NOW, journal.head.hash, "subject")
        name, head = journal.log_id, journal.head
    with Journal.open(tmp_path, now=LATER) as journal:
        assert (journal.log_id, journal.head, journal.loss) == (name, head, None)
        assert journal.record("message", LATER, {"what": "x"}, None).seq == 2
    assert [event.at for event in read(tmp_path)] == [NOW, NOW, LATER]
    assert verify(tmp_path).holds


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "log"
    with Journal.open(folder, now=NOW) as journal:
        journal.keep_bundle("sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", b"{}")
    modes = {
        path.relative_to(folder).as_posix(): stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")
    }
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert modes.pop("bundles") == 0o700
    assert len(modes) == 3
    assert set(modes.values()) == {0o600}


def test_segments_are_rotated_and_the_chain_goes_on(tmp_path: Path) -> None:
    with Journal.open(tmp_path, now=NOW, segment_bytes=2000) as journal:
        for number in range(20):
            journal.append("decision", NOW, decision(f"{number:02x}", "deny"), None)
    found = segments(tmp_path)
    assert len(found) > 3
    assert all(segment.path.stat().st_size <= 2000 for segment in found)
    assert verify(tmp_path).records == 21
    with Journal.open(tmp_path, now=NOW, segment_bytes=2000) as journal:
        assert journal.record("message", NOW, {"what": "x"}, None).seq == 21
    assert verify(tmp_path).holds


def test_record_longer_than_a_segment_gets_one_of_its_own(tmp_path: Path) -> None:
    with Journal.open(tmp_path, now=NOW, segment_bytes=500) as journal:
        journal.record("message", NOW, {"what": 4000 * "x"}, None)
        journal.record("message", NOW, {"what": "y"}, None)
    assert [segment.first for segment in segments(tmp_path)] == [0, 1, 2]
    assert verify(tmp_path).holds


def test_second_process_is_told_who_writes(tmp_path: Path) -> None:
    with Journal.open(tmp_path, now=NOW):
        with pytest.raises(JournalError, match=f"process {os.getpid()}") as caught:
            Journal.open(tmp_path, now=NOW)
        assert caught.value.code == "log-in-use"
        script = (
            "import pathlib, sys; from governance.errors import JournalError; from governance.journal import Journal\n"
            "try: Journal.open(pathlib.Path(sys.argv[1]), now=sys.argv[2])\n"
            "except JournalError as error: print(error.code)"
        )
        command = [sys.executable, "-c", script, str(tmp_path), NOW]
        answer = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
        assert answer.stdout == "log-in-use\n"
    Journal.open(tmp_path, now=NOW).close()


def test_instant_never_goes_back_and_a_clock_set_back_is_recorded_once(tmp_path: Path) -> None:
    with Journal.open(tmp_path, now="2026-11-23T12:00:00.000Z") as journal:
        assert journal.instant("2026-11-23T12:00:00Z") == "2026-11-23T12:00:00.000Z"
        assert journal.instant("2026-11-23T11:59:59.500Z") == "2026-11-23T12:00:00.000Z"
        assert journal.head.seq == 0
        assert journal.instant(NOW) == "2026-11-23T12:00:00.000Z"
        assert journal.instant(LATER) == "2026-11-23T12:00:00.000Z"
        assert journal.instant("2026-11-23T12:00:00.001Z") == "2026-11-23T12:00:00.001Z"
        assert journal.record("message", NOW, {"what": "x"}, None).at == "2026-11-23T12:00:00.000Z"
    with Journal.open(tmp_path, now=NOW):
        pass
    whats = [event.body["what"] for event in read(tmp_path)]
    assert whats == ["log-created", "clock-set-back", "x", "clock-set-back"]
    set_back = next(event for event in read(tmp_path) if event.seq == 1)
    assert set_back.body == {"what": "clock-set-back", "clock": NOW, "last": "2026-11-23T12:00:00.000Z"}
    assert verify(tmp_path).holds


def test_appended_records_become_durable_together(tmp_path: Path) -> None:
    disk = SimulatedDisk()
    with Journal.open(tmp_path, now=NOW, files=disk) as journal:
        before = disk.syncs
        pending = [journal.append("message", NOW, {"what": number}, number) for number in range(50)]
        assert disk.syncs == before
        assert [event.seq for event in journal.events()] == [0]
        receipts = [journal.wait(each) for each in pending]
        assert disk.syncs == before + 1
    assert [(receipt.seq, receipt.subject) for receipt in receipts] == [(n + 1, n) for n in range(50)]


def test_closing_makes_durable_what_nobody_waited_for(tmp_path: Path) -> None:
    with Journal.open(tmp_path, now=NOW) as journal:
        pending = journal.append("message", NOW, {"what": "x"}, None)
    assert len(raw_lines(tmp_path)) == 2
    assert journal.wait(pending).seq == 1
    journal.close()
    for act in (
        lambda: journal.append("message", NOW, {}, None),
        lambda: journal.keep_bundle("sha256:", b""),
    ):
        with pytest.raises(JournalError) as caught:
            act()
        assert caught.value.code == "log-closed"


@pytest.mark.parametrize("fault", ["write", "sync"])
def test_after_a_failed_write_nothing_is_acknowledged(tmp_path: Path, fault: str) -> None:
    disk = SimulatedDisk()
    journal = Journal.open(tmp_path, now=NOW, files=disk)
    journal.record("message", NOW, {"what": "durable"}, None)
    pending = [journal.append("message", NOW, {"what": "lost"}, None) for _ in range(3)]
    disk.room, disk.sync_fails = (100, False) if fault == "write" else (None, True)
    reason = os.strerror(errno.ENOSPC if fault == "write" else errno.EIO)
    for each in pending:
        with pytest.raises(JournalError, match=reason) as caught:
            journal.wait(each)
        assert caught.value.code == "log-failed"
        assert "start again" in caught.value.diagnostics[0].help
    disk.room, disk.sync_fails = None, False
    with pytest.raises(JournalError, match=reason):
        journal.append("message", NOW, {"what": "after"}, None)
    with pytest.raises(JournalError, match=reason):
        journal.instant("2020-01-01T00:00:00Z")
    journal.close()
    with Journal.open(tmp_path, now=NOW, files=disk) as journal:
        whats = [event.body["what"] for event in journal.events()]
    kept = ["log-created", "durable"]
    assert whats == [*kept, "torn-tail"] if fault == "write" else [*kept, "lost", "lost", "lost"]


def test_interrupted_write_is_never_written_twice(tmp_path: Path) -> None:
    class InterruptedDisk(SimulatedDisk):
        interrupt = False

        def write(self, descriptor: int, data: bytes) -> int:
            count = super().write(descriptor, data)
            if self.interrupt:
                raise KeyboardInterrupt
            return count

    disk = InterruptedDisk()
    journal = Journal.open(tmp_path, now=NOW, files=disk)
    pending = [journal.append("message", NOW, {"what": "x"}, None) for _ in range(2)]
    disk.interrupt = True
    with pytest.raises(KeyboardInterrupt):
        journal.wait(pending[0])
    disk.interrupt = False
    with pytest.raises(JournalError) as caught:
        journal.wait(pending[1])
    assert caught.value.code == "log-failed"
    journal.close()
    assert verify(tmp_path).holds


def test_log_that_cannot_be_made_is_an_error_of_the_log(tmp_path: Path) -> None:
    disk = SimulatedDisk()
    disk.room = 0
    with pytest.raises(JournalError) as caught:
        Journal.open(tmp_path / "full", now=NOW, files=disk)
    assert caught.value.code == "log-failed"
    (tmp_path / "file").write_text("x")
    with pytest.raises(JournalError) as caught:
        Journal.open(tmp_path / "file", now=NOW)
    assert caught.value.code == "log-failed"
    disk.room = None
    Journal.open(tmp_path / "full", now=NOW, files=disk).close()
    assert verify(tmp_path / "full").records == 1


def test_folder_with_other_things_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("x")
    with pytest.raises(JournalError) as caught:
        Journal.open(tmp_path, now=NOW)
    assert caught.value.code == "not-a-log"
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("name", ["lock", f"{0:020d}.jsonl"])
def test_symbolic_link_in_the_log_is_not_followed(tmp_path: Path, name: str) -> None:
    target, folder = tmp_path / "target", tmp_path / "log"
    target.write_bytes(b"")
    folder.mkdir()
    (folder / name).symlink_to(target)
    with pytest.raises(JournalError):
        Journal.open(folder, now=NOW)
    assert target.read_bytes() == b""


def test_named_pipe_in_the_log_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / f"{0:020d}.jsonl")
    with pytest.raises(JournalError) as caught:
        verify(tmp_path)
    assert caught.value.code == "log-unreadable"


def test_bad_instant_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(JournalError) as caught:
        Journal.open(tmp_path / "log", now="yesterday")
    assert caught.value.code == "bad-instant"
    assert not (tmp_path / "log").exists()
