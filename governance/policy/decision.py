"""What the evaluator says of a request, and the sandbox an allowed call gets.

Decisions are values: no clock, no identity beyond their content. `Allow` is the only one that carries a
sandbox, so a path to a container without an allow cannot be written down.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Final, Literal, TypeAlias

from governance.canonical import digest_of

if TYPE_CHECKING:
    from governance.canonical import Json

__all__ = [
    "ISOLATIONS",
    "Allow",
    "Code",
    "Decision",
    "Deny",
    "Isolation",
    "JudgedCall",
    "Mount",
    "RuleReference",
    "SandboxSpec",
    "Scratch",
]

Isolation: TypeAlias = Literal["container", "gvisor", "microvm"]
ISOLATIONS: Final[tuple[Isolation, ...]] = ("container", "gvisor", "microvm")
"""The tiers, weakest first."""


class Code(StrEnum):
    """Why a decision is what it is; stable."""

    PERMITTED = "permitted"
    MALFORMED = "malformed"
    UNKNOWN_CAPABILITY = "unknown-capability"
    ILL_TYPED = "ill-typed"
    UNKNOWN_AGENT = "unknown-agent"
    FORBIDDEN = "forbidden"
    NO_PERMIT = "no-permit"
    FAIL_CLOSED = "fail-closed"


@dataclass(frozen=True, slots=True, order=True)
class RuleReference:
    """A rule and where it stands; references sort in source order."""

    file: str
    line: int
    name: str

    @property
    def place(self) -> str:
        """The rule's place as `file:line`."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class JudgedCall:
    """One call as it was judged: its canonical arguments and what it may do to the world."""

    capability: str
    arguments: Json
    effects: tuple[str, ...]

    def to_json(self) -> dict[str, Json]:
        """Return the call as canonical data."""
        return {"capability": self.capability, "arguments": self.arguments, "effects": self.effects}


@dataclass(frozen=True, slots=True, order=True)
class Mount:
    """The agent's workspace as the sandbox sees it. `source` is relative to the operator's root of workspaces."""

    source: str
    target: str
    writable: bool

    def to_json(self) -> dict[str, Json]:
        """Return the mount as canonical data."""
        return {"source": self.source, "target": self.target, "writable": self.writable}


@dataclass(frozen=True, slots=True, order=True)
class Scratch:
    """An empty, sized, temporary folder of the sandbox."""

    target: str
    size: int

    def to_json(self) -> dict[str, Json]:
        """Return the folder as canonical data; `size` is in bytes."""
        return {"target": self.target, "size": self.size}


@dataclass(frozen=True, slots=True)
class SandboxSpec:
    """All that the sandbox of one allowed call depends on.

    `image` is `NAME@sha256:…` where the engine's images are known, else `NAME`, with which nothing can run.
    `memory` and `output` are bytes, `cpus` thousandths of a processor, `timeout` milliseconds, `stdin` the
    digest of what the program reads. The root is always read-only and the network always `none`.
    """

    image: str
    isolation: Isolation
    argv: tuple[str, ...]
    stdin: str | None
    mounts: tuple[Mount, ...]
    scratch: tuple[Scratch, ...]
    memory: int
    cpus: int
    pids: int
    timeout: int
    output: int

    def to_json(self) -> dict[str, Json]:
        """Return the specification as canonical data."""
        return {
            "image": self.image,
            "isolation": self.isolation,
            "argv": self.argv,
            "stdin": self.stdin,
            "mounts": [mount.to_json() for mount in self.mounts],
            "scratch": [scratch.to_json() for scratch in self.scratch],
            "root": "read-only",
            "network": "none",
            "memory": self.memory,
            "cpus": self.cpus,
            "pids": self.pids,
            "timeout": self.timeout,
            "output": self.output,
        }

    @property
    def digest(self) -> str:
        """The digest that the container's label and the outcome repeat."""
        return digest_of(self.to_json())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judgement:
    """What allows and denies have in common; `id` is unique within one log, `bundle` None where none is in force."""

    code: Code
    reason: str
    rules: tuple[RuleReference, ...]
    calls: tuple[JudgedCall, ...]
    bundle: str | None
    request: str
    id: str

    verdict: ClassVar[str]

    def _json(self, sandbox: SandboxSpec | None, nearest: tuple[str, ...]) -> dict[str, Json]:
        return {
            "decision": self.verdict,
            "code": self.code.value,
            "rules": [rule.name for rule in self.rules],
            "reason": self.reason,
            "calls": [call.to_json() for call in self.calls],
            "sandbox": None if sandbox is None else sandbox.to_json(),
            "labels": (),
            "limits": (),
            "nearest": nearest,
            "bundle": self.bundle,
            "request": self.request,
            "id": self.id,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Allow(_Judgement):
    """The call may run, in this sandbox and in no other."""

    sandbox: SandboxSpec
    verdict: ClassVar[str] = "allow"

    def to_json(self) -> dict[str, Json]:
        """Return the decision with the keys of the interface, in its order."""
        return self._json(self.sandbox, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Deny(_Judgement):
    """The call may not run; `nearest` are calls that this agent could make instead."""

    nearest: tuple[str, ...]
    verdict: ClassVar[str] = "deny"

    def to_json(self) -> dict[str, Json]:
        """Return the decision with the keys of the interface, in its order."""
        return self._json(None, self.nearest)


Decision: TypeAlias = Allow | Deny
