"""The egress proxy: each connection of a sandbox is read, judged, recorded, and only then dialled.

It holds no rule of its own but the floor: no address that is not public is ever dialled, whatever a decision says.
A name is resolved once, all its addresses are looked at, and the one that was looked at is the one that is dialled.
A connection carries one request, so that a redirection or a second request is a new connection, and judged anew.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from governance.capabilities.networks import refused_address
from governance.errors import Diagnostic, JournalError, RequestError
from governance.policy.connection import Refused
from governance.sandbox.egress.carry import Exchange, Metered, splice
from governance.sandbox.egress.head import HeadReader
from governance.sandbox.egress.hello import HelloReader
from governance.sandbox.egress.streams import Plain, Within
from governance.text import shown

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import AsyncIterator

    from governance.policy.connection import Asked
    from governance.sandbox.egress.gate import Gate
    from governance.sandbox.egress.head import Head
    from governance.sandbox.egress.outside import Outside
    from governance.sandbox.egress.streams import Stream

__all__ = ["serve"]

_ESTABLISHED: Final = b"HTTP/1.1 200 Connection established\r\n\r\n"
_ACCESS_DENIED: Final = b"\x15\x03\x03\x00\x02\x02\x31"
"""A fatal alert `access_denied` (RFC 8446, section 6), for a client that has begun TLS."""

_CLOSING: Final = 2.0
_REFUSED: Final = 403
_PHRASES: Final = {_REFUSED: "Forbidden", 502: "Bad Gateway"}

_LESS: Final = "ask for less, or in several calls"
_BROKEN: Final = Refused(
    "broken", "the connection broke off before anything was let through", "connect again"
)


async def serve(gate: Gate, outside: Outside, reader: StreamReader, writer: StreamWriter) -> None:
    """See one connection of a sandbox through, to its end. Never raises but for being cancelled."""
    near = Plain(reader, writer)
    full = gate.admit()
    if full is not None:
        await _turn_away(gate, near, full)
        return
    try:
        async with asyncio.timeout(gate.budget.whole):
            await _Connection(gate, outside, near).run()
    except OSError:  # one side is gone, or was too slow
        near.abort()
    finally:
        gate.leave()
        await near.close(_CLOSING)


async def _turn_away(gate: Gate, near: Plain, reason: str) -> None:
    """Refuse a connection that there is no room for. Of those beyond all, one is recorded and stands for the others."""
    try:
        if gate.begun <= gate.budget.connections + 1:
            await gate.recorded(None, (), Refused("budget", reason, _LESS))
        await near.write(_answer(Refused("budget", reason, _LESS), 403))
    except (OSError, JournalError):
        near.abort()
    await near.close(_CLOSING)


class _Connection:
    """One connection: how far it has come says how it is refused, and what is recorded of it."""

    def __init__(self, gate: Gate, outside: Outside, near: Plain) -> None:
        self._gate = gate
        self._outside = outside
        self._near = near
        self._client: Stream = near
        self._asked: Asked | None = None
        self._addresses: tuple[str, ...] = ()
        self._recorded = self._permitted = False
        self._speaks_tls = False
        self._exchange: Exchange | None = None

    async def run(self) -> None:
        """Carry the connection, or refuse it. It is recorded in either case, and nothing is dialled before that."""
        try:
            await self._conversation()
        except RequestError as error:
            refused = Refused(error.code, str(error), error.diagnostics[0].help)
            await self._record_refusal(refused)
            await self._say(refused)
        except JournalError:
            await self._say(Refused("not-recorded", "the decision log cannot be written", "ask the operator"))
        except OSError:
            await self._record_refusal(_BROKEN)
            raise
        except asyncio.CancelledError:
            if not self._recorded:
                self._gate.begin(self._asked, self._addresses, _BROKEN)
            raise

    async def _record_refusal(self, refused: Refused) -> None:
        """Record a refusal, unless the connection was let through before; the log's own fault changes nothing here."""
        if not self._recorded:
            self._recorded = True
            with suppress(JournalError):
                await self._gate.recorded(self._asked, self._addresses, refused)

    async def _say(self, refused: Refused) -> None:
        """Tell the client why, where it can still read it."""
        if self._speaks_tls:
            await self._client.write(_ACCESS_DENIED)
        elif self._exchange is None or not self._exchange.answered:
            await self._client.write(_answer(refused, 502 if self._permitted else 403))
        await self._client.end()
        await self._near.linger(_CLOSING)

    async def _conversation(self) -> None:
        reader = HeadReader()
        head = await self._head(reader)
        if head.tunnel:
            await self._tunnel(head.asked, reader.rest)
        else:
            _judge(self._gate.decider.request(head.asked))
            await self._look_up(head.asked.host)
            await self._request(head, reader, None)

    async def _tunnel(self, asked: Asked, begun: bytes) -> None:
        """Open a tunnel to a place that something may go to, and see that it is TLS to that very host."""
        _judge(self._gate.decider.place(asked.host, asked.port))
        await self._look_up(asked.host)
        await self._client.write(_ESTABLISHED)
        self._speaks_tls = True
        hello = HelloReader()
        name = await self._hello(hello, begun)
        if name != asked.host:
            message = f"the tunnel is to {asked.host}, and TLS in it asks for {name}"
            raise _refusal("wrong-name", message, "let both be the same host")
        if self._gate.decider.sees_inside:
            await self._inside(asked, bytes(hello.raw))
            return
        _judge(self._gate.decider.request(asked))
        async with self._dialled(asked, None) as host:
            await host.write(bytes(hello.raw))
            await splice(self._client, host)

    async def _inside(self, asked: Asked, begun: bytes) -> None:
        """End the client's TLS here, and judge the request in it."""
        if self._gate.authority is None:
            raise _refusal(
                "no-authority", "nothing vouches for this proxy to the sandbox", "ask the operator"
            )
        within = Within(self._client, self._gate.authority.context(asked.host), begun)
        async with _within(self._gate.budget.head):
            await within.handshake()
        self._client, self._speaks_tls = within, False
        reader = HeadReader((asked.host, asked.port))
        head = await self._head(reader)
        _judge(self._gate.decider.request(head.asked))
        await self._request(head, reader, asked.host)

    async def _request(self, head: Head, reader: HeadReader, name: str | None) -> None:
        secrets = [self._gate.sealed[secret.name] for secret in self._gate.decider.secrets(head.asked)]
        async with self._dialled(head.asked, name) as host:
            self._exchange = Exchange(self._client, reader, host, secrets)
            await self._exchange.carry(head)
            await self._client.end()

    async def _head(self, reader: HeadReader) -> Head:
        async with _within(self._gate.budget.head):
            while True:
                head = reader.feed(await self._more())
                if head is not None:
                    self._asked = head.asked
                    return head

    async def _hello(self, reader: HelloReader, begun: bytes) -> str:
        async with _within(self._gate.budget.head):
            name = reader.feed(begun)
            while name is None:
                name = reader.feed(await self._more())
            return name

    async def _more(self) -> bytes:
        data = await self._client.read()
        if not data:
            raise _refusal(
                "cut-short", "the connection ended before it said what it is for", "send all of it"
            )
        return data

    async def _look_up(self, host: str) -> None:
        """Resolve the host's name, once, and refuse it where any of its addresses is beneath the floor."""
        try:
            async with asyncio.timeout(self._gate.budget.dial):
                self._addresses = await self._outside.resolve(host)
        except OSError:
            raise _refusal("unresolved", f"{host} has no address", "see that the name is right") from None
        for address in self._addresses:
            why = refused_address(address)
            if why is not None:
                message = f"{host} has an address that no sandbox may reach: {why}"
                raise _refusal("address", message, "name a host of the public network")

    @asynccontextmanager
    async def _dialled(self, asked: Asked, name: str | None) -> AsyncIterator[Metered]:
        """Yield the stream to the host, by TLS where it has a `name` to prove.

        INVARIANT: the connection is durable in the log before it is dialled, and what is dialled was looked at.
        """
        self._recorded = True
        await self._gate.recorded(asked, self._addresses, None)
        self._permitted = True
        sums = self._gate.dialled(asked.host, asked.port)
        try:
            async with asyncio.timeout(self._gate.budget.dial):
                far = await self._outside.dial(self._addresses[0], asked.port, name)
        except OSError as error:
            raise _refusal(
                "unreachable", f"{asked.host} does not answer: {error}", "try again later"
            ) from None
        try:
            async with asyncio.timeout(self._gate.budget.idle) as idle:
                loop, seconds = asyncio.get_running_loop(), self._gate.budget.idle
                yield Metered(
                    far, partial(self._gate.count, sums), lambda: idle.reschedule(loop.time() + seconds)
                )
        finally:
            await far.close(_CLOSING)


@asynccontextmanager
async def _within(seconds: float) -> AsyncIterator[None]:
    """Give a client so long to say what it wants. RequestError `slow`, or `broken`."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        mend = "send the whole request at once"
        raise _refusal(
            "slow", f"what the connection is for was not said within {seconds:g} s", mend
        ) from None
    except OSError:
        raise _refusal(_BROKEN.code, _BROKEN.reason, _BROKEN.mend) from None


def _judge(refused: Refused | None) -> None:
    if refused is not None:
        raise _refusal(refused.code, refused.reason, refused.mend)


def _refusal(code: str, message: str, mend: str) -> RequestError:
    return RequestError(Diagnostic(code, message, help=mend))


def _answer(refused: Refused, status: int) -> bytes:
    """Return the answer that says why, for whoever reads what a program prints."""
    text = f"{'refused by' if status == _REFUSED else 'failed behind'} the egress proxy: {refused.code}: {refused.reason}; {refused.mend}\n"
    body = shown(text.rstrip()).encode("ascii", "backslashreplace") + b"\n"
    lines = (
        f"HTTP/1.1 {status} {_PHRASES[status]}",
        "Content-Type: text/plain; charset=us-ascii",
        f"Content-Length: {len(body)}",
        "Connection: close",
    )
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n" + body
