"""Anthropic: a `tool_use` block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from governance.request.surfaces.shape import OBJECT, TEXT, one_of, shape

if TYPE_CHECKING:
    from governance.request.surfaces.reader import Reader
    from governance.request.syntax import CallSyntax

__all__ = ["read_anthropic"]

_TOOL_USE: Final = shape(
    "a tool_use block", {"type": one_of("tool_use"), "name": TEXT, "input": OBJECT}, {"id": TEXT}
)


def read_anthropic(reader: Reader) -> CallSyntax:
    """Return the call of a `tool_use` block."""
    return reader.call(reader.keys(reader.body, (), _TOOL_USE), (), "input")
