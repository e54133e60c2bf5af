"""How long policies take to be checked, compiled and loaded again, and the memory that takes; growth with rules.

Run as `python bench/bundles.py [--json]`. Every row is a process of its own with an empty cache, or with the one
that the row before left. The floor is reading the same files and one SHA-256 of them.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import NamedTuple

from policies import write_policies
from report import Goal, Row, report

RULES = (100, 1000, 10_000)
RUNS = 3


class Load(NamedTuple):
    """What one process took: seconds to load the bundle, to write all its code, and its memory at most, in MB."""

    loaded: float
    compiled: float
    memory: float


def load(folder: Path) -> Load:
    """Load the policies in this process and make the code of every capability."""
    from governance.library import load_policies  # noqa: PLC0415 - only the child pays for it
    from governance.policy.compiled import Compiled  # noqa: PLC0415

    start = time.perf_counter()
    bundle = load_policies(folder)
    loaded = time.perf_counter()
    compiled = Compiled(bundle)
    for name in bundle.rules_by_capability:
        compile(compiled.source(name), name, "exec")
    done = time.perf_counter()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Load(loaded - start, done - loaded, memory)


def loaded(folder: Path, state: Path) -> Load:
    """Return what a new process takes that keeps its cache under `state`."""
    command = [sys.executable, __file__, "--load", str(folder)]
    environment = {**os.environ, "XDG_STATE_HOME": str(state)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return Load(*json.loads(done.stdout))


def floor(folder: Path) -> float:
    """Return how many seconds it takes to read the files and to digest them."""
    start = time.perf_counter()
    sha256(b"".join(path.read_bytes() for path in sorted(folder.iterdir()))).hexdigest()
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--load", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.load is not None:
        print(json.dumps(load(arguments.load)))
        return
    rows: list[Row] = []
    for rules in RULES:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place, "policies")
            folder.mkdir()
            write_policies(rules, folder)
            floors = [floor(folder) for _ in range(RUNS)]
            fresh = [loaded(folder, Path(place, f"state{number}")) for number in range(RUNS)]
            again = [loaded(folder, Path(place, "state0")) for _ in range(RUNS)]
        lowest = _row(f"floor: read and digest, {rules:,} rules", floors)
        first = _row(f"checked, {rules:,} rules", [each.loaded for each in fresh], lowest)
        rows += [lowest, first]
        rows.append(
            _row(f"compiled, every capability, {rules:,} rules", [each.compiled for each in fresh], first)
        )
        rows.append(_row(f"loaded from the cache, {rules:,} rules", [each.loaded for each in again], first))
    checked = median(each.loaded + each.compiled for each in fresh)
    cached = median(each.loaded for each in again)
    most = max(each.memory for each in (*fresh, *again))
    goals = [
        Goal("10,000 rules checked and compiled, in s", "under 20", checked, checked < 20),
        Goal("10,000 rules loaded from the cache, in s", "under 1", cached, cached < 1),
        Goal("memory of the process, 10,000 rules, in MB", "under 200", most, most < 200),
    ]
    report("bundles", rows, goals, json=arguments.json)


def _row(what: str, seconds: list[float], against: Row | None = None) -> Row:
    middle = median(seconds) * 1e6
    ratio = None if against is None or against.median_us is None else against.median_us / middle
    return Row(what, middle, max(seconds) * 1e6, ratio, None if against is None else against.what)


if __name__ == "__main__":
    main()
