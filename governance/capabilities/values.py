"""The types of the policy language and the one canonical form of each value.

A value that is not canonical is refused with the reason and the canonical spelling, never repaired. Inside,
a `Size` is an integer of bytes, a `Duration` an integer of milliseconds, lists are tuples; there is no float.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from governance.canonical import EXACT_INTEGER
from governance.text import shown

__all__ = ["TYPE_NAMES", "Type", "Value", "check_glob", "check_host", "check_path", "quantity"]

Value: TypeAlias = "str | int | bool | tuple[Value, ...]"
"""A canonical value."""

TYPE_NAMES: Final = (
    "Bool",
    "Int",
    "Size",
    "Duration",
    "String",
    "Enum",
    "Path",
    "Glob",
    "Host",
    "Argv",
    "List",
)

UNITS: Final = {
    "Size": {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30},
    "Duration": {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000},
}
"""What a unit is worth, in bytes and in milliseconds."""

_QUANTITY: Final = re.compile(r"(0|[1-9][0-9]{0,14})(B|KiB|MiB|GiB|ms|s|m|h|d)")
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LONGEST_STRING: Final = 65_536
_MOST_ITEMS: Final = 64
_LONGEST_WORD: Final = 4096


@dataclass(frozen=True, slots=True)
class Type:
    """One type with its refinements.

    `low` and `high` bound an integer, a size, a duration, the length of a string in characters or of a list
    in items; `names` are those of an `Enum`; `within` the folder of a `Path` or the domain of a `Host`.
    """

    name: str
    low: int | None = None
    high: int | None = None
    names: tuple[str, ...] = ()
    within: str | None = None
    item: Type | None = None
    optional: bool = False

    def __str__(self) -> str:
        text = self.name if self.item is None else f"{self.name}<{self.item}>"
        if self.names:
            text += f"({', '.join(self.names)})"
        elif self.low is not None or self.high is not None:
            text += f"({'' if self.low is None else self.low}..{'' if self.high is None else self.high})"
        if self.within is not None:
            text += f' {"under" if self.name == "Path" else "within"} "{self.within}"'
        return text + ("?" if self.optional else "")

    @property
    def ordered(self) -> bool:
        """Whether values of the type have an order."""
        return self.name in ("Int", "Size", "Duration")

    def check(self, value: object) -> Value:
        """Return the canonical form of `value`. Raises `ValueError` with the reason when there is none."""
        match self.name, value:
            case "Bool", bool():
                return value
            case (("Int" | "Size" | "Duration"), int()) if not isinstance(value, bool):
                return self._bounded(value)
            case (("Size" | "Duration"), str()):
                return self._bounded(quantity(value, self.name))
            case "String", str():
                self._within_bounds(len(value), "characters", _LONGEST_STRING)
                return value
            case "Enum", str():
                if value not in self.names:
                    raise ValueError(f"it is none of {', '.join(self.names)}")
                return value
            case "Path", str():
                return check_path(value, self.within)
            case "Glob", str():
                return check_glob(value)
            case "Host", str():
                return check_host(value, self.within)
            case "Argv", tuple():
                return _check_argv(value)
            case "List", tuple() if self.item is not None:
                self._within_bounds(len(value), "items", _MOST_ITEMS)
                return tuple(self.item.check(item) for item in value)
        raise ValueError(f"{_kind(value)} is no {self.name}{_HELP.get(self.name, '')}")

    def _bounded(self, value: int) -> int:
        low = self.low if self.low is not None else (-EXACT_INTEGER if self.name == "Int" else 0)
        high = self.high if self.high is not None else EXACT_INTEGER
        if not low <= value <= high:
            raise ValueError(f"{value} is not between {low} and {high}")
        return value

    def _within_bounds(self, length: int, what: str, most: int) -> None:
        low, high = self.low or 0, self.high if self.high is not None else most
        if not low <= length <= high:
            raise ValueError(f"it has {length} {what}, not between {low} and {high}")


_HELP: Final = {
    "Bool": "; write true or false",
    "Int": "; write a whole number, without a point",
    "Size": "; write bytes, or a string like 64KiB",
    "Duration": "; write milliseconds, or a string like 30s",
    "Argv": "; write a list of strings, the program first",
    "List": "; write a list",
}


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


def check_host(text: str, domain: str | None = None) -> str:
    """Return `text`, a host name in its canonical form, within `domain` by whole labels if one is given.

    Raises `ValueError` for anything else: upper case, a last dot, a label over 63 bytes, an address (RFC 1123, 2.1).
    """
    labels = text.split(".")
    if len(text) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("a host is lower-case labels of letters, digits and hyphens between dots")
    if labels[-1][0].isdigit():
        raise ValueError("an address is no host name")
    if domain is not None and text != domain and not text.endswith("." + domain):
        raise ValueError(f"it is not within {domain}")
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
