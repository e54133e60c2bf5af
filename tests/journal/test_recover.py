from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.errors import JournalError
from governance.journal import Journal, Loss, read, verify
from governance.journal.segments import segments
from tests.effort import examples
from tests.journal.samples import NOW, decision, raw_lines, write_log
from tests.journal.simulated_disk import SimulatedDisk

if TYPE_CHECKING:
    from pathlib import Path


def only_segment(folder: Path) -> Path:
    (segment,) = segments(folder)
    return segment.path


@pytest.mark.parametrize("rest", [b"{", b'{"at":"2026', bytes(4096), b"\0", b"}", b'{"complete":"json"}'])
def test_torn_tail_is_dropped_and_recorded(tmp_path: Path, rest: bytes) -> None:
    write_log(tmp_path, 2)
    path = only_segment(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole + rest)
    with Journal.open(tmp_path, now=NOW) as journal:
        assert journal.loss == Loss(path.name, len(whole), len(rest))
        assert journal.head.seq == 6
    *_, event = read(tmp_path)
    assert event.body == {"what": "torn-tail", "segment": path.name, "offset": len(whole), "bytes": len(rest)}
    assert path.read_bytes().startswith(whole)
    assert verify(tmp_path).holds


def test_last_record_without_its_line_feed_is_torn(tmp_path: Path) -> None:
    write_log(tmp_path, 1)
    path = only_segment(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    with Journal.open(tmp_path, now=NOW) as journal:
        assert journal.loss is not None
        assert [event.kind for event in journal.events()] == ["message", "bundle", "decision", "message"]


def test_log_whose_first_record_was_torn_begins_anew(tmp_path: Path) -> None:
    write_log(tmp_path, 0)
    path = only_segment(tmp_path)
    path.write_bytes(path.read_bytes()[:50])
    with Journal.open(tmp_path, now=NOW) as journal:
        assert [event.body["what"] for event in journal.events()] == ["log-created", "torn-tail"]


def test_segment_that_was_begun_and_stayed_empty_is_used(tmp_path: Path) -> None:
    write_log(tmp_path, 2)
    (tmp_path / f"{6:020d}.jsonl").touch()
    with Journal.open(tmp_path, now=NOW) as journal:
        assert journal.head.seq == 5
        journal.record("message", NOW, {"what": "x"}, None)
    assert verify(tmp_path).holds
    assert [segment.first for segment in segments(tmp_path)] == [0, 6]


@pytest.mark.parametrize(("seq", "code"), [(0, "record 0"), (2, "record 2"), (5, "record 5")])
def test_edited_record_is_never_repaired(tmp_path: Path, seq: int, code: str) -> None:
    write_log(tmp_path, 2)
    path = only_segment(tmp_path)
    lines = path.read_bytes().split(b"\n")
    lines[seq] = lines[seq].replace(b"2026", b"2027", 1)
    edited = b"\n".join(lines)
    path.write_bytes(edited)
    with pytest.raises(JournalError, match=code) as caught:
        Journal.open(tmp_path, now=NOW)
    assert caught.value.code == "log-damaged"
    assert "governance log verify" in caught.value.diagnostics[0].help
    assert path.read_bytes() == edited


def test_zeros_that_end_in_a_line_feed_are_damage_and_no_torn_tail(tmp_path: Path) -> None:
    write_log(tmp_path, 1)
    path = only_segment(tmp_path)
    path.write_bytes(path.read_bytes() + bytes(100) + b"\n")
    with pytest.raises(JournalError, match="record 4") as caught:
        Journal.open(tmp_path, now=NOW)
    assert caught.value.code == "log-damaged"


def test_opening_finds_a_damaged_seam_between_segments(tmp_path: Path) -> None:
    write_log(tmp_path, 10, segment_bytes=2000)
    before = segments(tmp_path)[-2].path
    whole = before.read_bytes()
    for damaged in (whole[:-1], whole[:-100], b"", whole.rsplit(b"\n", 2)[0] + b"\n"):
        before.write_bytes(damaged)
        with pytest.raises(JournalError) as caught:
            Journal.open(tmp_path, now=NOW)
        assert caught.value.code == "log-damaged"
    before.unlink()
    with pytest.raises(JournalError) as caught:
        Journal.open(tmp_path, now=NOW)
    assert caught.value.code == "log-damaged"


def test_opening_reads_the_last_segment_and_one_line_before_it(tmp_path: Path) -> None:
    write_log(tmp_path, 10, segment_bytes=2000)
    early = segments(tmp_path)[1].path
    early.write_bytes(early.read_bytes().replace(b"fs.read", b"fs.rend", 1))
    with Journal.open(tmp_path, now=NOW) as journal, pytest.raises(JournalError, match="hash"):
        list(journal.events())


def test_first_record_that_names_no_log_is_damage(tmp_path: Path) -> None:
    write_log(tmp_path / "a", 0)
    other = raw_lines(tmp_path / "a")[1].replace(b'"seq":1', b'"seq":0')
    folder = tmp_path / "b"
    folder.mkdir()
    (folder / f"{0:020d}.jsonl").write_bytes(other + b"\n")
    with pytest.raises(JournalError) as caught:
        Journal.open(folder, now=NOW)
    assert caught.value.code == "log-damaged"


@settings(max_examples=examples(60), deadline=None)
@given(acknowledged=st.integers(0, 6), pending=st.integers(1, 6), room=st.integers(0, 5000), data=st.data())
def test_what_was_acknowledged_survives_the_loss_of_power(
    tmp_path_factory: pytest.TempPathFactory, acknowledged: int, pending: int, room: int, data: st.DataObject
) -> None:
    kept, zeros = data.draw(st.integers(0, 5000)), data.draw(st.booleans())
    folder = tmp_path_factory.mktemp("log")
    disk = SimulatedDisk()
    journal = Journal.open(folder, now=NOW, segment_bytes=2500, files=disk)
    receipts = [
        journal.record("decision", NOW, decision(f"{n:04x}", "deny"), None) for n in range(acknowledged)
    ]
    for number in range(pending):
        journal.append("decision", NOW, decision(f"{100 + number:04x}", "deny"), None)
    disk.room = room
    with suppress(JournalError):
        journal.wait(journal.append("message", NOW, {"what": "last"}, None))
    durable = disk.durable_lines
    disk.lose_power()
    journal.close()
    disk.room = None
    disk.come_back(kept, zeros=zeros)
    with Journal.open(folder, now=NOW, segment_bytes=2500, files=disk) as journal:
        events = list(journal.events())
    assert len(events) >= max(durable, acknowledged + 1)
    assert [event.seq for event in events] == list(range(len(events)))
    hashes = {event.seq: line for event, line in zip(events, raw_lines(folder), strict=True)}
    assert all(receipt.hash.encode() in hashes[receipt.seq] for receipt in receipts)
    assert verify(folder).holds
