"""A small world around the proxy, on loopback: hosts that answer, names that lead to them, a log that is a list.

The addresses that names have are public ones, for the proxy dials no others; `dial` leads them to servers of this
process. Nothing here weakens the proxy: it is given its resolver and its dialler as always.
"""

from __future__ import annotations

import asyncio
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from governance.policy.connection import Reach, sees_inside
from governance.policy.decision import Network
from governance.sandbox.egress.authority import Authority
from governance.sandbox.egress.gate import Budget, DecisionDecider, Gate
from governance.sandbox.egress.proxy import serve
from governance.sandbox.egress.streams import PIECE, Plain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from governance.policy.connection import Asked, Refused
    from governance.policy.profile import Secret
    from governance.sandbox.egress.vault import Sealed

HOST = "api.example.org"
PUBLIC = "93.184.216.34"
OTHER = "93.184.216.35"


@dataclass
class Outdoors:
    """Names, and where the addresses lead; what was resolved and dialled, in order."""

    names: dict[str, tuple[str, ...]] = field(default_factory=lambda: {HOST: (PUBLIC,)})
    places: dict[tuple[str, int], int] = field(default_factory=dict)
    trusted: ssl.SSLContext | None = None
    resolved: list[str] = field(default_factory=list)
    dialled: list[tuple[str, int, str | None]] = field(default_factory=list)

    async def resolve(self, host: str) -> tuple[str, ...]:
        self.resolved.append(host)
        if host not in self.names:
            raise OSError("no such name")
        return self.names[host]

    async def dial(self, address: str, port: int, name: str | None) -> Plain:
        self.dialled.append((address, port, name))
        if (address, port) not in self.places:
            raise ConnectionRefusedError("nobody is there")
        context = None if name is None else self.trusted
        place = self.places[address, port]
        opened = await asyncio.open_connection(
            "127.0.0.1", place, ssl=context, server_hostname=name, limit=PIECE
        )
        return Plain(*opened)


@dataclass
class Event:
    """One record of a connection, and how many connections had been dialled when it was made."""

    asked: Asked | None
    addresses: tuple[str, ...]
    code: str
    dialled: int


@dataclass
class World:
    """A proxy for one call, and what is around it."""

    gate: Gate
    outdoors: Outdoors
    events: list[Event]
    port: int = 0

    @property
    def codes(self) -> list[str]:
        return [event.code for event in self.events]

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def say(self, *pieces: bytes, end: bool = False) -> bytes:
        """Send pieces one after the other, and return all that comes back."""
        reader, writer = await self.connect()
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        if end:
            writer.write_eof()
        answer = b""
        with suppress(ConnectionError):
            answer = await reader.read()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        return answer

    async def tunnel(
        self, host: str = HOST, port: int = 443
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a tunnel, and return it once the proxy says that it is there."""
        reader, writer = await self.connect()
        writer.write(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 200 Connection established\r\n\r\n"
        return reader, writer

    async def within(
        self, context: ssl.SSLContext, data: bytes, *, name: str = HOST, host: str = HOST
    ) -> bytes:
        """Send `data` by TLS through a tunnel; return all that comes back."""
        reader, writer = await self.tunnel(host)
        try:
            await writer.start_tls(context, server_hostname=name)
            writer.write(data)
            return await reader.read()
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


def trusting(authority: Authority) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=authority.pem.decode())
    context.set_alpn_protocols(["http/1.1"])
    return context


@asynccontextmanager
async def server(handler: Any, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Yield the port of a server on loopback, which closes each connection that `handler` is done with."""

    async def handled(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    listening = await asyncio.start_server(handled, "127.0.0.1", 0, ssl=context)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


def answering(answer: bytes, seen: list[bytes]) -> Any:
    """Return a handler that reads a head and a body of known length, keeps them in `seen`, and gives one answer."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        body = await reader.readexactly(length)
        if b"transfer-encoding: chunked" in head:
            body = await reader.readuntil(b"0\r\n\r\n")
        seen.append(head + body)
        writer.write(answer)
        await writer.drain()

    return handler


@asynccontextmanager
async def world(
    *hosts: str,
    port: int = 443,
    methods: tuple[str, ...] = (),
    secrets: tuple[Secret, ...] = (),
    sealed: Mapping[str, Sealed] | None = None,
    budget: Budget | None = None,
    outdoors: Outdoors | None = None,
    record: Callable[..., None] | None = None,
) -> AsyncIterator[World]:
    """Yield a proxy for a call whose decision lets it reach `hosts`."""
    reach = Reach(Network(hosts or (HOST,), port, methods), secrets)
    outdoors = outdoors or Outdoors()
    events: list[Event] = []

    def recorded(asked: Asked | None, addresses: tuple[str, ...], refused: Refused | None) -> None:
        if record is not None:
            record(asked, addresses, refused)
        code = refused.code if refused else "permitted"
        events.append(Event(asked, addresses, code, len(outdoors.dialled)))

    async with AsyncExitStack() as stack:
        writers = stack.enter_context(ThreadPoolExecutor(4))
        authority = Authority(reach.network.hosts) if sees_inside(reach) else None
        gate = Gate(DecisionDecider(reach), recorded, writers, budget or Budget(), authority, sealed or {})
        made = World(gate, outdoors, events)
        proxy = await asyncio.start_server(partial(serve, gate, outdoors), "127.0.0.1", 0, limit=PIECE)
        made.port = proxy.sockets[0].getsockname()[1]
        async with proxy:
            yield made
            await settled(gate)


async def until(holds: Callable[[], object]) -> None:
    """Wait for what must come true, and go on at once."""
    for _ in range(20_000):
        if holds():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never came true")


async def settled(gate: Gate) -> None:
    """Wait until the proxy is done with every connection."""
    await until(lambda: not gate.open)
    await gate.settled()
