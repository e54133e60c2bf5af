"""What came of a dispatch: the value that is recorded and given to the agent.

A pure value; how it comes about is `dispatch`'s business. What was not measured is null, never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from governance.canonical import Json
    from governance.capabilities.difference import Alteration
    from governance.policy.decision import Isolation

__all__ = ["Kept", "Outcome", "Sent", "Start", "Status", "written_json"]

Status: TypeAlias = Literal["ok", "failed", "timeout", "limit", "sandbox-error"]

Start: TypeAlias = Literal["cold", "pool", "reuse"]
"""Where a call's sandbox came from: made for it, made before and waiting, or used by its agent before."""


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
class Kept:
    """What became of what a call wrote into the copy of its workspace.

    `copy` is how that was made: `overlay`, `reflink` or `plain`. `code` and `reason` say why it was dropped, or not all of
    it was kept. `left_out` are the changes that were not kept,
    `not_carried` the special files and mounts that the copy had not, or that were made in it; paths as the sandbox
    has them.
    """

    copy: str
    verdict: Literal["committed", "dropped", "unchanged"]
    code: str = ""
    reason: str = ""
    written: tuple[Json, ...] = ()
    left_out: tuple[Json, ...] = ()
    not_carried: tuple[Json, ...] = ()

    def to_json(self) -> dict[str, Json]:
        """Return it as canonical data, without what was written, which stands among the effects."""
        return {
            "copy": self.copy,
            "verdict": self.verdict,
            "code": self.code,
            "reason": self.reason,
            "left_out": self.left_out,
            "not_carried": self.not_carried,
        }


def written_json(alteration: Alteration, place: Json) -> Json:
    """Return a change that was kept, at `place`, as canonical data."""
    return {**alteration.to_json(), "path": place}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of one dispatched call; `id` is the decision's.

    `exit` is null where the program did not end by itself; `bytes` counts the output that arrived, kept or
    not; `wall_ms` is the program's time, null where it was never started, `cpu_ms` the processor time of all its
    processes and `peak_bytes` the size of the largest, as the sandbox's runner tells them, null where it did not;
    `start` is null where there was no sandbox, `evidence` where nothing was attested. `kept` is null where no
    workspace was writable. `message` says in one sentence why a status is not `ok` or `failed`, or is empty.
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
    sent: tuple[Sent, ...] = ()
    kept: Kept | None = None

    def to_json(self) -> dict[str, Json]:
        """Return the outcome with the keys of the interface, in its order.

        Nothing is written but what is `kept` of a copy: without one the workspace was read-only.
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
            "effects": {
                "written": () if self.kept is None else self.kept.written,
                "sent": tuple(each.to_json() for each in self.sent),
            },
            "workspace": None if self.kept is None else self.kept.to_json(),
            "message": self.message,
        }
