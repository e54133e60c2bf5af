"""What a record holds of a decision, so that it can be made again: the request, whose it was, what was said.

The two directions stand side by side: what `decision_body` writes, `recorded_request` reads.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final, cast

from governance.capabilities.networks import refused_address
from governance.errors import Diagnostic, JournalError
from governance.grammar import text_digest
from governance.instant import instant, milliseconds
from governance.policy.change import change_from_json, change_to_json
from governance.policy.commit import commit_id
from governance.policy.connection import Asked, Refusal, judge_connection
from governance.policy.facts import EngineFacts
from governance.policy.state import Grant
from governance.request.roots import HostRoot, check_roots
from governance.request.wire import Origin, Oversize, Syntax, parse_request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from governance.canonical import Json
    from governance.capabilities.difference import Difference
    from governance.decide import Judgement
    from governance.journal.record import Event
    from governance.policy.commit import Commit
    from governance.policy.connection import Reach, Refused
    from governance.policy.state import State
    from governance.request.wire import Line, Request

__all__ = [
    "VERSION",
    "bundle_body",
    "clearance_body",
    "commit_body",
    "connection_body",
    "connection_differences",
    "decision_body",
    "fold",
    "grant_body",
    "message_body",
    "recorded_request",
]

VERSION: Final = "0.1.0"
"""The engine's version; records name it, so that an auditor knows which one to replay with."""

_GRAMMARS: Final = ("call", "json")


def decision_body(request: Request, judgement: Judgement, state: State) -> dict[str, Json]:
    """Return the body of the record of a decision that was made in `state`."""
    decision = judgement.decision
    roots = request.origin.roots
    return {
        "agent": request.origin.agent,
        "session": request.origin.session,
        "syntax": request.origin.syntax.value,
        "request": _line_json(request.line),
        **({"host_roots": [list(root) for root in roots]} if roots else {}),
        "decision": decision.to_json(),
        "where": [{"rule": rule.name, "file": rule.file, "line": rule.line} for rule in decision.rules],
        "engine_version": VERSION,
        "grammar": text_digest(*_GRAMMARS),
        "changes": [change_to_json(change) for change in judgement.changes],
        "state": {"before": state.digest, "after": judgement.state.digest},
    }


def connection_body(
    decision: str, asked: Asked | None, addresses: Iterable[str], refused: Refused | None
) -> dict[str, Json]:
    """Return the body of the record of a connection that the sandbox of `decision` asked for.

    `asked` is None where it could not be read. `addresses` are what the host's name was resolved to, before the
    verdict; the first of them is dialled, once an allow is durable.
    """
    return {
        "id": decision,
        "asked": None if asked is None else asked.to_json(),
        "addresses": list(addresses),
        "decision": "deny" if refused else "allow",
        "code": refused.code if refused else "permitted",
        "reason": refused.reason if refused else "the decision lets it through",
    }


def connection_differences(body: Mapping[str, Json], reach: Reach | None) -> tuple[str, ...]:
    """Return which parts of the record of a connection are not what a decision with `reach` comes to.

    None is a decision that lets nothing through. Whether a connection was refused for what only the network could
    tell (a name without address, a budget, a broken stream) is not judged again. KeyError, TypeError or ValueError
    for a body that is not in the form of its kind.
    """
    asked: Any = body["asked"]
    addresses = [str(address) for address in cast("list[Json]", body["addresses"])]
    wanted = None if asked is None else Asked.from_json(asked)
    refused = judge_connection(reach, wanted) if wanted is not None and reach is not None else None
    floor = any(refused_address(address) is not None for address in addresses)
    if body["decision"] == "allow":
        sound = reach is not None and wanted is not None and refused is None and bool(addresses) and not floor
        return () if sound and body["code"] == "permitted" else ("decision",)
    code, unseen = str(body["code"]), refused is None or refused.code == Refusal.UNSEEN
    if code in set(Refusal):
        return () if refused is not None and refused.code == code else ("code",)
    return () if (reach is not None and unseen) and (code == "address") == floor else ("code",)


def commit_body(decision: str, difference: Difference, commit: Commit, state: State) -> dict[str, Json]:
    """Return the body of the record of what an allowed call wrote and what of it is kept, as judged in `state`.

    It is made before anything is committed; whether that was done is said by the outcome.
    """
    return {
        "id": decision,
        "commit": commit.id,
        "difference": difference.to_json(),
        **commit.to_json(difference),
        "changes": [change_to_json(change) for change in commit.changes],
        "state": {"before": state.digest},
    }


def bundle_body(bundle: str | None, facts: EngineFacts | None) -> dict[str, Json]:
    """Return the body of the record that says which bundle and engine are in force from now on."""
    return {"bundle": bundle, "engine": None if facts is None else facts.to_json()}


def grant_body(identifier: str, grant: Grant) -> dict[str, Json]:
    """Return the body of the record of a person's approval; `expires` is RFC 3339."""
    return {
        "grant": identifier,
        "rule": grant.rule,
        "call": grant.call,
        "agent": grant.agent,
        "bundle": grant.bundle,
        "approver": grant.approver,
        "expires": instant(grant.expires),
        "uses": grant.uses,
    }


def clearance_body(rule: str, session: str, labels: Iterable[str], approver: str) -> dict[str, Json]:
    """Return the body of the record that clears labels from a session, by a `declassify` rule."""
    return {"clears": sorted(labels), "session": session, "rule": rule, "approver": approver}


def message_body(session: str, sources: Iterable[str], text: str) -> dict[str, Json]:
    """Return the body of the record of what someone said in a session: `user`, `trusted`, or a label of output."""
    return {"what": "text", "session": session, "from": sorted(sources), "text": text}


def fold(state: State, event: Event) -> State:
    """Return the state after `event`: the only way that history enters a decision.

    Raises KeyError, TypeError, ValueError or AttributeError for a body that is not in the form of its kind.
    """
    body: Any = event.body
    match event.kind:
        case "bundle":
            engine = body["engine"]
            facts = None if engine is None else EngineFacts.from_json(engine)
            return state.in_force(body["bundle"], facts, milliseconds(event.at))
        case "decision":
            changes = tuple(change_from_json(each) for each in body["changes"])
            return state.decided(changes, milliseconds(event.at), body["decision"]["id"])
        case "commit":
            changes = tuple(change_from_json(each) for each in body["changes"])
            return state.decided(changes, milliseconds(event.at), body["commit"])
        case "outcome":
            at, completed = milliseconds(event.at), body["status"] == "ok"
            settled = state.settled(body["id"], at, completed=completed)
            return (
                settled.settled(commit_id(body["id"]), at, completed=completed)
                if settled.pending
                else settled
            )
        case "grant" if "clears" in body:
            return state.declassified(body["session"], frozenset(body["clears"]))
        case "grant":
            expires = milliseconds(body["expires"])
            named = (body["rule"], body["call"], body["agent"], body["bundle"], body["approver"])
            return state.with_grant(body["grant"], Grant(*named, expires, body["uses"]))
        case "revoke":
            return state.revoked(body["grant"])
        case "message" if body["what"] == "text":
            return state.with_text(body["session"], body["from"], body["text"])
        case _:
            return state


def recorded_request(body: Mapping[str, Json]) -> Request:
    """Return the request that a decision's record holds, parsed anew.

    Raises `JournalError` when the record is not in the form that `decision_body` writes.
    """
    try:
        agent, session, syntax = body["agent"], body["session"], Syntax(str(body["syntax"]))
        line = _line(cast("Mapping[str, Json]", body["request"]))
        roots = _roots(body.get("host_roots", ()))
    except (KeyError, ValueError, TypeError, AttributeError, binascii.Error) as error:
        message = f"the record holds no request that can be read: {type(error).__name__} {error}"
        mend = "replay it with the engine version that the record names"
        raise JournalError(Diagnostic("bad-record", message, None, mend)) from None
    origin = Origin(None if agent is None else str(agent), str(session), syntax, roots=roots)
    return parse_request(line, origin)


def _roots(data: Json) -> tuple[HostRoot, ...]:
    """Return the host roots that a record names, none where it names none."""
    pairs = [(str(host), str(sandbox)) for host, sandbox in cast("list[list[str]]", data)]
    return check_roots(HostRoot(*pair) for pair in pairs)


def _line_json(line: Line) -> dict[str, Json]:
    if isinstance(line, Oversize):
        return {"oversize": line.length, "digest": line.digest}
    try:
        return {"text": line.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(line).decode()}


def _line(data: Mapping[str, Json]) -> Line:
    match data:
        case {"text": str(text)}:
            return text.encode()
        case {"base64": str(text)}:
            return base64.b64decode(text, validate=True)
        case {"oversize": int(length), "digest": str(digest)}:
            return Oversize(length, digest)
    raise ValueError("no text, base64 or oversize")
