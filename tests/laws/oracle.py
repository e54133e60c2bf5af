"""The meaning of a policy for calls about single paths, written down once more: by brute force, from the text
of the language alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, combinations
from typing import TYPE_CHECKING

from tests.laws.policy_strategies import (
    AGENTS,
    CHANGES,
    EFFECTS,
    WITHOUT_WORKSPACE,
    WRITABLE,
    Asked,
    Paths,
    beneath,
    globbed,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.laws.policy_strategies import Condition, Rule

Effects = tuple[tuple[str, Paths], ...]


@dataclass(frozen=True)
class Meaning:
    """What the rules say of a call: the code, which rules determine it; `sure` False where the code may differ."""

    code: str
    rules: frozenset[str]
    sure: bool = True


def meaning(rules: tuple[Rule, ...], call: Asked, agent: str) -> Meaning:
    """Return what `rules` say of `call`."""
    if agent not in AGENTS:
        return Meaning("unknown-agent", frozenset())
    concerned = [rule for rule in rules if concerns(rule, call, agent)]
    permits, effects = _permits([rule for rule in concerned if rule.kind == "permit"], call)
    forbids = [rule.name for rule in concerned if rule.kind == "forbid" and _meets(rule, call, effects)]
    opaque_and_refused = call.capability == "proc.exec" and not permits
    if forbids:
        return Meaning("forbidden", frozenset(forbids), not opaque_and_refused)
    touched = any(verb in CHANGES and paths & globbed("**/prot/**") for verb, paths in effects)
    covering = [rule for rule in permits if rule.protected or not touched]
    if permits and not covering:
        return Meaning("forbidden", frozenset({"protected"}))
    if not covering:
        return Meaning("no-permit", frozenset(), not opaque_and_refused)
    code = "fail-closed" if agent == WITHOUT_WORKSPACE else "permitted"
    return Meaning(code, frozenset(rule.name for rule in covering))


def concerns(rule: Rule, call: Asked, agent: str) -> bool:
    """Whether the audience, the condition and the exception of `rule` hold, and its target may."""
    if rule.audience is not None:
        kind, name = rule.audience
        if name != agent and not (kind == "group" and name in AGENTS[agent]):
            return False
    if not any(_names(target, call) for target in rule.targets):
        return False
    return (rule.when is None or holds(rule.when, call)) and not (rule.unless and holds(rule.unless, call))


def _names(target: Condition, call: Asked) -> bool:
    return target[0] != "named" or target[1] in (call.capability, call.capability.partition(".")[0] + ".*")


def holds(condition: Condition, call: Asked) -> bool:
    """Whether a condition holds of a call that has all its parameters."""
    match condition:
        case "and", tuple(left), tuple(right):
            return holds(left, call) and holds(right, call)
        case "or", tuple(left), tuple(right):
            return holds(left, call) or holds(right, call)
        case "not", tuple(inner):
            return not holds(inner, call)
        case str(operator), "path", right:
            return _path_holds(operator, call, right)
        case str(operator), "offset", int(number):
            return {
                "==": call.offset == number,
                "!=": call.offset != number,
                "<": call.offset < number,
                "<=": call.offset <= number,
                ">": call.offset > number,
                ">=": call.offset >= number,
            }[operator]
        case str(operator), "argv", tuple(right):
            words = call.argv
            return {
                "==": words == right,
                "!=": words != right,
                "starts": words[: len(right)] == right,
                "ends": len(words) >= len(right) and words[len(words) - len(right) :] == right,
            }[operator]
    raise AssertionError(condition)


def _path_holds(operator: str, call: Asked, right: object) -> bool:
    items = [str(item) for item in right] if isinstance(right, tuple) else [str(right)]
    path = "/" + "/".join(call.path)
    match operator:
        case "under":
            return any(path == item or path.startswith(item + "/") for item in items)
        case "matches":
            return any(call.path in globbed(item) for item in items)
        case "!=":
            return path not in items
    return path in items


def _reach(permits: Iterable[Rule]) -> Effects:
    """Return what code can do in the strictest of the permits' sandboxes: in the workspace, writable if all say so."""
    verbs = ("read", *sorted(CHANGES)) if all(WRITABLE[rule.sandbox] for rule in permits) else ("read",)
    return tuple((verb, beneath("/workspace")) for verb in verbs)


def _permits(permits: list[Rule], call: Asked) -> tuple[list[Rule], Effects]:
    """Return the largest set of permits each of which covers all that the call does in their common sandbox."""
    own: Effects = tuple((verb, frozenset({call.path})) for verb in EFFECTS.get(call.capability, ()))
    if call.capability != "proc.exec":
        return [rule for rule in permits if _covers(rule, call, own)], own
    run = (("execute", frozenset[tuple[str, ...]]()),)
    subsets = chain.from_iterable(combinations(permits, size) for size in range(len(permits), 0, -1))
    for subset in subsets:
        effects = (*run, *_reach(subset))
        if all(_covers(rule, call, effects) for rule in subset):
            return list(subset), effects
    return [], run


def _covers(rule: Rule, call: Asked, effects: Effects) -> bool:
    def one(target: Condition) -> bool:
        match target:
            case "doing", tuple(verbs), str(reach), str(place):
                return all(
                    verb in verbs and (not reach or paths <= _place(reach, place)) for verb, paths in effects
                )
        return _names(target, call)

    return any(one(target) for target in rule.targets)


def _meets(rule: Rule, call: Asked, effects: Effects) -> bool:
    def one(target: Condition) -> bool:
        match target:
            case "doing", tuple(verbs), str(reach), str(place):
                return any(
                    verb in verbs and (not reach or bool(paths & _place(reach, place)))
                    for verb, paths in effects
                )
        return _names(target, call)

    return any(one(target) for target in rule.targets)


def _place(reach: str, place: str) -> Paths:
    return beneath(place) if reach == "under" else globbed(place)
