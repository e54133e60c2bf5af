"""Objects that never change, and JSON of which nothing is known but what it is equal to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn

from governance.canonical import EXACT_INTEGER, canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FrozenObject", "check_json"]

_DEEPEST: Final = 32
_LONGEST_JSON: Final = 65_536


class FrozenObject(dict[str, Any]):
    """An object that does not change. It is a `dict` because the JSON encoder takes no other mapping."""

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]  # it never changes
        return hash(frozenset(self.items()))

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("an object never changes")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse


def check_json(value: object) -> Any:
    """Return a JSON value as tuples and frozen objects, whole numbers, strings, truth values and nulls within.

    Raises `ValueError` when it is null itself, holds a number with a fraction or beyond 2**53, a key with a
    character beyond U+FFFF (whose place in canonical JSON differs between readers), or is too deep or large.
    """
    if value is None:
        raise ValueError("null is no Json; leave it out")
    frozen: Any = _frozen(value, 0)
    if len(canonical(frozen)) > _LONGEST_JSON:
        raise ValueError(f"its canonical form is longer than {_LONGEST_JSON} bytes")
    return frozen


def _frozen(value: object, depth: int) -> object:
    if depth > _DEEPEST:
        raise ValueError(f"it is nested more than {_DEEPEST} deep")
    match value:
        case None | bool() | str():
            return value
        case int():
            if not -EXACT_INTEGER <= value <= EXACT_INTEGER:
                raise ValueError(f"a whole number within is not between -{EXACT_INTEGER} and {EXACT_INTEGER}")
            return value
        case tuple():
            return tuple([_frozen(item, depth + 1) for item in value])
        case dict():
            return _frozen_object(value, depth + 1)
    raise ValueError("a number within has a fraction; write whole numbers, or strings")


def _frozen_object(value: Mapping[str, object], depth: int) -> FrozenObject:
    if any(character > "\uffff" for key in value for character in key):
        raise ValueError("a key holds a character beyond U+FFFF")
    return FrozenObject({key: _frozen(item, depth) for key, item in value.items()})
