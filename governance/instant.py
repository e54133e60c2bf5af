"""Instants, in the one form that everything here writes: RFC 3339, UTC, milliseconds."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

__all__ = ["check_instant"]

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


def _exists(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
