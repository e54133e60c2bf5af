"""A bundle: everything a decision depends on that a person wrote, checked, with one digest.

A bundle is made whole by `governance.policy.check` or not at all. Its digest covers the sources and what
they were taken to mean, so an engine that reads the same text differently has another bundle.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from governance.canonical import canonical, digest
from governance.capabilities.glob import PathSet
from governance.capabilities.values import Type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.canonical import Json
    from governance.capabilities.call import Call
    from governance.capabilities.declaration import Capability, Verb
    from governance.policy.condition import Condition
    from governance.policy.decision import Isolation, RuleReference, Scratch

__all__ = [
    "Agent",
    "Audience",
    "Bundle",
    "Doing",
    "Example",
    "Named",
    "Profile",
    "Protected",
    "Rule",
    "Rules",
    "Target",
    "may_be_about",
    "rules_for",
]

FORMAT: Final = 1
"""The version of the stored form."""


@dataclass(frozen=True, slots=True)
class Agent:
    """Whom a request is from. `workspace` is a folder relative to the operator's root of workspaces."""

    name: str
    tenant: str
    groups: frozenset[str]
    workspace: str | None


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
class Named:
    """Calls of these capabilities."""

    capabilities: frozenset[str]


@dataclass(frozen=True, slots=True)
class Doing:
    """Calls by what they do: any of `verbs`, to any path of `places` where places are given.

    A permit's target holds what the call does altogether, a forbid's whatever it touches.
    """

    verbs: frozenset[Verb]
    places: tuple[PathSet, ...] | None


Target: TypeAlias = Named | Doing


@dataclass(frozen=True, slots=True)
class Profile:
    """The most that a sandbox of this name may be. Units as in `SandboxSpec`.

    `mount` is where the workspace appears, None for nowhere; `writable` whether calls that write may.
    """

    name: str
    image: str
    isolation: Isolation
    mount: str | None
    writable: bool
    scratch: tuple[Scratch, ...]
    memory: int
    cpus: int
    pids: int
    timeout: int
    output: int


@dataclass(frozen=True, slots=True)
class Example:
    """A call that a rule's author says is allowed, or denied, by it; `line` is where."""

    call: Call
    allowed: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Rule:
    """One permit or forbid. Only a permit has a profile, and only one `including` covers protected paths."""

    reference: RuleReference
    kind: Literal["permit", "forbid"]
    audience: Audience
    targets: tuple[Target, ...]
    when: Condition | None
    unless: Condition | None
    because: str
    profile: Profile | None
    including_protected: bool
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Protected:
    """Paths that no call may write, create or delete unless a permit says `including protected`."""

    reference: RuleReference
    paths: tuple[PathSet, ...]
    because: str


@dataclass(frozen=True, eq=False)
class Bundle:
    """Checked policies. `capabilities` are found by name and by second form (`fs_read`); rules are in source order."""

    sources: Mapping[str, str]
    capabilities: Mapping[str, Capability]
    agents: Mapping[str, Agent]
    rules: tuple[Rule, ...]
    protected: tuple[Protected, ...]

    @cached_property
    def stored(self) -> bytes:
        """The bundle as it is kept: canonical JSON of its sources and of what they mean."""
        unique = {capability.name: capability for capability in self.capabilities.values()}
        typed = {
            "capabilities": [_plain(unique[name]) for name in sorted(unique)],
            "agents": [_plain(self.agents[name]) for name in sorted(self.agents)],
            "rules": [_plain(rule) for rule in self.rules],
            "protected": [_plain(protected) for protected in self.protected],
        }
        return canonical({"format": FORMAT, "sources": dict(self.sources), "typed": typed})

    @cached_property
    def digest(self) -> str:
        """What every decision under this bundle names."""
        return digest(self.stored)

    @cached_property
    def images(self) -> tuple[str, ...]:
        """The names of the images that its sandboxes use, sorted."""
        names = {rule.profile.image.partition("@")[0] for rule in self.rules if rule.profile is not None}
        return tuple(sorted(names))

    @cached_property
    def rules_by_capability(self) -> Mapping[str, tuple[Rule, ...]]:
        """The rules that can be about each capability, by its name, in source order."""
        unique = {capability.name: capability for capability in self.capabilities.values()}
        return {
            name: tuple(rule for rule in self.rules if may_be_about(rule, capability))
            for name, capability in unique.items()
        }


class Rules(NamedTuple):
    """The rules that can be about calls of one capability by one agent, in source order."""

    permits: tuple[Rule, ...]
    forbids: tuple[Rule, ...]


@lru_cache(maxsize=4096)
def rules_for(bundle: Bundle, capability: str, agent: Agent) -> Rules:
    """Return the rules of `bundle` that can be about calls of `capability` by `agent`."""
    rules = tuple(rule for rule in bundle.rules_by_capability[capability] if rule.audience.includes(agent))
    return Rules(
        tuple(rule for rule in rules if rule.kind == "permit"),
        tuple(rule for rule in rules if rule.kind == "forbid"),
    )


def may_be_about(rule: Rule, capability: Capability) -> bool:
    """Whether some call of `capability` may be a target of `rule`, whatever its arguments."""
    return any(
        capability.name in target.capabilities
        if isinstance(target, Named)
        else capability.opaque or not target.verbs.isdisjoint(form.verb for form in capability.effects)
        for target in rule.targets
    )


def _plain(value: object) -> Json:
    """Return checked policy data as canonical data; a model says nothing that its parameters do not."""
    match value:
        case Type() | PathSet():
            return str(value)
        case Enum():
            return str(value.value)
        case None | bool() | int() | str():
            return value
        case tuple():
            return [_plain(item) for item in value]
        case frozenset():
            return sorted(str(item) for item in value)
    if not is_dataclass(value) or isinstance(value, type):
        return str(value)
    kept = (each.name for each in fields(value) if each.name not in ("model", "examples"))
    return {"is": type(value).__name__, **{name: _plain(getattr(value, name)) for name in kept}}
