"""Checks comparisons: that the left side is a parameter, the operator goes with its type, and the right side fits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, cast

from governance.capabilities.glob import PathSet
from governance.capabilities.networks import Network
from governance.capabilities.values import Type
from governance.policy.check.literals import constant, literal_of, path_sets, said_once
from governance.policy.check.names import Names
from governance.policy.check.suffixes import check_owned
from governance.policy.condition import Comparison, Constant, Given, NetworkTest, Not, PathTest, SizeOf
from governance.policy.syntax import LiteralSyntax, Reference
from governance.policy.syntax import SizeOf as SizeOfSyntax
from governance.text import with_article

if TYPE_CHECKING:
    from governance.capabilities.values import Value
    from governance.policy.condition import Condition, Operand, Operator
    from governance.policy.syntax import ComparisonSyntax, OperandSyntax

__all__ = ["Comparisons"]

_ORDERED: Final = ("==", "!=", "<", "<=", ">", ">=", "in")

_OPERATORS: Final = {
    "Bool": ("==", "!="),
    "Int": _ORDERED,
    "Decimal": _ORDERED,
    "Size": _ORDERED,
    "Duration": _ORDERED,
    "Instant": _ORDERED,
    "String": ("==", "!=", "in", "starts", "ends", "contains"),
    "Enum": ("==", "!=", "in"),
    "Path": ("==", "!=", "in", "under", "matches"),
    "Glob": ("==", "!=", "in"),
    "PathGlob": ("==", "!=", "in", "under", "matches"),
    "Url": ("==", "!=", "in"),
    "Host": ("==", "!=", "in", "within"),
    "Cidr": ("==", "!=", "in cidr"),
    "Email": ("==", "!=", "in"),
    "Argv": ("==", "!=", "starts", "ends", "contains"),
    "Json": ("==", "!="),
    "List": ("==", "!=", "starts", "ends", "contains"),
    "Set": ("==", "!=", "contains"),
    "Record": (),
}
"""The operators that go with the left side's type."""

_OF_ITEMS: Final = ("in", "in cidr", "under", "matches", "within")
"""The operators that, on a list, are about its items: all of them, none, or some."""

_STRING: Final = Type("String")


@dataclass(slots=True)
class Comparisons(Names):
    """Checks the comparisons of one rule."""

    lets_through: bool = False
    """Whether what holds lets calls through: a permit's condition, another rule's exception."""

    def comparison(self, syntax: ComparisonSyntax) -> Condition | None:
        """Return the test, None when something about it is wrong and reported."""
        if not isinstance(syntax.left, Reference | SizeOfSyntax):
            self.scope.report("constant-left", "a test begins with a parameter", syntax.left, "turn it round")
            return None
        found = self.given(syntax.left.name)
        if found is None:
            return None
        given, kind = found
        left: Operand = given
        if isinstance(syntax.left, SizeOfSyntax):
            if kind.name not in ("String", "Argv", "List", "Set"):
                self.scope.report(
                    "no-size",
                    f"{with_article(kind.name)} has no size",
                    syntax.left.name,
                    "compare the value itself",
                )
                return None
            left, kind = SizeOf(given), Type("Int", low=0)
        operator = syntax.operator.text
        each = False
        if kind.name in ("List", "Set") and kind.item is not None and operator in _OF_ITEMS:
            if not kind.low:
                message = f"`{syntax.left.name.text}` may be empty, and then `{operator}` says nothing"
                mend = f"declare it as {kind.name}<{kind.item}>(1..)"
                self.scope.report("may-be-empty", message, syntax.left.name, mend)
                return None
            kind, each = kind.item, True
        part = self._host_in(kind, operator)
        kind = kind if part is None else Type("Host")
        if operator not in _OPERATORS[kind.name]:
            mend = f"{with_article(kind.name)} goes with {', '.join(_OPERATORS[kind.name]) or 'its fields, like name.field'}"
            self.scope.report(
                "bad-operator",
                f"`{operator}` does not go with {with_article(kind.name)}",
                syntax.operator,
                mend,
            )
            return None
        if kind.name in ("Path", "PathGlob"):
            return self._path_test(syntax, kind, given, each=each)
        if operator == "in cidr":
            return self._network_test(syntax, given, each=each)
        right = self._right(syntax.right, kind, operator)
        if right is None:
            return None
        return Comparison(cast("Operator", operator), left, right, self._text(syntax), each, part)

    @staticmethod
    def _host_in(kind: Type, operator: str) -> tuple[Type, str] | None:
        """Return what `within` is about where it is not the value itself: of a URL its host, of an address its domain."""
        name = {"Url": "host", "Email": "domain"}.get(kind.name)
        return None if operator != "within" or name is None else (replace(kind, optional=False), name)

    def _path_test(
        self, syntax: ComparisonSyntax, kind: Type, given: Given, *, each: bool
    ) -> Condition | None:
        operator = syntax.operator.text
        before = len(self.scope.scope.diagnostics)
        literal = self._literal(syntax.right)
        if literal is None:
            return None
        if operator == "in" and not self._says_something(literal, operator):
            return None
        if operator in ("under", "matches"):
            sets = path_sets(self.scope, literal, tree=operator == "under")
        else:
            single = Type("Path", within=kind.within)
            wide = Type("List", item=single, high=1000) if operator == "in" else single
            value = constant(self.scope, literal, wide)
            if isinstance(value, tuple):
                said_once(self.scope, literal, value)
            sets = tuple(
                PathSet.one(cast("str", path))
                for path in (value if isinstance(value, tuple) else (value or "/",))
            )
        if len(self.scope.scope.diagnostics) > before:
            return None
        test = PathTest(given, sets, self._text(syntax), each)
        return Not(test) if operator == "!=" else test

    def _network_test(self, syntax: ComparisonSyntax, given: Given, *, each: bool) -> Condition | None:
        literal = self._literal(syntax.right)
        if literal is None or not self._says_something(literal, "in cidr"):
            return None
        items = literal.value if isinstance(literal.value, tuple) else (literal,)
        found = [constant(self.scope, item, Type("Cidr")) for item in items]
        networks = tuple(Network.of(cast("str", value)) for value in found if value is not None)
        if len(networks) < len(found):
            return None
        said_once(self.scope, literal, found)
        return NetworkTest(given, networks, self._text(syntax), each)

    def _right(self, syntax: OperandSyntax, kind: Type, operator: str) -> Operand | None:
        """Return the right side, which the operator and the left side's type say the type of."""
        if isinstance(syntax, SizeOfSyntax) or (
            isinstance(syntax, Reference)
            and self.is_parameter(syntax.name.text)
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
            single = Type("List", item=Type("Host"), high=1000)
            if not isinstance(literal.value, tuple):
                literal = LiteralSyntax((literal,), literal.start, literal.end)
        elif kind.name in ("Argv", "List"):
            item = kind.item or _STRING
            single = item if operator == "contains" else Type("List", item=item)
        elif kind.name == "Set" and operator == "contains" and kind.item is not None:
            single = kind.item
        value = constant(self.scope, literal, single)
        if operator == "in" and value is not None:
            said_once(self.scope, literal, cast("tuple[Value, ...]", value))
        if operator == "within" and self.lets_through and value is not None:
            check_owned(self.scope, cast("tuple[str, ...]", value), syntax)
        return None if value is None else Constant(value)

    def _parameter_right(self, syntax: Reference | SizeOfSyntax, kind: Type, operator: str) -> Operand | None:
        found = self.given(syntax.name)
        if found is None:
            return None
        given, other = found
        other = Type("Int") if isinstance(syntax, SizeOfSyntax) else other
        if (
            other.name != kind.name
            or other.item != kind.item
            or operator not in ("==", "!=", "<", "<=", ">", ">=")
        ):
            message = f"`{syntax.name.text}` is {with_article(str(other))}, which `{operator}` does not compare with {with_article(str(kind))}"
            self.scope.report("ill-typed", message, syntax.name, "compare values of one type")
            return None
        return SizeOf(given) if isinstance(syntax, SizeOfSyntax) else given

    def _literal(self, syntax: OperandSyntax) -> LiteralSyntax | None:
        """Return what stands on the right, which no reader may take for a parameter."""
        if isinstance(syntax, Reference) and self.is_parameter(syntax.name.text):
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

    def _text(self, syntax: ComparisonSyntax) -> str:
        left = cast("Reference | SizeOfSyntax", syntax.left).name.start
        right = syntax.right.end if isinstance(syntax.right, LiteralSyntax) else syntax.right.name.end
        text = " ".join(self.scope.source.text[left:right].split())
        return f"size {text}" if isinstance(syntax.left, SizeOfSyntax) else text
