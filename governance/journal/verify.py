"""Reading a whole log and saying whether it holds: the chain, the bundles and evidence it names, and what follows what.

Streaming: one record at a time is held, and of the past only 16 bytes a decision. Nothing is written here. A
log whose end was cut off between two records looks whole; only a head or a checkpoint kept elsewhere tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from governance.errors import Diagnostic, JournalError
from governance.journal import lock
from governance.journal.chain import GENESIS
from governance.journal.kept import BUNDLES, EVIDENCE
from governance.journal.ledger import Ledger
from governance.journal.segments import segments
from governance.journal.walk import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from governance.journal.kept import Kept
    from governance.journal.record import Event
    from governance.journal.walk import Found

__all__ = ["Verification", "read", "read_records", "verify"]

_MOST_PROBLEMS: Final = 100

_NAMES: Final[Mapping[str, Kept]] = {"bundle": BUNDLES, "outcome": EVIDENCE}
"""Which kinds of record name by digest what is kept beside the log; its word is the name in the record."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found: the records up to the end or to the first that is broken, and every problem."""

    log_id: str | None
    records: int
    head: str
    first_at: str | None
    last_at: str | None
    segments: int
    bytes: int
    unsettled: int
    problems: tuple[Diagnostic, ...]

    @property
    def holds(self) -> bool:
        """Whether there is no problem."""
        return not self.problems


def read_records(folder: Path) -> Iterator[Found]:
    """Yield the records of the log in `folder`, each with its line and its place.

    Raises JournalError at the first that is broken. What a running writer has not written to the end is no
    torn tail: it is left out.
    """
    try:
        yield from walk(segments(folder))
    except JournalError as error:
        if error.code != "torn-tail" or not lock.in_use(folder):
            raise


def read(folder: Path) -> Iterator[Event]:
    """Yield the events of the log in `folder`; JournalError at the first record that is broken."""
    return (found.record.event for found in read_records(folder))


def verify(folder: Path, *, progress: Callable[[int], None] | None = None) -> Verification:
    """Read the whole log in `folder` and return what was found.

    `progress` is told the number of records now and then. Raises JournalError `no-log` or `log-unreadable`.
    """
    ledger = Ledger()
    checked: set[str] = set()
    problems: list[Diagnostic] = []
    records, size, head = 0, 0, GENESIS
    try:
        for found in read_records(folder):
            records, size, head = records + 1, size + len(found.line) + 1, found.record.hash
            event = found.record.event
            problems += (_placed(problem, found) for problem in ledger.take(event))
            if event.kind in _NAMES:
                problems += (_placed(problem, found) for problem in _kept_problems(folder, event, checked))
            if progress is not None and records % 1000 == 0:
                progress(records)
            if len(problems) >= _MOST_PROBLEMS:
                break
    except JournalError as error:
        if error.code in ("no-log", "log-unreadable"):
            raise
        problems += error.diagnostics
    return Verification(
        log_id=ledger.log_id,
        records=records,
        head=head,
        first_at=ledger.first_at,
        last_at=ledger.last_at,
        segments=len(segments(folder)),
        bytes=size,
        unsettled=len(ledger.unsettled),
        problems=tuple(problems[:_MOST_PROBLEMS]),
    )


def _kept_problems(folder: Path, event: Event, checked: set[str]) -> tuple[Diagnostic, ...]:
    """Say what is wrong with the bundle or evidence that `event` names; each is read once."""
    kind = _NAMES[event.kind]
    name = event.body.get(kind.word)
    if name is None or (isinstance(name, str) and name in checked):
        return ()
    if not isinstance(name, str):
        return (Diagnostic(f"{kind.word}-missing", f"names {kind.word} by something that is no digest"),)
    checked.add(name)
    try:
        kind.read(folder, name)
    except JournalError as error:
        return error.diagnostics
    return ()


def _placed(problem: Diagnostic, found: Found) -> Diagnostic:
    """Return `problem` with the record that it was met at."""
    place = f"record {found.record.event.seq}: {problem.message} ({found.segment.name}, byte {found.offset})"
    return Diagnostic(problem.code, place, help=problem.help)
