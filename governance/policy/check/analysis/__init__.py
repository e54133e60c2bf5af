"""What rules mean together: conditions that say nothing, rules that never matter, rules that others make idle.

Only what is surely so is reported, for a policy that is right must load. What is not decided here, and why, is
said in `docs/language.md`.

A rule about a set of paths applies to the set by what holds of its members. A permit that applies to a set holds
of each member, so what no member can be, no set can; a forbid that holds of some member applies to the set. Other
conclusions from members to sets would be wrong, and are not drawn: an exception of a permit that holds of no member,
like lying in two folders at once, holds of a set in part, and keeps the permit from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from governance.errors import Diagnostic
from governance.policy.check.analysis.domains import impossible
from governance.policy.check.analysis.formula import alternatives, of_rule, opposite_of_rule, tests_of
from governance.policy.check.examples import place_of
from governance.policy.condition import All, Comparison, Earlier, From, NetworkTest, PathTest
from governance.policy.target import Named, may_be_about

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from governance.capabilities.declaration import Capability
    from governance.policy.bundle import Bundle
    from governance.policy.check.analysis.formula import Alternatives
    from governance.policy.condition import Condition
    from governance.policy.rule import Rule
    from governance.text import Source

__all__ = ["analyse"]

_MOST_COMPARED: Final = 64
"""With so many other rules each is compared at most; beyond, nothing is known."""

_MENDS: Final = {
    "when": "mend the condition, or leave it out",
    "unless": "mend the condition, or remove the rule",
}
"""What to do about a condition that holds of every call; about one that holds of none it is the other way round."""


def analyse(bundle: Bundle, sources: Mapping[str, Source]) -> Iterator[Diagnostic]:
    """Report conditions that hold never or always, and rules that never matter."""
    look = _Look(bundle)
    idle: set[int] = set()
    for number, rule in enumerate(bundle.rules):
        problem = look.of_itself(rule) or look.beside_others(number, idle)
        if problem is not None:
            idle.add(number)
            code, message, mend = problem
            yield Diagnostic(code, message, place_of(sources, rule), mend)


class _Look:
    """Looks at the rules of one bundle."""

    def __init__(self, bundle: Bundle) -> None:
        unique = {capability.name: capability for capability in bundle.capabilities.values()}
        self._rules = bundle.rules
        self._about = [
            tuple(each for each in unique.values() if may_be_about(rule.targets, each))
            for rule in bundle.rules
        ]
        self._agents = [
            frozenset(
                agent.name
                for agent in bundle.agents.values()
                if any(
                    rule.audience.includes(each)
                    for each in (bundle.lineage(agent) if rule.kind != "permit" else (agent,))
                )
            )
            for rule in bundle.rules
        ]
        self._numbers = {id(rule): number for number, rule in enumerate(bundle.rules)}
        self._places: dict[tuple[str, str, str], list[int]] = {}
        for number, rule in enumerate(bundle.rules):
            for capability in self._about[number]:
                for root in dict.fromkeys(_roots(rule.when)):
                    self._places.setdefault((rule.kind, capability.name, root), []).append(number)

    def of_itself(self, rule: Rule) -> tuple[str, str, str] | None:
        """Return what is wrong with a rule whatever others say."""
        number = self._numbers[id(rule)]
        about = self._about[number]
        if not about:
            return (
                "unsatisfiable-rule",
                f"no capability does what the {rule.kind} `{rule.name}` is about",
                "name an effect that some capability has, or remove the rule",
            )
        for keyword, condition in (("when", rule.when), ("unless", rule.unless)):
            if condition is None:
                continue
            exact = self._exact(condition, about)
            # Of a set no exception of a permit may hold even in part: what it holds of no member, it may of some.
            whole = rule.kind == "permit" and keyword == "when"
            if (exact or whole) and self._never(alternatives(condition, holds=True), about):
                message = f"no call makes `{keyword}` of `{rule.name}` hold"
                return "never-holds", message, _MENDS["unless" if keyword == "when" else "when"]
            if exact and self._never(alternatives(condition, holds=False), about):
                message = f"every call makes `{keyword}` of `{rule.name}` hold"
                return "always-holds", message, _MENDS[keyword]
        exact = all(self._exact(each, about) for each in (rule.when, rule.unless))
        if (exact or rule.kind == "permit") and self._never(of_rule(rule), about):
            message = f"the exception of the {rule.kind} `{rule.name}` leaves nothing of it"
            return "unsatisfiable-rule", message, "narrow `unless`, or remove the rule"
        return None

    def beside_others(self, number: int, idle: set[int]) -> tuple[str, str, str] | None:
        """Return why other rules leave nothing for a permit or a forbid."""
        rule = self._rules[number]
        if rule.kind not in ("permit", "forbid"):
            return None
        for other in self._candidates(number, "forbid"):
            if other not in idle and self._covered(number, other, members=rule.kind == "permit"):
                by = self._rules[other].reference
                if rule.kind == "permit":
                    message = f"the forbid `{by.name}` ({by.place}) denies all that `{rule.name}` permits"
                    return "dead-rule", message, "narrow the forbid, or remove the permit"
                if not self._equal_and_later(number, other):
                    return self._shadowed(rule, other)
        if rule.kind == "permit":
            for other in self._candidates(number, "permit"):
                covered = self._same_box(number, other) and self._covered(number, other)
                if other not in idle and covered and not self._equal_and_later(number, other):
                    return self._shadowed(rule, other)
        return None

    def _equal_and_later(self, number: int, other: int) -> bool:
        """Whether two rules are about the same, and the other is the one to be reported."""
        return other > number and self._same_box(other, number) and self._covered(other, number)

    def _shadowed(self, rule: Rule, other: int) -> tuple[str, str, str]:
        by = self._rules[other].reference
        message = f"all that `{rule.name}` is about, `{by.name}` ({by.place}) is about too"
        return "shadowed-rule", message, "remove one of them"

    def _same_box(self, number: int, other: int) -> bool:
        """Whether a permit changes nothing where the other applies: no stricter sandbox, no protected paths more."""
        rule, wider = self._rules[number], self._rules[other]
        return rule.profile == wider.profile and rule.including_protected <= wider.including_protected

    def _candidates(self, number: int, kind: str) -> list[int]:
        """Return other rules that may be about all that the rule is about, by where its paths lie."""
        rule = self._rules[number]
        roots = {above for root in _roots(rule.when) for above in _above(root)}
        found: set[int] = set()
        for capability in self._about[number][:1]:
            for root in roots:
                # The first are the lowest, and of many rules no more can be among the lowest of all.
                found.update(self._places.get((kind, capability.name, root), [])[: _MOST_COMPARED + 1])
        return sorted(found - {number})[:_MOST_COMPARED]

    def _covered(self, number: int, other: int, *, members: bool = False) -> bool:
        """Whether the other rule applies wherever the rule does; with `members` it is enough that it does to a member."""
        rule, wider = self._rules[number], self._rules[other]
        if not self._agents[number] <= self._agents[other] or not _targets_within(rule, wider):
            return False
        if wider.ends is not None and (rule.ends is None or rule.ends > wider.ends):
            return False
        if rule.when == wider.when and wider.unless in (None, rule.unless):
            return True
        about = self._about[number]
        conditions = (rule.when, rule.unless, wider.when, wider.unless)
        if not members and not all(self._exact(each, about) for each in conditions):
            return False
        inside, outside = of_rule(rule), opposite_of_rule(wider)
        if inside is None or outside is None:
            return False
        both = tuple((*left, *right) for left in inside for right in outside)
        return self._never(both, about)

    @staticmethod
    def _never(ways: Alternatives | None, about: Sequence[Capability]) -> bool:
        return ways is not None and all(impossible(way, capability) for way in ways for capability in about)

    @staticmethod
    def _exact(condition: Condition | None, about: Sequence[Capability]) -> bool:
        """Whether a condition is about single values: then it is true or false, and never of some."""
        for test in tests_of(condition):
            if isinstance(test, Earlier | From | NetworkTest):
                return False
            if isinstance(test, Comparison | PathTest) and test.each:
                return False
            if isinstance(test, PathTest) and any(each.names_sets(test.given.name) for each in about):
                return False
        return True


def _targets_within(rule: Rule, wider: Rule) -> bool:
    """Whether every call that the rule is about, the wider one is about: by name, or by the same words."""
    named = frozenset(
        name for target in wider.targets if isinstance(target, Named) for name in target.capabilities
    )
    return all(
        target in wider.targets or (isinstance(target, Named) and target.capabilities <= named)
        for target in rule.targets
    )


def _roots(condition: Condition | None) -> tuple[str, ...]:
    """Return the folders beneath which a rule's paths lie, `/` where they may lie anywhere."""
    for test in condition.conditions if isinstance(condition, All) else (condition,):
        if isinstance(test, PathTest) and len(test.sets) == 1:
            plain: list[str] = []
            for part in test.sets[0].components:
                if part is None or len(part) > 1:
                    break
                plain.append(part[0])
            return ("/" + "/".join(plain),)
    return ("/",)


def _above(root: str) -> Iterator[str]:
    """Yield a folder and all that hold it."""
    while root != "/":
        yield root
        root = root.rpartition("/")[0] or "/"
    yield "/"
