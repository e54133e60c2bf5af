"""The records of a log in order, each checked against the one before; the first that does not fit ends the walk.

Here lives what tells an edited record from a dropped, moved or doubled one. Constant memory: one record at a
time. What the records mean together (outcomes without a decision, and so on) is for `ledger`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from governance.errors import Diagnostic, JournalError
from governance.journal.chain import GENESIS, LONGEST, Record, parse
from governance.journal.segments import last_line, lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from governance.journal.segments import Line, Segment

__all__ = ["Found", "last_record", "walk"]

_KEEP: Final = "the log is not whole from here on: keep it as it is, compare it with a copy, and find out who could write to it"
_TORN: Final = "open the log for writing again: these bytes, of which no receipt was given, are then dropped and that is recorded"


class Found(NamedTuple):
    """A record that stands where it must, its line without the line feed, and where the line begins."""

    record: Record
    line: bytes
    segment: Segment
    offset: int

    @property
    def end(self) -> int:
        """The offset that the next line begins at."""
        return self.offset + len(self.line) + 1


def walk(segments: Sequence[Segment], seq: int = 0, prev: str = GENESIS) -> Iterator[Found]:
    """Yield the records of `segments`, of which the first must be number `seq` after the one hashed `prev`.

    Raises JournalError with the code `record-edited`, `record-missing`, `record-out-of-order`,
    `record-duplicated`, `segment-missing` or `torn-tail`; the message begins with `record N` for the number that
    is concerned. Only what follows the last line feed of the last segment is a torn tail.
    """
    for index, segment in enumerate(segments):
        if segment.first != seq:
            raise _misplaced_segment(segment, seq)
        rest = segments[index:]
        for line in lines(segment):
            record = _record(line, seq, rest)
            if record.event.seq != seq:
                raise _misplaced(line, record, seq, rest)
            if record.prev != prev:
                raise _unlinked(line, seq, segment)
            yield Found(record, line.data, segment, line.offset)
            seq, prev = seq + 1, record.hash


def last_record(segment: Segment, seq: int) -> Record:
    """Return the last record of `segment`, which is not the last segment and must end with number `seq`."""
    line = last_line(segment)
    if line is None:
        raise _broken("record-missing", f"record {seq} is not in the log", segment, 0)
    record = _record(line, seq, (segment, segment))
    if record.event.seq != seq:
        raise _misplaced(line, record, seq, (segment,))
    return record


def _record(line: Line, seq: int, rest: Sequence[Segment]) -> Record:
    """Return the record in `line`, which is in the first segment of `rest` and should be number `seq`."""
    segment = rest[0]
    if not line.whole and len(rest) == 1:
        what = f"record {seq} was cut short while it was written: {line.size} bytes without a line feed"
        raise _broken("torn-tail", what, segment, line.offset)
    if line.size > LONGEST:
        what = f"record {seq} has {line.size} bytes; {LONGEST} are the most"
        raise _broken("record-edited", what, segment, line.offset)
    if not line.whole:
        raise _broken("record-edited", f"record {seq} has lost its line feed", segment, line.offset)
    try:
        return parse(line.data)
    except JournalError as error:
        raise _broken("record-edited", f"record {seq} {error}", segment, line.offset) from error


def _misplaced(line: Line, record: Record, seq: int, rest: Sequence[Segment]) -> JournalError:
    """Tell what is wrong where `record` stands in the place of number `seq`."""
    segment, found = rest[0], record.event.seq
    if found < seq:
        what = f"record {found} stands a second time, where record {seq} should"
        return _broken("record-duplicated", what, segment, line.offset)
    if any(_numbered(other, seq) for each in rest for other in lines(each)):
        what = f"record {seq} stands further on; record {found} is in its place"
        return _broken("record-out-of-order", what, segment, line.offset)
    others = "is" if found == seq + 1 else f"and those up to record {found - 1} are"
    return _broken("record-missing", f"record {seq} {others} not in the log", segment, line.offset)


def _numbered(line: Line, seq: int) -> bool:
    try:
        return line.whole and parse(line.data).event.seq == seq
    except JournalError:
        return False


def _unlinked(line: Line, seq: int, segment: Segment) -> JournalError:
    what = f"does not follow from record {seq - 1}: one of the two was changed and hashed anew"
    if seq == 0:
        what = "is the first and names one before it"
    return _broken("record-edited", f"record {seq} {what}", segment, line.offset)


def _misplaced_segment(segment: Segment, seq: int) -> JournalError:
    if segment.first < seq:
        return _broken("record-duplicated", f"record {segment.first} begins a second segment", segment, 0)
    what = f"record {seq} and those up to record {segment.first - 1} stand in no segment"
    return _broken("segment-missing", what, segment, 0)


def _broken(code: str, what: str, segment: Segment, offset: int) -> JournalError:
    advice = _TORN if code == "torn-tail" else _KEEP
    return JournalError(Diagnostic(code, f"{what} ({segment.name}, byte {offset})", help=advice))
