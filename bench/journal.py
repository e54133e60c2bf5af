"""How fast records become durable: group commit against one sync a record, growth, the physical floor, reading.

Run as `python bench/journal.py [--json] [FOLDER]`; the file system of FOLDER (default: the current folder) is
the one that is measured. A record is a decision of about 1.5 KB, as the gateway writes them.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from collections import deque
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from governance.journal import Journal, read, verify
from governance.journal.chain import GENESIS, draft
from governance.journal.files import Disk
from report import Goal, Row, report, row, time_us

if TYPE_CHECKING:
    from collections.abc import Iterator

    from governance.canonical import Json

NOW: Final = "2026-11-23T10:00:00.000Z"
WRITERS: Final = 64
RUNS: Final = 5
SMALL: Final = 1_000
LARGE: Final = 100_000


class SlowDisk(Disk):
    """The operating system's files with a sync that takes 2 ms more, as a disk without a protected cache does."""

    def sync(self, descriptor: int) -> None:
        """Sync, late."""
        time.sleep(0.002)
        super().sync(descriptor)


def body(number: int) -> dict[str, Json]:
    """Return a decision as the gateway writes it."""
    path = f"/workspace/src/module_{number}.py"
    blank = "sha256:" + 64 * "a"
    return {
        "agent": "claude-1",
        "session": "s-1",
        "syntax": "call",
        "request": {"text": f'fs.read(path="{path}")'},
        "decision": {
            "decision": "deny",
            "code": "no-permit",
            "rules": ["coder/read-sources"],
            "reason": "coders read what they work on",
            "calls": [
                {
                    "capability": "fs.read",
                    "arguments": {"path": path, "offset": 0, "limit": 1 << 20},
                    "effects": [f"read {path}"],
                }
            ],
            "sandbox": {
                "image": f"governance/base@{blank}",
                "isolation": "container",
                "argv": ["head", "-c", "1048576", "--", path],
                "stdin": None,
                "mounts": [{"source": "repos/web", "target": "/workspace", "writable": False}],
                "scratch": [{"target": "/tmp", "size": 1 << 26}],
                "root": "read-only",
                "network": "none",
                "memory": 1 << 28,
                "cpus": 1000,
                "pids": 64,
                "timeout": 30000,
                "output": 1 << 20,
            },
            "labels": [],
            "limits": [],
            "nearest": [],
            "bundle": blank,
            "request": blank,
            "id": f"{number:032x}",
        },
        "where": [{"rule": "coder/read-sources", "file": "coder.policy", "line": 12}],
        "engine_version": "0.1.0",
        "grammar": blank,
        "state": {"before": blank, "after": blank},
    }


def single(folder: Path, records: int, files: Disk) -> list[float]:
    """Return the times of one writer's records, each synced by itself."""
    numbers = iter(range(records))
    with Journal.open(folder, now=NOW, files=files) as journal:
        return time_us(partial(record_next, journal, numbers), records)


def record_next(journal: Journal, numbers: Iterator[int]) -> None:
    """Record the decision with the next of `numbers`, and wait until it is durable."""
    journal.record("decision", NOW, body(next(numbers)), None)


def grouped(folder: Path, records: int, files: Disk) -> float:
    """Return the time per record of 64 writers, each of which waits for each of its records."""
    with Journal.open(folder, now=NOW, files=files) as journal:

        def write(writer: int) -> None:
            for number in range(records // WRITERS):
                journal.record("decision", NOW, body(writer << 32 | number), None)

        threads = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return (time.perf_counter() - start) * 1e6 / (records // WRITERS * WRITERS)


def floor(folder: Path, records: int, *, sync: bool) -> list[float]:
    """Return the times of the bare system calls on lines of the same size."""
    line, _ = draft("decision", NOW, body(1)).placed(1, GENESIS)
    descriptor = os.open(folder / "floor", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write() -> None:
        os.write(descriptor, line)
        if sync:
            os.fdatasync(descriptor)

    try:
        return time_us(write, records)
    finally:
        os.close(descriptor)


def commits(root: Path) -> tuple[list[Row], list[Goal]]:
    """Measure group commit on the file system of `root`, and as it would be on a slower disk."""
    rows, goals = [], []
    bare = row("write + fdatasync, no journal", floor(root, 1000, sync=True))
    rows.append(bare)
    for name, files, records in (("this disk", Disk(), 2000), ("2 ms slower (simulated)", SlowDisk(), 200)):
        one = [each for run in range(RUNS) for each in single(root / f"one-{name}-{run}", records, files)]
        alone = row(f"1 writer, {name}", one, bare)
        many = [grouped(root / f"many-{name}-{run}", 6400, files) for run in range(RUNS)]
        together = row(f"{WRITERS} writers, {name}, per record", many, alone)
        rows += [alone, together]
        ratio = alone.median_us / together.median_us
        goals.append(
            Goal(f"records per second, {WRITERS} writers against 1, {name}", "≥ 20", ratio, ratio >= 20)
        )
    return rows, goals


def growth(root: Path) -> tuple[list[Row], list[Goal]]:
    """Measure appending to and opening a log of 1,000 and of 100,000 records, in turns, and reading the larger."""
    small, large = grown(root / "small", SMALL), grown(root / "large", LARGE)
    times: tuple[list[float], list[float]] = ([], [])
    with Journal.open(small, now=NOW) as one, Journal.open(large, now=NOW) as other:
        for number in range(LARGE, LARGE + 2000):
            for journal, into in zip((one, other), times, strict=True):
                into.extend(time_us(partial(record_next, journal, iter((number,))), 1))
    appends = [row(f"append to a log of {SMALL:,}", times[0])]
    appends.append(row(f"append to a log of {LARGE:,}", times[1], appends[0]))
    opens = [row(f"open and close a log of {SMALL:,}", time_us(partial(reopened, small), 3))]
    opens.append(row(f"open and close a log of {LARGE:,}", time_us(partial(reopened, large), 3), opens[0]))
    records = LARGE + 2000
    reads = [
        row(f"{what} {records:,} records, per record", [each / records for each in time_us(work, 3)])
        for what, work in (("read", partial(read_all, large)), ("verify", partial(verify, large)))
    ]
    factor = appends[1].median_us / appends[0].median_us
    goal = Goal(f"an append to {LARGE:,} records against one to {SMALL:,}", "≤ 1.25", factor, factor <= 1.25)
    return appends + opens + reads, [goal]


def grown(folder: Path, size: int) -> Path:
    """Write a log of `size` records and return its folder."""
    with Journal.open(folder, now=NOW) as journal:
        for number in range(size - 1):
            pending = journal.append("decision", NOW, body(number), None)
            if number % 1000 == 0:
                journal.wait(pending)
    return folder


def read_all(folder: Path) -> None:
    """Read every event of the log, as a replay does."""
    deque(read(folder), maxlen=0)


def reopened(folder: Path) -> None:
    """Open the log and close it again."""
    Journal.open(folder, now=NOW).close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path())
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        rows, goals = commits(Path(name))
        more_rows, more_goals = growth(Path(name))
    report("journal", rows + more_rows, goals + more_goals, options.json)


if __name__ == "__main__":
    main()
