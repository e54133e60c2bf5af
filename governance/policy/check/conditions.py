"""Checks conditions: every name is a parameter of every capability the rule is about, every type fits.

What is left cannot fail when it is evaluated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, cast

from governance.capabilities.glob import PathSet
from governance.capabilities.values import Type
from governance.policy.check.literals import constant, path_sets
from governance.policy.condition import All, Constant, Either, Given, Not, PathTest, Present, SizeOf, Test
from governance.policy.syntax import Compound, LiteralSyntax, Opposite, Presence, Reference, Word
from governance.policy.syntax import SizeOf as SizeOfSyntax

if TYPE_CHECKING:
    from governance.capabilities.declaration import Capability
    from governance.policy.check.scope import FileScope
    from governance.policy.condition import Condition, Operand, Operator
    from governance.policy.syntax import ConditionSyntax, OperandSyntax, ComparisonSyntax

__all__ = ["Conditions", "literal_of"]

_OPERATORS: Final = {
    "Bool": ("==", "!="),
    "Int": ("==", "!=", "<", "<=", ">", ">=", "in"),
    "Size": ("==", "!=", "<", "<=", ">", ">=", "in"),
    "Duration": ("==", "!=", "<", "<=", ">", ">=", "in"),
    "String": ("==", "!=", "in", "starts", "ends", "contains"),
    "Enum": ("==", "!=", "in"),
    "Path": ("==", "!=", "in", "under", "matches"),
    "Glob": ("==", "!=", "in"),
    "Host": ("==", "!=", "in", "within"),
    "Argv": ("==", "!=", "starts", "ends", "contains"),
    "List": ("==", "!=", "starts", "ends", "contains"),
}
"""The operators that go with the left side's type."""

_STRING: Final = Type("String")


@dataclass(slots=True)
class Conditions:
    """Checks the conditions of one rule; `present` are the optional parameters known to be given so far."""

    scope: FileScope
    capabilities: tuple[Capability, ...]
    present: frozenset[str] = frozenset()

    def check(self, syntax: ConditionSyntax) -> Condition | None:
        """Return the condition, None when something about it is wrong and reported."""
        match syntax:
            case Presence():
                return self._presence(syntax)
            case Opposite():
                before = self.present
                inner = self.check(syntax.condition)
                self.present = before
                return None if inner is None else Not(inner)
            case Compound():
                return self._compound(syntax)
            case _:
                return self._test(syntax)

    def _presence(self, syntax: Presence) -> Condition | None:
        kind = self._type(syntax.name, guarded=False)
        if kind is None:
            return None
        if not kind.optional:
            message = f"`{syntax.name.text}` is always present"
            self.scope.report("always-present", message, syntax.name, "leave the test out")
            return None
        if syntax.present:
            self.present |= {syntax.name.text}
        return Present(
            syntax.name.text,
            syntax.present,
            f"{syntax.name.text} is {'present' if syntax.present else 'absent'}",
        )

    def _compound(self, syntax: Compound) -> Condition | None:
        before = self.present
        checked = []
        for each in syntax.conditions:
            checked.append(self.check(each))
            if not syntax.every:
                self.present = before
        kept = tuple(each for each in checked if each is not None)
        if len(kept) < len(checked):
            return None
        return All(kept) if syntax.every else Either(kept)

    def _test(self, syntax: ComparisonSyntax) -> Condition | None:
        if not isinstance(syntax.left, Reference | SizeOfSyntax):
            self.scope.report("constant-left", "a test begins with a parameter", syntax.left, "turn it round")
            return None
        kind = self._type(syntax.left.name)
        if kind is None:
            return None
        if isinstance(syntax.left, SizeOfSyntax):
            if kind.name not in ("String", "Argv", "List"):
                self.scope.report(
                    "no-size", f"a {kind.name} has no size", syntax.left.name, "compare the value itself"
                )
                return None
            kind = Type("Int", low=0)
        operator = syntax.operator.text
        if operator not in _OPERATORS[kind.name]:
            mend = f"a {kind.name} goes with {', '.join(_OPERATORS[kind.name])}"
            self.scope.report(
                "bad-operator", f"`{operator}` does not go with a {kind.name}", syntax.operator, mend
            )
            return None
        if kind.name == "Path":
            return self._path_test(syntax, kind)
        left: Operand = (
            SizeOf(syntax.left.name.text)
            if isinstance(syntax.left, SizeOfSyntax)
            else Given(syntax.left.name.text)
        )
        right = self._right(syntax.right, kind, operator)
        return None if right is None else Test(cast("Operator", operator), left, right, self._text(syntax))

    def _path_test(self, syntax: ComparisonSyntax, kind: Type) -> Condition | None:
        name, operator = cast("Reference", syntax.left).name.text, syntax.operator.text
        before = len(self.scope.scope.diagnostics)
        literal = self._literal(syntax.right)
        if literal is None:
            return None
        if operator == "in" and not self._says_something(literal, operator):
            return None
        if operator in ("under", "matches"):
            sets = path_sets(self.scope, literal, tree=operator == "under")
        else:
            wide = (
                Type("List", item=replace(kind, optional=False))
                if operator == "in"
                else replace(kind, optional=False)
            )
            value = constant(self.scope, literal, wide)
            sets = tuple(
                PathSet.one(cast("str", path))
                for path in (value if isinstance(value, tuple) else (value or "/",))
            )
        if len(self.scope.scope.diagnostics) > before:
            return None
        test = PathTest(name, sets, self._text(syntax))
        return Not(test) if operator == "!=" else test

    def _right(self, syntax: OperandSyntax, kind: Type, operator: str) -> Operand | None:
        """Return the right side, which the operator and the left side's type say the type of."""
        if isinstance(syntax, SizeOfSyntax) or (
            isinstance(syntax, Reference)
            and self._is_parameter(syntax.name.text)
            and syntax.name.text not in self.scope.scope.lets
        ):
            return self._parameter_right(syntax, kind, operator)
        literal = self._literal(syntax)
        if literal is None or not self._says_something(literal, operator):
            return None
        single = replace(kind, optional=False, within=None, low=None, high=None)
        if operator == "in":
            single = Type("List", item=single, high=1000)
        elif operator == "within":
            single = Type("List", item=Type("Host"))
            if not isinstance(literal.value, tuple):
                literal = LiteralSyntax((literal,), literal.start, literal.end)
        elif kind.name in ("Argv", "List"):
            item = kind.item or _STRING
            single = item if operator == "contains" else Type("List", item=item)
        value = constant(self.scope, literal, single)
        return None if value is None else Constant(value)

    def _parameter_right(self, syntax: Reference | SizeOfSyntax, kind: Type, operator: str) -> Operand | None:
        other = self._type(syntax.name)
        if other is None:
            return None
        found = Type("Int") if isinstance(syntax, SizeOfSyntax) else other
        if (
            found.name != kind.name
            or found.item != kind.item
            or operator not in ("==", "!=", "<", "<=", ">", ">=")
        ):
            message = f"`{syntax.name.text}` is a {found}, which `{operator}` does not compare with a {kind}"
            self.scope.report("ill-typed", message, syntax.name, "compare values of one type")
            return None
        return SizeOf(syntax.name.text) if isinstance(syntax, SizeOfSyntax) else Given(syntax.name.text)

    def _is_parameter(self, name: str) -> bool:
        return any(each.parameter(name) for each in self.capabilities)

    def _literal(self, syntax: OperandSyntax) -> LiteralSyntax | None:
        """Return what stands on the right, which no reader may take for a parameter."""
        if isinstance(syntax, Reference) and self._is_parameter(syntax.name.text):
            name = syntax.name.text
            if name in self.scope.scope.lets:
                message, mend = f"`{name}` is a parameter here, and also a let", "rename the let"
                self.scope.report("ambiguous-name", message, syntax.name, mend)
            else:
                message, mend = f"`{name}` is a parameter here", "write a literal or the name of a let"
                self.scope.report("ill-typed", message, syntax.name, mend)
            return None
        return literal_of(self.scope, syntax)

    def _says_something(self, literal: LiteralSyntax, operator: str) -> bool:
        """Report a test that comes out the same for every value: membership of nothing, a part that is empty."""
        vacuous = operator not in ("==", "!=") and literal.value in ((), "")
        if vacuous:
            message = f"`{operator}` says nothing about an empty value"
            self.scope.report("empty", message, literal, "name a value, or leave the test out")
        return not vacuous

    def _type(self, name: Word, *, guarded: bool = True) -> Type | None:
        """Return the type that the parameter has in all the capabilities the rule is about."""
        kinds: dict[tuple[str, Type | None], Type] = {}
        for capability in self.capabilities:
            parameter = capability.parameter(name.text)
            if parameter is None:
                known = [each.name for each in capability.parameters]
                if any(each.parameter(name.text) for each in self.capabilities):
                    mend = f"{capability.name} has {', '.join(known)}"
                    message = (
                        f"`{name.text}` is no parameter of {capability.name}, which the rule is also about"
                    )
                    self.scope.report("unknown-parameter", message, name, mend)
                else:
                    self.scope.unknown("parameter", name, known)
                return None
            key = (parameter.type.name, parameter.type.item)
            kinds[key] = _either(kinds.get(key), parameter.type)
        if len(kinds) != 1:
            if kinds:
                self.scope.report(
                    "mixed-types", f"`{name.text}` has several types here", name, "split the rule"
                )
            return None
        found = next(iter(kinds.values()))
        if guarded and found.optional and name.text not in self.present:
            mend = f"begin with: {name.text} is present and …"
            self.scope.report("may-be-absent", f"`{name.text}` may be absent", name, mend)
            return None
        return found

    def _text(self, syntax: ComparisonSyntax) -> str:
        left = cast("Reference | SizeOfSyntax", syntax.left).name.start
        right = syntax.right.end if isinstance(syntax.right, LiteralSyntax) else syntax.right.name.end
        text = " ".join(self.scope.source.text[left:right].split())
        return f"size {text}" if isinstance(syntax.left, SizeOfSyntax) else text


def _either(known: Type | None, kind: Type) -> Type:
    """Return the type of a parameter that is the one here and the other there: as loose as both."""
    if known is None:
        return kind
    return replace(
        kind,
        names=tuple(dict.fromkeys((*known.names, *kind.names))),
        within=kind.within if kind.within == known.within else None,
        optional=known.optional or kind.optional,
    )


def literal_of(scope: FileScope, syntax: OperandSyntax) -> LiteralSyntax | None:
    """Return a literal, or the one that a `let` gave the name to; anything else is reported, and None."""
    if isinstance(syntax, LiteralSyntax):
        return syntax
    if isinstance(syntax, SizeOfSyntax):
        scope.report(
            "ill-typed", "a size does not fit here", syntax.name, "write a literal or the name of a let"
        )
        return None
    found = scope.find("let", syntax.name, scope.scope.lets)
    # A let may stand in another file: what is wrong with its value here is shown where it is used.
    return None if found is None else _placed(found, syntax.name)


def _placed(literal: LiteralSyntax, name: Word) -> LiteralSyntax:
    value = literal.value
    if isinstance(value, tuple):
        value = tuple(_placed(item, name) for item in value)
    return LiteralSyntax(value, name.start, name.end)
