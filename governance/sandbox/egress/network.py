"""The network of one call: made, seen to be what it must be, and removed.

A bridge of the engine's without an address of the host's on it, so that neither the gateway nor the host answers
there, and no way on from it. What the engine says of it is compared before anything starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, ip_network
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from governance.errors import Diagnostic, SandboxError
from governance.sandbox.plan import EXPIRES, GATEWAY, LOG, name_for
from governance.text import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from governance.sandbox.engine_networks import EngineNetworks
    from governance.sandbox.plan import Owner

__all__ = ["address_on", "attest_network", "make_network", "reap_networks", "subnet_of"]

_NO_ADDRESS: Final = "com.docker.network.bridge.inhibit_ipv4"
"""The option by which the host has no address on the bridge."""

_OPTIONS: Final = {_NO_ADDRESS: "true"}
_RANGE: Final = ip_network("10.231.0.0/16")
_PREFIX: Final = 29
_NETWORKS: Final = 1 << (_PREFIX - 16)
_numbers: Final = count()


def make_network(networks: EngineNetworks, owner: Owner) -> str:
    """Create the owner's network and return its name. SandboxError `network` where no subnet is free."""
    name = name_for(owner)
    labels = {LOG: owner.log, GATEWAY: owner.gateway, EXPIRES: str(owner.expires)}
    for subnet in _subnets():
        if networks.create(name, subnet, _OPTIONS, labels):
            return name
    mend = f"remove networks of the engine that lie in {_RANGE}"
    raise SandboxError(Diagnostic("network", "no subnet is free for the network of this call", help=mend))


def _subnets() -> Iterator[str]:
    """Yield each subnet once, from the one after the last that was tried."""
    base, size = int(IPv4Address(str(_RANGE.network_address))), 1 << (32 - _PREFIX)
    for _ in range(_NETWORKS):
        yield f"{IPv4Address(base + next(_numbers) % _NETWORKS * size)}/{_PREFIX}"


def attest_network(found: Mapping[str, Any], name: str, owner: Owner, members: frozenset[str]) -> None:
    """Compare what the engine says of a network with what it must be; `members` are the ids of those who are on it.

    SandboxError with one `attestation` diagnostic for each difference.
    """
    wanted: dict[str, object] = {
        "Name": name,
        "Driver": "bridge",
        "Scope": "local",
        "Internal": True,
        "Attachable": False,
        "Ingress": False,
        "EnableIPv6": False,
        "ConfigOnly": False,
        "Options": _OPTIONS,
    }
    problems = [
        f"{key} is {shown(repr(found.get(key)))} where it must be {value!r}"
        for key, value in wanted.items()
        if found.get(key) != value
    ]
    labels = found.get("Labels")
    if not isinstance(labels, Mapping) or (labels.get(LOG), labels.get(GATEWAY)) != (
        owner.log,
        owner.gateway,
    ):
        problems.append("its labels are another's")
    there = found.get("Containers")
    if not isinstance(there, Mapping) or frozenset(there) != members:
        problems.append("others are on it than the proxy")
    if problems:
        mend = (
            "nothing was run; the engine must create networks as asked: look for defaults in its daemon.json"
        )
        raise SandboxError(
            *(
                Diagnostic("attestation", f"the engine made another network than planned: {each}", help=mend)
                for each in problems
            )
        )


def address_on(found: Mapping[str, Any], member: str) -> str:
    """Return the address that `member`, a container's id, has on a network. SandboxError `network` if it has none."""
    try:
        address = str(found["Containers"][member]["IPv4Address"]).partition("/")[0]
        return str(IPv4Address(address))
    except (KeyError, TypeError, ValueError):
        mend = "look at the engine's log; nothing was run"
        raise SandboxError(
            Diagnostic("network", "the proxy has no address on the call's network", help=mend)
        ) from None


def subnet_of(found: Mapping[str, Any]) -> str:
    """Return a network's one subnet. SandboxError `network` if it has none."""
    try:
        return str(found["IPAM"]["Config"][0]["Subnet"])
    except (KeyError, TypeError, IndexError):
        mend = "look at the engine's log; nothing was run"
        raise SandboxError(Diagnostic("network", "the call's network has no subnet", help=mend)) from None


def reap_networks(
    networks: EngineNetworks, *, log_id: str | None, now: int, say: Callable[[str], None]
) -> tuple[str, ...]:
    """Remove the networks that an earlier process of the log `log_id` left, and all of ours that expired by `now`.

    To be called once the containers are reaped. Returns the ids removed; what could not be removed is said.
    """
    removed = []
    for network in networks.labelled(LOG):
        expires = network.labels.get(EXPIRES, "")
        known = expires.isascii() and expires.isdigit()
        if not known or (network.labels.get(LOG) != log_id and int(expires) >= now):
            continue
        try:
            networks.remove(network.id)
            removed.append(network.id)
        except SandboxError as error:
            say(f"the network {network.id[:12]} is still there: {error}")
    return tuple(removed)
