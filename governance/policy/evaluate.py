"""The decision rule: which rules apply to a call, in which order they count, and what follows for the state.

This is the reference: it follows `docs/language.md` sentence by sentence, and knows nothing of bytes, logs or
clocks. `governance.policy.compile` makes the same decisions faster, and is held against it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from governance.capabilities.declaration import Effect, Verb
from governance.capabilities.glob import PathSet
from governance.capabilities.numbers import scaled
from governance.policy.bundle import rules_for
from governance.policy.change import Carry, Count, Expect, Hold, See, Use
from governance.policy.decision import Code, Left
from governance.policy.sandboxes import combine
from governance.policy.target import covers, meets
from governance.policy.truth import truth, value_of

if TYPE_CHECKING:
    from governance.policy.bundle import Bundle, Rules
    from governance.policy.case import Case
    from governance.policy.change import Change
    from governance.policy.condition import Truth, Watch
    from governance.policy.decision import RuleReference
    from governance.policy.profile import Profile
    from governance.policy.rule import Protected, Quota, Rule

__all__ = ["Ruling", "amount_of", "applies", "evaluate", "reach", "subject_of"]

_CHANGES: Final = (Verb.WRITE, Verb.CREATE, Verb.DELETE)


class Ruling(NamedTuple):
    """What the rules say of a call.

    `rules` determined it, in source order; `reach` is what the code that it runs can do beside what it declares.
    Only `Code.PERMITTED` has a `profile`, the strictest of those that the permits name. `changes` is what follows
    for the state, `attempts` what follows of it if the call comes to nothing in the end. `labels` are those that
    an allowed call attaches, `left` is what it leaves of limits.
    """

    code: Code
    rules: tuple[RuleReference, ...]
    reason: str
    reach: tuple[Effect, ...] = ()
    profile: Profile | None = None
    changes: tuple[Change, ...] = ()
    attempts: tuple[Change, ...] = ()
    labels: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()


def evaluate(bundle: Bundle, case: Case) -> Ruling:
    """Return what the rules of `bundle` say of `case`."""
    rules = rules_for(bundle, case.call.capability.name, case.lineage)
    permits, reached = _permits(rules, case)
    effects = (*case.call.effects, *reached)
    limits = _applying(rules.limits, case, effects)
    attempts = _counted(limits, case, "attempted")
    ruling = _ruling(bundle, rules, permits, limits, case, effects)
    changes: tuple[Change, ...] = attempts
    if ruling.code is Code.PERMITTED:
        changes += (*_allowed(limits, case), *ruling.changes, *_carried(ruling, case))
        changes += _watched(bundle, case, effects, "allowed")
    elif ruling.code is Code.NEEDS_APPROVAL:
        changes += _watched(bundle, case, effects, "asked")
    return ruling._replace(reach=reached, changes=changes, attempts=attempts)


def _ruling(
    bundle: Bundle,
    rules: Rules,
    permits: tuple[Rule, ...],
    limits: tuple[Rule, ...],
    case: Case,
    effects: tuple[Effect, ...],
) -> Ruling:
    """Return the ruling without reach and changes, but for the grants that are used: the order is the language's."""
    forbids = _applying(rules.forbids, case, effects)
    if forbids:
        return _denied(Code.FORBIDDEN, forbids)
    touched = tuple(each for each in bundle.protected if _touches(each, effects))
    covering = tuple(rule for rule in permits if rule.including_protected) if touched else permits
    if permits and not covering:
        return _denied(Code.FORBIDDEN, touched)
    exceeded = tuple(limit for limit in limits if _exceeded(limit, case))
    if exceeded:
        return _denied(Code.OVER_LIMIT, exceeded)._replace(left=_left(exceeded, case, spent=False))
    asks = _applying(rules.asks, case, effects)
    grants = tuple(_grant(ask, case) for ask in asks)
    open_asks = tuple(ask for ask, grant in zip(asks, grants, strict=True) if grant is None)
    if open_asks:
        return _denied(Code.NEEDS_APPROVAL, open_asks)
    if not covering:
        reason = f"no rule permits {case.call.capability.name} for this agent with these arguments"
        return Ruling(Code.NO_PERMIT, (), reason)
    return Ruling(
        Code.PERMITTED,
        _references(covering),
        _reasons(covering),
        profile=combine(tuple(rule.profile for rule in covering if rule.profile)),
        changes=tuple(Use(grant) for grant in dict.fromkeys(grants) if grant is not None),
        labels=tuple(dict.fromkeys(rule.name for rule in _applying(rules.labels, case, effects))),
        left=_left(limits, case, spent=True),
    )


def _permits(rules: Rules, case: Case) -> tuple[tuple[Rule, ...], tuple[Effect, ...]]:
    """Return the permits that apply, and what code that runs can then do.

    Code may do whatever its sandbox can reach, and the sandbox depends on which permits apply. So those that do
    not cover what it can reach are dropped until the rest cover it: at each step there are fewer permits, so the
    reach only grows, and what is left covers it whole. An agent that narrows another needs a permit of both.
    """
    permits = tuple(rule for rule in rules.permits if _holds(rule, case))
    while True:
        reached = _reached(permits, case)
        kept = tuple(rule for rule in permits if _reaches(rule, case, (*case.call.effects, *reached)))
        if kept == permits:
            break
        permits = kept
    if all(any(rule in level for rule in permits) for level in rules.levels):
        return permits, reached
    return (), ()


def _reached(permits: tuple[Rule, ...], case: Case) -> tuple[Effect, ...]:
    if not case.call.capability.opaque or not permits:
        return ()
    return reach(combine(tuple(rule.profile for rule in permits if rule.profile)))


def _applying(rules: tuple[Rule, ...], case: Case, effects: tuple[Effect, ...]) -> tuple[Rule, ...]:
    return tuple(rule for rule in rules if _holds(rule, case) and _reaches(rule, case, effects))


def applies(rule: Rule, case: Case, effects: tuple[Effect, ...]) -> bool:
    """Whether `rule` applies to `case`, whose call has these effects."""
    concerned = any(rule.audience.includes(agent) for agent in case.lineage)
    return concerned and _holds(rule, case) and _reaches(rule, case, effects)


def _holds(rule: Rule, case: Case) -> bool:
    """Whether condition and exception hold: of everything for a permit, of anything for all other rules."""
    if rule.ends is not None and case.at >= rule.ends:
        return False
    when = True if rule.when is None else truth(rule.when, case)
    if when is False:
        return False
    unless = False if rule.unless is None else truth(rule.unless, case)
    if rule.kind == "permit":
        return when is True and unless is False
    return unless is not True


def _reaches(rule: Rule, case: Case, effects: tuple[Effect, ...]) -> bool:
    """Whether a target of the rule holds everything that the call does, or for other rules than permits anything."""
    holds = covers if rule.kind == "permit" else meets
    return any(holds(target, case.call.capability.name, effects) for target in rule.targets)


def _touches(protected: Protected, effects: tuple[Effect, ...]) -> bool:
    return any(
        effect.verb in _CHANGES and isinstance(effect.target, PathSet) and effect.target.meets(place)
        for effect in effects
        for place in protected.paths
    )


def reach(profile: Profile) -> tuple[Effect, ...]:
    """Return what code in a sandbox of this profile can do: to what is mounted, and with the hosts it may reach."""
    mounted = PathSet.tree(profile.mount) if profile.mount is not None else None
    verbs = (Verb.READ, *(_CHANGES if profile.writable else ()))
    files = () if mounted is None else tuple(Effect(verb, mounted) for verb in verbs)
    hosts = sorted(profile.egress.hosts) if profile.egress else ()
    return (*files, *(Effect(verb, host) for host in hosts for verb in (Verb.SEND, Verb.RECEIVE)))


def _grant(ask: Rule, case: Case) -> str | None:
    """Return a live grant that covers the call, None where a person still has to be asked."""
    return case.state.grant_for(ask.reference.name, case.call.digest, case.agent.name, case.at, ask.approvers)


def _exceeded(limit: Rule, case: Case) -> bool:
    return any(left.amount < 0 for left in _left((limit,), case, spent=True))


def _left(limits: tuple[Rule, ...], case: Case, *, spent: bool) -> tuple[Left, ...]:
    """Return what is left of each quota, of what this call needs too where it is `spent`."""
    found = []
    for limit in limits:
        for place, quota in enumerate(limit.budget.quotas if limit.budget else ()):
            used = case.state.counted(limit.key, place, subject_of(limit, case), case.at - quota.per)
            needed = amount_of(quota, case) if spent else 0
            found.append(Left(limit.name, quota.most - used - needed, quota.exact))
    return tuple(found)


def _counted(limits: tuple[Rule, ...], case: Case, counting: str) -> tuple[Count | Hold, ...]:
    kind = Hold if counting == "completed" else Count
    return tuple(
        kind(
            limit.key,
            subject_of(limit, case),
            tuple(amount_of(quota, case) for quota in limit.budget.quotas),
            tuple(quota.per for quota in limit.budget.quotas),
        )
        for limit in limits
        if limit.budget is not None and limit.budget.counting == counting
    )


def _allowed(limits: tuple[Rule, ...], case: Case) -> tuple[Change, ...]:
    return (*_counted(limits, case, "allowed"), *_counted(limits, case, "completed"))


def subject_of(limit: Rule, case: Case) -> str:
    """Return whom the limit counts this call for."""
    match limit.budget.each if limit.budget else "bundle":
        case "agent":
            return case.agent.name
        case "session":
            return case.session
        case "tenant":
            return case.agent.tenant
        case _:
            return ""


def amount_of(quota: Quota, case: Case) -> int:
    """Return how much of the quota the call needs: one, or what it says, in units of 10**-12 for a Decimal."""
    if quota.of is None:
        return 1
    value = cast("int | Decimal", value_of(quota.of, case.call))
    return scaled(value) if isinstance(value, Decimal) else value


def _carried(ruling: Ruling, case: Case) -> tuple[Change, ...]:
    """Return the labels that the session does not carry yet."""
    return tuple(
        Carry(case.session, label) for label in ruling.labels if not case.state.carries(case.session, label)
    )


def _watched(bundle: Bundle, case: Case, effects: tuple[Effect, ...], now: str) -> tuple[Change, ...]:
    """Return what rules watch for that happens `now`, and for an allowed call what may come of it."""
    found: list[Change] = []
    for watch in bundle.watches_by_capability[case.call.capability.name]:
        sure = _is(watch, case, effects)
        if sure is False:
            continue
        if watch.happened == now:
            found.append(See(case.session, watch.key, sure is True))
        elif now == "allowed" and watch.happened in ("completed", "failed"):
            found.append(Expect(case.session, watch.key, sure is True, watch.happened))
    return tuple(found)


def _is(watch: Watch, case: Case, effects: tuple[Effect, ...]) -> Truth:
    """Return whether the call is one that is watched for: all of it, none of it, or some of it (None)."""
    name = case.call.capability.name
    if not any(meets(target, name, effects) for target in watch.targets):
        return False
    where = True if watch.where is None else truth(watch.where, case)
    whole = any(covers(target, name, effects) for target in watch.targets)
    return where if where is False or whole else None


def _denied(code: Code, rules: tuple[Rule, ...] | tuple[Protected, ...]) -> Ruling:
    return Ruling(code, _references(rules), _reasons(rules))


def _references(rules: tuple[Rule, ...] | tuple[Protected, ...]) -> tuple[RuleReference, ...]:
    return tuple(rule.reference for rule in rules)


def _reasons(rules: tuple[Rule, ...] | tuple[Protected, ...]) -> str:
    return "; ".join(dict.fromkeys(rule.because for rule in rules))
