"""The records of connections, judged again: what the decision does not come to is found."""

from __future__ import annotations

import json
from typing import Any

import pytest

from governance.canonical import canonical
from governance.decide import judge
from governance.evidence import bundle_body, connection_body, decision_body, fold
from governance.journal.record import Event
from governance.policy.connection import Asked, Refused, Scheme
from governance.policy.facts import EngineFacts
from governance.policy.state import State
from governance.replay import replay
from governance.request.wire import Origin, Syntax, parse_request
from tests.policy.build import FACTS, bundle_of
from tests.sandbox.egress.world import HOST, PUBLIC

AT = "2026-11-23T10:00:00.000Z"
BUNDLE = bundle_of("""
sandbox online { image "governance/base"  network hosts "api.example.org" methods GET }
permit get { agent any  call http.get  sandbox online  because "x" }
""")
GET = Asked(Scheme.TLS, HOST, 443, "GET", "/")
EVIL = Asked(Scheme.TLS, "evil.example.org", 443)


def log_of(*connections: tuple[Asked | None, tuple[str, ...], str | None], change: Any = None) -> list[Event]:
    """Return the log of one permitted call whose sandbox asked for `connections`."""
    facts = EngineFacts(FACTS.images, FACTS.tiers, ("container",))
    bodies: list[tuple[Any, Any]] = [("bundle", bundle_body(BUNDLE.digest, facts))]
    state = fold(State(), Event(0, AT, "bundle", bodies[0][1]))
    request = parse_request(b'http.get(url="https://api.example.org/")', Origin("ann", "s", Syntax.CALL))
    judgement = judge(BUNDLE, request, state, AT)
    assert judgement.decision.verdict == "allow", judgement.decision.reason
    bodies.append(("decision", decision_body(request, judgement, state)))
    for asked, addresses, code in connections:
        refused = None if code is None else Refused(code, "why", "mend")
        bodies.append(
            ("connection", connection_body(judgement.decision.id, asked, addresses, refused) | (change or {}))
        )
    return [Event(seq, AT, kind, json.loads(canonical(body))) for seq, (kind, body) in enumerate(bodies)]


def differences(events: list[Event]) -> list[tuple[str, ...]]:
    return [again.differences for again in replay(events, lambda _: BUNDLE.stored)][1:]


@pytest.mark.parametrize(
    "connection",
    [
        (GET, (PUBLIC,), None),
        (EVIL, (), "host"),
        (Asked(Scheme.TLS, HOST, 80), (), "port"),
        (Asked(Scheme.TLS, HOST, 443, "POST", "/"), (PUBLIC,), "method"),
        (Asked(Scheme.TLS, HOST, 443), (PUBLIC,), "wrong-name"),
        (Asked(Scheme.TLS, HOST, 443), (PUBLIC, "10.0.0.1"), "address"),
        (Asked(Scheme.TLS, HOST, 443), (), "unresolved"),
        (None, (), "bare-line-end"),
        (None, (), "budget"),
    ],
)
def test_a_connection_as_the_proxy_records_it_replays(
    connection: tuple[Asked | None, tuple[str, ...], str | None],
) -> None:
    assert differences(log_of(connection, connection)) == [(), ()]


@pytest.mark.parametrize(
    ("connection", "part"),
    [
        ((EVIL, (PUBLIC,), None), "decision"),
        ((Asked(Scheme.TLS, HOST, 443), (PUBLIC,), None), "decision"),
        ((Asked(Scheme.TLS, HOST, 443, "POST", "/"), (PUBLIC,), None), "decision"),
        ((GET, (PUBLIC, "127.0.0.1"), None), "decision"),
        ((GET, (), None), "decision"),
        ((None, (PUBLIC,), None), "decision"),
        ((GET, (), "host"), "code"),
        ((EVIL, (), "port"), "code"),
        ((EVIL, (), "unresolved"), "code"),
        ((GET, (PUBLIC,), "address"), "code"),
        ((GET, ("10.0.0.1",), "unresolved"), "code"),
    ],
)
def test_a_connection_that_no_proxy_records_is_found(
    connection: tuple[Asked | None, tuple[str, ...], str | None], part: str
) -> None:
    assert differences(log_of(connection)) == [(part,)]


def test_a_connection_of_another_decision_is_found() -> None:
    assert differences(log_of((GET, (PUBLIC,), None), change={"id": "another"})) == [("decision",)]
    assert differences(log_of((EVIL, (), "host"), change={"id": "another"})) == [("code",)]
