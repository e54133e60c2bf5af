from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import pytest

from governance.canonical import digest
from governance.errors import JournalError
from governance.journal import Journal, Kind, read, verify
from governance.journal.chain import draft
from governance.journal.segments import segments
from tests.journal.samples import BUNDLE, LATER, NOW, decision, outcome, raw_lines, write_log

if TYPE_CHECKING:
    from pathlib import Path

    from governance.canonical import Json


def codes(folder: Path) -> list[str]:
    return [problem.code for problem in verify(folder).problems]


def forge(folder: Path, *records: tuple[Kind, str, dict[str, Json]]) -> Path:
    """Write a log whose chain is sound, whatever its records say."""
    folder.mkdir()
    prev, data = "sha256:" + 64 * "0", b""
    first: tuple[Kind, str, dict[str, Json]] = (
        "message",
        NOW,
        {"what": "log-created", "log": "ab", "format": 1},
    )
    for seq, (kind, at, body) in enumerate((first, *records)):
        line, prev = draft(kind, at, body).placed(seq, prev)
        data += line
    (folder / f"{0:020d}.jsonl").write_bytes(data)
    return folder


def test_sound_log_is_described(tmp_path: Path) -> None:
    write_log(tmp_path, 10, segment_bytes=3000)
    found = verify(tmp_path)
    assert found.holds
    assert (found.records, found.first_at, found.last_at) == (22, NOW, NOW)
    assert found.segments == len(segments(tmp_path)) > 1
    assert found.bytes == sum(segment.path.stat().st_size for segment in segments(tmp_path))
    assert found.head.encode() in raw_lines(tmp_path)[-1]
    assert found.unsettled == 0
    with Journal.open(tmp_path, now=NOW) as journal:
        assert (journal.log_id, journal.head.hash) == (found.log_id, found.head)


def test_folder_without_a_log_is_an_error(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(JournalError) as caught:
            verify(folder)
        assert caught.value.code == "no-log"


def test_problem_names_record_segment_and_byte(tmp_path: Path) -> None:
    write_log(tmp_path, 10, segment_bytes=3000)
    path = segments(tmp_path)[1].path
    first, second, rest = path.read_bytes().split(b"\n", 2)
    path.write_bytes(b"\n".join((first, second.replace(b"2026", b"2027", 1), rest)))
    seq = segments(tmp_path)[1].first + 1
    found = verify(tmp_path)
    assert found.records == seq
    (problem,) = found.problems
    assert problem.code == "record-edited"
    assert problem.message.startswith(f"record {seq} does not have the hash that it names")
    assert problem.message.endswith(f"({path.name}, byte {len(first) + 1})")
    assert problem.help
    with pytest.raises(JournalError, match=f"record {seq} "):
        list(read(tmp_path))


def test_missing_segments_are_found(tmp_path: Path) -> None:
    write_log(tmp_path, 10, segment_bytes=3000)
    first, second, *_ = segments(tmp_path)
    second.path.rename(tmp_path / "kept")
    assert codes(tmp_path) == ["segment-missing"]
    assert verify(tmp_path).problems[0].message.startswith(f"record {second.first} ")
    (tmp_path / "kept").rename(second.path)
    first.path.unlink()
    assert verify(tmp_path).problems[0].message.startswith("record 0 ")


def test_torn_tail_is_a_problem_unless_a_writer_is_at_it(tmp_path: Path) -> None:
    write_log(tmp_path, 1)
    with Journal.open(tmp_path, now=NOW), (segments(tmp_path)[0].path).open("ab") as file:
        file.write(b'{"at":')
        file.flush()
        assert verify(tmp_path).holds
    (problem,) = verify(tmp_path).problems
    assert problem.code == "torn-tail"
    assert problem.message.startswith("record 4 ")


def test_line_longer_than_any_record_is_refused_without_being_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("governance.journal.segments.LONGEST", 2000)
    monkeypatch.setattr("governance.journal.walk.LONGEST", 2000)
    write_log(tmp_path, 1)
    path = segments(tmp_path)[0].path
    whole = path.read_bytes()
    path.write_bytes(whole + 50_000 * b"x" + b"\n")
    assert codes(tmp_path) == ["record-edited"]
    assert "50001 bytes" in verify(tmp_path).problems[0].message
    path.write_bytes(whole + 50_000 * b"x")
    assert codes(tmp_path) == ["torn-tail"]
    with Journal.open(tmp_path, now=NOW) as journal:
        assert journal.loss is not None
        assert journal.loss.bytes == 50_000


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([("outcome", NOW, outcome("aa"))], "outcome-without-decision"),
        ([("outcome", NOW, {"status": "ok"})], "outcome-without-decision"),
        ([("outcome", NOW, outcome("aa")), ("decision", NOW, decision("aa"))], "outcome-without-decision"),
        (
            [("decision", NOW, decision("aa", "deny")), ("outcome", NOW, outcome("aa"))],
            "outcome-without-allow",
        ),
        (
            [("decision", NOW, decision("aa")), *[("outcome", NOW, outcome("aa"))] * 2],
            "outcome-without-allow",
        ),
        ([("decision", NOW, decision("aa", "deny")), ("decision", NOW, decision("aa"))], "decision-repeated"),
        ([("decision", NOW, {"decision": {}})], "decision-without-id"),
        ([("decision", NOW, {"decision": "allow"})], "decision-without-id"),
        ([("message", LATER, {}), ("message", NOW, {})], "time-went-back"),
        ([("bundle", NOW, {"bundle": "sha256:" + 64 * "0"})], "bundle-missing"),
        ([("bundle", NOW, {"bundle": 7})], "bundle-missing"),
    ],
)
def test_log_that_breaks_a_law_is_found_though_its_chain_is_sound(
    tmp_path: Path, records: list[tuple[Kind, str, dict[str, Json]]], expected: str
) -> None:
    folder = forge(tmp_path / "log", *records)
    found = verify(folder)
    assert [problem.code for problem in found.problems] == [expected]
    place = 1 if expected == "outcome-without-decision" else len(records)
    assert found.problems[0].message.startswith(f"record {place}: ")
    assert found.records == len(records) + 1


def test_no_bundle_and_unsettled_allows_are_no_problem(tmp_path: Path) -> None:
    folder = forge(
        tmp_path / "log",
        ("bundle", NOW, {"bundle": None, "engine": None}),
        ("decision", NOW, decision("aa")),
        ("decision", NOW, decision("bb")),
        ("outcome", NOW, outcome("aa")),
    )
    found = verify(folder)
    assert found.holds
    assert found.unsettled == 1


def test_edited_bundle_is_found(tmp_path: Path) -> None:
    write_log(tmp_path, 1)
    (path,) = (tmp_path / "bundles").iterdir()
    assert path.read_bytes() == BUNDLE
    path.write_bytes(b"{}")
    assert codes(tmp_path) == ["bundle-edited"]


@pytest.mark.parametrize(
    ("evidence", "damage", "expected"),
    [
        (b"{}", None, []),
        (b"{}", b"", ["evidence-edited"]),
        (b"{}", b"[]", ["evidence-edited"]),
        (None, None, ["evidence-missing"]),
    ],
)
def test_evidence_of_an_outcome_must_be_there_as_it_was(
    tmp_path: Path, evidence: bytes | None, damage: bytes | None, expected: list[str]
) -> None:
    name = digest(b"{}")
    with Journal.open(tmp_path, now=NOW) as journal:
        if evidence is not None:
            journal.keep_evidence(name, evidence)
        journal.append("decision", NOW, decision("aa"), None)
        journal.append("outcome", NOW, outcome("aa") | {"evidence": name}, None)
    if damage is not None:
        [path] = (tmp_path / "evidence").iterdir()
        path.write_bytes(damage)
    assert codes(tmp_path) == expected


@pytest.mark.parametrize("evidence", [7, ["x"], "sha256:short", "../../etc/passwd"])
def test_evidence_that_is_no_digest_is_found(tmp_path: Path, evidence: Json) -> None:
    folder = forge(
        tmp_path / "log",
        ("decision", NOW, decision("aa")),
        ("outcome", NOW, outcome("aa") | {"evidence": evidence}),
    )
    assert codes(folder) == ["evidence-missing"]


def test_first_record_must_name_the_log(tmp_path: Path) -> None:
    line, _ = draft("message", NOW, {"what": "else"}).placed(0, "sha256:" + 64 * "0")
    (tmp_path / f"{0:020d}.jsonl").write_bytes(line)
    assert codes(tmp_path) == ["record-edited"]


def test_problems_are_bounded(tmp_path: Path) -> None:
    stray: tuple[Kind, str, dict[str, Json]] = ("outcome", NOW, outcome("aa"))
    folder = forge(tmp_path / "log", *[stray] * 300)
    assert len(verify(folder).problems) == 100


@pytest.mark.slow
def test_reading_takes_constant_memory(tmp_path: Path) -> None:
    def peak(records: int) -> int:
        folder = tmp_path / str(records)
        with Journal.open(folder, now=NOW) as journal:
            for number in range(records):
                journal.append("message", NOW, {"what": f"{number:01000d}"}, None)
        tracemalloc.start()
        for _ in read(folder):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10)
    assert peak(5000) < 2 * peak(500)
