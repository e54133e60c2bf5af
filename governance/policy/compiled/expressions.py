"""Conditions as Python expressions: constants folded in, each asking as little as it must.

A condition with three truths becomes one of two expressions: whether it surely holds, of all that a call speaks
of, and whether it possibly does, of any of it. What the source says is made from names and `repr` alone, so
nothing that a policy holds can be taken for code.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, assert_never, cast

from governance.policy.condition import (
    All,
    Carries,
    Comparison,
    Constant,
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

if TYPE_CHECKING:
    from governance.capabilities.declaration import Capability
    from governance.capabilities.glob import PathSet
    from governance.capabilities.values import Type
    from governance.policy.condition import Condition, Operand

__all__ = ["Expressions", "one_of", "part_expression", "path_expression"]

_URL: Final = ("scheme", "host", "port", "path", "query")


@dataclass(slots=True)
class Expressions:
    """Writes the conditions of rules on one capability; `constants` are the values that the source names."""

    capability: Capability
    constants: dict[str, object] = field(default_factory=dict)

    def constant(self, value: object) -> str:
        """Return how the source names a value: itself where that is plain, else a name."""
        if type(value) in (str, int, bool):
            return repr(value)
        name = f"C{len(self.constants)}"
        self.constants[name] = value
        return name

    def holds(self, condition: Condition, *, surely: bool) -> str:
        """Return an expression for whether the condition surely, or else possibly, holds."""
        match condition:
            case Not():
                return f"not ({self.holds(condition.condition, surely=not surely)})"
            case All() | Either():
                word = " and " if isinstance(condition, All) else " or "
                return word.join(f"({self.holds(each, surely=surely)})" for each in condition.conditions)
            case Comparison() | PathTest() | NetworkTest():
                return self._test(condition, surely=surely)
            case Present():
                return self._present(condition)
            case _:
                return self._session(condition, surely=surely)

    def _session(self, condition: Carries | From | Earlier | Window | Member, *, surely: bool) -> str:
        """Return an expression about what is not in the call."""
        sure = "is True" if surely else "is not False"
        match condition:
            case Carries():
                return f"case.state.carries(case.session, {condition.label!r})"
            case From():
                value = f"value_of({self.constant(condition.given)}, case.call)"
                return f"case.state.said(case.session, {condition.source!r}, {value}) {sure}"
            case Earlier():
                since = f"case.at - {condition.within}"
                return f"case.state.happened(case.session, {condition.watch.key!r}, {since}) {sure}"
            case Window():
                return f"{self.constant(condition)}.holds(case.at)"
            case Member():
                return f"any({condition.group!r} in each.groups for each in case.lineage)"
            case _:
                assert_never(condition)

    def _present(self, condition: Present) -> str:
        if condition.given.steps:
            given = f"value_of({self.constant(condition.given)}, case.call)"
            return f"{given} is {'not ' if condition.present else ''}None"
        return f"{condition.given.name!r} {'in' if condition.present else 'not in'} a"

    def _test(self, test: Comparison | PathTest | NetworkTest, *, surely: bool) -> str:
        left = self.value(test.left if isinstance(test, Comparison) else test.given)
        one = "item" if test.each else left
        if isinstance(test, PathTest) and self.names_sets(test.given):
            how = "surely_in" if surely else "possibly_in"
            name = repr(test.given.name)
            paths = f"item_paths({name}, item)" if test.each else f"paths({name})"
            holds = f"{how}(case.call.{paths}, {self.constant(test.sets)})"
        else:
            holds = self._of_one(test, one, surely=surely)
        return f"{'all' if surely else 'any'}({holds} for item in {left})" if test.each else holds

    def _of_one(self, test: Comparison | PathTest | NetworkTest, left: str, *, surely: bool) -> str:
        match test:
            case Comparison():
                return self._comparison(
                    test, left if test.part is None else part_expression(left, *test.part)
                )
            case PathTest():
                return path_expression(test.sets, left, self)
            case NetworkTest():
                how = "surely_in" if surely else "possibly_in"
                return f"{how}(network({left}), {self.constant(test.networks)})"
            case _:
                assert_never(test)

    def _comparison(self, test: Comparison, left: str) -> str:
        right = self.value(test.right)
        value = test.right.value if isinstance(test.right, Constant) else None
        match test.operator:
            case "in":
                return f"{left} in {self.constant(frozenset(cast('tuple[object, ...]', value)))}"
            case "within":
                domains = cast("tuple[str, ...]", value)
                return f"('.' + {left}).endswith({tuple(f'.{domain}' for domain in domains)!r})"
            case "starts" | "ends" | "contains" if (
                not isinstance(value, tuple) and test.operator != "contains"
            ):
                return f"{left}.{test.operator}with({right})"
            case "starts" | "ends":
                length = len(cast("tuple[object, ...]", value))
                part = f"{left}[:{length}]" if test.operator == "starts" else f"{left}[-{length}:]"
                return f"same({part}, {right})" if self._deep_items(test.left) else f"{part} == {right}"
            case "contains":
                if self._deep_items(test.left):
                    return f"any(same(each, {right}) for each in {left})"
                return f"{right} in {left}"
            case "==" | "!=" if self._deep(test.left):
                return f"{'not ' if test.operator == '!=' else ''}same({left}, {right})"
            case _:
                return f"{left} {test.operator} {right}"

    def _deep(self, operand: Operand) -> bool:
        """Whether the value may be JSON or hold others, of which Python takes some for equal that are not."""
        return isinstance(operand, Given) and _is_deep(self._kind(operand))

    def _deep_items(self, operand: Operand) -> bool:
        """Whether the items of a list may be so; those of a command line are texts."""
        kind = self._kind(operand) if isinstance(operand, Given) else None
        return kind is None or (kind.item is not None and _is_deep(kind.item))

    def _kind(self, given: Given) -> Type | None:
        parameter = self.capability.parameter(given.name)
        kind = parameter.type if parameter else None
        for _, name in given.steps:
            kind = kind.field(name) if kind else None
        return kind

    def value(self, operand: Operand) -> str:
        """Return an expression for a value that is surely given."""
        match operand:
            case Constant():
                return self.constant(operand.value)
            case SizeOf():
                return f"len({self.value(operand.of)})"
            case Given():
                text = f"a[{operand.name!r}]"
                for kind, name in operand.steps:
                    text = part_expression(text, kind, name)
                return text
            case _:
                assert_never(operand)

    def names_sets(self, given: Given) -> bool:
        """Whether a value that is given may stand for more paths than the one it names."""
        return not given.steps and self.capability.names_sets(given.name)


def _is_deep(kind: Type | None) -> bool:
    return kind is None or kind.name in ("Json", "List", "Set", "Record")


def part_expression(value: str, kind: Type, name: str) -> str:
    """Return an expression for a field of the value in the expression `value`."""
    match kind.name:
        case "Url":
            return f"url_parts({value})[{_URL.index(name)}]"
        case "Email":
            return f"{value}.rpartition('@')[{0 if name == 'local' else 2}]"
        case _:
            return f"{value}[{name!r}]"


def path_expression(sets: tuple[PathSet, ...], path: str, expressions: Expressions) -> str:
    """Return an expression for whether the canonical path in the expression `path` lies in one of `sets`.

    Trees and endings are asked of the text itself, which is as good as by component: a path holds no empty ones.
    """
    whole: list[str] = []
    begins: list[str] = []
    ends: list[str] = []
    inside: list[str] = []
    others: list[PathSet] = []
    for each in sets:
        _sort(each, whole, begins, ends, inside, others)
    parts = []
    if whole:
        parts.append(f"{path} == {whole[0]!r}" if len(whole) == 1 else f"{path} in {frozen(whole)}")
    if begins:
        parts.append(f"{path}.startswith({one_of(begins)})")
    if ends:
        parts.append(f"{path}.endswith({one_of(ends)})")
    parts += [f"{piece!r} in {path}" for piece in inside]
    parts += [f"{expressions.constant(each)}.contains(path_parts({path}))" for each in others]
    return " or ".join(parts) if len(parts) == 1 else f"({' or '.join(parts)})"


def _sort(
    each: PathSet,
    whole: list[str],
    begins: list[str],
    ends: list[str],
    inside: list[str],
    others: list[PathSet],
) -> None:
    """Put a set where its question is the cheapest one that is exact."""
    *front, last = each.components or (("",),)
    plain = [part[0] for part in each.components if part is not None and len(part) == 1]
    if not each.components:
        whole.append("/")
    elif each.single:
        whole.append("/" + "/".join(plain))
    elif last is None and len(plain) == len(each.components) - 1:
        begins.append("/" + "".join(f"{part}/" for part in plain))
        if plain:
            whole.append("/" + "/".join(plain))
    elif each.components[0] is None and len(plain) == len(each.components) - 1:
        ends.append("/" + "/".join(plain))
    elif front == [None] and last is not None and len(last) == 2 and not last[0]:
        # `**/*x` ends in x, whatever folder it is in; an empty ending is every path but the root.
        if last[1]:
            ends.append(last[1])
        else:
            others.append(each)
    elif (
        each.components[0] is None
        and last is None
        and len(plain) == len(each.components) - 2
        and len(front) > 1
    ):
        inside.append("/" + "".join(f"{part}/" for part in plain))
        ends.append("/" + "/".join(plain))
    else:
        others.append(each)


def one_of(texts: list[str]) -> str:
    """Return what `startswith` and `endswith` take: one text, or a tuple of them."""
    return repr(texts[0]) if len(texts) == 1 else repr(tuple(texts))


def frozen(texts: list[str]) -> str:
    """Return a set display, which Python folds into a constant where it is only looked into."""
    return "{" + ", ".join(map(repr, sorted(set(texts)))) + "}"
