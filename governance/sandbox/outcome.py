"""What came of a dispatch: the value that is recorded and given to the agent.

A pure value; how it comes about is `dispatch`'s business. What was not measured is null, never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from governance.canonical import Json
    from governance.policy.decision import Isolation

__all__ = ["Outcome", "Sent", "Status"]

Status: TypeAlias = Literal["ok", "failed", "timeout", "limit", "sandbox-error"]


@dataclass(frozen=True, slots=True)
class Sent:
    """What a call exchanged with one host and port, in connections that were let through, and in bytes each way."""

    host: str
    port: int
    connections: int
    sent: int
    received: int

    def to_json(self) -> dict[str, Json]:
        """Return it as canonical data."""
        return {
            "host": self.host,
            "port": self.port,
            "connections": self.connections,
            "sent": self.sent,
            "received": self.received,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of one dispatched call; `id` is the decision's.

    `exit` is null where the program did not end by itself; `bytes` counts the output that arrived, kept or
    not; `wall_ms` is the program's time, null where it was never started; `evidence` is null where nothing
    was attested. `message` says in one sentence why a status is not `ok` or `failed`, or is empty.
    """

    id: str
    status: Status
    tier: Isolation
    exit: int | None = None
    stdout: str = ""
    stderr: str = ""
    truncated: bool = False
    bytes: int = 0
    wall_ms: int | None = None
    evidence: str | None = None
    message: str = ""
    sent: tuple[Sent, ...] = ()

    def to_json(self) -> dict[str, Json]:
        """Return the outcome with the keys of the interface, in its order.

        Processor time, peak memory and the files written are not measured, and so null.
        """
        return {
            "id": self.id,
            "status": self.status,
            "exit": self.exit,
            "stdout": self.stdout,
            "stderr": self.stderr,
            "truncated": self.truncated,
            "bytes": self.bytes,
            "usage": {"wall_ms": self.wall_ms, "cpu_ms": None, "peak_bytes": None},
            "tier": self.tier,
            "evidence": self.evidence,
            "labels": (),
            "effects": {"written": None, "sent": tuple(each.to_json() for each in self.sent)},
            "message": self.message,
        }
