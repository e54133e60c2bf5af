"""A bundle: everything a decision depends on that a person wrote, checked, with one digest.

A bundle is made whole by `governance.policy.check` or not at all. Its digest covers the sources and what
they were taken to mean, so an engine that reads the same text differently has another bundle.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from governance.canonical import canonical, digest
from governance.policy.condition import All, Earlier, Either, Not
from governance.policy.plain import plain
from governance.policy.target import may_be_about

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from governance.capabilities.declaration import Capability
    from governance.policy.condition import Condition, Watch
    from governance.policy.rule import Agent, Clearance, Proof, Protected, Rule
    from governance.policy.suite import Scenario

__all__ = ["Bundle", "Rules", "rules_for"]

FORMAT: Final = 4
"""The version of the stored form."""


@dataclass(frozen=True, eq=False)
class Bundle:
    """Checked policies. `capabilities` are found by name and by second form (`fs_read`); rules are in source order."""

    sources: Mapping[str, str]
    capabilities: Mapping[str, Capability]
    agents: Mapping[str, Agent]
    rules: tuple[Rule, ...]
    protected: tuple[Protected, ...] = ()
    clearances: tuple[Clearance, ...] = ()
    proofs: tuple[Proof, ...] = ()
    tests: tuple[Scenario, ...] = ()

    @cached_property
    def stored(self) -> bytes:
        """The bundle as it is kept: canonical JSON of its sources and of what they mean."""
        unique = {capability.name: capability for capability in self.capabilities.values()}
        typed = {
            "capabilities": [plain(unique[name]) for name in sorted(unique)],
            "agents": [plain(self.agents[name]) for name in sorted(self.agents)],
            "rules": [plain(rule) for rule in self.rules],
            "protected": [plain(protected) for protected in self.protected],
            "clearances": [plain(clearance) for clearance in self.clearances],
            "proofs": [plain(proof) for proof in self.proofs],
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
    def sends(self) -> bool:
        """Whether some of its sandboxes may have a network."""
        return any(rule.profile is not None and rule.profile.egress is not None for rule in self.rules)

    @cached_property
    def rules_by_capability(self) -> Mapping[str, tuple[Rule, ...]]:
        """The rules that can be about each capability, by its name, in source order."""
        unique = {capability.name: capability for capability in self.capabilities.values()}
        return {
            name: tuple(rule for rule in self.rules if may_be_about(rule.targets, capability))
            for name, capability in unique.items()
        }

    @cached_property
    def watches(self) -> tuple[Watch, ...]:
        """The past events that any rule asks for, each once, in the order of the rules."""
        found: dict[str, Watch] = {}
        for rule in self.rules:
            for condition in (rule.when, rule.unless):
                found |= {watch.key: watch for watch in _watches(condition)}
        return tuple(found.values())

    @cached_property
    def watches_by_capability(self) -> Mapping[str, tuple[Watch, ...]]:
        """The past events that a call of each capability can be, by its name."""
        unique = {capability.name: capability for capability in self.capabilities.values()}
        return {
            name: tuple(watch for watch in self.watches if may_be_about(watch.targets, capability))
            for name, capability in unique.items()
        }

    def lineage(self, agent: Agent) -> tuple[Agent, ...]:
        """Return the agent, the one that it narrows, and so on."""
        found = [agent]
        while found[-1].narrows is not None:
            found.append(self.agents[found[-1].narrows])
        return tuple(found)


def _watches(condition: Condition | None) -> Iterator[Watch]:
    match condition:
        case Earlier():
            yield condition.watch
        case Not():
            yield from _watches(condition.condition)
        case All() | Either():
            for each in condition.conditions:
                yield from _watches(each)


class Rules(NamedTuple):
    """The rules that can be about calls of one capability by one agent, in source order.

    `levels` has the permits of the agent, then of the one that it narrows, and so on.
    """

    levels: tuple[tuple[Rule, ...], ...]
    permits: tuple[Rule, ...]
    forbids: tuple[Rule, ...]
    limits: tuple[Rule, ...]
    asks: tuple[Rule, ...]
    labels: tuple[Rule, ...]


@lru_cache(maxsize=4096)
def rules_for(bundle: Bundle, capability: str, lineage: tuple[Agent, ...]) -> Rules:
    """Return the rules of `bundle` that can be about calls of `capability` by the agent of this lineage."""
    rules = tuple(
        rule
        for rule in bundle.rules_by_capability[capability]
        if any(rule.audience.includes(agent) for agent in lineage)
    )
    permits, forbids, limits, asks, labels = (
        tuple(rule for rule in rules if rule.kind == kind)
        for kind in ("permit", "forbid", "limit", "ask", "label")
    )
    levels = tuple(tuple(rule for rule in permits if rule.audience.includes(agent)) for agent in lineage)
    return Rules(levels, permits, forbids, limits, asks, labels)
