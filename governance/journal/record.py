"""The events of the decision log and the receipt of a durable one.

Events are values; how they become lines and a chain is `chain`, how lines become durable is `store`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.canonical import Json

__all__ = ["Event", "Head", "Kind", "Loss", "Receipt"]

Kind: TypeAlias = Literal[
    "bundle", "session", "decision", "connection", "commit", "outcome", "grant", "revoke", "message"
]
Subject = TypeVar("Subject", covariant=True)  # noqa: PLC0105


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its number from 0, the instant it is about (RFC 3339, UTC, milliseconds), kind and payload."""

    seq: int
    at: str
    kind: Kind
    body: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Receipt(Generic[Subject]):
    """Proof that an event about `subject` is on stable storage: made by the store alone, after its fsync."""

    seq: int
    at: str
    hash: str
    subject: Subject


@dataclass(frozen=True, slots=True)
class Head:
    """The last record of a log: its number, its instant and its hash, which stands for all before it."""

    seq: int
    at: str
    hash: str


@dataclass(frozen=True, slots=True)
class Loss:
    """What a write that was cut short cost: `bytes` dropped from `segment` at `offset`."""

    segment: str
    offset: int
    bytes: int

    def to_json(self) -> dict[str, Json]:
        """Return the loss as canonical data."""
        return {"segment": self.segment, "offset": self.offset, "bytes": self.bytes}
