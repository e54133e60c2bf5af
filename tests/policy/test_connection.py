"""What a decision lets through: hosts, port, methods and secrets of one sandbox, and nothing else."""

from __future__ import annotations

import pytest

from governance.policy.connection import (
    Asked,
    Reach,
    Scheme,
    judge_connection,
    judge_place,
    secrets_for,
    sees_inside,
)
from governance.policy.decision import Network
from governance.policy.facts import EngineFacts
from governance.policy.profile import Secret
from tests.policy.build import FACTS, bundle_of, verdict_of

A, B = "a.example.org", "b.example.org"
TLS, HTTP = Scheme.TLS, Scheme.HTTP
OPEN = Reach(Network((A, "*.c.example.org"), 443, ()))
READS = Reach(Network((A,), 443, ("GET", "HEAD")))
TOKEN = Secret("TOKEN", A, "bearer", "/v1")
SECRET = Reach(Network((A, B), 443, ()), (TOKEN,))


@pytest.mark.parametrize(
    ("reach", "asked", "code"),
    [
        (OPEN, Asked(TLS, A, 443), None),
        (OPEN, Asked(TLS, "x.c.example.org", 443), None),
        (OPEN, Asked(TLS, "c.example.org", 443), "host"),
        (OPEN, Asked(TLS, "xc.example.org", 443), "host"),
        (OPEN, Asked(TLS, B, 443), "host"),
        (OPEN, Asked(TLS, A, 8443), "port"),
        (OPEN, Asked(HTTP, A, 80, "GET", "/"), "port"),
        (OPEN, Asked(HTTP, A, 443, "DELETE", "/"), None),
        (OPEN, Asked(TLS, A, 443, "TRACE", "/"), "method"),
        (OPEN, Asked(TLS, A, 443, "CONNECT", "/"), "method"),
        (READS, Asked(TLS, A, 443), "unseen"),
        (READS, Asked(TLS, A, 443, "GET", "/"), None),
        (READS, Asked(TLS, A, 443, "POST", "/"), "method"),
        (SECRET, Asked(TLS, B, 443), "unseen"),
        (SECRET, Asked(TLS, A, 443, "POST", "/"), None),
        (SECRET, Asked(HTTP, A, 443, "GET", "/"), "secret-in-clear"),
        (SECRET, Asked(HTTP, B, 443, "GET", "/"), None),
    ],
)
def test_what_a_decision_says_of_a_connection(reach: Reach, asked: Asked, code: str | None) -> None:
    refused = judge_connection(reach, asked)
    assert (refused and refused.code) == code
    if refused is not None:
        assert refused.reason
        assert refused.mend
    if code in ("host", "port"):
        assert judge_place(reach, asked.host, asked.port) == refused
    assert Asked.from_json(asked.to_json()) == asked


def test_tls_is_looked_into_only_for_methods_and_secrets() -> None:
    assert [sees_inside(reach) for reach in (OPEN, READS, SECRET)] == [False, True, True]


@pytest.mark.parametrize(
    ("host", "target", "goes"),
    [
        (A, "/v1", True),
        (A, "/v1?x=/v2", True),
        (A, "/v1/x", True),
        (A, "/v1x", False),
        (A, "/", False),
        (A, "/x/v1", False),
        (A, "/x?/v1/", False),
        (B, "/v1", False),
    ],
)
def test_a_secret_goes_to_its_host_and_path_alone(host: str, target: str, goes: bool) -> None:
    assert secrets_for(SECRET, Asked(TLS, host, 443, "GET", target)) == ((TOKEN,) if goes else ())
    assert secrets_for(SECRET, Asked(HTTP, host, 443, "GET", target)) == ()


def test_a_secret_without_a_path_goes_everywhere_on_its_host() -> None:
    everywhere = Reach(SECRET.network, (Secret("TOKEN", A, "bearer"),))
    assert secrets_for(everywhere, Asked(TLS, A, 443, "GET", "/any/thing"))


POLICY = """
sandbox online { image "governance/base"  network hosts "a.example.org", "b.example.org" methods GET
  secret TOKEN to "a.example.org/v1" as bearer  secret OTHER to "b.example.org" as basic }
permit get { agent any  call http.get  sandbox online  because "x" }
"""


def test_a_decision_says_where_its_secrets_go() -> None:
    verdict = verdict_of(bundle_of(POLICY), 'http.get(url="https://a.example.org/v1/x")')
    assert verdict.sandbox is not None
    assert verdict.sandbox.reach == Reach(Network((A,), 443, ("GET",)), (TOKEN,))
    assert verdict.sandbox.to_json()["secrets"] == [
        {"name": "TOKEN", "host": A, "path": "/v1", "as": "bearer"}
    ]


def test_a_network_is_there_only_where_it_was_seen_to_be_shut_in() -> None:
    call = 'http.get(url="https://a.example.org/v1/x")'
    denied = verdict_of(bundle_of(POLICY), call, facts=FACTS)
    assert denied.code.value == "fail-closed"
    assert "no governed way to the network" in denied.reason
    facts = EngineFacts(FACTS.images, FACTS.tiers, ("container",))
    assert verdict_of(bundle_of(POLICY), call, facts=facts).sandbox is not None
    assert EngineFacts.from_json(facts.to_json()) == facts
    assert "egress" not in FACTS.to_json()
