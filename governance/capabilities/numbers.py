"""Numbers: exact decimals, and sizes and durations with their units. There is no float and no rounding.

A decimal has at most 20 digits before its point and 12 after it, so that arithmetic on it can be done in
integers; the arithmetic of the module `decimal` rounds to a context and is not used.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from governance.canonical import decimal_text
from governance.text import excerpt, shown

__all__ = [
    "MOST_DECIMAL",
    "bounded",
    "check_decimal",
    "decimal_of",
    "decimal_text",
    "number_text",
    "quantity",
    "scaled",
    "unscaled",
]

UNITS: Final = {
    "Size": {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30},
    "Duration": {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000},
}
"""What a unit is worth, in bytes and in milliseconds."""

_WHOLE_DIGITS: Final = 20
_PLACES: Final = 12
MOST_DECIMAL: Final = Decimal("99999999999999999999.999999999999")
"""The largest decimal; the least is its negative."""

_QUANTITY: Final = re.compile(r"(0|[1-9][0-9]{0,14})(B|KiB|MiB|GiB|ms|s|m|h|d)")
_CANONICAL: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,19})(?:\.[0-9]{0,11}[1-9])?")
_LITERAL: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,19})(?:\.[0-9]{1,40})?")
_READABLE: Final = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,3})?")


def quantity(text: str, name: str) -> int:
    """Return the bytes or milliseconds that `text` (`64KiB`, `30s`) stands for, `name` being `Size` or `Duration`.

    Raises `ValueError` when it is no such literal.
    """
    match = _QUANTITY.fullmatch(text)
    units = UNITS[name]
    if match is None or match[2] not in units:
        raise ValueError(
            f"`{shown(text[:40])}` is no {name}; write a whole number and one of {', '.join(units)}"
        )
    return int(match[1]) * units[match[2]]


def check_decimal(value: str | int | Decimal) -> Decimal:
    """Return `value` as `decimal_of` does; a string is in the one spelling of its number: `500`, `-0.25`."""
    if isinstance(value, str) and (not _CANONICAL.fullmatch(value) or value == "-0"):
        raise ValueError(f"`{excerpt(value)}` is no canonical decimal; {_spelling(value)}")
    return decimal_of(value)


def decimal_of(value: str | int | Decimal) -> Decimal:
    """Return `value` exactly, without an exponent and without zeros at its end: `500`, `500.00`, `-0.25`.

    A number may have an exponent, a string has none. Raises `ValueError` for anything else, and for more
    digits than a decimal has.
    """
    match value:
        case Decimal():
            return _without_exponent(value)
        case int():
            if value.bit_length() > 67 or abs(value) > MOST_DECIMAL:
                raise ValueError(_TOO_LONG)
            return Decimal(value)
    if not _LITERAL.fullmatch(value):
        raise ValueError(f"`{excerpt(value)}` is no decimal; write it like 500.25")
    return _without_exponent(Decimal(value))


def scaled(value: Decimal) -> int:
    """Return a canonical decimal in units of 10**-12, exactly."""
    numerator, denominator = value.as_integer_ratio()
    return numerator * (10**_PLACES // denominator)


def unscaled(units: int) -> str:
    """Return units of 10**-12 as the text of a decimal."""
    whole, fraction = divmod(abs(units), 10**_PLACES)
    text = f"{whole}.{fraction:0{_PLACES}d}".rstrip("0").rstrip(".")
    return f"-{text}" if units < 0 else text


_TOO_LONG: Final = f"a decimal has at most {_WHOLE_DIGITS} digits before its point and {_PLACES} after it"


def _without_exponent(value: Decimal) -> Decimal:
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise ValueError("it is no number")
    if not value:
        if sign:
            raise ValueError("there is one zero, and it has no sign; write 0")
        return Decimal(0)
    kept = len(digits)
    while digits[kept - 1] == 0:
        kept -= 1
    exponent += len(digits) - kept
    if exponent < -_PLACES or kept + exponent > _WHOLE_DIGITS:
        raise ValueError(_TOO_LONG)
    return Decimal((sign, digits[:kept] + (0,) * exponent, min(exponent, 0)))


def _spelling(text: str) -> str:
    """Return how the number is written that `text` may have meant."""
    if _READABLE.fullmatch(text):
        try:
            return f"write {decimal_text(_without_exponent(Decimal(text)))}"
        except ValueError as error:
            return str(error)
    return "write it like 500.25"


def bounded(value: int | Decimal, low: int | Decimal, high: int | Decimal) -> None:
    """Raise `ValueError` when `value` is not between `low` and `high`, both included."""
    if not low <= value <= high:
        told = "the number" if isinstance(value, int) and value.bit_length() > 128 else number_text(value)
        raise ValueError(f"{told} is not between {number_text(low)} and {number_text(high)}")


def number_text(value: int | Decimal) -> str:
    """Return a number as the language writes it, never with an exponent."""
    return decimal_text(value) if isinstance(value, Decimal) else str(value)
