"""Exact decimals: 20 digits before the point, 12 behind it, and no float anywhere.

A value is a normalised `decimal.Decimal`; arithmetic is done in whole units of 10**-12, which nothing rounds.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

__all__ = ["decimal_of", "decimal_text", "scaled", "unscaled"]

_BEFORE: Final = 20
_BEHIND: Final = 12
_DECIMAL: Final = re.compile(r"(-?)(0|[1-9][0-9]{0,19})(?:\.([0-9]{1,12}))?")


def decimal_of(value: str | int | Decimal) -> Decimal:
    """Return the exact decimal that `value` is: `500`, `500.00`, `-0.25`.

    Raises `ValueError` for an exponent, a plus, a leading zero, more than 20 digits before the point or 12 behind it.
    """
    if isinstance(value, Decimal):
        if not value.is_finite() or abs(value.adjusted()) > _BEFORE + _BEHIND:
            raise ValueError(f"it has more than {_BEFORE} digits before the point, or {_BEHIND} behind it")
        value = f"{value:f}"
    text = str(value) if isinstance(value, str) or abs(value) < 10**_BEFORE else ""
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise ValueError(
            f"write digits and a point, at most {_BEFORE} before it and {_BEHIND} behind it, like 12.50"
        )
    sign, whole, fraction = match[1], match[2], (match[3] or "").rstrip("0")
    units = int(sign + whole + fraction.ljust(_BEHIND, "0"))
    return _of_units(units)


def scaled(value: Decimal) -> int:
    """Return `value`, as `decimal_of` gives it, in units of 10**-12."""
    sign, digits, exponent = value.as_tuple()
    units = int("".join(map(str, digits)) + "0" * (_BEHIND + int(exponent)))
    return -units if sign else units


def unscaled(units: int) -> str:
    """Return units of 10**-12 as the canonical text of a decimal."""
    whole, fraction = divmod(abs(units), 10**_BEHIND)
    text = f"{whole}.{fraction:012d}".rstrip("0").rstrip(".")
    return f"-{text}" if units < 0 else text


def decimal_text(value: Decimal) -> str:
    """Return the canonical text of `value`: no exponent, no zeros at the end."""
    return unscaled(scaled(value))


def _of_units(units: int) -> Decimal:
    return Decimal(unscaled(units))
