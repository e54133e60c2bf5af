"""Checks conditions: every name is a parameter of every capability the rule is about, every type fits.

What is left cannot fail when it is evaluated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, cast

from governance.capabilities.glob import PathSet
from governance.capabilities.networks import Network
from governance.capabilities.values import Type
from governance.policy.check.instants import check_window
from governance.policy.check.literals import constant, number, path_sets
from governance.policy.check.names import Names
from governance.policy.check.suffixes import check_owned
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
    Watch,
)
from governance.policy.syntax import Carries as CarriesSyntax
from governance.policy.syntax import (
    Compound,
    LiteralSyntax,
    NamedTarget,
    Opposite,
    Presence,
    Provenance,
    Reference,
    Word,
)
from governance.policy.syntax import Earlier as EarlierSyntax
from governance.policy.syntax import Member as MemberSyntax
from governance.policy.syntax import SizeOf as SizeOfSyntax
from governance.policy.syntax import Window as WindowSyntax
from governance.policy.target import may_be_about
from governance.text import with_article

if TYPE_CHECKING:
    from collections.abc import Callable

    from governance.policy.check.scope import FileScope
    from governance.policy.condition import Condition, Happened, Operand, Operator
    from governance.policy.syntax import ComparisonSyntax, ConditionSyntax, OperandSyntax, TargetSyntax
    from governance.policy.target import Target

__all__ = ["Conditions", "literal_of"]

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
class Conditions(Names):
    """Checks the conditions of one rule.

    `targets` reads the targets of past calls; it is None inside of one, where history has no history.
    """

    targets: Callable[[tuple[TargetSyntax, ...]], tuple[Target, ...]] | None = None
    lets_through: bool = False
    """Whether what holds lets calls through: a permit's condition, another rule's exception."""

    def check(self, syntax: ConditionSyntax) -> Condition | None:
        """Return the condition, None when something about it is wrong and reported."""
        match syntax:
            case Presence():
                return self._presence(syntax)
            case Opposite():
                before = self.present
                self.lets_through = not self.lets_through
                inner = self.check(syntax.condition)
                self.present, self.lets_through = before, not self.lets_through
                return None if inner is None else Not(inner)
            case Compound():
                return self._compound(syntax)
            case CarriesSyntax() | Provenance() | EarlierSyntax() | WindowSyntax():
                return self._of_session(syntax)
            case MemberSyntax():
                if syntax.group.text not in self.scope.scope.groups:
                    self.scope.unknown("group", syntax.group, self.scope.scope.groups)
                return Member(syntax.group.text, f"agent in {syntax.group.text}")
            case _:
                return self._comparison(syntax)

    def _presence(self, syntax: Presence) -> Condition | None:
        found = self.given(syntax.name, guarded=False)
        if found is None:
            return None
        given, kind = found
        if not kind.optional:
            message = f"`{syntax.name.text}` is always present"
            self.scope.report("always-present", message, syntax.name, "leave the test out")
            return None
        if syntax.present:
            self.present |= {syntax.name.text}
        text = f"{syntax.name.text} is {'present' if syntax.present else 'absent'}"
        return Present(given, syntax.present, text)

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

    def _of_session(
        self, syntax: CarriesSyntax | Provenance | EarlierSyntax | WindowSyntax
    ) -> Condition | None:
        """Return a condition about what is not in the call: the session and the time."""
        if self.targets is None:
            place = syntax.label if isinstance(syntax, CarriesSyntax) else _place(syntax)
            mend = "say only what the past call's own parameters were"
            self.scope.report("no-history", "a past call is known by its parameters alone", place, mend)
            return None
        match syntax:
            case CarriesSyntax():
                self._label(syntax.label)
                return Carries(syntax.label.text, f"session carries {syntax.label.text}")
            case Provenance():
                return self._provenance(syntax)
            case EarlierSyntax():
                return self._earlier(syntax)
            case WindowSyntax():
                return check_window(self.scope, syntax, self._between(syntax.first, syntax))

    def _label(self, label: Word) -> None:
        if label.text not in self.scope.scope.labels:
            self.scope.unknown("label", label, self.scope.scope.labels)

    def _provenance(self, syntax: Provenance) -> Condition | None:
        if syntax.source.text not in ("user", "trusted"):
            self._label(syntax.source)
        found = self.given(syntax.name)
        if found is None:
            return None
        given, kind = found
        if kind.name not in ("String", "Path", "Url", "Host", "Email", "Int", "Decimal", "Cidr"):
            message = f"where {with_article(kind.name)} comes from cannot be told"
            mend = "ask it of a text, a number, a path, a URL, a host or an address"
            self.scope.report("no-provenance", message, syntax.name, mend)
            return None
        return From(given, syntax.source.text, f"{syntax.name.text} from {syntax.source.text}")

    def _earlier(self, syntax: EarlierSyntax) -> Condition | None:
        within = number(self.scope, syntax.within, "Duration")
        targets = self.targets(syntax.targets) if self.targets else ()
        if within is None or not targets:
            return None
        if within <= 0:
            self.scope.report("bad-bounds", "nothing is so short ago", syntax.within, "like 30m")
            return None
        scope = self.scope.scope
        about = tuple(each for _, each in sorted(scope.capabilities.items()) if may_be_about(targets, each))
        where = None
        if syntax.where is not None:
            where = Conditions(self.scope, about).check(syntax.where)
            if where is None:
                return None
        happened = cast("Happened", syntax.happened.text if syntax.happened else "allowed")
        end = syntax.within.end
        start = (syntax.happened or _first(syntax.targets[0])).start
        text = f"earlier {' '.join(self.scope.source.text[start:end].split())}"
        return Earlier(Watch(happened, targets, where), within, text)

    def _comparison(self, syntax: ComparisonSyntax) -> Condition | None:
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

    def _between(self, first: Word, syntax: WindowSyntax) -> str:
        last = syntax.days[-1][1] if syntax.days else syntax.offset or syntax.last
        return f"time within {' '.join(self.scope.source.text[first.start : last.end].split())}"


def _first(target: TargetSyntax) -> Word:
    return target.name if isinstance(target, NamedTarget) else Word("any", target.start, target.end)


def _place(syntax: Provenance | EarlierSyntax | WindowSyntax) -> Word:
    match syntax:
        case Provenance():
            return syntax.source
        case EarlierSyntax():
            return syntax.within
        case _:
            return syntax.first


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
    return LiteralSyntax(value, name.start, name.end, literal.quoted)
