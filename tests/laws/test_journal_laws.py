"""Law 9: any changed, dropped, swapped or duplicated record is found, and the record is named.

What the chain alone cannot show is stated too: a log cut off between two records, or whose last record was
replaced by another with a right hash, looks whole. Only a head or a checkpoint kept elsewhere tells.
"""

from __future__ import annotations

import json
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from governance.canonical import canonical, digest_of
from governance.journal import Journal, verify
from tests.effort import examples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from governance.errors import Diagnostic

AT = "2026-11-23T10:00:00.000Z"
texts = st.lists(st.text(max_size=12), min_size=2, max_size=7)
laws = settings(max_examples=examples(150), deadline=None)


@contextmanager
def log_of(messages: list[str], segment_bytes: int) -> Iterator[Path]:
    """Make a log with a record for each of `messages` after the first."""
    with tempfile.TemporaryDirectory() as name:
        with Journal.open(Path(name), now=AT, segment_bytes=segment_bytes) as journal:
            for message in messages:
                journal.append("message", AT, {"what": message}, None)
        assert verify(Path(name)).problems == ()
        yield Path(name)


def contents(folder: Path) -> dict[Path, list[bytes]]:
    """Return the lines of each segment, with their line feeds."""
    return {path: path.read_bytes().splitlines(keepends=True) for path in sorted(folder.glob("*.jsonl"))}


def place(files: dict[Path, list[bytes]], seq: int) -> tuple[list[bytes], int]:
    """Return the list that record `seq` stands in and its index there."""
    for lines in files.values():
        if seq < len(lines):
            return lines, seq
        seq -= len(lines)
    raise AssertionError


def store(files: dict[Path, list[bytes]]) -> None:
    for path, lines in files.items():
        path.write_bytes(b"".join(lines))


def first_problem(folder: Path) -> tuple[str, int]:
    """Return the code of the first problem and the record that it names."""
    problem: Diagnostic = verify(folder).problems[0]
    named = re.match(r"record ([0-9]+)", problem.message)
    assert named is not None
    return problem.code, int(named.group(1))


sizes = st.sampled_from([400, 900, 1 << 20])


@laws
@given(messages=texts, size=sizes, data=st.data())
def test_any_changed_byte_is_found(messages: list[str], size: int, data: st.DataObject) -> None:
    with log_of(messages, size) as folder:
        files = contents(folder)
        seq = data.draw(st.integers(0, len(messages)))
        lines, index = place(files, seq)
        offset = data.draw(st.integers(0, len(lines[index]) - 1))
        changed = bytearray(lines[index])
        changed[offset] ^= data.draw(st.integers(1, 255))
        lines[index] = bytes(changed)
        store(files)
        code, named = first_problem(folder)
        last_byte = seq == len(messages) and offset == len(changed) - 1
        assert (code, named) == ("torn-tail" if last_byte else "record-edited", seq)


@laws
@given(messages=texts, size=sizes, data=st.data())
def test_any_dropped_record_but_the_last_is_found(
    messages: list[str], size: int, data: st.DataObject
) -> None:
    with log_of(messages, size) as folder:
        files = contents(folder)
        seq = data.draw(st.integers(0, len(messages) - 1))
        lines, index = place(files, seq)
        del lines[index]
        store(files)
        code, named = first_problem(folder)
        assert named == seq
        assert code in ("record-missing", "segment-missing")


@laws
@given(messages=texts, size=sizes, data=st.data())
def test_any_two_swapped_records_are_found(messages: list[str], size: int, data: st.DataObject) -> None:
    with log_of(messages, size) as folder:
        files = contents(folder)
        first = data.draw(st.integers(0, len(messages) - 1))
        second = data.draw(st.integers(first + 1, len(messages)))
        (left, i), (right, j) = place(files, first), place(files, second)
        left[i], right[j] = right[j], left[i]
        store(files)
        assert first_problem(folder) == ("record-out-of-order", first)


@laws
@given(messages=texts, size=sizes, data=st.data())
def test_any_duplicated_record_is_found(messages: list[str], size: int, data: st.DataObject) -> None:
    with log_of(messages, size) as folder:
        files = contents(folder)
        seq = data.draw(st.integers(0, len(messages)))
        (original, i), before = place(files, seq), data.draw(st.integers(0, len(messages)))
        target, j = place(files, before)
        target.insert(j, original[i])
        store(files)
        expected = ("record-out-of-order", before) if before < seq else ("record-duplicated", seq)
        assert first_problem(folder) == expected


@laws
@given(messages=texts, size=sizes, data=st.data(), message=st.text(max_size=12))
def test_record_changed_and_hashed_anew_is_found_at_the_next(
    messages: list[str], size: int, data: st.DataObject, message: str
) -> None:
    with log_of(messages, size) as folder:
        files = contents(folder)
        seq = data.draw(st.integers(1, len(messages) - 1))
        assume(messages[seq - 1] != message)
        lines, index = place(files, seq)
        value = json.loads(lines[index])
        value["body"]["what"] = message
        del value["hash"]
        lines[index] = canonical({**value, "hash": digest_of(value)}) + b"\n"
        store(files)
        assert first_problem(folder) == ("record-edited", seq + 1)
        assert f"record {seq}:" in verify(folder).problems[0].message


@laws
@given(messages=texts, size=sizes, data=st.data())
def test_tail_cut_between_records_shows_only_against_a_head_kept_elsewhere(
    messages: list[str], size: int, data: st.DataObject
) -> None:
    with log_of(messages, size) as folder:
        head = verify(folder).head
        files = contents(folder)
        kept = data.draw(st.integers(1, len(messages)))
        for path, lines in files.items():
            lines[kept:] = []
            kept -= len(lines)
            if not lines:
                path.unlink()
        store({path: lines for path, lines in files.items() if lines})
        found = verify(folder)
        assert found.problems == ()
        assert found.head != head


@laws
@given(messages=texts, size=sizes, data=st.data())
def test_tail_cut_inside_a_record_is_a_torn_tail(messages: list[str], size: int, data: st.DataObject) -> None:
    with log_of(messages, size) as folder:
        files = contents(folder)
        lines, index = place(files, len(messages))
        lines[index] = lines[index][: data.draw(st.integers(1, len(lines[index]) - 1))]
        store(files)
        assert first_problem(folder) == ("torn-tail", len(messages))
