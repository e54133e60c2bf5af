"""What a decision lets its sandbox reach: one connection, or one request, judged by the decision alone.

The same functions are asked by the egress proxy before it dials and by `replay` afterwards. They know nothing of
addresses, budgets or bytes; what is said here holds whatever the network says.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from governance.policy.hosts import covers_host

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.canonical import Json
    from governance.policy.decision import Network
    from governance.policy.profile import Secret

__all__ = [
    "Asked",
    "Reach",
    "Refusal",
    "Refused",
    "Scheme",
    "judge_connection",
    "judge_place",
    "secrets_for",
    "sees_inside",
]

_NEVER: Final = frozenset({"CONNECT", "TRACE", "TRACK"})
"""Methods that no rule permits: a tunnel in a tunnel, and what sends a request's own headers back."""


class Scheme(StrEnum):
    """How the sandbox speaks to the host: HTTP in the clear, or TLS."""

    HTTP = "http"
    TLS = "tls"


class Refusal(StrEnum):
    """Why a decision does not let a connection through; stable, as they stand in the log."""

    HOST = "host"
    PORT = "port"
    METHOD = "method"
    UNSEEN = "unseen"
    CLEAR = "secret-in-clear"


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a connection is refused, and what to do instead."""

    code: str
    reason: str
    mend: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a sandbox asks the proxy for: `method` and `target` (path and query) are None where TLS hides them."""

    scheme: Scheme
    host: str
    port: int
    method: str | None = None
    target: str | None = None

    def to_json(self) -> dict[str, Json]:
        """Return what is asked for as canonical data."""
        return {
            "scheme": self.scheme.value,
            "host": self.host,
            "port": self.port,
            "method": self.method,
            "target": self.target,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Json]) -> Asked:
        """Return what `to_json` gave; ValueError, TypeError or KeyError for anything else."""
        host, port, method, target = (data[name] for name in ("host", "port", "method", "target"))
        if not isinstance(host, str) or not isinstance(port, int):
            raise TypeError("a host is text and a port a number")
        if not isinstance(method, str | None) or not isinstance(target, str | None):
            raise TypeError("a method and a target are text or null")
        return cls(Scheme(str(data["scheme"])), host, port, method, target)


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a decision lets its sandbox reach: the hosts of its network, and the secrets put in on the way."""

    network: Network
    secrets: tuple[Secret, ...] = ()


def sees_inside(reach: Reach) -> bool:
    """Tell whether the proxy must end the sandbox's TLS itself: a method is asked about, or a secret put in."""
    return bool(reach.network.methods or reach.secrets)


def judge_place(reach: Reach, host: str, port: int) -> Refused | None:
    """Return why the decision lets nothing through to this host and port, None where it does."""
    network = reach.network
    if not any(covers_host(pattern, host) for pattern in network.hosts):
        reason = f"this call may reach {' and '.join(network.hosts)}, and not {host}"
        return Refused(Refusal.HOST, reason, "name the host in the call's arguments, so that it is judged")
    if port != network.port:
        reason = f"this call may reach port {network.port}, and not {port}"
        return Refused(Refusal.PORT, reason, f"use port {network.port}")
    return None


def judge_connection(reach: Reach, asked: Asked) -> Refused | None:
    """Return why the decision does not let this through, None where it does."""
    refused = judge_place(reach, asked.host, asked.port)
    if refused is not None:
        return refused
    methods = reach.network.methods
    if asked.method is None:
        if not sees_inside(reach):
            return None
        return Refused(Refusal.UNSEEN, "what this request does cannot be seen", "send it by HTTP/1.1")
    if asked.method in _NEVER or (methods and asked.method not in methods):
        mend = f"use {' or '.join(methods)}" if methods else "use another method"
        return Refused(Refusal.METHOD, f"this call may not use {asked.method}", mend)
    if asked.scheme is Scheme.HTTP and any(secret.host == asked.host for secret in reach.secrets):
        return Refused(Refusal.CLEAR, f"a secret goes to {asked.host}, and never in the clear", "use https")
    return None


def secrets_for(reach: Reach, asked: Asked) -> tuple[Secret, ...]:
    """Return the secrets that go into this request, which was let through: of its host, over TLS, above its path."""
    if asked.scheme is not Scheme.TLS or asked.target is None:
        return ()
    path = asked.target.partition("?")[0]
    return tuple(
        secret
        for secret in reach.secrets
        if secret.host == asked.host and f"{path}/".startswith(f"{secret.path.rstrip('/')}/")
    )
