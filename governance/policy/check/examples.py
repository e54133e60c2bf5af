"""Checks what needs whole rules: which permits meet, and whether the rules' own examples come out as they say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from governance.capabilities.work import Work
from governance.errors import Diagnostic
from governance.instant import instant
from governance.policy.case import Case, session_key
from governance.policy.compiled import compiled
from governance.policy.decision import Code
from governance.policy.sandboxes import combinable, derive
from governance.policy.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from governance.policy.bundle import Bundle
    from governance.policy.decision import RuleReference
    from governance.policy.rule import Agent, Example, Rule
    from governance.text import Source, Span

__all__ = ["MOMENT", "check_combinations", "check_examples", "ended_rules", "missing_examples"]

_VERDICTS: Final = {Code.PERMITTED: "allow", Code.NEEDS_APPROVAL: "ask"}
_SAID: Final = {"allow": "allowed", "ask": "asked about", "deny": "denied"}

MOMENT: Final = 1_700_000_000_000
"""Examples are judged as of Tuesday 2023-11-14T22:13:20Z: before any rule ends, and of no special meaning."""


def check_combinations(bundle: Bundle, sources: Mapping[str, Source]) -> Iterator[Diagnostic]:
    """Report permits that can apply to one call but whose sandboxes have no strictest common one."""
    reported: set[RuleReference] = set()
    for rules in bundle.rules_by_capability.values():
        permits = [rule for rule in rules if rule.profile is not None]
        if len({rule.profile.name for rule in permits if rule.profile}) < 2:
            continue
        for agent in bundle.agents.values():
            lineage = bundle.lineage(agent)
            for rule, reason in _uncombinable(
                [rule for rule in permits if any(rule.audience.includes(each) for each in lineage)]
            ):
                if rule.reference not in reported:
                    reported.add(rule.reference)
                    yield Diagnostic(
                        "no-combination",
                        reason,
                        place_of(sources, rule),
                        "use one image, one mount, one port and a common method, or part the rules",
                    )


def _uncombinable(permits: Sequence[Rule]) -> Iterator[tuple[Rule, str]]:
    """Yield each permit that cannot apply to a call beside those before it, and why.

    Two that cannot be combined may both be combined with a third, which has no network, so each is compared with
    all; and of three any two may have a method in common that all of them do not have.
    """
    before: dict[str, Rule] = {}
    methods: frozenset[str] = frozenset()
    for rule in permits:
        profile = rule.profile
        if profile is None or profile.name in before:
            continue
        found = ((other, combinable(other.profile, profile)) for other in before.values() if other.profile)
        other, reason = next(((each, why) for each, why in found if why), (None, None))
        ours = profile.egress.methods if profile.egress else frozenset()
        if other is not None:
            yield rule, f"{other.reference.name} and {rule.reference.name} can permit one call, but {reason}"
        elif methods and ours and methods.isdisjoint(ours):
            yield (
                rule,
                f"{rule.reference.name} and those before it can permit one call, and no method is common to all",
            )
        methods = methods & ours or methods or ours
        before[profile.name] = rule


def place_of(sources: Mapping[str, Source], rule: Rule) -> Span:
    """Return the place of the first word of a rule."""
    source = sources[rule.reference.file]
    return source.span(source.line_start(rule.reference.line))


def missing_examples(bundle: Bundle, sources: Mapping[str, Source]) -> Iterator[Diagnostic]:
    """Warn of every permit, forbid and ask that says no example of itself."""
    for rule in bundle.rules:
        if rule.kind in ("permit", "forbid", "ask") and not rule.examples:
            message = f"the {rule.kind} `{rule.name}` has no example"
            mend = "add allows, denies or asks with a call, so that what it means is tested"
            yield Diagnostic("no-example", message, place_of(sources, rule), mend, warning=True)


def ended_rules(bundle: Bundle, sources: Mapping[str, Source], at: int | None) -> Iterator[Diagnostic]:
    """Warn of every rule that has no effect any more at `at`."""
    for rule in bundle.rules:
        if at is not None and rule.ends is not None and rule.ends <= at:
            mend = "renew it, or remove it"
            what = f"the {rule.kind} `{rule.name}` ended at {instant(rule.ends)} and has no effect"
            if rule.profile is not None and rule.ends != rule.until:
                waiver = f"the waiver of the sandbox `{rule.profile.name}` ended at {instant(rule.ends)}"
                what, mend = (
                    f"{waiver}, so `{rule.name}` has no effect",
                    "renew the waiver, or remove the permit",
                )
            yield Diagnostic("ended", what, place_of(sources, rule), mend, warning=True)


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
    """Return how `example` comes out wrong: what a rule is there for must be by this very rule."""
    case = Case(example.call, bundle.lineage(agent), session_key(agent.name, ""), MOMENT, State())
    ruling = compiled(bundle)(case)
    verdict = _VERDICTS.get(ruling.code, "deny")
    effects = (*example.call.effects, *ruling.reach)
    work, profile = Work.of(example.call), ruling.profile
    sandbox = derive(profile, work, agent, None, effects, taint=True) if profile else None
    if isinstance(sandbox, str):
        verdict, ruling = "deny", ruling._replace(reason=sandbox)
    by = ", ".join(reference.name for reference in ruling.rules) or ruling.code.value
    if verdict != example.verdict:
        return f"this is {_SAID[verdict]} for {agent.name} ({by}: {ruling.reason})"
    own = {"permit": "allow", "ask": "ask", "forbid": "deny"}[rule.kind]
    if own == verdict and rule.reference not in ruling.rules:
        return f"this is {_SAID[verdict]} for {agent.name}, but not by this rule ({by})"
    return None
