"""What a text says: plain values, and nodes, which are values with their places. Nothing here reads.

Plain values are enough to decide. Nodes carry offsets into the text they were read from, so that every error
can point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias, assert_never

if TYPE_CHECKING:
    from decimal import Decimal

__all__ = ["Argument", "Array", "Literal", "Member", "Node", "Object", "Plain", "plain"]

Plain: TypeAlias = "str | int | bool | Decimal | tuple[Plain, ...] | dict[str, Plain] | None"
"""A value without places: tuples for arrays, dictionaries for objects. No number is ever a float."""


class Literal(NamedTuple):
    """A string, number, truth value or null at `start` up to `end` of its text. No number is ever a float."""

    value: str | int | Decimal | bool | None
    start: int
    end: int


class Array(NamedTuple):
    """Values in order."""

    items: tuple[Node, ...]
    start: int
    end: int


class Member(NamedTuple):
    """One key of an object with its value."""

    key: Literal
    value: Node


class Object(NamedTuple):
    """Members in the order they stand in; no key twice."""

    members: tuple[Member, ...]
    start: int
    end: int

    def items(self) -> dict[str, Node]:
        """Return the values by key."""
        return {str(member.key.value): member.value for member in self.members}


Node: TypeAlias = Literal | Array | Object


class Argument(NamedTuple):
    """One named argument; `start` and `end` are those of the name."""

    name: str
    start: int
    end: int
    value: Node


def plain(node: Node) -> Plain:
    """Return the value of a node."""
    match node:
        case Literal():
            return node.value
        case Array():
            return tuple(plain(item) for item in node.items)
        case Object():
            return {name: plain(value) for name, value in node.items().items()}
        case _:
            assert_never(node)
