"""Byte streams that the proxy speaks over: a connection as it is, and TLS within one whose beginning was read.

Both hold little: what is written waits until the other side takes it.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter

__all__ = ["PIECE", "Plain", "Stream", "Within"]

PIECE: Final = 64 * 1024
_MOST_THROWN_AWAY: Final = 64


class Stream(Protocol):
    """Bytes in both directions. OSError, `ssl.SSLError` among them, for a stream that is broken."""

    async def read(self) -> bytes:
        """Return what came, none once nothing more will."""
        ...

    async def write(self, data: bytes) -> None:
        """Send `data`, and wait until little of it is left."""
        ...

    async def end(self) -> None:
        """Say that no more will be sent."""
        ...


class Plain:
    """A connection as asyncio has it."""

    def __init__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self) -> bytes:
        """Return what came, none once nothing more will."""
        return await self._reader.read(PIECE)

    async def write(self, data: bytes) -> None:
        """Send `data`, and wait until little of it is left."""
        self._writer.write(data)
        await self._writer.drain()

    async def end(self) -> None:
        """Say that no more will be sent, where the connection can."""
        if self._writer.can_write_eof():
            with suppress(OSError):
                self._writer.write_eof()

    async def linger(self, seconds: float) -> None:
        """Throw away what still comes, for a while: a connection closed over it would lose what was said last."""
        with suppress(OSError):
            async with asyncio.timeout(seconds):
                for _ in range(_MOST_THROWN_AWAY):
                    if not await self._reader.read(PIECE):
                        break

    def abort(self) -> None:
        """End the connection now, whatever waits."""
        self._writer.transport.abort()

    async def close(self, seconds: float) -> None:
        """Close the connection once what waits is sent, or `seconds` are over."""
        self._writer.close()
        try:
            async with asyncio.timeout(seconds):
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            self.abort()


class Within:
    """TLS over a stream, as its server; `begun` is what the client sent so far."""

    def __init__(self, outer: Stream, context: ssl.SSLContext, begun: bytes) -> None:
        self._outer = outer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._incoming.write(begun)
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    async def handshake(self) -> None:
        """Agree on keys with the client."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._more()
            else:
                await self._flush()
                return

    async def read(self) -> bytes:
        """Return what came, none once nothing more will."""
        while True:
            try:
                return self._tls.read(PIECE)
            except ssl.SSLWantReadError:
                await self._flush()
                await self._more()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    async def write(self, data: bytes) -> None:
        """Send `data`, and wait until little of it is left."""
        if data:  # a client that asks for new keys is answered from `read`
            self._tls.write(data)
        await self._flush()

    async def end(self) -> None:
        """Say that no more will be sent."""
        with suppress(ssl.SSLError):
            self._tls.unwrap()
        with suppress(OSError):
            await self._flush()
            await self._outer.end()

    async def _flush(self) -> None:
        data = self._outgoing.read()
        if data:
            await self._outer.write(data)

    async def _more(self) -> None:
        data = await self._outer.read()
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
