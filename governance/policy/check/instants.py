"""Checks what a policy says of time: days and instants, and windows of the day."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from governance.instant import check_instant, milliseconds
from governance.policy.condition import Window

if TYPE_CHECKING:
    from governance.policy.check.scope import FileScope
    from governance.policy.syntax import Window as WindowSyntax
    from governance.policy.syntax import Word

__all__ = ["check_moment", "check_window"]

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME: Final = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])")
_OFFSET: Final = re.compile(r"utc(?:([+-])(0[0-9]|1[0-4]):([0-5][0-9]))?")


def check_moment(scope: FileScope, word: Word) -> int | None:
    """Return a day or an instant in milliseconds since 1970, a day as its first; none that there is is reported."""
    text = word.text if "T" in word.text else f"{word.text}T00:00:00Z"
    try:
        return milliseconds(check_instant(text))
    except ValueError:
        mend = "like 2027-01-31, or 2027-01-31T09:00:00Z"
        scope.report("bad-instant", f"`{word.text}` is no day or instant that there is", word, mend)
        return None


def check_window(scope: FileScope, syntax: WindowSyntax, text: str) -> Window | None:
    """Return a window of the day; what is none is reported."""
    first, last = _minutes(scope, syntax.first), _minutes(scope, syntax.last)
    offset = 0 if syntax.offset is None else _offset(scope, syntax.offset)
    days = frozenset(day for span in syntax.days for day in _days(*span)) or frozenset(range(7))
    if first is None or last is None or offset is None:
        return None
    if first in (last, 1440):
        scope.report(
            "bad-time", "this window has no length", syntax.last, "end it later, at 24:00 at the latest"
        )
        return None
    return Window(first, last, offset, days, text)


def _minutes(scope: FileScope, word: Word) -> int | None:
    match = _TIME.fullmatch(word.text)
    minutes = int(match[1]) * 60 + int(match[2]) if match else 1441
    if minutes > 1440:
        scope.report("bad-time", f"`{word.text}` is no time of day", word, "between 00:00 and 24:00")
        return None
    return minutes


def _offset(scope: FileScope, word: Word) -> int | None:
    match = _OFFSET.fullmatch(word.text)
    if match is None:
        scope.report("bad-time", f"`{word.text}` is no offset that there is", word, "like utc+01:00")
        return None
    return 0 if match[1] is None else int(f"{match[1]}{int(match[2]) * 60 + int(match[3])}")


def _days(first: Word, last: Word) -> tuple[int, ...]:
    """Return the days from the first to the last; a span may go over Sunday."""
    begin, end = _DAYS.index(first.text), _DAYS.index(last.text)
    return tuple(day % 7 for day in range(begin, end + 1 if end >= begin else end + 8))
