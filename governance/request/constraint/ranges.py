"""Whole numbers between two bounds as a regular expression: exact, and short for any bounds."""

from __future__ import annotations

__all__ = ["between"]


def between(low: int, high: int) -> str:
    """Return what matches the whole numbers from `low` to `high`, in their one spelling, in parentheses.

    Raises `ValueError` where there is none.
    """
    if low > high:
        raise ValueError("no number lies there")
    parts: list[str] = []
    if low < 0:
        parts.append(f"-{between(max(1, -high), -low)}")
    if high >= 0:
        parts += _same_length(max(low, 0), high)
    return f"({'|'.join(parts)})"


def _same_length(low: int, high: int) -> list[str]:
    """Return a pattern for each run of numbers that have as many digits."""
    found: list[str] = []
    while low <= high:
        last = min(high, 10 ** len(str(low)) - 1)
        found += _digits(str(low), str(last))
        low = last + 1
    return found


def _digits(low: str, high: str) -> list[str]:
    """Return patterns for the numbers from `low` to `high`, which have as many digits."""
    if not low:
        return [""]
    rest = len(low) - 1
    first, last = low[0], high[0]
    if first == last:
        return [first + each for each in _digits(low[1:], high[1:])]
    if low[1:] == "0" * rest and high[1:] == "9" * rest:
        return [_choice(first, last) + _any(rest)]
    found: list[str] = []
    if low[1:] != "0" * rest:
        found += [first + each for each in _digits(low[1:], "9" * rest)]
        first = str(int(first) + 1)
    tail: list[str] = []
    if high[1:] != "9" * rest:
        tail = [last + each for each in _digits("0" * rest, high[1:])]
        last = str(int(last) - 1)
    middle = [_choice(first, last) + _any(rest)] if first <= last else []
    return found + middle + tail


def _choice(first: str, last: str) -> str:
    return first if first == last else f"[{first}-{last}]"


def _any(count: int) -> str:
    return "" if count == 0 else "[0-9]" if count == 1 else f"[0-9]{{{count}}}"
