"""The proxy's side of one call's network: the socket that the relay connects to, and the loop that serves it.

All calls share one event loop in a thread of its own. Nothing that waits for the disk or a resolver runs in it.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

from governance.errors import Diagnostic, SandboxError
from governance.sandbox.egress.proxy import serve
from governance.sandbox.egress.streams import PIECE
from governance.sandbox.tools.relay import READY

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from governance.sandbox.egress.gate import Gate
    from governance.sandbox.egress.outside import Outside

__all__ = ["SOCKET", "Door", "Loop"]

SOCKET: Final = "proxy"
"""The socket's name in its folder."""

_BACKLOG: Final = 128
_READY: Final = 30.0
"""Seconds until a relay has said that it listens."""

Value = TypeVar("Value")


class Loop:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="egress", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Value]) -> Value:
        """Run `work` in the loop, and wait for what comes of it; for any other thread to call."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def run_later(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Begin and run work, as `run` does: for what is written down before it is to be done."""
        self.run(work())

    def close(self) -> None:
        """End the loop, once all doors are closed."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Door:
    """The socket of one call. The first to connect is the relay, to say that it is there; then come the sandbox's."""

    def __init__(self, gate: Gate, outside: Outside) -> None:
        self._gate = gate
        self._outside = outside
        self._server: asyncio.Server | None = None
        self._ready = asyncio.Event()
        self._serving: set[asyncio.Task[None]] = set()

    async def open(self, folder: Path, owner: tuple[int, int]) -> None:
        """Listen in `folder`, for the user and group `owner` alone. SandboxError `egress-folder`."""
        try:
            listener = _listening(folder, owner)
        except OSError as error:
            mend = "see that this user may write there"
            message = f"no socket can be made in {folder}: {error.strerror}"
            raise SandboxError(Diagnostic("egress-folder", message, help=mend)) from None
        self._server = await asyncio.start_unix_server(
            self._came, sock=listener, limit=PIECE, backlog=_BACKLOG
        )

    async def ready(self) -> None:
        """Return once the relay listens. SandboxError `relay` if it never does."""
        try:
            async with asyncio.timeout(_READY):
                await self._ready.wait()
        except TimeoutError:
            mend = "look at the engine's log; nothing was run"
            raise SandboxError(
                Diagnostic("relay", "the egress proxy's relay does not start", help=mend)
            ) from None

    async def close(self) -> None:
        """Take no more, end what is open, and return once everything is recorded."""
        if self._server is not None:
            self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await self._gate.settled()

    async def _came(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        if self._ready.is_set():
            await serve(self._gate, self._outside, reader, writer)
            return
        with suppress(OSError, asyncio.IncompleteReadError):
            if await reader.readexactly(len(READY)) == READY:
                self._ready.set()
        writer.close()


def _listening(folder: Path, owner: tuple[int, int]) -> socket.socket:
    """Return a socket bound in `folder`, however long the path: it is named by the folder's descriptor."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(f"/proc/self/fd/{descriptor}/{SOCKET}")
        os.chmod(SOCKET, 0o600, dir_fd=descriptor)
        if os.geteuid() == 0:
            os.chown(SOCKET, *owner, dir_fd=descriptor)
    except OSError:
        listener.close()
        raise
    finally:
        os.close(descriptor)
    return listener
