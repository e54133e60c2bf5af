"""Checks what needs whole rules: which permits meet, and whether the rules' own examples come out as they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from governance.errors import Diagnostic
from governance.policy.decision import Code
from governance.policy.evaluate import evaluate
from governance.policy.sandboxes import combinable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from governance.policy.bundle import Agent, Bundle, Example, Rule
    from governance.policy.decision import RuleReference
    from governance.text import Source

__all__ = ["check_combinations", "check_examples"]


def check_combinations(bundle: Bundle, sources: Mapping[str, Source]) -> Iterator[Diagnostic]:
    """Report permits that can apply to one call but whose sandboxes have no strictest common one."""
    reported: set[RuleReference] = set()
    for rules in bundle.rules_by_capability.values():
        permits = [rule for rule in rules if rule.profile is not None]
        if len({(rule.profile.image, rule.profile.mount) for rule in permits if rule.profile}) < 2:
            continue
        for agent in bundle.agents.values():
            concerned = [rule for rule in permits if rule.audience.includes(agent)]
            for rule in concerned[1:]:
                reason = _uncombinable(concerned[0], rule)
                if reason is not None and rule.reference not in reported:
                    reported.add(rule.reference)
                    span = sources[rule.reference.file].span(_line_start(sources, rule))
                    yield Diagnostic(
                        "no-combination", reason, span, "use one image and one mount, or part the rules"
                    )


def _uncombinable(left: Rule, right: Rule) -> str | None:
    """Return why the two permits cannot both apply to a call."""
    reason = combinable(left.profile, right.profile) if left.profile and right.profile else None
    both = f"{left.reference.name} and {right.reference.name}"
    return None if reason is None else f"{both} can permit one call, but {reason}"


def _line_start(sources: Mapping[str, Source], rule: Rule) -> int:
    lines = sources[rule.reference.file].text.split("\n")
    return sum(len(line) + 1 for line in lines[: rule.reference.line - 1])


def check_examples(bundle: Bundle, sources: Mapping[str, Source]) -> Iterator[Diagnostic]:
    """Report every example that does not come out as its rule says, for some agent that the rule is about."""
    for rule in bundle.rules:
        agents = [agent for agent in bundle.agents.values() if rule.audience.includes(agent)]
        for example in rule.examples:
            for agent in agents:
                problem = _problem(bundle, rule, example, agent)
                if problem is not None:
                    span = sources[rule.reference.file].span(example.start, example.end)
                    yield Diagnostic("example-fails", problem, span, "change the rule, or the example")
                    break


def _problem(bundle: Bundle, rule: Rule, example: Example, agent: Agent) -> str | None:
    """Return how `example` comes out wrong: allowed means by a permit, denied by this very rule if it forbids."""
    verdict = evaluate(bundle, example.call, agent, None)
    allowed = verdict.code is Code.PERMITTED
    by = ", ".join(reference.name for reference in verdict.rules) or verdict.code.value
    if allowed is not example.allowed:
        return f"this is {'allowed' if allowed else 'denied'} for {agent.name} ({by}: {verdict.reason})"
    determines = rule.reference in verdict.rules
    if (rule.kind == "permit") is allowed and not determines:
        return f"this is {'allowed' if allowed else 'denied'} for {agent.name}, but not by this rule ({by})"
    return None
