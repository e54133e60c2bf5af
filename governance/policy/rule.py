"""Rules after checking: whom they are about, which calls, under what condition, and what follows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from governance.capabilities.call import Call
    from governance.capabilities.glob import PathSet
    from governance.policy.condition import Condition, Given
    from governance.policy.decision import RuleReference
    from governance.policy.profile import Profile
    from governance.policy.target import Target

__all__ = [
    "Agent",
    "Audience",
    "Budget",
    "Clearance",
    "Counting",
    "Each",
    "Example",
    "Kind",
    "Proof",
    "Protected",
    "Quota",
    "Rule",
    "Verdict",
]

Kind: TypeAlias = Literal["permit", "forbid", "ask", "limit", "label"]
Counting: TypeAlias = Literal["attempted", "allowed", "completed"]
Verdict: TypeAlias = Literal["allow", "deny", "ask"]
Each: TypeAlias = Literal["agent", "session", "tenant", "bundle"]


@dataclass(frozen=True, slots=True)
class Agent:
    """Whom a request is from. `workspace` is a folder relative to the operator's root of workspaces.

    One that `narrows` another is permitted only what both are, and all else that is about the other is about it.
    """

    name: str
    tenant: str
    groups: frozenset[str]
    workspace: str | None
    narrows: str | None = None


@dataclass(frozen=True, slots=True)
class Audience:
    """The agents that a rule is about."""

    groups: frozenset[str]
    agents: frozenset[str]
    everyone: bool

    def includes(self, agent: Agent) -> bool:
        """Whether `agent` is one of them."""
        return self.everyone or agent.name in self.agents or not self.groups.isdisjoint(agent.groups)


@dataclass(frozen=True, slots=True)
class Example:
    """A call that a rule's author says is allowed, denied or asked about by it, and where in the file."""

    call: Call
    verdict: Verdict
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `most` calls, or so much `of` what each call says, in any `per` milliseconds.

    The amount of a Decimal is counted in units of 10**-12, exactly; `exact` says that it is one.
    """

    most: int
    of: Given | None
    exact: bool
    per: int
    text: str


@dataclass(frozen=True, slots=True)
class Budget:
    """What a limit counts, for whom, and how much of it there may be."""

    quotas: tuple[Quota, ...]
    each: Each
    counting: Counting

    @property
    def text(self) -> str:
        """What an agent is told where the policy gives no reason."""
        most = ", ".join(quota.text for quota in self.quotas)
        return f"at most {most}{'' if self.each == 'bundle' else f' for each {self.each}'}"


@dataclass(frozen=True)
class Rule:
    """One rule. What only some kinds have is empty in the others.

    A permit has a `profile`, and may be `including_protected`; a limit has a `budget`, whose amounts are counted
    under `key`: its name and what it says as it is written, not where it stands or what a name in it stands for. The
    grants of an ask come from `approvers`, of none are named from anyone. `until` is in milliseconds since 1970.
    """

    reference: RuleReference
    kind: Kind
    audience: Audience
    targets: tuple[Target, ...]
    when: Condition | None = None
    unless: Condition | None = None
    because: str = ""
    profile: Profile | None = None
    including_protected: bool = False
    budget: Budget | None = None
    key: str = ""
    approvers: frozenset[str] = frozenset()
    until: int | None = None
    examples: tuple[Example, ...] = ()

    @property
    def name(self) -> str:
        """The rule's own name, without its file's."""
        return self.reference.name.rpartition("/")[2]

    @cached_property
    def ends(self) -> int | None:
        """When the rule has no effect any more: its own end, or that of the waiver that its sandbox needs."""
        waiver = self.profile.waiver if self.profile and self.profile.root else None
        ends = [end for end in (self.until, waiver.until if waiver else None) if end is not None]
        return min(ends) if ends else None


@dataclass(frozen=True, slots=True)
class Clearance:
    """Who may clear labels from a session."""

    reference: RuleReference
    labels: frozenset[str]
    approvers: frozenset[str]
    because: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What is claimed of all calls: of `targets` with this condition, each is permitted, or none is."""

    reference: RuleReference
    always: bool
    targets: tuple[Target, ...]
    when: Condition | None
    unless: Condition | None


@dataclass(frozen=True, slots=True)
class Protected:
    """Paths that no call may write, create or delete unless a permit says `including protected`."""

    reference: RuleReference
    paths: tuple[PathSet, ...]
    because: str
