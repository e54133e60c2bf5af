"""Replay: every record judged again by the same function, and compared byte for byte.

Events stream through; nothing is kept but the state, the bundles, and what running calls may reach. Reading the log and verifying its chain
is `governance.journal`; what is compared here is what the records say.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from governance.canonical import canonical
from governance.decide import judge
from governance.errors import Diagnostic, JournalError
from governance.evidence import VERSION, connection_differences, decision_body, fold, recorded_request
from governance.policy.decision import Allow
from governance.policy.state import State
from governance.policy.stored import load_bundle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from governance.canonical import Json
    from governance.journal.record import Event
    from governance.policy.bundle import Bundle
    from governance.policy.connection import Reach

__all__ = ["Replayed", "replay", "replay_with"]


@dataclass(frozen=True, slots=True)
class Replayed:
    """One decision of the log, or one connection, judged again. `differences` are empty when nothing changed."""

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
    for event in events:
        if event.kind == "bundle":
            digest = _in_force(event)
            if digest is not None and digest not in bundles:
                bundles[digest] = load_bundle(stored(digest), digest)
            bundle = None if digest is None else bundles[digest]
        if event.kind == "decision":
            again, state, reach = _again(event, bundle, state)
            if reach is not None:
                running[str(again.now["id"])] = reach
            yield again
        elif event.kind == "connection":
            yield _connection(event, running.get(str(event.body.get("id"))))
        else:
            running.pop(str(event.body.get("id")), None)
            state = _folded(state, event)


def _connection(event: Event, reach: Reach | None) -> Replayed:
    try:
        return Replayed(event.seq, event.body, event.body, connection_differences(event.body, reach))
    except (KeyError, TypeError, AttributeError, ValueError):
        raise _unreadable(event, "no connection that can be read") from None


def replay_with(events: Iterable[Event], bundle: Bundle) -> Iterator[Replayed]:
    """Yield each decision of `events` as it would be under `bundle`; differences are in verdict, code and rules."""
    state = State()
    renamed: dict[str, str] = {}
    for event in events:
        if event.kind == "decision":
            recorded = _decision(event)
            judgement = judge(bundle, recorded_request(event.body), state, event.at)
            now, state = judgement.decision.to_json(), judgement.state
            renamed[str(recorded.get("id"))] = judgement.decision.id
            changed = tuple(
                key
                for key in ("decision", "code", "rules")
                if list(_seq(recorded.get(key))) != list(_seq(now[key]))
            )
            yield Replayed(event.seq, recorded, now, changed)
        else:
            state = _folded(state, _renamed(event, bundle, renamed))


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


def _again(event: Event, bundle: Bundle | None, state: State) -> tuple[Replayed, State, Reach | None]:
    """Return the decision judged again, and the state after it as it should be, whatever the record says.

    The third is how far its sandbox may reach, None for nowhere.
    """
    request = recorded_request(event.body)
    judgement = judge(bundle, request, state, event.at)
    body = decision_body(request, judgement, state)
    recorded = dict(event.body)
    reach = judgement.decision.sandbox.reach if isinstance(judgement.decision, Allow) else None
    if canonical(recorded) == canonical(body):
        return Replayed(event.seq, _decision(event), judgement.decision.to_json(), ()), judgement.state, reach
    differences = sorted(
        key
        for key in recorded.keys() | body.keys()
        if canonical(recorded.get(key)) != canonical(body.get(key))
    )
    if "engine_version" in differences:
        differences.append(f"this engine is {VERSION}")
    now = judgement.decision.to_json()
    return Replayed(event.seq, _decision(event), now, tuple(differences)), judgement.state, reach


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
