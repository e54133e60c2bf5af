"""The engine's networks: made, looked at and removed, over its local socket. What one must be is `egress.network`'s.

A door of its own to the client library, beside `engine`: it holds nothing of containers.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import docker
import requests
from docker.errors import APIError, DockerException
from docker.types import IPAMConfig, IPAMPool

from governance.errors import Diagnostic, SandboxError
from governance.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["EngineNetworks", "ListedNetwork"]

_PATIENCE: Final = 60
_CLIP: Final = 500
_GONE: Final = 404
_OVERLAPS: Final = "overlaps"


@dataclass(frozen=True, slots=True)
class ListedNetwork:
    """A network that the engine lists: its id and its labels."""

    id: str
    labels: Mapping[str, str]


class EngineNetworks:
    """The networks of the engine behind the unix socket `path`; methods raise SandboxError, from any thread."""

    def __init__(self, path: str) -> None:
        with _asking("say its version"):
            self._client = docker.APIClient(base_url=f"unix://{path}", version="auto", timeout=_PATIENCE)
        self._client.trust_env = False

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def create(self, name: str, subnet: str, options: Mapping[str, str], labels: Mapping[str, str]) -> bool:
        """Create an internal bridge network of that name; False where its subnet meets another network's."""
        try:
            with _asking("create the network"):
                self._client.create_network(
                    name,
                    driver="bridge",
                    options=dict(options),
                    ipam=IPAMConfig(pool_configs=[IPAMPool(subnet=subnet)]),
                    check_duplicate=True,
                    internal=True,
                    labels=dict(labels),
                    enable_ipv6=False,
                )
        except SandboxError as error:
            if _OVERLAPS in str(error):
                return False
            raise
        return True

    def inspect(self, name: str) -> Mapping[str, Any]:
        """Return all that the engine says of a network, the running containers on it among that."""
        with _asking("describe the network"):
            found: Mapping[str, Any] = self._client.inspect_network(name)
            return found

    def remove(self, name: str) -> None:
        """Remove a network; one that is gone is as good as removed."""
        with _asking("remove the network", settled=(_GONE,)):
            self._client.remove_network(name)

    def labelled(self, label: str) -> tuple[ListedNetwork, ...]:
        """Return all networks that carry `label`."""
        with _asking("list its networks"):
            found = self._client.networks(filters={"label": label})
            return tuple(ListedNetwork(entry["Id"], dict(entry["Labels"])) for entry in found)


@contextmanager
def _asking(what: str, *, settled: tuple[int, ...] = ()) -> Iterator[None]:
    try:
        yield
    except APIError as error:
        if error.status_code in settled:
            return
        mend = "the engine's own words stand above; nothing was run"
        message = f"the engine refused to {what}: {shown(str(error.explanation or error))[:_CLIP]}"
        raise SandboxError(Diagnostic("engine-refused", message, help=mend)) from error
    except (DockerException, requests.RequestException, OSError, LookupError) as error:
        mend = "see that the engine runs, for instance with `governance engine status`"
        message = f"the engine did not answer when asked to {what}: {shown(str(error))[:_CLIP]}"
        raise SandboxError(Diagnostic("engine-gone", message, help=mend)) from error
