"""Shapes: the keys that an object of a protocol has, and what their values are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.request.syntax import Plain

__all__ = [
    "IDENTIFIER", "LIST", "OBJECT", "TEXT", "TEXT_OR_NULL", "TRUTH", "WHOLE", "Kind", "Shape",
    "one_of", "shape",
]  # fmt: skip


class Kind(NamedTuple):
    """What a value is: of one of the Python types that JSON is read as, exactly, or one of a few texts."""

    said: str
    taken: frozenset[type]
    texts: tuple[str, ...] = ()

    def fits(self, value: Plain) -> bool:
        """Whether `value` is of the kind. No truth value is a number."""
        return type(value) in self.taken and (not self.texts or value in self.texts)

    @property
    def mend(self) -> str:
        """What to send instead."""
        return "send { … }" if self is OBJECT else f"write {self.said}"


TEXT: Final = Kind("a string", frozenset({str}))
OBJECT: Final = Kind("an object", frozenset({dict}))
LIST: Final = Kind("a list", frozenset({tuple}))
WHOLE: Final = Kind("a whole number", frozenset({int}))
TRUTH: Final = Kind("true or false", frozenset({bool}))
IDENTIFIER: Final = Kind("a string or a whole number", frozenset({str, int}))
TEXT_OR_NULL: Final = Kind("a string or null", frozenset({str, type(None)}))


def one_of(*texts: str) -> Kind:
    """Return the kind of the one of these texts."""
    return Kind(" or ".join(f'"{text}"' for text in texts), frozenset({str}), texts)


class Shape(NamedTuple):
    """An object of a protocol: what it is called, the keys it must have, and the kind of each it may have."""

    what: str
    required: tuple[str, ...]
    kinds: Mapping[str, Kind]
    mend: str


def shape(what: str, required: Mapping[str, Kind], allowed: Mapping[str, Kind] | None = None) -> Shape:
    """Return the shape of an object with these keys and no others."""
    kinds = {**required, **(allowed or {})}
    return Shape(what, tuple(sorted(required)), kinds, f"keys: {', '.join(sorted(kinds)) or 'none'}")
