"""Why a call is allowed, asked about or denied: every rule that could be about it, and what each part came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from governance.policy.compiled import compiled
from governance.policy.condition import (
    All,
    Carries,
    Comparison,
    Earlier,
    Either,
    From,
    Given,
    Member,
    NetworkTest,
    Not,
    PathTest,
    Present,
    SizeOf,
    Window,
)
from governance.policy.decision import Code
from governance.policy.evaluate import applies
from governance.policy.target import covers
from governance.policy.truth import truth, value_of

if TYPE_CHECKING:
    from governance.capabilities.call import Call
    from governance.capabilities.declaration import Effect
    from governance.policy.bundle import Bundle
    from governance.policy.case import Case
    from governance.policy.condition import Condition, Operand, Truth
    from governance.policy.evaluate import Ruling
    from governance.policy.rule import Agent, Rule

__all__ = ["Explanation", "Finding", "RuleExplanation", "explain", "findings_of"]

Part: TypeAlias = Literal["agent", "until", "call", "when", "unless"]


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
    """The ruling on a call, all that the call may do, and every rule that can be about its capability."""

    ruling: Ruling
    effects: tuple[Effect, ...]
    rules: tuple[RuleExplanation, ...]


def explain(bundle: Bundle, case: Case) -> Explanation:
    """Return why the call of `case` is decided as it is."""
    ruling = compiled(bundle)(case)
    effects = (*case.call.effects, *ruling.reach)
    rules = bundle.rules_by_capability[case.call.capability.name]
    return Explanation(ruling, effects, tuple(_rule(rule, case, ruling, effects) for rule in rules))


def _rule(rule: Rule, case: Case, ruling: Ruling, effects: tuple[Effect, ...]) -> RuleExplanation:
    concerned = any(rule.audience.includes(agent) for agent in case.lineage)
    findings = [Finding("agent", _audience(rule), _groups(case.agent), concerned)]
    if rule.ends is not None:
        findings.append(Finding("until", "has not ended", "the recorded time", case.at < rule.ends))
    if rule.kind == "permit":
        covered = any(covers(target, case.call.capability.name, effects) for target in rule.targets)
        findings.append(Finding("call", "covers what the call does", ", ".join(map(str, effects)), covered))
    findings += findings_of("when", rule.when, case)
    findings += findings_of("unless", rule.unless, case)
    attached = rule.kind == "label" and ruling.code is Code.PERMITTED and rule.name in ruling.labels
    determines = attached or rule.reference in ruling.rules
    return RuleExplanation(rule, applies(rule, case, effects), determines, tuple(findings))


def _audience(rule: Rule) -> str:
    audience = rule.audience
    if audience.everyone:
        return "any agent"
    return " or ".join([*(f"in {group}" for group in sorted(audience.groups)), *sorted(audience.agents)])


def _groups(agent: Agent) -> str:
    return f"{agent.name} ({', '.join(sorted(agent.groups)) or 'in no group'})"


def findings_of(part: Part, condition: Condition | None, case: Case) -> list[Finding]:
    """Return a finding for each test of a condition; one of an absent value comes to nothing, and has none."""
    match condition:
        case None:
            return []
        case All() | Either():
            return [finding for each in condition.conditions for finding in findings_of(part, each, case)]
        case Not():
            inner = findings_of(part, condition.condition, case)
            return [Finding(part, f"not: {each.text}", each.value, _opposite(each.truth)) for each in inner]
        case Present() | Carries() | Earlier() | Window() | Member():
            return [Finding(part, condition.text, _about(condition, case), truth(condition, case))]
        case PathTest() | NetworkTest() | From() | Comparison():
            if any(_absent(operand, case.call) for operand in _operands(condition)):
                return []
            return [Finding(part, condition.text, _about(condition, case), truth(condition, case))]


def _operands(condition: PathTest | NetworkTest | From | Comparison) -> tuple[Operand, ...]:
    return (condition.left, condition.right) if isinstance(condition, Comparison) else (condition.given,)


def _absent(operand: Operand, call: Call) -> bool:
    given = operand.of if isinstance(operand, SizeOf) else operand
    return isinstance(given, Given) and value_of(given, call) is None


def _opposite(value: Truth) -> Truth:
    return None if value is None else not value


def _about(condition: Condition, case: Case) -> str:
    """Return the value that a test was about."""
    call = case.call
    match condition:
        case PathTest(given=Given(name=name, steps=()), each=False):
            return str(call.capability.path_set(name, str(call.arguments[name]), call.arguments))
        case Comparison():
            return str(value_of(condition.left, call))
        case PathTest() | NetworkTest() | From() | Present():
            value = value_of(condition.given, call)
            return "absent" if value is None else str(value)
        case Member():
            return _groups(case.agent)
        case Carries() | Earlier():
            return "the session"
        case _:
            return "the recorded time"
