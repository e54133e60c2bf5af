"""Which capabilities an agent could ever be permitted, whatever the arguments, the state and the time.

What is left out is surely never permitted; what is named may still be denied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from governance.policy.bundle import rules_for
from governance.policy.commit import COMMIT
from governance.policy.target import Named

if TYPE_CHECKING:
    from governance.capabilities.declaration import Capability, EffectForm
    from governance.policy.bundle import Bundle
    from governance.policy.rule import Agent, Rule

__all__ = ["permissible"]


def permissible(bundle: Bundle, agent: Agent) -> tuple[Capability, ...]:
    """Return the capabilities of which some call by `agent` could be permitted, by name; `fs.commit` is never asked for."""
    unique = {each.name: each for each in bundle.capabilities.values() if each.name != COMMIT}
    return tuple(unique[name] for name in sorted(unique) if _permissible(bundle, agent, unique[name]))


def _permissible(bundle: Bundle, agent: Agent, capability: Capability) -> bool:
    rules = rules_for(bundle, capability.name, bundle.lineage(agent))
    permitted = all(any(_covers(rule, capability) for rule in level) for level in rules.levels)
    return permitted and not any(_always(rule, capability) for rule in rules.forbids)


def _covers(permit: Rule, capability: Capability) -> bool:
    """Whether a target of the permit holds all that some call of the capability does."""
    verbs = {form.verb for form in capability.effects if _certain(form, capability)}
    return any(
        capability.name in target.capabilities
        if isinstance(target, Named)
        else bool(capability.effects) and verbs <= target.verbs
        for target in permit.targets
    )


def _certain(form: EffectForm, capability: Capability) -> bool:
    """Whether every call does what the form says: what is not given, or is an empty list, is done nothing to."""
    parameter = capability.parameter(form.parameter)
    if parameter is None:
        return True
    return not parameter.type.optional and parameter.type.item is None and not form.steps


def _always(forbid: Rule, capability: Capability) -> bool:
    """Whether the forbid applies to every call of the capability, at any time."""
    named = any(
        isinstance(target, Named) and capability.name in target.capabilities for target in forbid.targets
    )
    return named and forbid.when is None and forbid.unless is None and forbid.ends is None
