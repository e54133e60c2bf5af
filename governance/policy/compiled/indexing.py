"""Which rules have to be looked at for a call: found by what they cannot do without, the most selective of it.

A rule about paths under one folder is looked at only for calls under that folder; one for a host, an agent or a
value only for calls with it. What a rule needs is read off its condition: only what must hold if the rule is to
apply at all.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias, cast

from governance.policy.compiled.expressions import part_expression
from governance.policy.condition import All, Comparison, Constant, Given, PathTest
from governance.policy.target import Doing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from governance.capabilities.declaration import Capability
    from governance.capabilities.glob import PathSet
    from governance.policy.compiled.expressions import Expressions
    from governance.policy.condition import Condition
    from governance.policy.rule import Rule

__all__ = ["Index", "Kind", "indexed"]

Kind: TypeAlias = Literal["under", "within", "agent", "value"]

_FEW: Final = 4
"""So few rules are asked one after the other: an index would cost more."""


class _Need(NamedTuple):
    """What a call must have for a rule to apply: one of `keys`, in the value of the expression `of`.

    `met` is the condition that holds as soon as it has, None where more is to be asked.
    """

    kind: Kind
    of: str
    keys: tuple[str | int, ...]
    met: Condition | None = None


@dataclass(frozen=True, slots=True)
class Index:
    """The numbers of the rules to look at, by what a call has in the value of the expression `of`.

    `parameter` is what has to be given for it to have any.
    """

    kind: Kind
    of: str
    parameter: str
    rules: Mapping[str | int, tuple[int, ...]]
    met: Mapping[int, Condition | None]
    """Of each rule the condition that need not be asked any more."""


def indexed(
    rules: Mapping[int, Rule],
    agents: Mapping[int, frozenset[str] | None],
    expressions: Expressions,
) -> tuple[tuple[int, ...], tuple[Index, ...]]:
    """Return the numbers of the rules to look at for every call, and the indexes that find the others.

    `agents` has the names of those that each rule is about, None for everyone.
    """
    if len(rules) <= _FEW:
        return tuple(rules), ()
    needs = {number: tuple(_needs(rule, agents[number], expressions)) for number, rule in rules.items()}
    popular = Counter(
        (need.kind, need.of, key) for found in needs.values() for need in found for key in need.keys
    )
    always: list[int] = []
    tables: dict[tuple[Kind, str], dict[str | int, list[int]]] = {}
    met: dict[int, Condition | None] = {}
    for number, found in needs.items():
        best = min(
            found, key=lambda need: max(popular[need.kind, need.of, key] for key in need.keys), default=None
        )
        if best is None:
            always.append(number)
            continue
        met[number] = best.met
        table = tables.setdefault((best.kind, best.of), {})
        for key in best.keys:
            table.setdefault(key, []).append(number)
    indexes = tuple(
        Index(kind, of, _parameter(of), {key: tuple(numbers) for key, numbers in table.items()}, met)
        for (kind, of), table in tables.items()
    )
    return tuple(always), indexes


def _parameter(of: str) -> str:
    """Return the parameter in an expression like `a['url']`, nothing where there is none."""
    return of.partition("a['")[2].partition("'")[0]


def _needs(rule: Rule, agents: frozenset[str] | None, expressions: Expressions) -> Iterator[_Need]:
    if agents is not None:
        yield _Need("agent", "agent", tuple(sorted(agents)))
    yield from _of_condition(rule.when, expressions)
    if len(rule.targets) == 1 and isinstance(rule.targets[0], Doing):
        yield from _of_target(rule.targets[0], expressions.capability)


def _of_condition(condition: Condition | None, expressions: Expressions) -> Iterator[_Need]:
    match condition:
        case All():
            for each in condition.conditions:
                yield from _of_condition(each, expressions)
        case PathTest(given=given, sets=sets, each=False) if not given.steps and not expressions.names_sets(
            given
        ):
            trees = _roots(sets)
            if trees:
                whole = all(
                    each.components[-1] is None and None not in each.components[:-1] and _plain(each)
                    for each in sets
                )
                yield _Need("under", expressions.value(given), trees, condition if whole else None)
        case Comparison(each=False, left=Given() as given, right=Constant(value=value)):
            of = expressions.value(given)
            if all(kind.name != "Record" for kind, _ in given.steps):
                asked = of if condition.part is None else part_expression(of, *condition.part)
                yield from _of_comparison(condition, asked, value)


def _of_comparison(condition: Comparison, of: str, value: object) -> Iterator[_Need]:
    operator = condition.operator
    if operator == "within":
        yield _Need("within", of, cast("tuple[str, ...]", value), condition)
    elif operator == "in" or (operator == "==" and type(value) in (str, int)):
        values = cast("tuple[str | int, ...]", value if operator == "in" else (value,))
        if all(type(each) in (str, int) for each in values):
            yield _Need("value", of, values, condition)


def _of_target(target: Doing, capability: Capability) -> Iterator[_Need]:
    """Return what a rule needs that is about calls by what they do to paths: of a permit all, so the first."""
    forms = [form for form in capability.effects if form.verb in target.verbs]
    plain = all(form.spread is None and not form.steps for form in forms)
    if target.places is None or capability.opaque or not plain or not forms:
        return
    parameters = {form.parameter for form in forms}
    given = [each for each in capability.parameters if each.name in parameters]
    trees = _roots(target.places)
    if trees and len(given) == 1 and given[0].required and given[0].type.name == "Path":
        yield _Need("under", f"a[{given[0].name!r}]", trees)


def _plain(each: PathSet) -> bool:
    """Whether no component of the set has a `*` in it."""
    return all(part is None or len(part) == 1 for part in each.components)


def _roots(sets: Sequence[PathSet]) -> tuple[str, ...]:
    """Return the folders beneath which all of `sets` lie; none where one of them may be anywhere."""
    roots: list[str] = []
    for each in sets:
        plain: list[str] = []
        for part in each.components:
            if part is None or len(part) > 1:
                break
            plain.append(part[0])
        if not plain:
            return ()
        roots.append("/" + "/".join(plain))
    return tuple(dict.fromkeys(roots))
