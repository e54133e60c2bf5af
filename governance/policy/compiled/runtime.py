"""What generated code calls: looking rules up, sets of paths and addresses, and how a decision is concluded.

The rulings that need no history are made once for each set of rules and kept; what history adds is added here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from governance.capabilities.declaration import Verb
from governance.capabilities.glob import PathSet
from governance.policy.change import Carry, Count, Expect, Hold, See, Use
from governance.policy.decision import Code, Left
from governance.policy.evaluate import Ruling, amount_of, reach, subject_of
from governance.policy.sandboxes import combine
from governance.policy.target import covers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from governance.capabilities.declaration import Effect
    from governance.capabilities.networks import Network
    from governance.policy.bundle import Bundle
    from governance.policy.case import Case
    from governance.policy.change import Change
    from governance.policy.rule import Counting, Each, Protected, Quota

__all__ = ["Asked", "Judge", "Question", "Tree", "ordered", "possibly_in", "surely_in", "touches", "tree"]

_CHANGES: Final = (Verb.WRITE, Verb.CREATE, Verb.DELETE)


def surely_in(
    wanted: tuple[str, ...] | PathSet | Network, places: tuple[PathSet, ...] | tuple[Network, ...]
) -> bool:
    """Whether all of `wanted`, a path, a set of paths or a network, lies in one of `places`."""
    if isinstance(wanted, tuple):
        return any(place.contains(wanted) for place in places)  # type: ignore[union-attr]
    return any(wanted.within(place) for place in places)  # type: ignore[arg-type]


def possibly_in(
    wanted: tuple[str, ...] | PathSet | Network, places: tuple[PathSet, ...] | tuple[Network, ...]
) -> bool:
    """Whether any of `wanted`, a path, a set of paths or a network, lies in one of `places`."""
    if isinstance(wanted, tuple):
        return any(place.contains(wanted) for place in places)  # type: ignore[union-attr]
    return any(wanted.meets(place) for place in places)  # type: ignore[arg-type]


Question: TypeAlias = "Callable[..., bool]"
"""Whether one rule applies."""

Asked: TypeAlias = tuple[tuple[int, Question], ...]
"""Rules to ask, by their numbers."""

Tree: TypeAlias = "dict[str, tuple[Asked, Tree]]"
"""Rules to ask by the steps to them: at each what is asked there, and what lies beyond."""


def tree(found: Mapping[tuple[str, ...], Asked]) -> Tree:
    """Return the rules of `found` by the steps that lead to them."""
    top: Tree = {}
    for steps, asked in sorted(found.items()):
        table = top
        for step in steps[:-1]:
            table = table.setdefault(step, ((), {}))[1]
        table[steps[-1]] = (asked, table.get(steps[-1], ((), {}))[1])
    return top


def ordered(numbers: list[int]) -> tuple[int, ...]:
    """Return the numbers in order, each once."""
    if len(numbers) < 2 or (len(numbers) == 2 and numbers[0] < numbers[1]):
        return tuple(numbers)
    return tuple(sorted(set(numbers)))


def touches(protected: Protected, effects: tuple[Effect, ...]) -> bool:
    """Whether any of `effects` changes a protected path."""
    return any(
        effect.verb in _CHANGES
        and isinstance(effect.target, PathSet)
        and any(effect.target.meets(place) for place in protected.paths)
        for effect in effects
    )


class Judge:
    """Concludes the decisions on one capability: from the numbers of the rules that apply, what follows."""

    def __init__(self, bundle: Bundle, capability: str) -> None:
        """Prepare what does not depend on a call."""
        self.rules = bundle.rules_by_capability[capability]
        self._capability = capability
        self._opaque = bundle.capabilities[capability].opaque
        self._protected = bundle.protected
        self._watches = bundle.watches_by_capability[capability]
        self.rulings: dict[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]], Ruling] = {}
        self._reached: dict[tuple[int, ...], tuple[Effect, ...]] = {}
        self._budgets = {
            number: _Budget(
                rule.name,
                rule.key,
                budget.each,
                budget.counting,
                budget.quotas,
                tuple(quota.per for quota in budget.quotas),
            )
            for number, rule in enumerate(self.rules)
            for budget in (rule.budget,)
            if budget is not None
        }
        self._no_permit = f"no rule permits {capability} for this agent with these arguments"
        self.labels: Callable[[Case, tuple[Effect, ...]], tuple[int, ...]] | None = None
        self.watched: Callable[[Case, tuple[Effect, ...]], list[tuple[int, bool]]] | None = None

    def settled(self, case: Case, permits: Sequence[int]) -> tuple[int, ...]:
        """Return the permits that cover all that code can do in the sandbox which they make together."""
        kept = tuple(permits)
        while True:
            effects = (*case.call.effects, *self.reached(kept))
            fewer = tuple(
                number
                for number in kept
                if any(covers(target, self._capability, effects) for target in self.rules[number].targets)
            )
            if fewer == kept:
                return kept
            kept = fewer

    def reached(self, permits: tuple[int, ...]) -> tuple[Effect, ...]:
        """Return what code can do in the sandbox that `permits` make together."""
        if not permits:
            return ()
        found = self._reached.get(permits)
        if found is None:
            profiles = (self.rules[number].profile for number in permits)
            found = self._reached[permits] = reach(combine(tuple(each for each in profiles if each)))
        return found

    def every_level(self, case: Case, permits: Sequence[int]) -> bool:
        """Whether the agent, and each that it narrows, has one of `permits`."""
        return all(
            any(self.rules[number].audience.includes(agent) for number in permits) for agent in case.lineage
        )

    def ruling(self, permits: tuple[int, ...], forbids: tuple[int, ...], touched: tuple[int, ...]) -> Ruling:
        """Return the ruling that follows from rules without history, and keep it."""
        made = self.rulings[permits, forbids, touched] = self._made(permits, forbids, touched)
        return made

    def _made(self, permits: tuple[int, ...], forbids: tuple[int, ...], touched: tuple[int, ...]) -> Ruling:
        reached = self.reached(permits) if self._opaque else ()
        if forbids:
            return self._because(Code.FORBIDDEN, forbids, reached)
        kept = tuple(n for n in permits if self.rules[n].including_protected) if touched else permits
        if permits and not kept:
            blocks = [self._protected[number] for number in touched]
            reason = "; ".join(dict.fromkeys(block.because for block in blocks))
            return Ruling(Code.FORBIDDEN, tuple(block.reference for block in blocks), reason, reached)
        if not kept:
            return Ruling(Code.NO_PERMIT, (), self._no_permit, reached)
        profiles = (self.rules[number].profile for number in kept)
        plain = self._because(Code.PERMITTED, kept, reached)
        combined = combine(tuple(each for each in profiles if each))
        return Ruling(plain.code, plain.rules, plain.reason, reached, combined)

    def _because(self, code: Code, numbers: Sequence[int], reached: tuple[Effect, ...]) -> Ruling:
        rules = [self.rules[number] for number in numbers]
        reason = "; ".join(dict.fromkeys(rule.because for rule in rules))
        return Ruling(code, tuple(rule.reference for rule in rules), reason, reached)

    def concluded(
        self,
        case: Case,
        plain: Ruling,
        limits: Sequence[int],
        asks: Sequence[int],
        effects: tuple[Effect, ...],
    ) -> Ruling:
        """Return the ruling with what history says and what follows for it."""
        code, rules, reason, reached, profile, _, _, _, left = plain
        attempts: tuple[Change, ...] = ()
        counts: tuple[Change, ...] = ()
        if limits:
            left, exceeded, attempts, counts = self._counted(case, limits)
            if exceeded and code is not Code.FORBIDDEN:
                over = self._because(Code.OVER_LIMIT, exceeded, reached)
                return over._replace(changes=attempts, attempts=attempts, left=self._left(case, exceeded))
        if code is Code.FORBIDDEN:
            return _with(plain, attempts, attempts)
        if asks:
            grants = [self._grant(case, number) for number in asks]
            unanswered = [number for number, grant in zip(asks, grants, strict=True) if grant is None]
            if unanswered:
                ask = self._because(Code.NEEDS_APPROVAL, unanswered, reached)
                return _with(ask, (*attempts, *self._seen(case, effects, "asked")), attempts)
            counts += tuple(Use(grant) for grant in dict.fromkeys(grants) if grant is not None)
        if profile is None:
            return _with(plain, attempts, attempts)
        changes = [*attempts, *counts]
        numbers = self.labels(case, effects) if self.labels else ()
        labels = tuple(dict.fromkeys(self.rules[number].name for number in numbers)) if numbers else ()
        carries = case.state.carries
        changes += [Carry(case.session, label) for label in labels if not carries(case.session, label)]
        changes += self._seen(case, effects, "allowed")
        return Ruling(code, rules, reason, reached, profile, tuple(changes), attempts, labels, left)

    def _counted(
        self, case: Case, limits: Sequence[int]
    ) -> tuple[tuple[Left, ...], list[int], tuple[Change, ...], tuple[Change, ...]]:
        """Return what is left, the limits that are exceeded, what an attempt counts, and what an allowed call does."""
        left: list[Left] = []
        exceeded: list[int] = []
        attempts: list[Change] = []
        counts: list[Change] = []
        holds: list[Change] = []
        for number in limits:
            name, key, each, counting, quotas, pers = self._budgets[number]
            subject = case.lineage[0].name if each == "agent" else subject_of(self.rules[number], case)
            place = (key, subject)
            tallies = case.state.tallies.get(place)
            held = case.state.held.get(place) if counting == "completed" else None
            amounts: list[int] = []
            for quota in quotas:
                amount = 1 if quota.of is None else amount_of(quota, case)
                rest = quota.most - amount
                if tallies:
                    rest -= tallies[len(amounts)].since(case.at - quota.per)
                if held:
                    rest -= held[len(amounts)]
                amounts.append(amount)
                left.append(Left(name, rest, quota.exact))
                if rest < 0 and number not in exceeded:
                    exceeded.append(number)
            if counting == "completed":
                holds.append(Hold(key, subject, tuple(amounts), pers))
            else:
                found = counts if counting == "allowed" else attempts
                found.append(Count(key, subject, tuple(amounts), pers))
        return tuple(left), exceeded, tuple(attempts), (*counts, *holds)

    def _left(self, case: Case, limits: Sequence[int]) -> tuple[Left, ...]:
        """Return what is left of limits that this call gets nothing of."""
        found: list[Left] = []
        for number in limits:
            name, key, _, _, quotas, _ = self._budgets[number]
            subject = subject_of(self.rules[number], case)
            for place, quota in enumerate(quotas):
                used = case.state.counted(key, place, subject, case.at - quota.per)
                found.append(Left(name, quota.most - used, quota.exact))
        return tuple(found)

    def _grant(self, case: Case, number: int) -> str | None:
        ask = self.rules[number]
        return case.state.grant_for(
            ask.reference.name, case.call.digest, case.agent.name, case.at, ask.approvers
        )

    def _seen(self, case: Case, effects: tuple[Effect, ...], now: str) -> list[Change]:
        found: list[Change] = []
        for number, sure in self.watched(case, effects) if self.watched else ():
            watch = self._watches[number]
            if watch.happened == now:
                found.append(See(case.session, watch.key, sure))
            elif now == "allowed" and watch.happened in ("completed", "failed"):
                found.append(Expect(case.session, watch.key, sure, watch.happened))
        return found


def _with(plain: Ruling, changes: tuple[Change, ...], attempts: tuple[Change, ...]) -> Ruling:
    return plain._replace(changes=changes, attempts=attempts) if changes else plain


class _Budget(NamedTuple):
    """What a limit says, as it is asked: its name, its key, whom and when it counts for, and its quotas."""

    name: str
    key: str
    each: Each
    counting: Counting
    quotas: tuple[Quota, ...]
    pers: tuple[int, ...]
