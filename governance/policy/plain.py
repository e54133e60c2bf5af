"""Checked policy data as canonical data: what a bundle's digest, and the names of its parts, are made from."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Final

from governance.capabilities.glob import PathSet
from governance.capabilities.networks import Network
from governance.capabilities.numbers import decimal_text
from governance.capabilities.values import Type

if TYPE_CHECKING:
    from governance.canonical import Json

__all__ = ["plain"]

_LEFT_OUT: Final = frozenset({"model", "examples"})
"""A model says nothing that its parameters do not, and examples change no decision."""


def plain(value: object) -> Json:
    """Return `value`, a tree of frozen dataclasses, as canonical data."""
    match value:
        case Type() | PathSet() | Network():
            return str(value)
        case Decimal():
            return decimal_text(value)
        case Enum():
            return str(value.value)
        case None | bool() | int() | str():
            return value
        case tuple():
            return [plain(item) for item in value]
        case frozenset():
            return sorted(str(item) for item in value)
        case dict():
            return {str(name): plain(item) for name, item in value.items()}
    if not is_dataclass(value) or isinstance(value, type):
        return str(value)
    kept = (each.name for each in fields(value) if each.name not in _LEFT_OUT)
    return {"is": type(value).__name__, **{name: plain(getattr(value, name)) for name in kept}}
