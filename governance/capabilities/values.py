"""The types of the policy language and the one canonical form of each value.

A value that is not canonical is refused with the reason and the canonical spelling, never repaired. Inside,
a `Size` is an integer of bytes, a `Duration` an integer of milliseconds, lists are tuples; there is no float.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from governance.canonical import EXACT_INTEGER, canonical
from governance.capabilities.hosts import check_email, check_host, check_url, url_parts
from governance.capabilities.networks import check_network
from governance.capabilities.numbers import decimal_of, decimal_text
from governance.instant import check_instant
from governance.text import nearest, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["TYPE_NAMES", "Type", "Value", "check_glob", "check_path", "field_of", "quantity"]

Value: TypeAlias = "str | int | bool | Decimal | tuple[Value, ...] | Mapping[str, Value] | None"
"""A canonical value. Only an opaque `Json` holds null."""

TYPE_NAMES: Final = (
    "Bool",
    "Int",
    "Decimal",
    "Size",
    "Duration",
    "Instant",
    "String",
    "Enum",
    "Path",
    "Glob",
    "Url",
    "Host",
    "Cidr",
    "Email",
    "Argv",
    "Json",
    "List",
    "Set",
)

UNITS: Final = {
    "Size": {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30},
    "Duration": {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000},
}
"""What a unit is worth, in bytes and in milliseconds."""

_QUANTITY: Final = re.compile(r"(0|[1-9][0-9]{0,14})(B|KiB|MiB|GiB|ms|s|m|h|d)")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LONGEST_STRING: Final = 65_536
_MOST_ITEMS: Final = 64
_LONGEST_WORD: Final = 4096
_LONGEST_JSON: Final = 65_536
_DEEPEST_JSON: Final = 32
_BEYOND: Final = re.compile("[\ud800-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Type:
    """One type with its refinements.

    `low` and `high` bound a number, a size, a duration, the length of a string in characters or of a list or set
    in items; `names` are those of an `Enum`; `within` is the folder of a `Path`, the domain of a `Host`, `Url` or
    `Email`, or the network of a `Cidr`; `fields` are those of a `Record`, in order.
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
        if self.names:
            text += f"({', '.join(self.names)})"
        elif self.fields:
            text = "{ " + ", ".join(f"{name}: {kind}" for name, kind in self.fields) + " }"
        elif self.low is not None or self.high is not None:
            text += f"({'' if self.low is None else self.low}..{'' if self.high is None else self.high})"
        if self.within is not None:
            text += f' {"under" if self.name == "Path" else "within"} "{self.within}"'
        return text + ("?" if self.optional else "")

    @property
    def ordered(self) -> bool:
        """Whether values of the type have an order."""
        return self.name in ("Int", "Decimal", "Size", "Duration", "Instant")

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

    def check(self, value: object) -> Value:
        """Return the canonical form of `value`. Raises `ValueError` with the reason when there is none."""
        match self.name, value:
            case "Bool", bool():
                return value
            case (("Int" | "Size" | "Duration"), int()) if not isinstance(value, bool):
                return self._bounded(value)
            case (("Size" | "Duration"), str()):
                return self._bounded(quantity(value, self.name))
            case "Decimal", str() | int() | Decimal() if not isinstance(value, bool):
                return self._decimal(value)
            case (("String" | "Enum" | "Instant"), str()):
                return self._text(value)
            case "Glob", str():
                return check_glob(value)
            case (("Path" | "Host" | "Url" | "Email" | "Cidr"), str()):
                return _CHECKS[self.name](value, self.within)
            case "Argv", tuple():
                return _check_argv(value)
            case (("List" | "Set"), tuple()) if self.item is not None:
                return self._items(value, self.item)
            case "Record", dict():
                return self._record(value)
            case "Json", _:
                return _check_json(value)
        raise ValueError(f"{_kind(value)} is no {self.name}{_HELP.get(self.name, '')}")

    def _text(self, value: str) -> str:
        if self.name == "Instant":
            return check_instant(value)
        if self.name == "Enum" and value not in self.names:
            raise ValueError(f"it is none of {', '.join(self.names)}")
        if self.name == "String":
            self._within_bounds(len(value), "characters", _LONGEST_STRING)
        return value

    def _decimal(self, value: str | int | Decimal) -> Decimal:
        found = decimal_of(value)
        if isinstance(value, str) and decimal_text(found) != value:
            raise ValueError(f"the canonical spelling is {decimal_text(found)}")
        low, high = self.low, self.high
        if (low is not None and found < low) or (high is not None and found > high):
            raise ValueError(f"{value} is not between {low} and {high}")
        return found

    def _items(self, value: tuple[object, ...], item: Type) -> tuple[Value, ...]:
        self._within_bounds(len(value), "items", _MOST_ITEMS)
        items = tuple(item.check(each) for each in value)
        if self.name == "List":
            return items
        keyed = {canonical(each): each for each in items}
        if len(keyed) < len(items):
            raise ValueError("a set has no item twice")
        return tuple(keyed[key] for key in sorted(keyed))

    def _record(self, value: dict[str, object]) -> dict[str, Value]:
        known = dict(self.fields)
        for name in value:
            if name not in known:
                near = nearest(name, known, 1)
                mend = f"did you mean `{near[0]}`?" if near else f"it has {', '.join(known)}"
                raise ValueError(f"it has no field `{shown(name[:40])}`; {mend}")
        found: dict[str, Value] = {}
        for name, kind in self.fields:
            if value.get(name) is None and not kind.optional:
                raise ValueError(f"its field `{name}` is missing")
            if value.get(name) is not None:
                try:
                    found[name] = kind.check(value[name])
                except ValueError as error:
                    raise ValueError(f"its field `{name}`: {error}") from None
        return found

    def _bounded(self, value: int) -> int:
        low = int(self.low) if self.low is not None else (-EXACT_INTEGER if self.name == "Int" else 0)
        high = int(self.high) if self.high is not None else EXACT_INTEGER
        if not low <= value <= high:
            raise ValueError(f"{value} is not between {low} and {high}")
        return value

    def _within_bounds(self, length: int, what: str, most: int) -> None:
        low, high = self.low or 0, most if self.high is None else self.high
        if not low <= length <= high:
            raise ValueError(f"it has {length} {what}, not between {low} and {high}")


_PARTS: Final[dict[str, tuple[tuple[str, Type], ...]]] = {
    "Url": (
        ("scheme", Type("Enum", names=("http", "https"))),
        ("host", Type("Host")),
        ("port", Type("Int", low=1, high=65_535)),
        ("path", Type("String")),
        ("query", Type("String")),
    ),
    "Email": (("local", Type("String")), ("domain", Type("Host"))),
}
"""What can be asked of a value as of its fields. A URL's path is text: its slashes are a server's business."""

_HELP: Final = {
    "Decimal": '; write a number, or a string like "12.50"',
    "Instant": '; write a string like "2026-01-31T09:00:00Z"',
    "Set": "; write a list, no item twice",
    "Record": "; write an object",
    "Bool": "; write true or false",
    "Int": "; write a whole number, without a point",
    "Size": "; write bytes, or a string like 64KiB",
    "Duration": "; write milliseconds, or a string like 30s",
    "Argv": "; write a list of strings, the program first",
    "List": "; write a list",
}


def field_of(value: Value, kind: Type, name: str) -> Value | None:
    """Return the part `name` of `value`, a value of `kind`; None where an optional field is not given."""
    match kind.name:
        case "Record":
            return cast("Mapping[str, Value]", value).get(name)
        case "Url":
            return url_parts(cast("str", value))[kind.field_names.index(name)]
        case "Email":
            local, _, domain = cast("str", value).rpartition("@")
            return local if name == "local" else domain
    raise ValueError(f"a {kind.name} has no field {name}")


def _check_json(value: object) -> Value:
    """Return `value`, any JSON with exact whole numbers, as it is. Raises `ValueError` for what is not exact."""
    found = _exact(value, 0)
    if len(canonical(found)) > _LONGEST_JSON:
        raise ValueError(f"it has more than {_LONGEST_JSON} bytes")
    return found


def _exact(value: object, depth: int) -> Value:
    match value:
        case None | bool() | str():
            return value
        case int() if abs(value) <= EXACT_INTEGER:
            return value
        case tuple() if depth < _DEEPEST_JSON:
            return tuple(_exact(item, depth + 1) for item in value)
        case dict() if depth < _DEEPEST_JSON:
            if any(_BEYOND.search(name) for name in value):
                raise ValueError("its keys hold no character beyond U+D7FF, which sort in more than one way")
            return {str(name): _exact(item, depth + 1) for name, item in value.items()}
        case tuple() | dict():
            raise ValueError(f"it is nested {_DEEPEST_JSON} deep or more")
    raise ValueError("a number that is not whole, or over 2**53, is not exact here; write it as a string")


def _kind(value: object) -> str:
    match value:
        case bool():
            return "a truth value"
        case int():
            return "a whole number"
        case str():
            return "a string"
        case tuple():
            return "a list"
        case None:
            return "null"
        case dict():
            return "an object"
        case _:
            return "a number with a fraction"


def quantity(text: str, name: str) -> int:
    """Return the bytes or milliseconds that `text` (`64KiB`, `30s`) stands for, `name` being `Size` or `Duration`.

    Raises `ValueError` when it is no such literal.
    """
    match = _QUANTITY.fullmatch(text)
    units = UNITS[name]
    if match is None or match[2] not in units:
        raise ValueError(
            f"`{shown(text[:40])}` is no {name}; write a whole number and one of {', '.join(units)}"
        )
    return int(match[1]) * units[match[2]]


def check_path(text: str, folder: str | None = None) -> str:
    """Return `text`, a canonical absolute POSIX path, under `folder` if one is given.

    Raises `ValueError` for anything else: relative, a doubled or a last slash, `.` or `..`, control
    characters, a component over 255 bytes, a path over 4096 bytes.
    """
    if not text.startswith("/"):
        raise ValueError("a path is absolute: it begins with /")
    if _CONTROL.search(text):
        raise ValueError("a path holds no control character")
    if text != "/":
        _check_components(text[1:].split("/"), text, "path")
    if folder is not None and text != folder and not text.startswith(folder.rstrip("/") + "/"):
        raise ValueError(f"it is not under {folder}")
    return text


def _check_components(components: list[str], text: str, what: str) -> None:
    for component in components:
        if not component:
            raise ValueError(f"a {what} has no doubled slash and none at its end")
        if component in (".", ".."):
            raise ValueError(f"a {what} has no `{component}`; write where it leads to")
        if len(component.encode()) > 255:
            raise ValueError(f"a component of a {what} has at most 255 bytes")
    if len(text.encode()) > 4096:
        raise ValueError(f"a {what} has at most 4096 bytes")


def check_glob(text: str, *, rooted: bool = False) -> str:
    """Return `text`, a canonical glob: relative in a request, `rooted` (begins with `/` or `**`) in a policy.

    Raises `ValueError` for anything else.
    """
    if _CONTROL.search(text):
        raise ValueError("a glob holds no control character")
    if rooted != text.startswith(("/", "**/")) and (rooted or text.startswith("/")):
        raise ValueError(
            "a glob here begins with / or **/" if rooted else "a glob here does not begin with /"
        )
    components = text.removeprefix("/").split("/")
    _check_components(components, text, "glob")
    for component in components:
        if "**" in component and component != "**":
            raise ValueError("`**` stands alone between slashes; within a component write `*`")
    return text


def _check_argv(words: tuple[object, ...]) -> tuple[Value, ...]:
    if not 1 <= len(words) <= _MOST_ITEMS:
        raise ValueError(f"it has {len(words)} words, not between 1 and {_MOST_ITEMS}")
    checked: list[Value] = []
    for word in words:
        if not isinstance(word, str):
            raise ValueError(f"{_kind(word)} is no word; write every word as a string")
        if "\0" in word or len(word) > _LONGEST_WORD:
            raise ValueError(f"a word holds no NUL and at most {_LONGEST_WORD} characters")
        checked.append(word)
    if not checked[0]:
        raise ValueError("the first word, the program, is empty")
    return tuple(checked)


_CHECKS: Final[dict[str, Callable[[str, str | None], str]]] = {
    "Path": check_path,
    "Host": check_host,
    "Url": check_url,
    "Email": check_email,
    "Cidr": check_network,
}
