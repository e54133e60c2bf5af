"""What came of a dispatch: the value that is recorded and given to the agent.

A pure value; how it comes about is `dispatch`'s business. What was not measured is null, never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from governance.canonical import Json
    from governance.policy.decision import Isolation

__all__ = ["Outcome", "Start", "Status"]

Status: TypeAlias = Literal["ok", "failed", "timeout", "limit", "sandbox-error"]

Start: TypeAlias = Literal["cold", "pool", "reuse"]
"""Where a call's sandbox came from: made for it, made before and waiting, or used by its agent before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of one dispatched call; `id` is the decision's.

    `exit` is null where the program did not end by itself; `bytes` counts the output that arrived, kept or
    not; `wall_ms` is the program's time, null where it was never started, `cpu_ms` the processor time of all its
    processes and `peak_bytes` the size of the largest, as the sandbox's runner tells them, null where it did not;
    `start` is null where there was no sandbox, `evidence` where nothing was attested. `message` says in one sentence why a status is not `ok` or `failed`, or is empty.
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
    cpu_ms: int | None = None
    peak_bytes: int | None = None
    start: Start | None = None
    evidence: str | None = None
    message: str = ""

    def to_json(self) -> dict[str, Json]:
        """Return the outcome with the keys of the interface, in its order.

        The files written are not measured, and so null; nothing can be sent from a sandbox without a network.
        """
        return {
            "id": self.id,
            "status": self.status,
            "exit": self.exit,
            "stdout": self.stdout,
            "stderr": self.stderr,
            "truncated": self.truncated,
            "bytes": self.bytes,
            "usage": {
                "wall_ms": self.wall_ms,
                "cpu_ms": self.cpu_ms,
                "peak_bytes": self.peak_bytes,
                "start": self.start,
            },
            "tier": self.tier,
            "evidence": self.evidence,
            "labels": (),
            "effects": {"written": None, "sent": ()},
            "message": self.message,
        }
