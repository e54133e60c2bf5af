"""Why a call is allowed or denied: every rule that could be about it, and what each part of the rule came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from governance.policy.condition import All, Constant, Either, Not, PathTest, Present, SizeOf, Test, truth
from governance.policy.evaluate import Verdict, applies, covers, evaluate

if TYPE_CHECKING:
    from governance.capabilities.call import Call
    from governance.policy.bundle import Agent, Bundle, Rule
    from governance.policy.condition import Condition, Operand, Truth
    from governance.policy.facts import EngineFacts

__all__ = ["Explanation", "Finding", "RuleExplanation", "explain"]

Part: TypeAlias = Literal["agent", "call", "when", "unless"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One part of a rule: its text, what it came to, and the value it was about. None is `some of it`."""

    part: Part
    text: str
    value: str
    truth: Truth


@dataclass(frozen=True, slots=True)
class RuleExplanation:
    """One rule: whether it applies, whether it determined the decision, and its parts."""

    rule: Rule
    applies: bool
    determines: bool
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The verdict on a call, and every rule that can be about its capability."""

    verdict: Verdict
    rules: tuple[RuleExplanation, ...]


def explain(bundle: Bundle, call: Call, agent: Agent, facts: EngineFacts | None) -> Explanation:
    """Return why `call` by `agent` is decided as it is."""
    verdict = evaluate(bundle, call, agent, facts)
    rules = bundle.rules_by_capability[call.capability.name]
    return Explanation(verdict, tuple(_rule(rule, call, agent, verdict) for rule in rules))


def _rule(rule: Rule, call: Call, agent: Agent, verdict: Verdict) -> RuleExplanation:
    findings = [Finding("agent", _audience(rule), _groups(agent), rule.audience.includes(agent))]
    if rule.kind == "permit":
        covered = any(covers(target, call, verdict.effects) for target in rule.targets)
        findings.append(
            Finding("call", "covers what the call does", ", ".join(map(str, verdict.effects)), covered)
        )
    findings += _findings("when", rule.when, call)
    findings += _findings("unless", rule.unless, call)
    return RuleExplanation(
        rule, applies(rule, call, agent, verdict.effects), rule.reference in verdict.rules, tuple(findings)
    )


def _audience(rule: Rule) -> str:
    audience = rule.audience
    if audience.everyone:
        return "any agent"
    return " or ".join([*(f"in {group}" for group in sorted(audience.groups)), *sorted(audience.agents)])


def _groups(agent: Agent) -> str:
    return f"{agent.name} ({', '.join(sorted(agent.groups)) or 'in no group'})"


def _findings(part: Part, condition: Condition | None, call: Call) -> list[Finding]:
    """Return a finding for each test; one of an absent parameter comes to nothing, and has none."""
    match condition:
        case None:
            return []
        case All() | Either():
            return [finding for each in condition.conditions for finding in _findings(part, each, call)]
        case Not():
            inner = _findings(part, condition.condition, call)
            return [Finding(part, f"not: {each.text}", each.value, _opposite(each.truth)) for each in inner]
        case Present():
            value = str(call.arguments.get(condition.name, "absent"))
            return [Finding(part, condition.text, value, truth(condition, call))]
        case PathTest():
            if condition.name not in call.arguments:
                return []
            paths = str(call.capability.path_set(condition.name, call.arguments))
            return [Finding(part, condition.text, paths, truth(condition, call))]
        case Test():
            sides = (condition.left, condition.right)
            if any(not isinstance(side, Constant) and side.name not in call.arguments for side in sides):
                return []
            return [Finding(part, condition.text, _value(condition.left, call), truth(condition, call))]


def _opposite(value: Truth) -> Truth:
    return None if value is None else not value


def _value(operand: Operand, call: Call) -> str:
    """Return what the left side of a test came to."""
    if isinstance(operand, Constant):
        return str(operand.value)
    value = call.arguments[operand.name]
    return str(len(cast("str", value)) if isinstance(operand, SizeOf) else value)
