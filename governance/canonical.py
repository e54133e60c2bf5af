"""Canonical JSON (RFC 8785) and SHA-256 digests: the only bytes that are ever hashed or compared.

The values here hold no floats, no integer beyond 2**53 - 1, and no key with a character beyond U+FFFF, so that
characters and UTF-16 units sort alike; for these the C encoder of the standard library writes exactly RFC 8785
(a test holds it against the `rfc8785` package). Strict reading of foreign JSON lives in `governance.request`.
"""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["EXACT_INTEGER", "Json", "canonical", "decimal_text", "digest", "digest_of"]

Json: TypeAlias = "bool | int | str | Decimal | Sequence[Json] | Mapping[str, Json] | None"
"""A JSON value with exact numbers only; a decimal is written as its text."""

EXACT_INTEGER: Final = 2**53 - 1
"""The largest integer that every JSON reader keeps exact (RFC 7493, section 2.2)."""


def decimal_text(value: object) -> str:
    """Return an exact decimal as its digits, never with an exponent. Raises `TypeError` for anything else."""
    if isinstance(value, Decimal) and value.is_finite():
        return f"{value:f}"
    raise TypeError(f"{type(value).__name__} is no canonical data")


_ENCODE: Final = json.JSONEncoder(
    ensure_ascii=False,
    allow_nan=False,
    sort_keys=True,
    separators=(",", ":"),
    check_circular=False,
    default=decimal_text,
).encode


def canonical(value: Json) -> bytes:
    """Return the canonical JSON of `value` as UTF-8."""
    return _ENCODE(value).encode()


def digest(data: bytes) -> str:
    """Return the digest of `data` as `sha256:` and 64 hexadecimal digits."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def digest_of(value: Json) -> str:
    """Return the digest of the canonical JSON of `value`."""
    return digest(canonical(value))
