"""How a container is joined to its call's own network: what is added to its plan, and nothing else.

A pure value. That the network is what it must be is `network`'s to see, that the container is on it `attest`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from governance.canonical import Json
    from governance.sandbox.plan import ContainerPlan

__all__ = ["PORT", "Link", "on_network"]

PORT: Final = 3128
"""Where the proxy listens, on the one address that a sandbox can reach."""

_TRUST: Final = "/egress"
_PROXY: Final = ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
"""What tells programs of a proxy; `HTTP_PROXY` does not, for servers take it from a request (CVE-2016-5385)."""

_GIVES_UP: Final = ("timeout:1", "attempts:1")
"""How long a program waits for a name that nobody resolves."""

_CERTIFICATES: Final = (
    "CURL_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO", "PIP_CERT",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Link:
    """A network by name, the proxy's address on it, and the host's folder that holds `ca.pem`, if any is to be trusted."""

    network: str
    address: str
    trust: str | None = None

    @property
    def environment(self) -> tuple[str, ...]:
        """The variables that lead programs to the proxy."""
        proxy = f"http://{self.address}:{PORT}"
        trusted = (f"{name}={_TRUST}/ca.pem" for name in _CERTIFICATES if self.trust is not None)
        return (*(f"{name}={proxy}" for name in _PROXY), *trusted)

    def joined(self, plan: ContainerPlan) -> ContainerPlan:
        """Return the plan of a sandbox on this network, which asks the proxy, and no one else, for names."""
        host = cast("Mapping[str, Json]", plan.body["HostConfig"])
        mounts = (*cast("Sequence[Json]", host["Mounts"]), *self._mounts())
        env = (*cast("Sequence[str]", plan.body["Env"]), *self.environment)
        names: dict[str, Json] = {"Dns": (self.address,), "DnsOptions": _GIVES_UP, "DnsSearch": (".",)}
        changed = {**host, **names, "NetworkMode": self.network, "Mounts": mounts}
        return replace(plan, body={**plan.body, "Env": env, "HostConfig": changed})

    def _mounts(self) -> tuple[Json, ...]:
        if self.trust is None:
            return ()
        options: dict[str, Json] = {"Propagation": "rprivate", "NonRecursive": True}
        bind: dict[str, Json] = {"Type": "bind", "Source": self.trust, "Target": _TRUST, "ReadOnly": True}
        return ({**bind, "BindOptions": options},)


def on_network(plan: ContainerPlan, network: str) -> ContainerPlan:
    """Return the plan of a container on that network, and otherwise as it is."""
    host = cast("Mapping[str, Json]", plan.body["HostConfig"])
    return replace(plan, body={**plan.body, "HostConfig": {**host, "NetworkMode": network}})
