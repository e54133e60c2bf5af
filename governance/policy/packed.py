"""A checked bundle as bytes, and back: what its policies mean, so that it need not be found out again.

The bytes are a JSON list of values, each made of values before it. A text, a number, a truth value and null stand
for themselves; a list begins with the number of a maker, and goes on with the places of what it makes the value of.
What occurs often is written once. There is no code in it, and nothing but plain data and the classes of a policy's
meaning is ever made.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from governance.canonical import decimal_text
from governance.capabilities import command, declaration, effects, glob, networks, values
from governance.capabilities.call import Call, make_model
from governance.capabilities.declaration import Capability
from governance.capabilities.objects import FrozenObject
from governance.policy import condition, decision, profile, rule, suite, target
from governance.policy.bundle import Bundle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["pack", "unpack"]

_MODULES: Final = (
    values, glob, networks, effects, command, declaration, condition, target, decision, profile, rule, suite,
)  # fmt: skip
"""Where the classes of a policy's meaning are: all dataclasses, made from their fields in order."""


class _Maker(NamedTuple):
    """How values of a class are made, and of what."""

    kind: type[Any]
    make: Callable[..., Any]
    parts: Callable[[Any], Iterable[object]]


def _of_fields(kind: type[Any]) -> _Maker:
    names = tuple(each.name for each in fields(kind))
    return _Maker(kind, kind, lambda value: [getattr(value, name) for name in names])


_DECLARED: Final = tuple(each.name for each in fields(Capability) if each.name != "model")


def _capability(*parts: Any) -> Capability:
    said = dict(zip(_DECLARED, parts, strict=True))
    return Capability(**said, model=make_model(said["name"], said["parameters"]))


def _object(*parts: Any) -> dict[str, Any]:
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _items(value: Mapping[str, object]) -> list[object]:
    return [part for item in value.items() for part in item]


_SPECIAL: Final = (
    _Maker(tuple, lambda *items: items, tuple),
    _Maker(frozenset, lambda *items: frozenset(items), sorted),
    _Maker(dict, _object, _items),
    _Maker(MappingProxyType, lambda *items: MappingProxyType(_object(*items)), _items),
    _Maker(FrozenObject, lambda *items: FrozenObject(_object(*items)), _items),
    _Maker(Decimal, Decimal, lambda value: (decimal_text(value),)),
    _Maker(decision.Code, decision.Code, lambda value: (value.value,)),
    _Maker(effects.Verb, effects.Verb, lambda value: (value.value,)),
    _Maker(Call, Call, lambda call: (call.capability, call.arguments)),
    _Maker(Capability, _capability, lambda value: [getattr(value, name) for name in _DECLARED]),
)
_TAKEN: Final = frozenset(maker.kind for maker in _SPECIAL)
_MAKERS: Final = (
    *_SPECIAL,
    *(
        _of_fields(kind)
        for module in _MODULES
        for kind in vars(module).values()
        if is_dataclass(kind)
        and isinstance(kind, type)
        and kind.__module__ == module.__name__
        and kind not in _TAKEN
    ),
)
_BY_CLASS: Final = {maker.kind: (number, maker.parts) for number, maker in enumerate(_MAKERS)}
_PLAIN: Final = frozenset({str, int, bool, type(None)})

_PARTS: Final = ("capabilities", "agents", "rules", "protected", "clearances", "proofs", "tests")


def pack(bundle: Bundle) -> bytes:
    """Return what `unpack` makes the bundle of again, its sources left out."""
    table: dict[tuple[Any, ...], int] = {}

    def place(value: object) -> int:
        kind = type(value)
        if kind in _PLAIN:
            return table.setdefault((kind, value), len(table))
        number, parts = _BY_CLASS[kind]
        return table.setdefault((number, *map(place, parts(value))), len(table))

    place({name: getattr(bundle, name) for name in (*_PARTS, "digest")})
    entries = [entry[1] if entry[0] in _PLAIN else entry for entry in table]
    return json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode()


def unpack(data: bytes, sources: Mapping[str, str]) -> Bundle:
    """Return the bundle of `sources` that was packed. Raises `ValueError` for bytes that `pack` did not write."""
    made: list[Any] = []
    try:
        for entry in json.loads(data):
            if type(entry) is list:
                number, *places = entry
                made.append(_MAKERS[number].make(*[made[place] for place in places]))
            else:
                made.append(entry)
        kept = made[-1]
        bundle = Bundle(MappingProxyType(dict(sources)), *[kept[name] for name in _PARTS])
        vars(bundle)["digest"] = kept["digest"]
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"this is no packed bundle: {error}") from error
    return bundle
