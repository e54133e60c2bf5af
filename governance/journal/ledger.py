"""What the records of a sound log have to say of each other: an outcome needs its one allow, and time goes on.

A fold over events, one at a time; of the past it keeps the digests of decision ids and nothing more.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from governance.errors import Diagnostic

if TYPE_CHECKING:
    from governance.canonical import Json
    from governance.journal.record import Event

__all__ = ["Ledger"]

_ADVICE: Final = "the writer of this log broke its own law; report it with the records that are named"


class Ledger:
    """Takes the events of a log in order and says of each what is wrong with it."""

    def __init__(self) -> None:
        """Begin before the first event."""
        self.log_id: str | None = None
        self.first_at: str | None = None
        self.last_at: str | None = None
        self.unsettled: dict[bytes, int] = {}
        """The numbers of the allows that have no outcome yet, by the key of their decision."""
        self._decided: set[bytes] = set()
        self._committed: set[bytes] = set()

    def take(self, event: Event) -> tuple[Diagnostic, ...]:
        """Take the next event; return its problems."""
        problems = [*self._time(event), *self._beginning(event)]
        if event.kind == "decision":
            problems += self._decision(event)
        elif event.kind == "connection":
            problems += self._connection(event)
        elif event.kind == "commit":
            problems += self._commit(event)
        elif event.kind == "outcome":
            problems += self._outcome(event)
        return tuple(problems)

    def decision_of(self, event: Event) -> int | None:
        """Return the number of the allow that the outcome or connection `event` belongs to, if it is still open."""
        return self.unsettled.get(_key(event.body.get("id")) or b"")

    def _time(self, event: Event) -> tuple[Diagnostic, ...]:
        earlier, self.last_at = self.last_at, event.at
        if earlier is None:
            self.first_at = event.at
        elif event.at < earlier:
            return (
                _problem("time-went-back", f"is dated {event.at}, before the record before it ({earlier})"),
            )
        return ()

    def _beginning(self, event: Event) -> tuple[Diagnostic, ...]:
        if event.seq != 0:
            return ()
        log_id = event.body.get("log")
        if event.kind != "message" or event.body.get("what") != "log-created" or not isinstance(log_id, str):
            return (_problem("record-edited", "is the first and does not say which log this is"),)
        self.log_id = log_id
        return ()

    def _decision(self, event: Event) -> tuple[Diagnostic, ...]:
        decision = event.body.get("decision")
        key = _key(decision.get("id")) if isinstance(decision, dict) else None
        if not isinstance(decision, dict) or key is None:
            return (_problem("decision-without-id", "is a decision without an id"),)
        if key in self._decided:
            return (_problem("decision-repeated", "is a second decision with the same id"),)
        self._decided.add(key)
        if decision.get("decision") == "allow":
            self.unsettled[key] = event.seq
        return ()

    def _connection(self, event: Event) -> tuple[Diagnostic, ...]:
        if _key(event.body.get("id")) in self.unsettled:
            return ()
        return (_problem("connection-without-allow", "is a connection of no allow that is still open"),)

    def _commit(self, event: Event) -> tuple[Diagnostic, ...]:
        key = _key(event.body.get("id"))
        if key is None or key not in self.unsettled:
            return (_problem("commit-without-allow", "judges what no open allow can have written"),)
        if key in self._committed:
            return (_problem("commit-repeated", "judges a second time what one call wrote"),)
        self._committed.add(key)
        return ()

    def _outcome(self, event: Event) -> tuple[Diagnostic, ...]:
        key = _key(event.body.get("id"))
        if key is None or key not in self._decided:
            return (_problem("outcome-without-decision", "is the outcome of no earlier decision"),)
        self._committed.discard(key)
        if self.unsettled.pop(key, None) is None:
            return (
                _problem(
                    "outcome-without-allow", "is the outcome of no open allow: denied, or already settled"
                ),
            )
        return ()


def _key(identifier: Json) -> bytes | None:
    if not isinstance(identifier, str) or not identifier:
        return None
    return blake2b(identifier.encode(), digest_size=16).digest()


def _problem(code: str, message: str) -> Diagnostic:
    return Diagnostic(code, message, help=_ADVICE)
