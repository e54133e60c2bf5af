"""A container that runs a program of our own, never an agent's: made as every other is, looked at while it runs.

For those who must see a tier or a control from inside and outside. Plan, engine and attestation are the very same
that a call's container has; only a warrant is not asked for, because nothing of a request goes in.
"""

from __future__ import annotations

import select
import socket
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from governance.errors import Diagnostic, SandboxError
from governance.policy.decision import SandboxSpec, Scratch
from governance.sandbox.attest import attest
from governance.sandbox.plan import Owner, plan
from governance.sandbox.stream import Capture, Pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from governance.canonical import Json
    from governance.policy.decision import Isolation
    from governance.sandbox.engine import ContainerEngine

__all__ = ["SCRATCH", "Trial", "image_of", "trial"]

_GRACE: Final = 120
"""Seconds beyond the program's own time, before a reaper may end the container."""

_PIECE: Final = 256 * 1024

SCRATCH: Final = (Scratch("/tmp", 8 * 2**20),)  # noqa: S108 - a folder of the sandbox
"""The one place that a trial writes, where it does."""

_PLAIN: Final = SandboxSpec(
    image="",
    isolation="container",
    argv=("/bin/true",),
    stdin=None,
    mounts=(),
    scratch=(),
    root=False,
    network=None,
    secrets=(),
    memory=128 * 2**20,
    cpus=1000,
    pids=64,
    timeout=20_000,
    output=4 * 2**20,
    reuse=None,
)
"""What a trial's specification differs from only where it says so; bytes, thousandths, milliseconds."""


@dataclass(slots=True)
class Trial:
    """A started container: its id, its process on the host, and what has come from it so far.

    `name` is a word that stands in its labels alone; `planned` is what the engine was asked for; `difference` is what attestation said of it, empty where it is the planned one.
    """

    engine: ContainerEngine
    container: str
    name: str
    planned: Mapping[str, Json]
    pid: int
    streams: socket.socket
    capture: Capture
    pieces: Pieces
    deadline: float
    difference: str
    closed: bool = False

    def until(self, holds: Callable[[Capture], bool]) -> bool:
        """Read until `holds` of what came, or the end, or the deadline; return whether it holds."""
        while not holds(self.capture):
            left = self.deadline - time.monotonic()
            if self.closed or left <= 0 or self.capture.full:
                return holds(self.capture)
            if select.select([self.streams], [], [], left)[0]:
                self._take()
        return True

    def _take(self) -> None:
        try:
            data = self.streams.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        for stream, piece in self.pieces.feed(data):
            self.capture.take(stream, bytes(piece))
        self.closed = not data

    def send(self, data: bytes) -> None:
        """Write a few bytes to the program; SandboxError `trial` if it does not take them."""
        try:
            self.streams.sendall(data)
        except OSError as error:
            raise _failed(f"the program takes no input: {error.strerror}") from error

    def end(self) -> int | None:
        """Read to the end; return the program's exit code, None where it had to be killed.

        INVARIANT: nothing is killed before its streams are closed: an engine ends a container only once its
        output is taken or refused.
        """
        self.until(lambda _: False)
        if self.closed:
            code = self.engine.wait(self.container, max(0.0, self.deadline - time.monotonic()))
            if code is not None:
                return code
        self.close()
        self.engine.kill(self.container)
        return None

    def close(self) -> None:
        """Neither read nor write any more."""
        with suppress(OSError):
            self.streams.shutdown(socket.SHUT_RDWR)


@contextmanager
def trial(
    engine: ContainerEngine,
    spec: SandboxSpec,
    *,
    sources: Mapping[str, str] | None = None,
    user: tuple[int, int] = (65532, 65532),
    attested: bool = True,
) -> Iterator[Trial]:
    """Yield the started container of `spec`, with its input open; it is gone afterwards.

    `sources` is as `plan` takes it. Unless `attested`, a container that differs from its plan is started all the
    same, and `difference` says how. Raises SandboxError.
    """
    expires = int(time.time()) + spec.timeout // 1000 + _GRACE
    name = uuid4().hex
    planned = plan(spec, Owner("trial", name, 0, expires), user, sources or {}, program=spec.argv)
    container = engine.create(planned)
    try:
        difference = ""
        try:
            attest(planned, engine.inspect(container), engine.image(planned.image), engine.socket)
        except SandboxError as error:
            if attested:
                raise
            difference = str(error)
        with closing(engine.attach(container)) as attachment:
            engine.start(container)
            deadline = time.monotonic() + spec.timeout / 1000
            pid = _pid(engine, container)
            yield Trial(
                engine,
                container,
                name,
                planned.body,
                pid,
                attachment.streams,
                Capture(spec.output),
                Pieces(),
                deadline,
                difference,
            )
    finally:
        _remove(engine, container)


def image_of(isolation: Isolation, image: str) -> SandboxSpec:
    """Return the plain specification for the image of this id in a tier."""
    return replace(_PLAIN, image=f"@{image}", isolation=isolation)


def _pid(engine: ContainerEngine, container: str) -> int:
    """Return the host's number of the container's first process, 0 where it has ended."""
    state = engine.inspect(container)["State"]
    return int(state["Pid"]) if isinstance(state, dict) else 0


def _remove(engine: ContainerEngine, container: str) -> None:
    """Kill, then remove: a removal alone does not end what every runtime runs."""
    with suppress(SandboxError):
        engine.unpause(container)
    with suppress(SandboxError):
        engine.kill(container)
    engine.remove(container)


def _failed(message: str) -> SandboxError:
    return SandboxError(
        Diagnostic("trial", message, help="run it again; if it stays so, look at the engine's log")
    )
