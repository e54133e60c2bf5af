"""The audit: which programs a policy lets run, and what these can do beside what their capabilities declare.

What is known of programs comes from outside, as data; what a call may do is decided by rules, never by this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from governance.capabilities.declaration import Verb
from governance.policy.audit.programs import Can, Programs, read_programs
from governance.policy.audit.reading import ANY, Found, read_line
from governance.policy.audit.words import command_lines
from governance.policy.target import Named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from governance.capabilities.declaration import Capability, EffectForm
    from governance.policy.bundle import Bundle
    from governance.policy.rule import Rule

__all__ = ["ANY", "Audited", "Bounds", "Can", "Finding", "Programs", "audit", "read_programs"]

_VERBS: Final = {
    Can.NETWORK: (Verb.SEND, Verb.RECEIVE),
    Can.READ: (Verb.READ,),
    Can.WRITE: (Verb.WRITE, Verb.CREATE, Verb.DELETE),
    Can.CODE: (),
    Can.START: (),
}
"""The effects that declare each thing; `execute` declares them all."""

_CHANGES: Final = frozenset({Verb.WRITE, Verb.CREATE, Verb.DELETE})
_TALKS: Final = frozenset({Verb.SEND, Verb.RECEIVE})


class Bounds(NamedTuple):
    """What the sandbox of a permit lets a call reach, whatever its program can do."""

    rule: str
    sandbox: str
    isolation: str
    mount: str | None
    writable: bool
    scratch: tuple[str, ...]
    root: bool
    hosts: tuple[str, ...]


class Finding(NamedTuple):
    """Something that a program of a capability can do, and which of it the capability does not declare."""

    found: Found
    undeclared: tuple[Can, ...]


@dataclass(frozen=True, slots=True)
class Audited:
    """One capability that some permit is about: its programs, what they can do, and what bounds them."""

    capability: str
    opaque: bool
    programs: tuple[str, ...]
    unknown: tuple[str, ...]
    findings: tuple[Finding, ...]
    bounds: tuple[Bounds, ...]


def audit(bundle: Bundle, programs: Programs) -> tuple[Audited, ...]:
    """Return what is found of each capability that some agent may be permitted, by name.

    Forbids, exceptions and time are left out: a rule that is added elsewhere changes nothing here.
    """
    found = []
    for name, rules in sorted(bundle.rules_by_capability.items()):
        permits = tuple(
            rule for rule in rules if rule.kind == "permit" and _may_permit(rule, bundle.capabilities[name])
        )
        if permits:
            found.append(_audited(bundle.capabilities[name], permits, programs))
    return tuple(found)


def _may_permit(rule: Rule, capability: Capability) -> bool:
    """Whether some call of the capability may do nothing but what the permit is about."""
    verbs = {form.verb for form in capability.effects if _surely_done(capability, form)}
    return any(
        capability.name in target.capabilities if isinstance(target, Named) else verbs <= target.verbs
        for target in rule.targets
    )


def _surely_done(capability: Capability, form: EffectForm) -> bool:
    """Whether every call has the effect: what it is on is always given, and is no list that may be empty."""
    parameter = capability.parameter(form.parameter)
    if parameter is None:
        return True
    kind = parameter.type
    return not (kind.optional or form.steps or (kind.item is not None and not kind.low))


def _audited(capability: Capability, permits: tuple[Rule, ...], programs: Programs) -> Audited:
    lines = dict.fromkeys(line for rule in permits for line in command_lines(capability, rule.when))
    found = tuple(dict.fromkeys(each for line in lines for each in read_line(programs, line)))
    paths = dict.fromkeys(path for line in lines for path in (line[0].texts or (ANY,)))
    return Audited(
        capability.name,
        capability.opaque,
        tuple(paths),
        tuple(each.program for each in found if each.unknown),
        tuple(Finding(each, _undeclared(capability, each)) for each in found if each.can),
        tuple(_bounds(capability, rule) for rule in permits),
    )


def _undeclared(capability: Capability, found: Found) -> tuple[Can, ...]:
    """Return what is found and not declared: on the very parameter that chooses it, if one does."""
    if capability.opaque:
        return ()
    return tuple(can for can in found.can if not any(_declared(capability, can, found.parameter)))


def _declared(capability: Capability, can: Can, parameter: str) -> Iterator[bool]:
    for form in capability.effects:
        yield form.verb in _VERBS[can] and parameter in ("", form.parameter)


def _bounds(capability: Capability, rule: Rule) -> Bounds:
    profile = rule.profile
    if profile is None:
        raise ValueError(f"the permit {rule.reference.name} has no sandbox")
    verbs = {form.verb for form in capability.effects}
    changes = capability.opaque or not verbs.isdisjoint(_CHANGES)
    talks = capability.opaque or not verbs.isdisjoint(_TALKS)
    egress = profile.egress if talks else None
    return Bounds(
        rule.reference.name,
        profile.name,
        profile.isolation,
        profile.mount,
        profile.writable and changes,
        tuple(sorted(scratch.target for scratch in profile.scratch)),
        profile.root,
        tuple(f"{host}:{egress.port}" for host in sorted(egress.hosts)) if egress else (),
    )
