"""What the evaluator says of a request, and the sandbox an allowed call gets.

Decisions are values: no clock, no identity beyond their content. `Allow` is the only one that carries a
sandbox, so a path to a container without an allow cannot be written down.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Final, Literal, NamedTuple, TypeAlias

from governance.canonical import digest_of
from governance.capabilities.numbers import unscaled
from governance.policy.connection import Reach

if TYPE_CHECKING:
    from governance.canonical import Json
    from governance.policy.profile import Secret

__all__ = [
    "ISOLATIONS",
    "REUSES",
    "Allow",
    "Ask",
    "Code",
    "Decision",
    "Deny",
    "Isolation",
    "JudgedCall",
    "Left",
    "Mount",
    "Network",
    "Reuse",
    "RuleReference",
    "SandboxSpec",
    "Scratch",
    "Sharer",
]

Isolation: TypeAlias = Literal["container", "gvisor", "microvm"]
ISOLATIONS: Final[tuple[Isolation, ...]] = ("container", "gvisor", "microvm")
"""The tiers, weakest first."""

Reuse: TypeAlias = Literal["per-call", "per-agent", "per-agent-labelled"]
REUSES: Final[tuple[Reuse, ...]] = ("per-call", "per-agent", "per-agent-labelled")
"""How often a sandbox may be used, strictest first: the last one also in a session that carries a label."""


class Code(StrEnum):
    """Why a decision is what it is; stable."""

    PERMITTED = "permitted"
    MALFORMED = "malformed"
    UNKNOWN_CAPABILITY = "unknown-capability"
    ILL_TYPED = "ill-typed"
    UNKNOWN_AGENT = "unknown-agent"
    FORBIDDEN = "forbidden"
    OVER_LIMIT = "over-limit"
    NEEDS_APPROVAL = "needs-approval"
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
class Network:
    """The hosts that a sandbox may reach on one port, by these methods (none named: all)."""

    hosts: tuple[str, ...]
    port: int
    methods: tuple[str, ...]

    def to_json(self) -> dict[str, Json]:
        """Return the network as canonical data."""
        return {"hosts": self.hosts, "port": self.port, "methods": self.methods}


@dataclass(frozen=True, slots=True, order=True)
class Sharer:
    """The agent whose calls one sandbox may run, one after the other."""

    agent: str
    tenant: str

    def to_json(self) -> dict[str, Json]:
        """Return the agent as canonical data."""
        return {"agent": self.agent, "tenant": self.tenant}


@dataclass(frozen=True, slots=True)
class SandboxSpec:
    """All that the sandbox of one allowed call depends on.

    `image` is `NAME@sha256:…` where the engine's images are known, else `NAME`, with which nothing can run.
    `memory` and `output` are bytes, `cpus` thousandths of a processor, `timeout` milliseconds, `stdin` the
    digest of what the program reads. `root` says whether the root is writable; without a `network` there is none.
    `secrets` are named, with where they go: they are put in on the way to the network, never into the sandbox.
    `reuse` says whose earlier calls the sandbox may have run; without it, it runs this one call.
    """

    image: str
    isolation: Isolation
    argv: tuple[str, ...]
    stdin: str | None
    mounts: tuple[Mount, ...]
    scratch: tuple[Scratch, ...]
    root: bool
    network: Network | None
    secrets: tuple[Secret, ...]
    memory: int
    cpus: int
    pids: int
    timeout: int
    output: int
    reuse: Sharer | None

    def to_json(self) -> dict[str, Json]:
        """Return the specification as canonical data."""
        image, isolation, *others = self._box().items()
        return dict((image, isolation, ("argv", self.argv), ("stdin", self.stdin), *others))

    def _box(self) -> dict[str, Json]:
        """Return what does not differ between two calls of one sandbox: all but the program and its input."""
        return {
            "image": self.image,
            "isolation": self.isolation,
            "mounts": [mount.to_json() for mount in self.mounts],
            "scratch": [scratch.to_json() for scratch in self.scratch],
            "root": "writable" if self.root else "read-only",
            "network": "none" if self.network is None else self.network.to_json(),
            "secrets": [secret.to_json() for secret in self.secrets],
            "memory": self.memory,
            "cpus": self.cpus,
            "pids": self.pids,
            "timeout": self.timeout,
            "output": self.output,
            "reuse": "per-call" if self.reuse is None else self.reuse.to_json(),
        }

    @property
    def digest(self) -> str:
        """The digest of all of it, which a warrant is issued for."""
        return digest_of(self.to_json())

    @property
    def reach(self) -> Reach | None:
        """How far this sandbox may reach on the network, None for nowhere."""
        return None if self.network is None else Reach(self.network, self.secrets)

    @property
    def box_digest(self) -> str:
        """The digest of the sandbox without program and input, which its label and the evidence repeat."""
        return digest_of(self._box())


class Left(NamedTuple):
    """What is left of a limit after a call: calls, or an amount in units of 10**-12 where it is `exact`."""

    limit: str
    amount: int
    exact: bool

    def to_json(self) -> dict[str, Json]:
        """Return what is left as canonical data; an exact amount is text."""
        return {"limit": self.limit, "left": unscaled(self.amount) if self.exact else self.amount}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judgement:
    """What all decisions have in common; `id` is unique within one log, `bundle` None where none is in force."""

    code: Code
    reason: str
    rules: tuple[RuleReference, ...]
    calls: tuple[JudgedCall, ...]
    limits: tuple[Left, ...]
    bundle: str | None
    request: str
    id: str

    verdict: ClassVar[str]

    def _json(
        self, sandbox: SandboxSpec | None = None, labels: tuple[str, ...] = (), nearest: tuple[str, ...] = ()
    ) -> dict[str, Json]:
        return {
            "decision": self.verdict,
            "code": self.code.value,
            "rules": [rule.name for rule in self.rules],
            "reason": self.reason,
            "calls": [call.to_json() for call in self.calls],
            "sandbox": None if sandbox is None else sandbox.to_json(),
            "labels": labels,
            "limits": [left.to_json() for left in self.limits],
            "nearest": nearest,
            "bundle": self.bundle,
            "request": self.request,
            "id": self.id,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Allow(_Judgement):
    """The call may run, in this sandbox and in no other; `labels` are what it attaches to its session."""

    sandbox: SandboxSpec
    labels: tuple[str, ...]
    verdict: ClassVar[str] = "allow"

    def to_json(self) -> dict[str, Json]:
        """Return the decision with the keys of the interface, in its order."""
        return self._json(self.sandbox, self.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask(_Judgement):
    """The call may run once a person approves it, and it is asked for again."""

    verdict: ClassVar[str] = "ask"

    def to_json(self) -> dict[str, Json]:
        """Return the decision with the keys of the interface, in its order."""
        return self._json()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deny(_Judgement):
    """The call may not run; `nearest` are calls that this agent could make instead."""

    nearest: tuple[str, ...]
    verdict: ClassVar[str] = "deny"

    def to_json(self) -> dict[str, Json]:
        """Return the decision with the keys of the interface, in its order."""
        return self._json(nearest=self.nearest)


Decision: TypeAlias = Allow | Ask | Deny
