"""Replay: records come out byte for byte, a changed one is named, and other policies show what they would change."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from governance.canonical import canonical
from governance.decide import judge
from governance.errors import JournalError, PolicyError
from governance.evidence import bundle_body, decision_body, fold, recorded_request
from governance.journal.record import Event
from governance.policy.state import State
from governance.replay import Replayed, replay, replay_with
from governance.request.roots import HostRoot, check_roots
from governance.request.wire import LIMIT, Origin, Oversize, Syntax, parse_request
from tests.policy.build import FACTS, bundle_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from governance.canonical import Json
    from governance.policy import Bundle
    from governance.request.wire import Line

AT = "2026-11-23T10:00:00.000Z"
READ = (
    'permit read { agent any  call fs.read  when path under "/workspace"  sandbox reader  because "work" }\n'
)
FORBID = 'forbid src { call fs.*  when path under "/workspace/src"  because "sources" }\n'
LINES: tuple[Line, ...] = (
    b'fs.read(path="/workspace/a")',
    b'fs.read(path="/workspace/src/a")',
    b'fs.read(path="/etc/passwd")',
    b'{"agent":"bob","session":"s","at":"2026-11-23T09:00:00Z","request":"fs.read(path=\\"/workspace/a\\")"}',
    b'{"type":"tool_use","name":"fs_read","input":{"path":"/workspace/a"}}',
    b'{"agent":"bob","request":',
    b"\xff\xfe\x00not text",
    b"\xef\xbb\xbffs.read()",
    b"",
    'fs.read(path="/workspace/é\u202e")'.encode(),
    Oversize(LIMIT + 1, "sha256:" + "0" * 64),
)


def log_of(bundle: Bundle | None, *lines: Line, syntax: Syntax = Syntax.AUTO) -> list[Event]:
    """Return the events that the gateway would write, as they come back from the log."""
    bodies: list[tuple[str, dict[str, Json]]] = [
        ("bundle", bundle_body(bundle.digest if bundle else None, FACTS))
    ]
    state = fold(State(), Event(0, AT, "bundle", bodies[0][1]))
    for line in lines:
        request = parse_request(line, Origin("ann", "session", syntax))
        judgement = judge(bundle, request, state, AT)
        bodies.append(("decision", decision_body(request, judgement, state)))
        state = judgement.state
    return [
        Event(seq, AT, "bundle" if kind == "bundle" else "decision", json.loads(canonical(body)))
        for seq, (kind, body) in enumerate(bodies)
    ]


def stored(*bundles: Bundle) -> Callable[[str], bytes]:
    return {bundle.digest: bundle.stored for bundle in bundles}.__getitem__


def changed(event: Event, body: Mapping[str, Json]) -> Event:
    return Event(event.seq, event.at, event.kind, body)


@pytest.mark.parametrize("syntax", list(Syntax))
def test_every_kind_of_request_is_replayed_byte_for_byte(syntax: Syntax) -> None:
    bundle = bundle_of(READ + FORBID)
    found = list(replay(log_of(bundle, *LINES, syntax=syntax), stored(bundle)))
    assert [each.seq for each in found] == list(range(1, len(LINES) + 1))
    assert [each.differences for each in found] == [()] * len(LINES)


def test_host_roots_are_recorded_where_there_are_any_and_replayed() -> None:
    bundle = bundle_of(READ + FORBID)
    event = {
        "session_id": "s",
        "transcript_path": "/t",
        "cwd": "/home/ann/web",
        "hook_event_name": "PreToolUse",
        "tool_name": "Read",
        "tool_input": {"file_path": "a"},
    }
    line = json.dumps(event).encode()
    roots = check_roots([HostRoot("/home/ann/web", "/workspace")])
    verdicts = []
    for origin in (Origin("ann", roots=roots), Origin("ann")):
        request = parse_request(line, origin)
        (first,) = log_of(bundle)
        state = fold(State(), first)
        body = json.loads(canonical(decision_body(request, judge(bundle, request, state, AT), state)))
        assert body.get("host_roots") == ([["/home/ann/web", "/workspace"]] if origin.roots else None)
        (again,) = replay([first, Event(1, AT, "decision", body)], stored(bundle))
        assert again.differences == ()
        verdicts.append(again.now["decision"])
        if origin.roots:
            elsewhere = {**body, "host_roots": [["/home/ann", "/workspace"]]}
            (again,) = replay([first, Event(1, AT, "decision", elsewhere)], stored(bundle))
            assert "decision" in again.differences
    assert verdicts == ["allow", "deny"]


@pytest.mark.parametrize(
    "roots",
    [1, "x", [1], [["/a"]], [["/a", "/b", "/c"]], [["a", "/b"]], [["/a", "/b"], ["/a/c", "/d"]], None],
)
def test_record_with_other_host_roots_cannot_be_read(roots: Json) -> None:
    with pytest.raises(JournalError, match="no request that can be read"):
        recorded_request({**BODY, "host_roots": roots})


def test_sentences_are_replayed_by_the_phrases_that_were_in_force() -> None:
    first = bundle_of(READ)
    second = bundle_of(
        READ, y='capability y.run "s" { path: Path  effects { }  argv { /bin/y $path }  phrase "open $path" }'
    )
    lines = (b"Please read the file /workspace/a.", b"open /workspace/a", b"read it", b'{"a":1}')
    events = log_of(first, *lines, syntax=Syntax.ENGLISH)
    found = list(replay(events, stored(first)))
    assert [each.now["code"] for each in found] == ["permitted", "malformed", "malformed", "malformed"]
    assert not any(each.differences for each in found)
    assert [each.now["code"] for each in replay_with(events, second)][1] == "no-permit"


def test_a_log_without_a_bundle_is_replayed_as_denies() -> None:
    found = list(replay(log_of(None, *LINES), stored()))
    assert {each.now["decision"] for each in found} == {"deny"}
    assert not any(each.differences for each in found)


def test_the_bundle_in_force_is_the_last_one_named() -> None:
    first, second = bundle_of(READ), bundle_of(READ + FORBID)
    line = LINES[1]
    one, two = log_of(first, line), log_of(second, line)
    state = fold(fold(fold(State(), one[0]), one[1]), two[0])
    request = parse_request(line, Origin("ann", "session"))
    body = json.loads(canonical(decision_body(request, judge(second, request, state, AT), state)))
    events = [*one, Event(2, AT, "bundle", two[0].body), Event(3, AT, "decision", body)]
    found = list(replay(events, stored(first, second)))
    assert [(each.now["decision"], each.differences) for each in found] == [("allow", ()), ("deny", ())]


def other_value(value: Json) -> Json:
    match value:
        case bool() | None:
            return "changed"
        case int():
            return value + 1
        case str():
            return value + "x"
        case list() | tuple():
            return [*value, "changed"]
        case dict():
            return {**value, "changed": 1}
    raise AssertionError(value)


BODY = log_of(bundle_of(READ + FORBID), LINES[0])[1].body
DECISION = BODY["decision"]
assert isinstance(DECISION, dict)
SANDBOX = DECISION["sandbox"]
assert isinstance(SANDBOX, dict)


def replay_changed(path: tuple[str, ...]) -> list[Replayed]:
    bundle = bundle_of(READ + FORBID)
    events = log_of(bundle, LINES[1], LINES[0], LINES[2])
    body = json.loads(canonical(events[2].body))
    inner = body
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = other_value(inner[path[-1]])
    events[2] = changed(events[2], body)
    return list(replay(events, stored(bundle)))


@pytest.mark.parametrize(
    "path",
    [
        *((key,) for key in BODY if key not in ("syntax", "request", "decision")),
        *(("decision", key) for key in DECISION),
        *(("decision", "sandbox", key) for key in SANDBOX),
        ("request", "text"),
    ],
    ids="/".join,
)
def test_a_change_in_any_field_of_a_decision_is_reported_with_its_number(path: tuple[str, ...]) -> None:
    found = replay_changed(path)
    assert [each.seq for each in found if each.differences] == [2]
    part = "decision" if path[0] in ("agent", "session", "request") else path[0]
    assert part in found[1].differences


def test_a_record_of_another_engine_version_says_which_this_is() -> None:
    differences = replay_changed(("engine_version",))[1].differences
    assert any(each.startswith("this engine is ") for each in differences)


def test_a_field_more_and_a_field_less_are_differences() -> None:
    bundle = bundle_of(READ)
    events = log_of(bundle, LINES[0])
    for body in (
        {**events[1].body, "more": 1},
        {key: value for key, value in events[1].body.items() if key != "where"},
    ):
        (found,) = replay([events[0], changed(events[1], body)], stored(bundle))
        assert found.differences in (("more",), ("where",))


def test_a_dropped_decision_shows_in_the_state_of_the_next() -> None:
    bundle = bundle_of(READ)
    first, _, *rest = log_of(bundle, *LINES[:4])
    assert all("state" in each.differences for each in replay([first, *rest], stored(bundle)))


def test_other_facts_of_the_engine_show_in_every_decision() -> None:
    bundle = bundle_of(READ)
    events = log_of(bundle, LINES[0])
    forged = changed(events[0], {**events[0].body, "engine": {"images": {}, "tiers": []}})
    (found,) = replay([forged, events[1]], stored(bundle))
    assert {"decision", "state"} <= set(found.differences)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"bundle": 3, "engine": None},
        {"bundle": None},
        {"bundle": None, "engine": {}},
        {"bundle": None, "engine": []},
        {"bundle": None, "engine": {"images": [], "tiers": []}},
    ],
)
def test_a_bundle_record_that_cannot_be_read_is_named(body: dict[str, Json]) -> None:
    with pytest.raises(JournalError, match=r"record 0 is (a bundle|no bundle)"):
        list(replay([Event(0, AT, "bundle", body)], stored()))


@pytest.mark.parametrize(
    "request_",
    [None, [], {}, {"text": 1}, {"base64": "*"}, {"base64": "é"}, {"oversize": 1}, {"text": "\ud800"}],
)
def test_a_decision_record_without_a_readable_request_is_named(request_: Json) -> None:
    bundle = bundle_of(READ)
    events = log_of(bundle, LINES[0])
    broken = changed(events[1], {**events[1].body, "request": request_})
    with pytest.raises(JournalError) as caught:
        list(replay([events[0], broken], stored(bundle)))
    assert caught.value.code == "bad-record"


@pytest.mark.parametrize("decision", [None, "allow", []])
def test_a_decision_record_without_a_decision_is_named(decision: Json) -> None:
    bundle = bundle_of(READ)
    events = log_of(bundle, LINES[0])
    broken = changed(events[1], {**events[1].body, "decision": decision})
    for again in (replay([events[0], broken], stored(bundle)), replay_with([events[0], broken], bundle)):
        with pytest.raises(JournalError, match="record 1"):
            list(again)


def test_a_bundle_that_was_edited_is_not_replayed_with() -> None:
    bundle = bundle_of(READ)
    edited = bundle.stored.replace(b"/workspace", b"/workspacf", 1)
    with pytest.raises(PolicyError, match="is not what was stored"):
        list(replay(log_of(bundle, LINES[0]), lambda _: edited))


def test_other_policies_show_what_they_would_change() -> None:
    old, new = bundle_of(READ), bundle_of(READ + FORBID)
    found = list(replay_with(log_of(old, *LINES[:3]), new))
    assert [
        (each.seq, each.recorded["decision"], each.now["decision"], each.differences) for each in found
    ] == [
        (1, "allow", "allow", ()),
        (2, "allow", "deny", ("decision", "code", "rules")),
        (3, "deny", "deny", ()),
    ]


def test_the_same_policies_change_nothing() -> None:
    bundle = bundle_of(READ + FORBID)
    assert not any(each.differences for each in replay_with(log_of(bundle, *LINES), bundle))


def test_a_recorded_decision_that_lacks_its_rules_is_a_change_and_no_crash() -> None:
    bundle = bundle_of(READ)
    events = log_of(bundle, LINES[0])
    broken = changed(events[1], {**events[1].body, "decision": {"decision": "allow"}})
    (found,) = replay_with([events[0], broken], bundle)
    assert found.differences == ("code", "rules")
