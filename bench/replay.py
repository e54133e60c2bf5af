"""How fast a log is replayed and how much memory that takes: 100,000 decisions against 10,000, and verify alone.

Run as `python bench/replay.py [--json]`. Each replay runs in a process of its own, whose peak memory is read.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from governance.decide import judge
from governance.evidence import bundle_body, decision_body
from governance.instant import milliseconds
from governance.journal import Journal
from governance.policy import State
from governance.request import Origin, parse_request
from policies import bundle_of
from report import Goal, Row, report

AT = "2026-11-23T10:00:00.000Z"
SIZES = (10_000, 100_000)
MEMORY = 200 << 20
CHILD = """
import json, resource, sys, time
from pathlib import Path
from governance.journal import read, read_bundle, verify
from governance.replay import replay
log, what = Path(sys.argv[1]), sys.argv[2]
start = time.perf_counter()
if what == "verify":
    count = verify(log).records
else:
    count = sum(1 for each in replay(read(log), lambda digest: read_bundle(log, digest)) if not each.differences)
spent = time.perf_counter() - start
print(json.dumps({"count": count, "seconds": spent, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
"""


def requests(count: int) -> list[bytes]:
    """Return request lines as agents send them: nine of ten allowed, one of ten a key."""
    lines = []
    for number in range(count):
        name = ".env" if number % 10 == 9 else f"module_{number}.py"
        lines.append(f'fs.read(path="/workspace/src/{name}", offset={number % 7})'.encode())
    return lines


def write_log(folder: Path, policies: Path, count: int) -> None:
    """Make a log of `count` decisions."""
    bundle, origin = bundle_of(100, policies), Origin("claude-1", "s-1")
    state = State().in_force(bundle.digest, None, milliseconds(AT))
    with Journal.open(folder, now=AT) as journal:
        journal.keep_bundle(bundle.digest, bundle.stored)
        journal.append("bundle", AT, bundle_body(bundle.digest, None), None)
        for number, line in enumerate(requests(count)):
            request = parse_request(line, origin)
            judgement = judge(bundle, request, state, AT)
            pending = journal.append("decision", AT, decision_body(request, judgement, state), None)
            state = judgement.state
            if number % 1000 == 0:
                journal.wait(pending)


def measure(folder: Path, what: str) -> dict[str, float]:
    """Return what a fresh process says of one pass over the log."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(folder), what], check=True, capture_output=True, text=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    found["whole"] = time.perf_counter() - started
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rows: list[Row] = []
    peak = 0.0
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        (place / "policies").mkdir()
        for size in SIZES:
            log = place / f"log{size}"
            write_log(log, place / "policies", size)
            for what in ("replay", "verify"):
                found = measure(log, what)
                assert found["count"] >= size, "every decision must come out as it is recorded"
                each = found["seconds"] / size * 1e6
                before = next((row for row in rows if row.what == f"{what} of {SIZES[0]:,}, a record"), None)
                ratio = before.median_us / each if before else None
                rows.append(
                    Row(f"{what} of {size:,}, a record", each, each, ratio, before.what if before else None)
                )
                if what == "replay":
                    peak = found["peak"]
    goal = Goal(
        f"peak memory of replaying {SIZES[-1]:,} decisions, in MB",
        "under 200",
        peak / (1 << 20),
        peak < MEMORY,
    )
    report("replay", rows, [goal], json=arguments.json)


if __name__ == "__main__":
    main()
