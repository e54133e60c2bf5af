"""Trees without their places: two that are equal so say the same."""

from __future__ import annotations

__all__ = ["without_places"]


def without_places(node: object) -> object:
    """Return a node of a tree as nested tuples, less `start` and `end`."""
    if not isinstance(node, tuple):
        return node
    names = getattr(node, "_fields", None)
    if names is None:
        return tuple(without_places(each) for each in node)
    values = (
        without_places(value) for name, value in zip(names, node, strict=True) if name not in ("start", "end")
    )
    return (type(node).__name__, *values)
