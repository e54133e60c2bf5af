"""Group commit: records get their places one after the other and become durable together.

Whoever waits first for a record takes all that were appended by then to the disk, with one write and one sync;
the others wait for that. INVARIANT: nothing is acknowledged before its sync. After a failed write or sync
nothing more is taken, for what the disk holds is then unknown until the log is read again.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from governance.errors import Diagnostic, JournalError
from governance.journal.chain import Draft, draft
from governance.journal.record import Head, Receipt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.canonical import Json
    from governance.journal.record import Kind
    from governance.journal.segments import Tail

__all__ = ["Commits", "Pending", "failed"]

S = TypeVar("S")


@dataclass(slots=True)
class Batch:
    """Lines that become durable together. `gate` is held by the one thread that sees to it."""

    first: int
    lines: list[bytes] = field(default_factory=list)
    gate: threading.Lock = field(default_factory=threading.Lock)
    settled: bool = False
    failure: JournalError | None = None


@dataclass(frozen=True, slots=True)
class Pending(Generic[S]):
    """A record that has its place in the log and may not be durable yet."""

    seq: int
    at: str
    hash: str
    subject: S
    batch: Batch


class Commits:
    """The end of an open log, shared by many threads."""

    def __init__(self, tail: Tail, head: Head) -> None:
        """Go on after `head`, in `tail`."""
        self.head = head
        self.durable = head.seq
        self.disk = threading.Lock()
        """Held by whoever writes; what else must not happen at the same time may take it too."""
        self._tail = tail
        self._batch = Batch(head.seq + 1)
        self._order = threading.Lock()
        self._failure: JournalError | None = None
        self._closed = False

    def append(self, kind: Kind, at: str, body: Mapping[str, Json], subject: S) -> Pending[S]:
        """Give the record its place, dated no earlier than the one before it, and return."""
        drafted: Draft = draft(kind, at, body)
        with self._order:
            self.refuse_unusable()
            last, batch = self.head, self._batch
            if drafted.at < last.at:
                drafted = draft(kind, last.at, body)
            seq = last.seq + 1
            line, own = drafted.placed(seq, last.hash)
            batch.lines.append(line)
            self.head = Head(seq, drafted.at, own)
        return Pending(seq, drafted.at, own, subject, batch)

    def wait(self, pending: Pending[S]) -> Receipt[S]:
        """Return the receipt of `pending` when it is durable; JournalError `log-failed` if it cannot be."""
        self._settle(pending.batch)
        return Receipt(pending.seq, pending.at, pending.hash, pending.subject)

    def flush(self) -> None:
        """Make durable all that was appended; JournalError `log-failed` if it cannot be."""
        with self._order:
            batch = self._batch
        if batch.lines:
            self._settle(batch)

    def close(self) -> None:
        """Take no more records and flush; the tail is at rest then, also when the flush fails."""
        with self._order:
            self._closed = True
        try:
            self.flush()
        finally:
            with self.disk:
                pass

    def refuse_unusable(self) -> None:
        """Raise JournalError `log-failed` or `log-closed` if nothing can be recorded any more."""
        if self._failure is not None:
            raise _again(self._failure)
        if self._closed:
            advice = "open the log again before recording anything"
            raise JournalError(Diagnostic("log-closed", "the log was closed", help=advice))

    def _settle(self, batch: Batch) -> None:
        if not batch.settled:
            # The first to come holds the gate and writes; those behind it find the batch settled.
            with batch.gate:
                if not batch.settled:
                    self._commit(batch)
        if batch.failure is not None:
            raise _again(batch.failure)

    def _commit(self, batch: Batch) -> None:
        """Take `batch` to the disk and settle it; the caller holds its gate."""
        with self.disk:
            with self._order:
                self._batch = Batch(batch.first + len(batch.lines))
            written = False
            try:
                if self._failure is None:
                    self._tail.append(batch.first, batch.lines)
                    self.durable = batch.first + len(batch.lines) - 1
                    written = True
            except OSError as error:
                self._failure = failed(error)
            finally:
                # Also when the write was interrupted: what the disk holds is unknown then too.
                if not written and self._failure is None:
                    self._failure = failed(InterruptedError("the write was interrupted"))
                batch.failure = self._failure
                batch.settled = True


def failed(error: OSError) -> JournalError:
    """Return what the operator is told when the log cannot be written."""
    return JournalError(
        Diagnostic(
            "log-failed",
            f"the log cannot be written: {error.strerror or error}",
            help="nothing more is recorded and nothing is dispatched: free space on the log's disk or mend it, then "
            "start again; what was acknowledged is safe and a record that was cut short is dropped at the next start",
        )
    )


def _again(failure: JournalError) -> JournalError:
    """Return `failure` as an error of its own for one more thread."""
    return JournalError(*failure.diagnostics)
