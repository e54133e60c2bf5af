from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from governance.errors import SandboxError
from governance.policy.decision import Network
from governance.sandbox.attest import ImageSettings, attest
from governance.sandbox.egress.link import Link, on_network
from governance.sandbox.egress.network import (
    address_on,
    attest_network,
    make_network,
    reap_networks,
    subnet_of,
)
from governance.sandbox.engine_networks import ListedNetwork
from governance.sandbox.plan import Owner, name_for, plan
from tests.sandbox.build import inspected, spec

OWNER = Owner("log-1", "gateway-1", 0, 1_000)
NAME = name_for(OWNER)
LINK = Link("governance-x", "10.231.0.2", "/srv/trust")
NOTHING = ImageSettings((), (), ())
SOURCES = {"repos/web": "/srv/web"}
SENDS = Network(("api.example.org",), 443, ())


def found(**changes: Any) -> dict[str, Any]:
    """Return what an engine says of a network as it must be."""
    return {
        "Name": NAME,
        "Driver": "bridge",
        "Scope": "local",
        "Internal": True,
        "Attachable": False,
        "Ingress": False,
        "EnableIPv6": False,
        "ConfigOnly": False,
        "Options": {"com.docker.network.bridge.inhibit_ipv4": "true"},
        "IPAM": {"Config": [{"Subnet": "10.231.0.0/29"}]},
        "Labels": {
            "governance.log": "log-1",
            "governance.gateway": "gateway-1",
            "governance.expires": "1000",
        },
        "Containers": {"relay": {"IPv4Address": "10.231.0.2/29"}},
        **changes,
    }


def test_a_network_as_it_must_be_is_taken() -> None:
    attest_network(found(), NAME, OWNER, frozenset({"relay"}))
    assert address_on(found(), "relay") == "10.231.0.2"
    assert subnet_of(found()) == "10.231.0.0/29"


@pytest.mark.parametrize(
    "changes",
    [
        {"Name": "other"},
        {"Driver": "macvlan"},
        {"Scope": "swarm"},
        {"Internal": False},
        {"Internal": None},
        {"Attachable": True},
        {"Ingress": True},
        {"EnableIPv6": True},
        {"ConfigOnly": True},
        {"Options": {}},
        {"Options": None},
        {"Options": {"com.docker.network.bridge.inhibit_ipv4": "false"}},
        {
            "Options": {
                "com.docker.network.bridge.inhibit_ipv4": "true",
                "com.docker.network.bridge.name": "docker0",
            }
        },
        {"Labels": None},
        {"Labels": {"governance.log": "log-2", "governance.gateway": "gateway-1"}},
        {"Containers": {}},
        {"Containers": {"relay": {}, "another": {}}},
        {"Containers": {"another": {}}},
    ],
)
def test_any_other_network_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SandboxError) as refused:
        attest_network(found(**changes), NAME, OWNER, frozenset({"relay"}))
    assert [each.code for each in refused.value.diagnostics] == ["attestation"]


@pytest.mark.parametrize("there", [{}, {"relay": {}}, {"relay": {"IPv4Address": ""}}, {"relay": None}, None])
def test_a_proxy_without_an_address_is_an_error(there: Any) -> None:
    with pytest.raises(SandboxError):
        address_on(found(Containers=there), "relay")


class Networks:
    """Networks of an engine, some subnets of which are taken."""

    def __init__(self, taken: int = 0, *listed: ListedNetwork) -> None:
        self.tries = count()
        self.taken = taken
        self.listed = listed
        self.made: list[tuple[str, str]] = []
        self.removed: list[str] = []

    def create(self, name: str, subnet: str, *_: object) -> bool:
        if next(self.tries) < self.taken:
            return False
        self.made.append((name, subnet))
        return True

    def labelled(self, _: str) -> tuple[ListedNetwork, ...]:
        return self.listed

    def remove(self, name: str) -> None:
        if name == "stuck":
            raise SandboxError
        self.removed.append(name)


def test_a_subnet_that_is_taken_is_passed_by() -> None:
    networks = Networks(3)
    assert make_network(networks, OWNER) == NAME  # type: ignore[arg-type]
    ((name, subnet),) = networks.made
    assert name == NAME
    assert subnet.startswith("10.231.")
    assert subnet.endswith("/29")
    with pytest.raises(SandboxError, match="no subnet is free"):
        make_network(Networks(10_000), OWNER)  # type: ignore[arg-type]


def test_what_is_left_or_expired_is_reaped_and_nothing_else() -> None:
    def listed(name: str, log: str, expires: str) -> ListedNetwork:
        return ListedNetwork(name, {"governance.log": log, "governance.expires": expires})

    networks = Networks(
        0,
        listed("mine", "log-1", "2000"),
        listed("expired", "log-2", "999"),
        listed("theirs", "log-2", "2000"),
        listed("odd", "log-1", "soon"),
    )
    said: list[str] = []
    assert reap_networks(networks, log_id="log-1", now=1000, say=said.append) == ("mine", "expired")  # type: ignore[arg-type]
    assert networks.removed == ["mine", "expired"]
    assert reap_networks(networks, log_id=None, now=1000, say=said.append) == ("expired",)  # type: ignore[arg-type]


def test_a_sandbox_is_joined_to_its_network_and_attested_on_it() -> None:
    planned = plan(spec(network=SENDS), OWNER, (1000, 1000), SOURCES, LINK)
    host: Any = planned.body["HostConfig"]
    assert (host["NetworkMode"], host["Dns"]) == ("governance-x", ("10.231.0.2",))
    env: Any = planned.body["Env"]
    assert {"https_proxy=http://10.231.0.2:3128", "SSL_CERT_FILE=/egress/ca.pem"} <= set(env)
    assert not any(entry.startswith("HTTP_PROXY=") for entry in env)
    assert host["Mounts"][-1]["Source"] == "/srv/trust"
    told: Any = inspected(dict(planned.body), planned.name)
    told["NetworkSettings"]["Networks"] = {"governance-x": {}}
    assert attest(planned, told, NOTHING, "/run/docker.sock")
    for networks in ({}, {"none": {}}, {"governance-x": {}, "bridge": {}}, {"other": {}}):
        told["NetworkSettings"]["Networks"] = networks
        with pytest.raises(SandboxError):
            attest(planned, told, NOTHING, "/run/docker.sock")


def test_a_network_without_its_proxy_and_a_proxy_without_a_network_are_refused() -> None:
    for sandbox, link in ((spec(network=SENDS), None), (spec(), LINK)):
        with pytest.raises(SandboxError) as refused:
            plan(sandbox, OWNER, (1000, 1000), SOURCES, link)
        assert refused.value.code == "box"


def test_a_relay_is_on_the_network_and_otherwise_as_it_was() -> None:
    plain = plan(spec(), OWNER, (1000, 1000), SOURCES)
    there = on_network(plain, "governance-x")
    before: Any = plain.body["HostConfig"]
    after: Any = there.body["HostConfig"]
    assert {key for key in after if after[key] != before[key]} == {"NetworkMode"}
    assert there.body["Env"] == plain.body["Env"]
