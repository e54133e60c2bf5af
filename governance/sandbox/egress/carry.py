"""What was let through is carried: TLS unread in both directions, or one HTTP request and its answer.

Both sides of a request have an HTTP machine of their own (`h11`), so that the length of a message is never one
side's word for the other: what could be read in two ways does not arrive at the host.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import h11

from governance.errors import Diagnostic, RequestError
from governance.sandbox.egress.fields import Strainer, answer_fields, request_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from governance.sandbox.egress.head import Head, HeadReader
    from governance.sandbox.egress.streams import Stream
    from governance.sandbox.egress.vault import Sealed

__all__ = ["Exchange", "Metered", "splice"]

_LONGEST_HEAD: Final = 64 * 1024


class Metered:
    """The stream to a host: every piece is counted, and moves the end of what is idle."""

    def __init__(self, inner: Stream, count: Callable[[int, int], None], moved: Callable[[], None]) -> None:
        """`count` is told of bytes sent and received and raises RequestError once there are too many."""
        self._inner = inner
        self._count = count
        self._moved = moved

    async def read(self) -> bytes:
        """Return what came, none once nothing more will."""
        data = await self._inner.read()
        self._moved()
        self._count(0, len(data))
        return data

    async def write(self, data: bytes) -> None:
        """Send `data`, and wait until little of it is left."""
        self._count(len(data), 0)
        await self._inner.write(data)
        self._moved()

    async def end(self) -> None:
        """Say that no more will be sent."""
        await self._inner.end()


async def splice(client: Stream, host: Stream) -> None:
    """Carry bytes both ways until both sides have ended, or one is broken."""

    async def one_way(source: Stream, target: Stream) -> None:
        while data := await source.read():
            await target.write(data)
        await target.end()

    await _both(one_way(client, host), one_way(host, client))


class Exchange:
    """One request on its way to its host, and the answer on its way back; `answered` once some of it went back."""

    def __init__(self, client: Stream, reader: HeadReader, host: Stream, secrets: Sequence[Sealed]) -> None:
        """`reader` has read the request's head from `client`; `secrets` are put into it."""
        self.answered = False
        self._client, self._near = client, reader.connection
        self._host, self._far = host, h11.Connection(h11.CLIENT, max_incomplete_event_size=_LONGEST_HEAD)
        self._secrets = secrets
        traces = [trace for secret in secrets for trace in secret.traces]
        self._strainer = Strainer(traces) if traces else None

    async def carry(self, head: Head) -> None:
        """Send the request, and bring the answer back. RequestError for what is no HTTP, OSError where one side is gone."""
        fields = request_fields(head.fields, head.authority, self._secrets)
        method, target = head.asked.method or "", head.asked.target or ""
        try:
            await self._host.write(
                _bytes(self._far.send(h11.Request(method=method, target=target, headers=fields)))
            )
            await _both(self._send_body(), self._bring_answer(), ended_by_second=True)
        except h11.LocalProtocolError as error:
            raise _broken(f"the request and its answer do not fit together: {error}") from error

    async def _send_body(self) -> None:
        while True:
            event = await self._next(self._near, self._client)
            if isinstance(event, h11.Data):
                await self._host.write(_bytes(self._far.send(h11.Data(data=event.data))))
            else:
                await self._host.write(_bytes(self._far.send(h11.EndOfMessage())))
                return

    async def _bring_answer(self) -> None:
        while True:
            event = await self._next(self._far, self._host)
            if isinstance(event, h11.Response):
                fields = answer_fields(event.headers, self._strainer)
                self.answered = True
                await self._back(h11.Response(status_code=event.status_code, headers=fields))
            elif isinstance(event, h11.Data):
                data = bytes(event.data) if self._strainer is None else self._strainer.feed(event.data)
                await self._back(h11.Data(data=data))
            elif isinstance(event, h11.EndOfMessage):
                if self._strainer is not None:
                    await self._back(h11.Data(data=self._strainer.finish()))
                await self._back(h11.EndOfMessage())
                return

    async def _next(self, machine: h11.Connection, stream: Stream) -> h11.Event:
        """Return what comes next from one side."""
        while True:
            try:
                event = machine.next_event()
                if event is h11.NEED_DATA:
                    if machine.they_are_waiting_for_100_continue:
                        await self._back(h11.InformationalResponse(status_code=100, headers=[]))
                    machine.receive_data(await stream.read())
                    continue
            except h11.RemoteProtocolError as error:
                raise _broken(f"this is no HTTP/1.1: {error}") from error
            if not isinstance(event, h11.Event) or isinstance(event, h11.ConnectionClosed):
                raise _broken("the other side ended too early")
            return event

    async def _back(self, event: h11.Event) -> None:
        data = _bytes(self._near.send(event))
        if data:
            await self._client.write(data)


async def _both(
    first: Coroutine[Any, Any, None], second: Coroutine[Any, Any, None], *, ended_by_second: bool = False
) -> None:
    """Run both until both are done, or until the second is where that ends it; an error of either ends both."""
    tasks = tuple(map(asyncio.ensure_future, (first, second)))
    waiting = set(tasks)
    try:
        while waiting and not (ended_by_second and tasks[1].done()):
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _bytes(data: bytes | None) -> bytes:
    return data or b""


def _broken(message: str) -> RequestError:
    return RequestError(
        Diagnostic("http", message, help="send the request again, or ask the operator of the host")
    )
