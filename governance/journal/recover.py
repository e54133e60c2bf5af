"""The end of a log as it is found when the log is opened, and what is done about it.

A last line that was cut short is dropped: no receipt was given for it. Anything else that is wrong is the
operator's to look at, and nothing is written to such a log. Only the last segment is read in full, so that
opening takes the same time however long the log is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from governance.errors import Diagnostic, JournalError
from governance.journal.chain import GENESIS
from governance.journal.record import Head, Loss
from governance.journal.segments import first_segment, lines, segments
from governance.journal.walk import last_record, walk

if TYPE_CHECKING:
    from pathlib import Path

    from governance.journal.segments import Segment

__all__ = ["End", "find_end"]


class End(NamedTuple):
    """Where a log goes on: the segment, how much of it stays, what is dropped, and the last record."""

    segment: Segment
    size: int
    loss: Loss | None
    head: Head | None
    log_id: str | None
    """The log's own name, from its first record; None, as `head`, for a log that has no record yet."""


def find_end(folder: Path) -> End:
    """Return the end of the log in `folder`, changing nothing; JournalError `log-damaged` if it is not sound."""
    try:
        found = segments(folder)
    except JournalError as error:
        if error.code != "no-log":
            raise
        return End(first_segment(folder), 0, None, None, None)
    try:
        return _end(found)
    except JournalError as error:
        if error.code == "log-unreadable":
            raise
        raise JournalError(
            Diagnostic(
                "log-damaged",
                f"the log in {folder} is damaged and nothing is written to it: {error}",
                help="run `governance log verify` on it, keep it as it is, and name a new folder for a new log",
            )
        ) from error


def _end(found: tuple[Segment, ...]) -> End:
    last = found[-1]
    head = _head_before(found)
    size = 0
    try:
        for item in walk(
            (last,), 0 if head is None else head.seq + 1, GENESIS if head is None else head.hash
        ):
            head = Head(item.record.event.seq, item.record.event.at, item.record.hash)
            size = item.end
    except JournalError as error:
        if error.code != "torn-tail":
            raise
        torn = next(lines(last, size))
        return End(last, size, Loss(last.name, size, torn.size), head, _log_id(found, head))
    return End(last, size, None, head, _log_id(found, head))


def _head_before(found: tuple[Segment, ...]) -> Head | None:
    """Return the last record of the segment before the last, if there is one."""
    if len(found) == 1:
        return None
    record = last_record(found[-2], found[-1].first - 1)
    return Head(record.event.seq, record.event.at, record.hash)


def _log_id(found: tuple[Segment, ...], head: Head | None) -> str | None:
    """Return the name that the first record gives the log."""
    if head is None:
        return None
    body = next(walk(found)).record.event.body
    log_id = body.get("log")
    if body.get("what") != "log-created" or body.get("format") != 1 or not isinstance(log_id, str):
        raise JournalError(
            Diagnostic(
                "record-edited", "record 0 does not say which log this is, in a format that is known here"
            )
        )
    return log_id
