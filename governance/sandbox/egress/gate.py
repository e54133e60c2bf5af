"""One call's gate: who decides, what is recorded, and how much may still go through.

The proxy asks here and keeps nothing of its own. Everything is used from one event loop.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from governance.errors import Diagnostic, RequestError
from governance.policy.connection import judge_connection, judge_place, secrets_for, sees_inside

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Executor

    from governance.policy.connection import Asked, Reach, Refused
    from governance.policy.profile import Secret
    from governance.sandbox.egress.authority import Authority
    from governance.sandbox.egress.vault import Sealed

__all__ = ["Budget", "Decider", "DecisionDecider", "Gate", "Record", "Sums"]

Record: TypeAlias = "Callable[[Asked | None, tuple[str, ...], Refused | None], None]"
"""Makes a connection durable in the log, with its verdict; JournalError if it cannot."""

_MEND: Final = "ask for less, or in several calls"


class Decider(Protocol):
    """Says what may go through. It is asked for every connection, and remembers none."""

    @property
    def sees_inside(self) -> bool:
        """Whether TLS must end at the proxy, so that there is a method to ask about."""
        ...

    def place(self, host: str, port: int) -> Refused | None:
        """Return why nothing may go to this host and port, None where something may."""
        ...

    def request(self, asked: Asked) -> Refused | None:
        """Return why this connection, or this request, may not go through, None where it may."""
        ...

    def secrets(self, asked: Asked) -> tuple[Secret, ...]:
        """Return the secrets that go into a request which may go through."""
        ...


class DecisionDecider:
    """Lets through what the decision on the call lets through, and asks nobody else."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    @property
    def sees_inside(self) -> bool:
        """Whether TLS must end at the proxy, so that there is a method to ask about."""
        return sees_inside(self._reach)

    def place(self, host: str, port: int) -> Refused | None:
        """Return why nothing may go to this host and port, None where something may."""
        return judge_place(self._reach, host, port)

    def request(self, asked: Asked) -> Refused | None:
        """Return why this connection, or this request, may not go through, None where it may."""
        return judge_connection(self._reach, asked)

    def secrets(self, asked: Asked) -> tuple[Secret, ...]:
        """Return the secrets that go into a request which may go through."""
        return secrets_for(self._reach, asked)


@dataclass(frozen=True, slots=True)
class Budget:
    """How much one call may use: connections in all and at a time, bytes each way, seconds for each step.

    A connection carries one request, so `connections` are the requests too.
    """

    connections: int = 256
    at_a_time: int = 32
    sent: int = 64 * 2**20
    received: int = 2**30
    head: float = 10.0
    dial: float = 10.0
    idle: float = 30.0
    whole: float = 3600.0


@dataclass(slots=True)
class Sums:
    """What went to one host and port, and came from there, in bytes."""

    connections: int = 0
    sent: int = 0
    received: int = 0


@dataclass(slots=True)
class Gate:
    """All that the proxy knows of one call; `sealed` are its secrets by name, `refused` counts what was refused."""

    decider: Decider
    record: Record
    writers: Executor
    budget: Budget = Budget()
    authority: Authority | None = None
    sealed: Mapping[str, Sealed] = field(default_factory=dict, repr=False)
    sums: dict[tuple[str, int], Sums] = field(default_factory=dict)
    begun: int = 0
    open: int = 0
    refused: int = 0
    _writing: set[asyncio.Future[None]] = field(default_factory=set)

    def admit(self) -> str | None:
        """Count a connection in; return why it may not be, None where it may. Only what may is counted out."""
        self.begun += 1
        if self.begun > self.budget.connections:
            return f"this call has used up its {self.budget.connections} connections"
        if self.open >= self.budget.at_a_time:
            return f"this call has {self.open} connections open, as many as it may"
        self.open += 1
        return None

    def leave(self) -> None:
        """Count an admitted connection out."""
        self.open -= 1

    async def recorded(
        self, asked: Asked | None, addresses: tuple[str, ...], refused: Refused | None
    ) -> None:
        """Return once the connection is durable in the log; JournalError if it cannot be."""
        await asyncio.shield(self.begin(asked, addresses, refused))

    def begin(
        self, asked: Asked | None, addresses: tuple[str, ...], refused: Refused | None
    ) -> asyncio.Future[None]:
        """Begin to make a connection durable; this is finished, whoever waits for it."""
        self.refused += refused is not None
        loop = asyncio.get_running_loop()
        writing = loop.run_in_executor(self.writers, self.record, asked, addresses, refused)
        self._writing.add(writing)
        writing.add_done_callback(self._written)
        return writing

    def dialled(self, host: str, port: int) -> Sums:
        """Count a connection to a host in; return where its bytes are counted."""
        sums = self.sums.setdefault((host, port), Sums())
        sums.connections += 1
        return sums

    def _written(self, writing: asyncio.Future[None]) -> None:
        self._writing.discard(writing)
        if not writing.cancelled():
            writing.exception()  # whoever waited was told

    async def settled(self) -> None:
        """Wait until nothing is being recorded."""
        while self._writing:
            await asyncio.wait(tuple(self._writing))

    def count(self, sums: Sums, sent: int, received: int) -> None:
        """Count bytes; RequestError `budget` once there are more than may be."""
        sums.sent += sent
        sums.received += received
        if sum(each.sent for each in self.sums.values()) > self.budget.sent:
            raise _used_up(f"this call has sent more than {self.budget.sent} bytes")
        if sum(each.received for each in self.sums.values()) > self.budget.received:
            raise _used_up(f"this call has received more than {self.budget.received} bytes")


def _used_up(message: str) -> RequestError:
    return RequestError(Diagnostic("budget", message, help=_MEND))
