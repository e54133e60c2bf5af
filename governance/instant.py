"""Instants, in the one form that everything here writes: RFC 3339, UTC, milliseconds."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Final

__all__ = ["check_instant", "instant", "milliseconds"]

_EPOCH: Final = date(1970, 1, 1).toordinal()
_INSTANT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3})?Z")


def check_instant(text: str) -> str:
    """Return `text`, an RFC 3339 instant in UTC, with exactly three digits of milliseconds.

    Raises `ValueError` for anything else: other digits or offsets, a day or an hour that there is not.
    """
    match = _INSTANT.fullmatch(text)
    if match is None or not _exists(text):
        raise ValueError(
            "an instant is written like 2026-01-31T09:00:00Z, or with three digits of milliseconds"
        )
    return text if match[1] else f"{text[:-1]}.000Z"


def milliseconds(text: str) -> int:
    """Return the instant `text`, as `check_instant` gives it, in milliseconds since 1970."""
    days = date(int(text[:4]), int(text[5:7]), int(text[8:10])).toordinal() - _EPOCH
    minutes = (days * 24 + int(text[11:13])) * 60 + int(text[14:16])
    return (minutes * 60 + int(text[17:19])) * 1000 + int(text[20:23])


def instant(moment: int) -> str:
    """Return milliseconds since 1970 as an instant."""
    seconds, thousandths = divmod(moment, 1000)
    days, second = divmod(seconds, 86_400)
    day = date.fromordinal(_EPOCH + days)
    clock = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}.{thousandths:03d}"
    return f"{day.year:04d}-{day.month:02d}-{day.day:02d}T{clock}Z"


def _exists(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
