"""Whether a value stands in a text as a whole, or perhaps only as a part of something longer.

`lee@example.org` is not what someone said who wrote `ann.lee@example.org`, nor `100` what stands in `100.50`. The
cost is that of finding the value: at each place a few characters around it are looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from governance.policy.condition import Truth

__all__ = ["occurs"]

_SHORTEST: Final = 3
"""A shorter text occurs somewhere by chance, so that it occurs says nothing."""

_JOINING: Final = "._-@+%~"
_JOINING_PATHS: Final = "._-@+%~/?&=#"
"""Signs that a longer word goes on with; those of a path or URL only where the value is one."""

_LOOKED_AT: Final = 64
"""A longer run of such signs belongs to the word, whatever is behind it."""


def occurs(value: str, text: str) -> Truth:
    """Return whether `value` stands in `text` as a whole, or None for only as a part of a longer word.

    Letters and digits right beside it make it another word, in which it does not occur.
    """
    if len(value) < _SHORTEST:
        return False
    found: Truth = False
    at = text.find(value)
    while at >= 0:
        end = at + len(value)
        # Read from the value outwards, to both sides alike.
        before = _goes_on(value, value[0], text[max(at - _LOOKED_AT, 0) : at][::-1])
        behind = _goes_on(value, value[-1], text[end : end + _LOOKED_AT])
        if before is False and behind is False:
            return True
        found = found if True in (before, behind) else None
        at = text.find(value, at + 1)
    return found


def _goes_on(value: str, edge: str, beside: str) -> Truth:
    """Return whether the word of `value` goes on in `beside`, the text next to its `edge`; None for perhaps."""
    joining = _JOINING_PATHS if "/" in value else _JOINING
    rest = beside.lstrip(joining)
    if beside[:1].isalnum():
        return True if edge.isalnum() else (None if edge in joining else False)
    if edge.isdigit() and beside[:1] == "," and beside[1:2].isdigit():
        return None
    joined = rest != beside and (rest[:1].isalnum() or len(beside) - len(rest) == _LOOKED_AT)
    return None if joined else False
