"""The network outside: names are resolved here, and only addresses are dialled.

A resolver and a dialler are given to the proxy, so that tests bring their own; the floor beneath all rules is the
proxy's, and stands between the two whatever they are.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, Protocol

from governance.sandbox.egress.streams import PIECE, Plain

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Internet", "Outside"]

_RESOLVERS: Final = 8
_MOST_ADDRESSES: Final = 64


class Outside(Protocol):
    """What the proxy needs of the network."""

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Return the addresses of a host's name, the one to dial first; OSError if it has none."""
        ...

    async def dial(self, address: str, port: int, name: str | None) -> Plain:
        """Connect to an address; with a `name`, by TLS to the server that proves to be called so. OSError."""
        ...


class Internet:
    """The network as this host has it, with the names and the certificate authorities that the host knows."""

    def __init__(self, trusted: ssl.SSLContext | None = None) -> None:
        self._trusted = trusted or ssl.create_default_context()
        self._trusted.set_alpn_protocols(["http/1.1"])
        self._resolvers = ThreadPoolExecutor(_RESOLVERS, "egress-names")

    def close(self) -> None:
        """Resolve nothing more."""
        self._resolvers.shutdown(wait=False, cancel_futures=True)

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Return the addresses of a host's name, the one to dial first; OSError if it has none."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(
                self._resolvers, lambda: socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            )
        except UnicodeError as error:
            raise OSError(str(error)) from None
        return _addresses(str(entry[4][0]) for entry in found)

    async def dial(self, address: str, port: int, name: str | None) -> Plain:
        """Connect to an address; with a `name`, by TLS to the server that proves to be called so. OSError."""
        context = self._trusted if name is not None else None
        reader, writer = await asyncio.open_connection(
            address, port, ssl=context, server_hostname=name, limit=PIECE
        )
        return Plain(reader, writer)


def _addresses(found: Iterable[str]) -> tuple[str, ...]:
    addresses = tuple(dict.fromkeys(found))
    if not 0 < len(addresses) <= _MOST_ADDRESSES:
        raise OSError("the name has no addresses, or far too many")
    return addresses
