from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from governance.canonical import canonical
from governance.errors import JournalError
from governance.journal.chain import GENESIS, draft, parse
from tests.journal.samples import NOW, decision


def line_of(value: dict[str, Any]) -> bytes:
    """Return a line that has the right hash for whatever it says."""
    bare = {name: item for name, item in value.items() if name != "hash"}
    return canonical({**bare, "hash": "sha256:" + hashlib.sha256(canonical(bare)).hexdigest()})


def record(**changes: object) -> dict[str, Any]:
    return {"seq": 3, "at": NOW, "kind": "message", "prev": GENESIS, "body": {"what": "x"}, **changes}


def test_line_is_the_canonical_json_of_the_record_and_the_hash_that_of_the_rest() -> None:
    body = decision("ab", path="/workspace/ünï\u0001\U0001f600")
    line, own = draft("decision", NOW, body).placed(7, GENESIS)
    value = json.loads(line)
    assert line == rfc8785.dumps(value) + b"\n"
    assert value.pop("hash") == own == "sha256:" + hashlib.sha256(rfc8785.dumps(value)).hexdigest()
    assert value == {"seq": 7, "at": NOW, "kind": "decision", "prev": GENESIS, "body": body}


def test_line_is_read_back_as_the_record_it_was() -> None:
    line, own = draft("outcome", NOW, {"id": "ab", "exit": -1}).placed(0, GENESIS)
    found = parse(line[:-1])
    assert (found.event.seq, found.event.at, found.event.kind) == (0, NOW, "outcome")
    assert (found.event.body, found.prev, found.hash) == ({"id": "ab", "exit": -1}, GENESIS, own)


@pytest.mark.parametrize(
    "body",
    [
        {"a": 1.5},
        {"a": [float("nan")]},
        {"a": 2**53},
        {"a": "\ud800"},
        {"a": object()},
        {"a": {1, 2}},
        {"a": {10: 1, 9: 1}},
        {"a": [{"b": (-(2**53),)}]},
        [1],
    ],
)
def test_body_that_could_not_be_read_back_is_refused(body: Any) -> None:
    with pytest.raises(JournalError) as caught:
        draft("message", NOW, body)
    assert caught.value.code == "record-unwritable"
    assert caught.value.diagnostics[0].help


@pytest.mark.parametrize("depth", [200, 100_000])
def test_body_that_is_too_deep_is_refused(depth: int) -> None:
    body: dict[str, Any] = {}
    for _ in range(depth):
        body = {"a": body}
    with pytest.raises(JournalError, match="nested"):
        draft("message", NOW, body)
    for _ in range(depth - 199):
        body = body["a"]
    line, _own = draft("message", NOW, body).placed(0, GENESIS)
    assert parse(line[:-1]).event.body == body


@pytest.mark.parametrize(
    "value",
    [
        record(seq=-1),
        record(seq=True),
        record(seq="3"),
        record(seq=2**53),
        record(at="2026-11-23T10:00:00Z"),
        record(at="2026-13-23T10:00:00.000Z"),
        record(kind="rumour"),
        record(prev="sha256:00"),
        record(prev=None),
        record(body=[]),
        record(extra=1),
        {"seq": 3, "at": NOW, "kind": "message", "prev": GENESIS},
    ],
)
def test_record_of_wrong_shape_is_refused_though_its_hash_is_right(value: dict[str, Any]) -> None:
    assert parse(line_of(record())).event.seq == 3
    with pytest.raises(JournalError) as caught:
        parse(line_of(value))
    assert caught.value.code == "record-edited"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"what":"x"', b'"what": "x"'),
        (b'"what":"x"', b'"what":"\\u0078"'),
        (b'"what":"x"', b'"what":"x","what":"x"'),
        (b'"what":"x"', b'"what":1.0'),
        (b'"what":"x"', b'"what":1e2'),
        (b'"what":"x"', b'"what":NaN'),
        (b'"what":"x"', b'"what":-0'),
        (b'"what":"x"', b'"what":"\\ud800"'),
        (b'"what":"x"', b'"what":"\xff"'),
        (b'"what":"x"', b'"what":' + 20_000 * b"[" + 20_000 * b"]"),
        (b'"what":"x"', b'"what":' + 5_000 * b"1"),
        (b'{"at"', b' {"at"'),
        (b'{"at"', b'\xef\xbb\xbf{"at"'),
        (b'"seq":3', b'"seq":4'),
        (b'"what":"x"', b'"what":"y"'),
    ],
)
def test_any_other_spelling_of_a_record_is_refused(old: bytes, new: bytes) -> None:
    line = line_of(record())
    assert old in line
    with pytest.raises(JournalError) as caught:
        parse(line.replace(old, new, 1))
    assert caught.value.code == "record-edited"


def test_line_that_is_no_object_is_refused() -> None:
    for line in (b"", b"null", b"[]", b"\0\0\0", b'"text"'):
        with pytest.raises(JournalError):
            parse(line)


values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats() | st.characters(categories=["Cs"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.integers(), inner, max_size=3),
    max_leaves=8,
)


@given(body=st.dictionaries(st.text(max_size=3), values, max_size=3))
def test_whatever_is_not_refused_is_read_back(body: dict[str, Any]) -> None:
    try:
        line, _own = draft("message", NOW, body).placed(0, GENESIS)
    except JournalError as error:
        assert error.code == "record-unwritable"  # noqa: PT017
        return
    assert parse(line[:-1]).event.body == body
