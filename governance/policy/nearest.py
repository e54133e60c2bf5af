"""Permitted calls near one that is not: the same call with as few arguments changed as the permits ask for.

What is tried follows from the permits for the capability: their folders, constants and bounds. Nothing is offered
that is not permitted as it stands.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, cast

from governance.capabilities.call import Call
from governance.capabilities.glob import path_parts
from governance.policy.case import Case
from governance.policy.compiled import compiled
from governance.policy.condition import All, Comparison, Constant, Either, Given, PathTest
from governance.policy.decision import Code
from governance.policy.truth import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from governance.capabilities.glob import PathSet
    from governance.capabilities.values import Value
    from governance.policy.bundle import Bundle
    from governance.policy.condition import Condition
    from governance.policy.evaluate import Ruling

__all__ = ["nearest_calls"]

_MOST_TRIED: Final = 48


def nearest_calls(bundle: Bundle, case: Case) -> Iterator[tuple[Call, Ruling]]:
    """Yield permitted calls of the same capability with their rulings, those with the fewest changes first."""
    judge = compiled(bundle)
    tried = {case.call.digest}
    for arguments in islice(_changed(bundle, case), _MOST_TRIED):
        call = _bound(case.call, arguments)
        if call is None or call.digest in tried:
            continue
        tried.add(call.digest)
        ruling = judge(Case(call, case.lineage, case.session, case.at, case.state))
        if ruling.code is Code.PERMITTED:
            yield call, ruling


def _changed(bundle: Bundle, case: Case) -> Iterator[dict[str, Value]]:
    """Yield the arguments with one changed as a permit asks for, then with all that one permit asks for."""
    given = dict(case.call.arguments)
    wanted = [
        dict(_wanted(rule.when, given))
        for rule in bundle.rules_by_capability[case.call.capability.name]
        if rule.kind == "permit" and any(rule.audience.includes(agent) for agent in case.lineage)
    ]
    for changes in wanted:
        for name, value in changes.items():
            yield {**given, name: value}
    for changes in wanted:
        if len(changes) > 1:
            yield {**given, **changes}


def _wanted(condition: Condition | None, given: dict[str, Value]) -> Iterator[tuple[str, Value]]:
    """Yield a parameter and a value with which a test of the condition holds, in the order of the tests."""
    match condition:
        case All() | Either():
            for each in condition.conditions:
                yield from _wanted(each, given)
        case PathTest(given=Given(name=name, steps=()), sets=sets, each=False) if name in given:
            parts = path_parts(str(given[name]))
            if not any(place.contains(parts) for place in sets):
                yield name, _beneath(sets[0], str(given[name]))
        case Comparison(
            left=Given(name=name, steps=()), right=Constant(value=value), each=False, part=None
        ) if name in given and not compare(condition.operator, given[name], value):
            yield from _of_comparison(condition, name, value)
        case _:
            return


def _beneath(place: PathSet, path: str) -> str:
    """Return a path in `place` with the last component of `path`, or the place itself where it is one path."""
    root = "/" + "/".join(part[0] for part in place.components if part is not None and len(part) == 1)
    last = path.rpartition("/")[2]
    return root if place.single or not last else f"{root.rstrip('/')}/{last}"


def _of_comparison(test: Comparison, name: str, value: Value) -> Iterator[tuple[str, Value]]:
    match test.operator:
        case "==" | "<=" | ">=":
            yield name, value
        case "<" if isinstance(value, int):
            yield name, value - 1
        case ">" if isinstance(value, int):
            yield name, value + 1
        case "in" | "within":
            yield name, cast("tuple[Value, ...]", value)[0]


def _bound(call: Call, arguments: dict[str, Value]) -> Call | None:
    """Return a call with these arguments, None where one does not fit its type."""
    checked: dict[str, Value] = {}
    for parameter in call.capability.parameters:
        if parameter.name in arguments:
            try:
                checked[parameter.name] = parameter.type.check(arguments[parameter.name])
            except ValueError:
                return None
    return Call(call.capability, checked)
