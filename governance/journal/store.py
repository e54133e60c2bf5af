"""The one writer of a decision log: records go in, in order, and receipts come out when they are durable.

Here lives the opening of a log (the lock, the recovery, the first record) and the last instant, which never goes
back. How records become durable together is the business of `commit`, what a record looks like of `chain`,
and what it means of the gateway.
"""

from __future__ import annotations

import threading
import uuid
from contextlib import ExitStack
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final, Self, TypeVar

from governance.errors import Diagnostic, JournalError
from governance.instant import check_instant
from governance.journal import lock
from governance.journal.chain import GENESIS
from governance.journal.commit import Commits, Pending, failed
from governance.journal.files import DISK
from governance.journal.kept import BUNDLES, EVIDENCE
from governance.journal.record import Head, Receipt
from governance.journal.recover import find_end
from governance.journal.segments import Tail
from governance.journal.verify import read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from governance.canonical import Json
    from governance.journal.files import Files
    from governance.journal.kept import Kept
    from governance.journal.record import Event, Kind, Loss
    from governance.journal.recover import End

__all__ = ["SEGMENT_BYTES", "Journal"]

SEGMENT_BYTES: Final = 64 * 1024 * 1024
"""The size that a segment does not pass, unless one record does."""

_OVERTAKING: Final = timedelta(seconds=1)
"""Requests may overtake each other by this much; an instant further back means that the clock was set back."""

S = TypeVar("S")


class Journal:
    """A decision log that is open for writing, by this process alone. Safe for use by many threads."""

    folder: Path
    log_id: str
    loss: Loss | None
    """What was dropped when the log was opened; the log holds a message about it."""

    def __init__(self, folder: Path, end: End, commits: Commits, files: Files, held: ExitStack) -> None:
        """Go on after `end` and close `held` at the end; `Journal.open` is the way to a log."""
        self.folder = folder
        self.log_id = end.log_id or uuid.uuid4().hex
        self.loss = end.loss
        self._commits = commits
        self._files = files
        self._held = held
        self._clock = threading.Lock()
        self._set_back = False

    @classmethod
    def open(
        cls, folder: Path, *, now: str, segment_bytes: int = SEGMENT_BYTES, files: Files = DISK
    ) -> Journal:
        """Open the log in `folder`, or make one there; `now` is an RFC 3339 instant.

        A last record that was cut short is dropped and that is recorded (`loss`). Raises JournalError `log-in-use`,
        `log-damaged`, `log-unreadable`, `log-failed`, `not-a-log` or `bad-instant`.
        """
        instant = _instant(now)
        with ExitStack() as held:
            try:
                files.make_folder(folder)
                _refuse_other_folder(folder)
                held.callback(lock.release, lock.take(folder))
                end = find_end(folder)
                tail = Tail(end.segment, segment_bytes, files)
                held.callback(tail.close)
                if end.loss is not None:
                    tail.cut(end.size)
            except OSError as error:
                raise failed(error) from error
            commits = Commits(tail, end.head or Head(-1, "", GENESIS))
            held.callback(commits.close)
            journal = cls(folder, end, commits, files, held.pop_all())
            held.enter_context(journal)
            _record_opening(journal, end, instant)
            held.pop_all()
        return journal

    @property
    def head(self) -> Head:
        """The record that was appended last; it may not be durable yet."""
        return self._commits.head

    def instant(self, now: str) -> str:
        """Return `now` in the log's form, or the last record's instant if that is later.

        The first instant that shows that the clock was set back is recorded as a message.
        """
        moment, last = _instant(now), self.head.at
        with self._clock:
            first_seen = moment < last and not self._set_back and _distance(moment, last) > _OVERTAKING
            self._set_back = moment < last and (self._set_back or first_seen)
        if first_seen:
            self.append("message", last, {"what": "clock-set-back", "clock": moment, "last": last}, None)
        return max(moment, last)

    def append(self, kind: Kind, at: str, body: Mapping[str, Json], subject: S) -> Pending[S]:
        """Give the record its place in the log and return; `wait` for it, or for a later one, to make it durable.

        An `at` that is earlier than the last record's becomes that. Raises JournalError `record-unwritable`,
        `log-failed` or `log-closed`.
        """
        return self._commits.append(kind, at, body, subject)

    def wait(self, pending: Pending[S]) -> Receipt[S]:
        """Return the receipt of `pending` when it is durable; raises JournalError `log-failed` if it cannot be."""
        return self._commits.wait(pending)

    def record(self, kind: Kind, at: str, body: Mapping[str, Json], subject: S) -> Receipt[S]:
        """Append the record and wait until it is durable."""
        return self._commits.wait(self._commits.append(kind, at, body, subject))

    def keep_bundle(self, digest: str, data: bytes) -> None:
        """Keep a policy bundle durably beside the log, to be there before a record names it."""
        self._keep(BUNDLES, digest, data)

    def keep_evidence(self, digest: str, data: bytes) -> None:
        """Keep the evidence of a sandbox durably beside the log, to be there before an outcome names it."""
        self._keep(EVIDENCE, digest, data)

    def _keep(self, kind: Kept, digest: str, data: bytes) -> None:
        self._commits.refuse_unusable()
        with self._commits.disk:
            try:
                kind.keep(self.folder, digest, data, self._files)
            except OSError as error:
                raise failed(error) from error

    def events(self) -> Iterator[Event]:
        """Read the events that are durable now, from the first, checking the chain."""
        return islice(read(self.folder), self._commits.durable + 1)

    def close(self) -> None:
        """Make durable what was appended, and let others write the log; JournalError `log-failed` if it cannot."""
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _record_opening(journal: Journal, end: End, now: str) -> None:
    """Record what the opening found, or that the log begins."""
    at = journal.instant(now)
    if end.head is None:
        journal.record("message", at, {"what": "log-created", "log": journal.log_id, "format": 1}, None)
    if end.loss is not None:
        journal.record("message", at, {"what": "torn-tail", **end.loss.to_json()}, None)


def _instant(text: str) -> str:
    try:
        return check_instant(text)
    except ValueError as error:
        raise JournalError(Diagnostic("bad-instant", f"{text!r} is no instant", help=str(error))) from None


def _distance(earlier: str, later: str) -> timedelta:
    return datetime.fromisoformat(later) - datetime.fromisoformat(earlier)


def _refuse_other_folder(folder: Path) -> None:
    """Refuse a folder that holds other things and no log."""
    names = {entry.name for entry in folder.iterdir()} - {"lock"}
    if names and not any(name.endswith(".jsonl") for name in names):
        raise JournalError(
            Diagnostic(
                "not-a-log",
                f"{folder} holds other things and no decision log",
                help="name an empty folder, one that is not there yet, or a folder that holds a log",
            )
        )
