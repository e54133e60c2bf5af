"""Replay: every record judged again by the same function, and compared byte for byte.

Events stream through; nothing is kept but the state, the bundles, and what running calls may reach. Reading the log and verifying its chain
is `governance.journal`; what is compared here is what the records say.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

from governance.canonical import canonical
from governance.capabilities.difference import Difference
from governance.decide import judge
from governance.errors import Diagnostic, JournalError
from governance.evidence import (
    VERSION,
    commit_body,
    connection_differences,
    decision_body,
    fold,
    recorded_request,
)
from governance.instant import milliseconds
from governance.policy.commit import Working, judge_commit
from governance.policy.decision import Allow
from governance.policy.state import State
from governance.policy.stored import load_bundle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from governance.canonical import Json
    from governance.decide import Judgement
    from governance.journal.record import Event
    from governance.policy.bundle import Bundle
    from governance.policy.connection import Reach
    from governance.request.wire import Request

__all__ = ["Replayed", "replay", "replay_with"]


@dataclass(frozen=True, slots=True)
class Replayed:
    """One decision, connection, or review of what a call wrote, judged again; `differences` is empty where nothing changed.

    Of a review, `recorded` and `now` are what was said of it: verdict, code, reason, rules, what was left out.
    """

    kind: Literal["decision", "connection", "commit"]
    seq: int
    recorded: Mapping[str, Json]
    now: Mapping[str, Json]
    differences: tuple[str, ...]


def replay(events: Iterable[Event], stored: Callable[[str], bytes]) -> Iterator[Replayed]:
    """Yield each decision of `events`, and each connection, judged again under the bundle that was in force.

    `stored` gives a bundle's bytes by digest. Differences name the parts of the record that came out
    otherwise. Raises `JournalError` for a record that cannot be read, `PolicyError` for a bundle that is not
    what was stored; what `stored` raises passes through.
    """
    state, bundle = State(), None
    bundles: dict[str, Bundle] = {}
    running: dict[str, Reach] = {}
    writers = _Writers()
    for event in events:
        if event.kind == "bundle":
            digest = _in_force(event)
            if digest is not None and digest not in bundles:
                bundles[digest] = load_bundle(stored(digest), digest)
            bundle = None if digest is None else bundles[digest]
        if event.kind == "decision":
            again, state, reach = _again(event, bundle, state, writers)
            if reach is not None:
                running[str(again.now["id"])] = reach
            yield again
        elif event.kind == "connection":
            yield _connection(event, running.get(str(event.body.get("id"))))
        elif event.kind == "commit":
            yield _reviewed(event, bundle, state, writers)
            state = _folded(state, event)
        else:
            running.pop(str(event.body.get("id")), None)
            writers.settle(event)
            state = _folded(state, event)


def _connection(event: Event, reach: Reach | None) -> Replayed:
    try:
        differences = connection_differences(event.body, reach)
    except (KeyError, TypeError, AttributeError, ValueError):
        raise _unreadable(event, "no connection that can be read") from None
    return Replayed("connection", event.seq, event.body, event.body, differences)


def replay_with(events: Iterable[Event], bundle: Bundle) -> Iterator[Replayed]:
    """Yield each decision of `events` as it would be under `bundle`; differences are in verdict, code and rules."""
    state = State()
    renamed: dict[str, str] = {}
    writers = _Writers()
    for event in events:
        if event.kind == "decision":
            recorded = _decision(event)
            request = recorded_request(event.body)
            judgement = judge(bundle, request, state, event.at)
            writers.take(recorded.get("id"), bundle, request, judgement)
            now, state = judgement.decision.to_json(), judgement.state
            renamed[str(recorded.get("id"))] = judgement.decision.id
            changed = tuple(
                key
                for key in ("decision", "code", "rules")
                if list(_seq(recorded.get(key))) != list(_seq(now[key]))
            )
            yield Replayed("decision", event.seq, recorded, now, changed)
        elif event.kind == "commit":
            working = writers.of(event)
            if working is None:  # these policies would not have allowed the call
                continue
            difference = _difference(event)
            commit = judge_commit(bundle, working, difference, state, milliseconds(event.at))
            said = commit.to_json(difference)
            changed = tuple(key for key in said if canonical(event.body.get(key)) != canonical(said[key]))
            yield Replayed("commit", event.seq, event.body, said, changed)
            state = state.decided(commit.changes, milliseconds(event.at), commit.id)
        else:
            writers.settle(event)
            state = _folded(state, _renamed(event, bundle, renamed))


class _Writers:
    """The allowed calls that may still have written something, by the id that the log has for them."""

    def __init__(self) -> None:
        self._working: dict[str, Working] = {}

    def take(self, identifier: Json, bundle: Bundle | None, request: Request, judgement: Judgement) -> None:
        decision, agent = judgement.decision, request.origin.agent
        if not isinstance(decision, Allow) or judgement.work is None or bundle is None or agent is None:
            return
        if any(mount.writable for mount in decision.sandbox.mounts):
            calls, session = judgement.work.calls, request.origin.session
            self._working[str(identifier)] = Working.of(decision, calls, bundle.agents[agent], session)

    def of(self, event: Event) -> Working | None:
        return self._working.get(str(event.body.get("id")))

    def settle(self, event: Event) -> None:
        if event.kind == "outcome":
            self._working.pop(str(event.body.get("id")), None)
        elif event.kind == "bundle":  # nothing runs any more that ran before
            self._working.clear()


def _reviewed(event: Event, bundle: Bundle | None, state: State, writers: _Writers) -> Replayed:
    """Return the review of what a call wrote, judged again."""
    working = writers.of(event)
    if working is None or bundle is None:
        raise _unreadable(event, "a review of what no call could write")
    difference = _difference(event)
    commit = judge_commit(bundle, working, difference, state, milliseconds(event.at))
    body = commit_body(working.decision.id, difference, commit, state)
    differences = tuple(
        key
        for key in sorted(event.body.keys() | body.keys())
        if canonical(event.body.get(key)) != canonical(body.get(key))
    )
    return Replayed("commit", event.seq, event.body, body, differences)


def _difference(event: Event) -> Difference:
    try:
        return Difference.from_json(cast("Mapping[str, Json]", event.body["difference"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _unreadable(event, "no review that can be read") from None


def _renamed(event: Event, bundle: Bundle, renamed: dict[str, str]) -> Event:
    """Return the event as it would have been under `bundle`: decisions have other ids there."""
    if event.kind == "bundle":
        return replace(event, body={**event.body, "bundle": bundle.digest})
    if event.kind == "outcome":
        recorded = str(event.body.get("id"))
        return replace(event, body={**event.body, "id": renamed.pop(recorded, recorded)})
    return event


def _seq(value: Json) -> Iterable[object]:
    return value if isinstance(value, list | tuple) else (value,)


def _again(
    event: Event, bundle: Bundle | None, state: State, writers: _Writers
) -> tuple[Replayed, State, Reach | None]:
    """Return the decision judged again, and the state after it as it should be, whatever the record says.

    The third is how far its sandbox may reach, None for nowhere.
    """
    request = recorded_request(event.body)
    judgement = judge(bundle, request, state, event.at)
    body = decision_body(request, judgement, state)
    writers.take(judgement.decision.id, bundle, request, judgement)
    recorded = dict(event.body)
    reach = judgement.decision.sandbox.reach if isinstance(judgement.decision, Allow) else None
    if canonical(recorded) == canonical(body):
        same = Replayed("decision", event.seq, _decision(event), judgement.decision.to_json(), ())
        return same, judgement.state, reach
    differences = sorted(
        key
        for key in recorded.keys() | body.keys()
        if canonical(recorded.get(key)) != canonical(body.get(key))
    )
    if "engine_version" in differences:
        differences.append(f"this engine is {VERSION}")
    now = judgement.decision.to_json()
    again = Replayed("decision", event.seq, _decision(event), now, tuple(differences))
    return again, judgement.state, reach


def _decision(event: Event) -> Mapping[str, Json]:
    decision = event.body.get("decision")
    if not isinstance(decision, dict):
        raise _unreadable(event, "a decision without a decision")
    return decision


def _in_force(event: Event) -> str | None:
    """Return the digest of the bundle that is in force after `event`, None where there is none."""
    digest = event.body.get("bundle", False)
    if digest is None or isinstance(digest, str):
        return digest
    raise _unreadable(event, "a bundle without a bundle")


def _folded(state: State, event: Event) -> State:
    try:
        return fold(state, event)
    except (KeyError, TypeError, AttributeError, ValueError):
        raise _unreadable(event, f"no {event.kind} that can be read") from None


def _unreadable(event: Event, what: str) -> JournalError:
    return JournalError(Diagnostic("bad-record", f"record {event.seq} is {what}", None, "verify the log"))
