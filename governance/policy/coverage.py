"""What the tests of a bundle have exercised: which rules decided, and which way each test of a condition came out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from governance.policy.case import Case, session_key
from governance.policy.check.examples import MOMENT
from governance.policy.condition import All, Either, Not
from governance.policy.explain import explain
from governance.policy.state import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from governance.policy.bundle import Bundle
    from governance.policy.condition import Condition, Truth
    from governance.policy.decision import RuleReference
    from governance.policy.explain import Finding, Part, RuleExplanation
    from governance.policy.rule import Rule

__all__ = ["ConditionCoverage", "RuleCoverage", "cases_of_examples", "coverage"]

_WAYS: Final = (True, False, None)


@dataclass(frozen=True, slots=True)
class ConditionCoverage:
    """How often one test of a rule's conditions came out true, false, and of some of what a call speaks of."""

    part: Part
    text: str
    true: int
    false: int
    some: int

    @property
    def missing(self) -> tuple[str, ...]:
        """The ways that it never came out, like `path under "/a": never false`."""
        if not (self.true or self.false or self.some):
            return (f"{self.text}: never evaluated",)
        counts = (("true", self.true), ("false", self.false))
        return tuple(f"{self.text}: never {way}" for way, count in counts if not count)


@dataclass(frozen=True, slots=True)
class RuleCoverage:
    """How often a rule applied and how often it determined a decision, and what the tests it consists of came to."""

    rule: Rule
    applied: int
    determined: int
    tests: tuple[ConditionCoverage, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """What nothing has exercised. Of a rule that never applied the tests are told too."""
        idle = () if self.determined else ("never decides" if self.applied else "never applies",)
        return (*idle, *(text for test in self.tests for text in test.missing))


def coverage(bundle: Bundle, cases: Iterable[Case]) -> tuple[RuleCoverage, ...]:
    """Return what `cases` exercise of each rule, in source order."""
    applied: Counter[RuleReference] = Counter()
    determined: Counter[RuleReference] = Counter()
    seen: Counter[tuple[RuleReference, Part, str, Truth]] = Counter()
    for case in cases:
        for each in explain(bundle, case).rules:
            reference = each.rule.reference
            applied[reference] += each.applies
            determined[reference] += each.determines
            seen.update({(reference, found.part, found.text, found.truth) for found in _met(each)})
    return tuple(
        RuleCoverage(
            rule,
            applied[rule.reference],
            determined[rule.reference],
            tuple(
                ConditionCoverage(part, text, *(seen[rule.reference, part, text, way] for way in _WAYS))
                for part, text in dict.fromkeys(_tests_of(rule))
            ),
        )
        for rule in bundle.rules
    )


def cases_of_examples(bundle: Bundle) -> tuple[Case, ...]:
    """Return the rules' own examples as they are judged: by each agent that the rule is about."""
    return tuple(
        Case(example.call, bundle.lineage(agent), session_key(agent.name, ""), MOMENT, State())
        for rule in bundle.rules
        for example in rule.examples
        for agent in bundle.agents.values()
        if rule.audience.includes(agent)
    )


def _met(explanation: RuleExplanation) -> Iterator[Finding]:
    """Yield what the tests of a rule came to, of an agent that it is about."""
    concerned = all(found.truth for found in explanation.findings if found.part == "agent")
    return (found for found in explanation.findings if concerned and found.part in ("when", "unless"))


def _tests_of(rule: Rule) -> Iterator[tuple[Part, str]]:
    """Yield every test of the rule's conditions, called as its findings are."""
    for text in _texts(rule.when):
        yield "when", text
    for text in _texts(rule.unless):
        yield "unless", text


def _texts(condition: Condition | None) -> Iterator[str]:
    match condition:
        case None:
            return
        case All() | Either():
            for each in condition.conditions:
                yield from _texts(each)
        case Not():
            for text in _texts(condition.condition):
                yield f"not: {text}"
        case _:
            yield condition.text
