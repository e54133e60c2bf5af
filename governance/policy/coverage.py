"""What the tests of a bundle have exercised: which rules decided, and which way each test of a condition came out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from governance.policy.case import Case, session_key
from governance.policy.explain import explain
from governance.policy.state import State
from governance.policy.trial import START

if TYPE_CHECKING:
    from collections.abc import Iterable

    from governance.policy.bundle import Bundle
    from governance.policy.rule import Rule

__all__ = ["RuleCoverage", "cases_of_examples", "coverage"]


@dataclass(frozen=True, slots=True)
class RuleCoverage:
    """How often a rule applied and how often it determined a decision, and what its conditions came to.

    `missing` are tests of its conditions that never came out one way, like `path under "/a": never false`.
    """

    rule: Rule
    applied: int
    determined: int
    tests: int
    missing: tuple[str, ...]


def coverage(bundle: Bundle, cases: Iterable[Case]) -> tuple[RuleCoverage, ...]:
    """Return what `cases` exercise of each rule, in source order."""
    applied: dict[int, int] = {}
    determined: dict[int, int] = {}
    seen: dict[int, dict[str, set[bool | None]]] = {number: {} for number in range(len(bundle.rules))}
    numbers = {rule.reference: number for number, rule in enumerate(bundle.rules)}
    for case in cases:
        for each in explain(bundle, case).rules:
            number = numbers[each.rule.reference]
            applied[number] = applied.get(number, 0) + each.applies
            determined[number] = determined.get(number, 0) + each.determines
            for finding in each.findings:
                if finding.part in ("when", "unless"):
                    seen[number].setdefault(finding.text, set()).add(finding.truth)
    return tuple(
        _of_rule(rule, applied.get(number, 0), determined.get(number, 0), seen[number])
        for number, rule in enumerate(bundle.rules)
    )


def _of_rule(rule: Rule, applied: int, determined: int, seen: dict[str, set[bool | None]]) -> RuleCoverage:
    missing: list[str] = []
    if not determined:
        missing.append("never decides" if applied else "never applies")
    for text, truths in seen.items():
        missing += [
            f"{text}: never {'true' if way else 'false'}" for way in (True, False) if way not in truths
        ]
    return RuleCoverage(rule, applied, determined, len(seen), tuple(missing))


def cases_of_examples(bundle: Bundle) -> tuple[Case, ...]:
    """Return the rules' own examples as cases, by each agent that the rule is about."""
    return tuple(
        Case(example.call, bundle.lineage(agent), session_key(agent.name, ""), START, State())
        for rule in bundle.rules
        for example in rule.examples
        for agent in bundle.agents.values()
        if rule.audience.includes(agent)
    )
