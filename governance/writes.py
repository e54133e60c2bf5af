"""What agents wrote, as a log tells it: each change that was kept, with whose call it was, and what is not surely known.

A fold over the events of a log; nothing is looked up on any disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from governance.capabilities.difference import Difference, path_from_json
from governance.errors import Diagnostic, JournalError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from governance.canonical import Json
    from governance.journal.record import Event

__all__ = ["Write", "writes"]


@dataclass(frozen=True, slots=True)
class Write:
    """One change of a workspace by one call; `path` is as the sandbox had it, `decision` the number of its record.

    Not `sure` is what was judged but has no outcome: of such a call either all of it was kept or nothing. `path` is
    None for an outcome of an earlier version, which did not say what was written.
    """

    workspace: str
    path: bytes | None
    change: str
    kind: str
    mode: str
    digest: str | None
    agent: str | None
    session: str
    capabilities: tuple[str, ...]
    decision: int
    at: str
    sure: bool


@dataclass(slots=True)
class _Call:
    """An allowed call that may write, and what of it may have been kept."""

    event: Event
    workspace: str
    judged: tuple[Json, ...] = ()


def writes(events: Iterable[Event]) -> Iterator[Write]:
    """Yield what was written, in the order of the outcomes, then what has none. JournalError for what cannot be read."""
    waiting: dict[str, _Call] = {}
    for event in events:
        try:
            body: Any = event.body
            if event.kind == "decision" and body["decision"]["decision"] == "allow":
                mounts = body["decision"]["sandbox"]["mounts"]
                source = next((mount["source"] for mount in mounts if mount["writable"]), None)
                if source is not None:
                    waiting[body["decision"]["id"]] = _Call(event, source)
            elif event.kind == "commit" and body["id"] in waiting:
                waiting[body["id"]].judged = tuple(_perhaps(body))
            elif event.kind == "outcome" and body["id"] in waiting:
                yield from _written(waiting.pop(body["id"]), body["effects"]["written"], event.at)
        except (KeyError, TypeError, ValueError, AttributeError):
            message = f"record {event.seq} is no {event.kind} that can be read"
            raise JournalError(Diagnostic("bad-record", message, None, "verify the log")) from None
    for call in waiting.values():
        for change in call.judged:
            yield _write(call, change, call.event.at, sure=False)


def _perhaps(body: Any) -> Iterator[Json]:
    """Yield what is kept by a review, as an outcome would say it."""
    if body["verdict"] != "commit":
        return
    difference = Difference.from_json(body["difference"])
    left = {(path_from_json(each["path"]), each["change"]) for each in body["left_out"]}
    for each in difference.alterations:
        if (each.path, each.change) not in left:
            from_json = each.to_json()
            yield {**from_json, "path": each._replace(path=difference.place(each.path)).to_json()["path"]}


def _written(call: _Call, written: Any, at: str) -> Iterator[Write]:
    if written is None:
        yield _write(
            call, {"path": None, "change": "?", "kind": "?", "mode": "?", "digest": None}, at, sure=False
        )
        return
    for change in written:
        yield _write(call, change, at, sure=True)


def _write(call: _Call, change: Any, at: str, *, sure: bool) -> Write:
    body: Any = call.event.body
    return Write(
        call.workspace,
        None if change["path"] is None else path_from_json(change["path"]),
        change["change"],
        change["kind"],
        change["mode"],
        change["digest"],
        body["agent"],
        body["session"],
        tuple(each["capability"] for each in body["decision"]["calls"]),
        call.event.seq,
        at,
        sure,
    )
