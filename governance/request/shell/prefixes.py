"""What may stand before a command: variables of its environment, and the deadline that `timeout` sets."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["deadline_of", "harm_of"]

_HARMLESS: Final = frozenset(
    {
        "CI", "COLUMNS", "FORCE_COLOR", "LANG", "LC_ALL", "LC_COLLATE", "LC_CTYPE", "LC_MESSAGES", "LC_NUMERIC",
        "LC_TIME", "LINES", "NO_COLOR", "PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED", "PYTHONUNBUFFERED", "TERM", "TZ",
    }
)  # fmt: skip
"""Variables that change how programs show things, and never which code they run or which files they use."""

_LONGEST_VALUE: Final = 80
_DURATION: Final = re.compile(r"([0-9]{1,6})(?:\.([0-9]{1,3}))?([smh]?)", re.ASCII)
_UNITS: Final = {"": 1000, "s": 1000, "m": 60_000, "h": 3_600_000}
_LONGEST: Final = 86_400_000
_ZONE: Final = re.compile(r"(?:[A-Za-z0-9+_-]{1,40}(?:/[A-Za-z0-9+_-]{1,40}){0,2})?", re.ASCII)


def harm_of(name: str, value: str | None) -> str | None:
    """Return why a variable may not be put into a program's environment with this value, None where it may."""
    if name not in _HARMLESS:
        return f"`{name[:40]}` is none of {', '.join(sorted(_HARMLESS))}"
    if value is None:
        return f"only running it would tell the value of {name}"
    # Libraries open what is a path.
    right = _ZONE.fullmatch(value) is not None if name == "TZ" else "/" not in value
    if not right or len(value) > _LONGEST_VALUE or not value.isascii() or not value.isprintable():
        return f"the value of {name} is none that it can have here"
    return None


def deadline_of(text: str | None) -> int | None:
    """Return the milliseconds that the duration of `timeout` is, None where it is none."""
    found = _DURATION.fullmatch(text or "")
    if found is None:
        return None
    whole, part, unit = found.groups()
    milliseconds = (int(whole) * 1000 + int((part or "0").ljust(3, "0"))) * _UNITS[unit] // 1000
    return milliseconds if 0 < milliseconds <= _LONGEST else None
