"""Arguments that surely fit: one check for each parameter, made once from the declaration.

What does not surely fit here is for the model of the capability to judge, and to say why; what does must come
out as the model would have it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from governance.canonical import EXACT_INTEGER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from governance.capabilities.declaration import Parameter
    from governance.capabilities.values import Type, Value

    Check: TypeAlias = Callable[[Any], Value]
    Fitting: TypeAlias = Callable[[Mapping[str, object]], dict[str, Value] | None]

__all__ = ["fitting"]

_LONGEST_STRING: Final = 65_536
_LONGEST_PATH: Final = 4096
_PATH: Final = re.compile(r"(?:/(?:[ -\-0-~]|\.[ -\-0-~]|\.\.[ -.0-~])[ -.0-~]{0,252})+")
"""Plain paths: components of printable ASCII, none of them `.` or `..` or over 255 bytes."""


def fitting(parameters: tuple[Parameter, ...]) -> Fitting:
    """Return a function from given values to arguments in the order declared, defaults filled in.

    It returns None for values that the model must judge.
    """
    checks = tuple((each.name, _check(each.type), each.default, each.required) for each in parameters)

    def fit(given: Mapping[str, object]) -> dict[str, Value] | None:
        found: dict[str, Value] = {}
        taken = 0
        try:
            for name, check, default, required in checks:
                value = given.get(name)
                if value is not None:
                    found[name] = check(value)
                    taken += 1
                elif default is not None:
                    found[name] = default
                elif required:
                    return None
        except ValueError:
            return None
        return found if taken == len(given) else None

    return fit


def _check(kind: Type) -> Check:
    match kind.name:
        case "Int" | "Size" | "Duration":
            return _integer(kind)
        case "String":
            return _string(kind)
        case "Enum":
            return _enum(kind)
        case "Path":
            return _path(kind)
    return kind.check


def _integer(kind: Type) -> Check:
    low = kind.low if kind.low is not None else (-EXACT_INTEGER if kind.name == "Int" else 0)
    high = EXACT_INTEGER if kind.high is None else kind.high
    slow = kind.check

    def check(value: Any) -> Value:
        return value if type(value) is int and low <= value <= high else slow(value)

    return check


def _string(kind: Type) -> Check:
    low, high = kind.low or 0, _LONGEST_STRING if kind.high is None else kind.high
    slow = kind.check

    def check(value: Any) -> Value:
        return value if type(value) is str and low <= len(value) <= high else slow(value)

    return check


def _enum(kind: Type) -> Check:
    names = frozenset(kind.names)
    slow = kind.check

    def check(value: Any) -> Value:
        return value if type(value) is str and value in names else slow(value)

    return check


def _path(kind: Type) -> Check:
    fits = _PATH.fullmatch
    beneath = "" if kind.within is None else kind.within.rstrip("/") + "/"
    slow = kind.check

    def check(value: Any) -> Value:
        if type(value) is str and len(value) <= _LONGEST_PATH and fits(value) and value.startswith(beneath):
            return value
        return slow(value)

    return check
