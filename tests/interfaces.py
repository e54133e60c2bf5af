"""What the interfaces promise, in the words that others rely on."""

from __future__ import annotations

from typing import Final

DECISION_KEYS: Final = [
    "decision",
    "code",
    "rules",
    "reason",
    "calls",
    "sandbox",
    "labels",
    "limits",
    "nearest",
    "bundle",
    "request",
    "id",
]
"""The keys of a decision, in their order."""
