"""What rules are about: calls by name, or by what they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias, assert_never

from governance.capabilities.declaration import Verb
from governance.capabilities.glob import PathSet
from governance.capabilities.networks import Network
from governance.policy.hosts import meets_domain, within_domain

if TYPE_CHECKING:
    from governance.capabilities.declaration import Capability, Effect

__all__ = ["Doing", "Named", "Target", "covers", "may_be_about", "meets"]


_REACHED: Final = (Verb.READ, Verb.WRITE, Verb.CREATE, Verb.DELETE, Verb.SEND, Verb.RECEIVE)
"""What code can do in a sandbox beside what its capability declares."""


@dataclass(frozen=True, slots=True)
class Named:
    """Calls of these capabilities."""

    capabilities: frozenset[str]


@dataclass(frozen=True, slots=True)
class Doing:
    """Calls by what they do: any of `verbs`, to any path of `places` or host within `domains` where given.

    A permit's target holds what the call does altogether, that of any other rule whatever it touches. Calls of the
    capabilities `without` are never in it.
    """

    verbs: frozenset[Verb]
    places: tuple[PathSet, ...] | None = None
    domains: tuple[str, ...] | None = None
    without: frozenset[str] = frozenset()


Target: TypeAlias = Named | Doing


def may_be_about(targets: tuple[Target, ...], capability: Capability) -> bool:
    """Whether some call of `capability` may be in one of `targets`, whatever its arguments."""
    return any(
        capability.name in target.capabilities
        if isinstance(target, Named)
        else capability.name not in target.without and _may_do(target, capability)
        for target in targets
    )


def _may_do(target: Doing, capability: Capability) -> bool:
    verbs = target.verbs
    opaque = capability.opaque and not verbs.isdisjoint(_REACHED)
    return opaque or not verbs.isdisjoint(form.verb for form in capability.effects)


def covers(target: Target, capability: str, effects: tuple[Effect, ...]) -> bool:
    """Whether `target` holds everything that a call of `capability` with these effects does."""
    match target:
        case Named():
            return capability in target.capabilities
        case Doing():
            return (
                bool(effects)
                and capability not in target.without
                and all(effect.verb in target.verbs and _lies_in(effect, target) for effect in effects)
            )
        case _:
            assert_never(target)


def meets(target: Target, capability: str, effects: tuple[Effect, ...]) -> bool:
    """Whether `target` holds anything that a call of `capability` with these effects does."""
    match target:
        case Named():
            return capability in target.capabilities
        case Doing():
            return capability not in target.without and any(
                effect.verb in target.verbs and _touches(effect, target) for effect in effects
            )
        case _:
            assert_never(target)


def _lies_in(effect: Effect, target: Doing) -> bool:
    """Whether the whole effect lies in the target's places. What is not of their kind does not."""
    where = effect.target
    if target.places is not None:
        return isinstance(where, PathSet) and any(where.within(place) for place in target.places)
    if target.domains is not None:
        return isinstance(where, str) and within_domain(where, target.domains)
    return True


def _touches(effect: Effect, target: Doing) -> bool:
    """Whether any of the effect lies in the target's places. An address may be that of any host."""
    where = effect.target
    if target.places is not None:
        return isinstance(where, PathSet) and any(where.meets(place) for place in target.places)
    if target.domains is not None:
        return isinstance(where, Network) or (isinstance(where, str) and meets_domain(where, target.domains))
    return True
