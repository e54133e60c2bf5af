"""The types of the policy language and the one canonical form of each value.

A value that is not canonical is refused with the reason and the canonical spelling, never repaired. Inside,
a `Size` is an integer of bytes, a `Duration` an integer of milliseconds, a `Decimal` has no exponent, lists
and sets are tuples, records never change; there is no float. How a kind of text is checked stands in the
module of its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from governance.canonical import EXACT_INTEGER, canonical
from governance.capabilities.argv import check_argv, described
from governance.capabilities.hosts import check_email, check_host
from governance.capabilities.networks import check_network
from governance.capabilities.numbers import MOST_DECIMAL, bounded, check_decimal, number_text, quantity
from governance.capabilities.objects import FrozenObject, check_json
from governance.capabilities.paths import check_glob, check_path, check_path_glob
from governance.capabilities.urls import check_url, url_parts
from governance.instant import check_instant
from governance.text import excerpt, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["TYPE_NAMES", "Type", "Value", "check_glob", "check_path", "field_of", "quantity"]

Value: TypeAlias = "str | int | bool | Decimal | tuple[Value, ...] | Mapping[str, Value] | None"
"""A canonical value. Only within an opaque `Json` there is null."""

_WITHIN: Final = {"Path": "under", "PathGlob": "under", "Argv": "without"}
"""The word before what refines a type, where it is not `within`."""

_LONGEST_STRING: Final = 65_536
_MOST_ITEMS: Final = 64


@dataclass(frozen=True, slots=True)
class Type:
    """One type with its refinements; that of a record is called `Record`.

    `low` and `high` bound a number, the length of a string in characters or of a list or set in items;
    `names` are those of an `Enum`; `within` is the folder of a `Path` or `PathGlob`, the domain of a `Host`, `Url` or
    `Email`, the network of a `Cidr`, the words that an `Argv` is without; `fields` are those of a record, in order.
    """

    name: str
    low: int | Decimal | None = None
    high: int | Decimal | None = None
    names: tuple[str, ...] = ()
    within: str | None = None
    item: Type | None = None
    optional: bool = False
    fields: tuple[tuple[str, Type], ...] = ()

    def __str__(self) -> str:
        text = self.name if self.item is None else f"{self.name}<{self.item}>"
        if self.fields:
            text = f"{{ {', '.join(f'{name}: {kind}' for name, kind in self.fields)} }}"
        if self.names:
            text += f"({', '.join(self.names)})"
        elif self.low is not None or self.high is not None:
            low, high = ("" if bound is None else number_text(bound) for bound in (self.low, self.high))
            text += f"({low}..{high})"
        if self.within is not None:
            text += f' {_WITHIN.get(self.name, "within")} "{self.within}"'
        return text + ("?" if self.optional else "")

    @property
    def ordered(self) -> bool:
        """Whether values of the type have an order."""
        return self.name in ("Int", "Decimal", "Size", "Duration", "Instant")

    def check(self, value: object) -> Value:
        """Return the canonical form of `value`. Raises `ValueError` with the reason when there is none."""
        taken, check = _CHECKS[self.name]
        if type(value) not in taken:
            raise ValueError(f"{described(value)} is no {self.name}{_HELP.get(self.name, '')}")
        return check(self, value)

    @property
    def field_names(self) -> tuple[str, ...]:
        """The names of the parts that conditions can ask for, as in `url.host`."""
        return tuple(name for name, _ in self._parts)

    def field(self, name: str) -> Type | None:
        """Return the type of the part called `name`."""
        return dict(self._parts).get(name)

    @property
    def _parts(self) -> tuple[tuple[str, Type], ...]:
        return self.fields or _PARTS.get(self.name, ())


_PARTS: Final[Mapping[str, tuple[tuple[str, Type], ...]]] = {
    "Url": (
        ("scheme", Type("Enum", names=("http", "https"))),
        ("host", Type("Host")),
        ("port", Type("Int", 1, 65_535)),
        ("path", Type("String")),
        ("query", Type("String")),
    ),
    "Email": (("local", Type("String")), ("domain", Type("Host"))),
}
"""What can be asked of a value as of its fields."""


def field_of(value: Value, kind: Type, name: str) -> Value | None:
    """Return the part `name` of `value`, a value of `kind`; None where an optional field is not given."""
    match kind.name:
        case "Record":
            return cast("Mapping[str, Value]", value).get(name)
        case "Url":
            return url_parts(cast("str", value))[kind.field_names.index(name)]
        case "Email":
            local, _, domain = cast("str", value).partition("@")
            return local if name == "local" else domain
    raise ValueError(f"a {kind.name} has no field {name}")


def _integer(kind: Type, value: int) -> int:
    low = kind.low if kind.low is not None else (-EXACT_INTEGER if kind.name == "Int" else 0)
    bounded(value, low, EXACT_INTEGER if kind.high is None else kind.high)
    return value


def _measure(kind: Type, value: int | str) -> int:
    return _integer(kind, quantity(value, kind.name) if isinstance(value, str) else value)


def _decimal(kind: Type, value: int | str | Decimal) -> Decimal:
    exact = check_decimal(value)
    if kind.low is not None or kind.high is not None:
        bounded(
            exact,
            -MOST_DECIMAL if kind.low is None else kind.low,
            MOST_DECIMAL if kind.high is None else kind.high,
        )
    return exact


def _bound_length(kind: Type, length: int, what: str, most: int) -> None:
    low, high = kind.low or 0, most if kind.high is None else kind.high
    if not low <= length <= high:
        raise ValueError(f"it has {length} {what}, not between {low} and {high}")


def _string(kind: Type, value: str) -> str:
    _bound_length(kind, len(value), "characters", _LONGEST_STRING)
    return value


def _enum(kind: Type, value: str) -> str:
    if value not in kind.names:
        raise ValueError(f"it is none of {', '.join(kind.names)}")
    return value


def _list(kind: Type, items: tuple[object, ...]) -> tuple[Value, ...]:
    _bound_length(kind, len(items), "items", _MOST_ITEMS)
    item = cast("Type", kind.item)
    checked: list[Value] = []
    for place, each in enumerate(items, 1):
        try:
            checked.append(item.check(each))
        except ValueError as error:
            raise ValueError(f"item {place}: {error}") from None
    return tuple(checked)


def _set(kind: Type, items: tuple[object, ...]) -> tuple[Value, ...]:
    """Return the items in the order of their canonical JSON, for a set has none of its own."""
    by_form: dict[bytes, Value] = {}
    for place, item in enumerate(_list(kind, items), 1):
        form = canonical(item)
        if form in by_form:
            raise ValueError(f"item {place} stands here twice; keep one")
        by_form[form] = item
    return tuple([by_form[form] for form in sorted(by_form)])


def _record(kind: Type, value: Mapping[str, object]) -> FrozenObject:
    known = [name for name, _ in kind.fields]
    for name in value:
        if name not in known:
            near = nearest(name, known, 1)
            mend = f"did you mean `{near[0]}`?" if near else f"it has {', '.join(known)}"
            raise ValueError(f"there is no field `{excerpt(name)}`; {mend}")
    checked: dict[str, Value] = {}
    for name, each in kind.fields:
        if name not in value:
            if not each.optional:
                raise ValueError(f"`{name}` is missing")
            continue
        if value[name] is None:
            raise ValueError(f"`{name}` is null; leave it out")
        try:
            checked[name] = each.check(value[name])
        except ValueError as error:
            raise ValueError(f"`{name}`: {error}") from None
    return FrozenObject(checked)


_STRING: Final = frozenset({str})
_NUMBER: Final = frozenset({int, Decimal, str})
_SEVERAL: Final = frozenset({tuple})
_OBJECT: Final = frozenset({dict}) | frozenset({FrozenObject})

_CHECKS: Final[Mapping[str, tuple[frozenset[type], Callable[[Type, Any], Value]]]] = {
    "Bool": (frozenset({bool}), lambda _, value: cast("bool", value)),
    "Int": (frozenset({int}), _integer),
    "Decimal": (_NUMBER, _decimal),
    "Size": (frozenset({int, str}), _measure),
    "Duration": (frozenset({int, str}), _measure),
    "Instant": (_STRING, lambda _, value: check_instant(value)),
    "String": (_STRING, _string),
    "Enum": (_STRING, _enum),
    "Path": (_STRING, lambda kind, value: check_path(value, kind.within)),
    "Glob": (_STRING, lambda _, value: check_glob(value)),
    "PathGlob": (_STRING, lambda kind, value: check_path_glob(value, kind.within)),
    "Url": (_STRING, lambda kind, value: check_url(value, kind.within)),
    "Host": (_STRING, lambda kind, value: check_host(value, kind.within)),
    "Cidr": (_STRING, lambda kind, value: check_network(value, kind.within)),
    "Email": (_STRING, lambda kind, value: check_email(value, kind.within)),
    "Argv": (_SEVERAL, lambda kind, value: check_argv(value, kind.within)),
    "Json": (_OBJECT | _NUMBER | _SEVERAL | {bool}, lambda _, value: cast("Value", check_json(value))),
    "List": (_SEVERAL, _list),
    "Set": (_SEVERAL, _set),
    "Record": (_OBJECT, _record),
}
"""Of each type, which Python types its values come as, exactly (a truth value is no number), and their check."""

TYPE_NAMES: Final = tuple(name for name in _CHECKS if name != "Record")
"""The types that a policy can name."""

_HELP: Final = {
    "Bool": "; write true or false",
    "Int": "; write a whole number, without a point",
    "Decimal": '; write a number, or a string like "500.25"',
    "Size": "; write bytes, or a string like 64KiB",
    "Duration": "; write milliseconds, or a string like 30s",
    "Argv": "; write a list of strings, the program first",
    "List": "; write a list",
    "Set": "; write a list of different items",
    "Record": "; write an object",
    "Json": "; leave it out",
}
