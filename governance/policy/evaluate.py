"""The decision rule: who asks, what the call may do, which forbids and permits apply, which sandbox results.

This is the reference; it follows `language.md` sentence by sentence and knows nothing of bytes, logs or time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from governance.capabilities.declaration import Effect, Verb
from governance.capabilities.glob import PathSet
from governance.policy.bundle import Named, rules_for
from governance.policy.condition import truth
from governance.policy.decision import Code
from governance.policy.sandboxes import combine, derive

if TYPE_CHECKING:
    from governance.capabilities.call import Call
    from governance.policy.bundle import Agent, Bundle, Profile, Protected, Rule, Target
    from governance.policy.decision import RuleReference, SandboxSpec
    from governance.policy.facts import EngineFacts

__all__ = ["Verdict", "applies", "covers", "evaluate", "reach"]

_CHANGES: Final = (Verb.WRITE, Verb.CREATE, Verb.DELETE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say of a call: the code, the rules that determined it, the reason, and all its effects.

    Only `Code.PERMITTED` has a sandbox.
    """

    code: Code
    rules: tuple[RuleReference, ...]
    reason: str
    effects: tuple[Effect, ...]
    sandbox: SandboxSpec | None = None


def evaluate(bundle: Bundle, call: Call, agent: Agent | None, facts: EngineFacts | None) -> Verdict:
    """Return the verdict on `call` by `agent`, None for one that is not known.

    Without `facts` of an engine the sandbox's image stays the name that the policy gives it.
    """
    if agent is None:
        return Verdict(
            Code.UNKNOWN_AGENT, (), "no agent of this name is known here; ask the operator", call.effects
        )
    rules = rules_for(bundle, call.capability.name, agent)
    permits, effects = _permits(rules.permits, call)
    forbids = tuple(rule for rule in rules.forbids if _holds(rule, call) and _reaches(rule, call, effects))
    if forbids:
        return Verdict(Code.FORBIDDEN, _references(forbids), _reasons(forbids), effects)
    touched = tuple(each for each in bundle.protected if _touches(each, effects))
    covering = tuple(rule for rule in permits if rule.including_protected) if touched else permits
    if permits and not covering:
        return Verdict(Code.FORBIDDEN, tuple(each.reference for each in touched), _reasons(touched), effects)
    if not covering:
        reason = f"no rule permits {call.capability.name} for this agent with these arguments"
        return Verdict(Code.NO_PERMIT, (), reason, effects)
    return _allowed(covering, call, agent, facts, effects)


def _permits(rules: tuple[Rule, ...], call: Call) -> tuple[tuple[Rule, ...], tuple[Effect, ...]]:
    """Return the permits that apply, and the effects that the call then has.

    Code that runs may do whatever its sandbox can reach, and the sandbox depends on which permits apply. So
    those that do not cover what it can reach are dropped until the rest cover it: at each step there are
    fewer permits, so the reach only grows, and what is left covers it whole.
    """
    effects = declared = call.effects
    permits = tuple(rule for rule in rules if _holds(rule, call))
    while True:
        if call.capability.opaque and permits:
            effects = (
                *declared,
                *reach(combine(tuple(rule.profile for rule in permits if rule.profile))),
            )
        kept = tuple(rule for rule in permits if _reaches(rule, call, effects))
        if kept == permits:
            return permits, effects
        permits = kept


def applies(rule: Rule, call: Call, agent: Agent, effects: tuple[Effect, ...]) -> bool:
    """Whether `rule` applies to `call` by `agent`, which has these effects."""
    return rule.audience.includes(agent) and _holds(rule, call) and _reaches(rule, call, effects)


def _holds(rule: Rule, call: Call) -> bool:
    """Whether condition and exception hold: of everything for a permit, of anything for a forbid."""
    when = True if rule.when is None else truth(rule.when, call)
    if when is False:
        return False
    unless = False if rule.unless is None else truth(rule.unless, call)
    if rule.kind == "permit":
        return when is True and unless is False
    return unless is not True


def _reaches(rule: Rule, call: Call, effects: tuple[Effect, ...]) -> bool:
    """Whether a target of the rule holds everything that the call does, or for a forbid anything."""
    reaches = covers if rule.kind == "permit" else _meets
    return any(reaches(target, call, effects) for target in rule.targets)


def covers(target: Target, call: Call, effects: tuple[Effect, ...]) -> bool:
    """Whether `target` holds everything that the call does."""
    if isinstance(target, Named):
        return call.capability.name in target.capabilities
    return bool(effects) and all(
        effect.verb in target.verbs and (target.places is None or _within(effect.target, target.places))
        for effect in effects
    )


def _meets(target: Target, call: Call, effects: tuple[Effect, ...]) -> bool:
    """Whether `target` holds anything that the call does."""
    if isinstance(target, Named):
        return call.capability.name in target.capabilities
    return any(
        effect.verb in target.verbs and (target.places is None or _meet(effect.target, target.places))
        for effect in effects
    )


def _within(target: PathSet | str, places: tuple[PathSet, ...]) -> bool:
    return isinstance(target, PathSet) and any(target.within(place) for place in places)


def _meet(target: PathSet | str, places: tuple[PathSet, ...]) -> bool:
    return isinstance(target, PathSet) and any(target.meets(place) for place in places)


def _touches(protected: Protected, effects: tuple[Effect, ...]) -> bool:
    return any(effect.verb in _CHANGES and _meet(effect.target, protected.paths) for effect in effects)


def reach(profile: Profile) -> tuple[Effect, ...]:
    """Return what code in a sandbox of this profile can do: read the mount, and change it if it is writable."""
    if profile.mount is None:
        return ()
    verbs = (Verb.READ, *_CHANGES) if profile.writable else (Verb.READ,)
    return tuple(Effect(verb, PathSet.tree(profile.mount)) for verb in verbs)


def _allowed(
    permits: tuple[Rule, ...],
    call: Call,
    agent: Agent,
    facts: EngineFacts | None,
    effects: tuple[Effect, ...],
) -> Verdict:
    profile = combine(tuple(rule.profile for rule in permits if rule.profile))
    changes = any(effect.verb in _CHANGES for effect in effects)
    spec = derive(profile, call, agent, facts, changes=changes)
    if isinstance(spec, str):
        return Verdict(Code.FAIL_CLOSED, _references(permits), spec, effects)
    return Verdict(Code.PERMITTED, _references(permits), _reasons(permits), effects, spec)


def _references(rules: tuple[Rule, ...]) -> tuple[RuleReference, ...]:
    return tuple(rule.reference for rule in rules)


def _reasons(rules: tuple[Rule, ...] | tuple[Protected, ...]) -> str:
    return "; ".join(dict.fromkeys(rule.because for rule in rules))
