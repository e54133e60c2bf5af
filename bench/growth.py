"""How the cost of a byte grows with the text, for every parser and the texts that are most hostile to it.

Run as `python bench/growth.py [--json]`; it takes some ten minutes, and says where it is. Each row is a parser and a size; it stands for the text on which a byte costs
most at 1 MB. Python's collector of cycles is set as the commands set it. The goal is that a byte of a megabyte costs at most twice a byte of ten kilobytes.
"""

from __future__ import annotations

import argparse
import sys
import time
from statistics import median
from typing import TYPE_CHECKING

from governance.cli.app import collect_seldom
from hostile import CASES, SIZES
from report import Goal, report, row

if TYPE_CHECKING:
    from hostile import Case
    from report import Row

REPEATS = {1_000: 9, 10_000: 7, 100_000: 3, 1_000_000: 1}
"""How often each size is read; the median counts."""

MOST = 2.0
FLOOR_US = 1_000
"""What takes less at 10 kB is too short to be set against."""


def timed(case: Case) -> dict[int, list[float]]:
    """Return how many microseconds of the processor each reading took: others on the machine do not count."""
    found: dict[int, list[float]] = {}
    for size in SIZES:
        read = case.answer(size)
        found[size] = []
        for _ in range(REPEATS[size]):
            start = time.process_time_ns()
            read()
            found[size].append((time.process_time_ns() - start) / 1000)
    return found


def ratio(times: dict[int, list[float]]) -> float:
    """Return how many times more a byte costs at 1 MB than at 10 kB."""
    small, large = (
        max(median(times[size]), FLOOR_US if size == SIZES[1] else 0) for size in (SIZES[1], SIZES[3])
    )
    return (large / SIZES[3]) / (small / SIZES[1])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    collect_seldom()
    rows: list[Row] = []
    goals: list[Goal] = []
    for name in dict.fromkeys(case.parser for case in CASES):
        found: dict[str, dict[int, list[float]]] = {}
        for case in CASES:
            if case.parser == name:
                print(f"  {case.name}", file=sys.stderr)
                found[case.shape] = timed(case)
        worst = max(found, key=lambda shape: ratio(found[shape]))
        dearest = max(found, key=lambda shape: median(found[shape][SIZES[3]]))
        for shape in dict.fromkeys((worst, dearest)):
            rows += [row(f"{name}: {shape}, {size:,} B", found[shape][size]) for size in SIZES]
        value = ratio(found[worst])
        what = f"{name}: a byte of 1 MB over a byte of 10 kB, worst of {len(found)} texts ({worst})"
        goals.append(Goal(what, f"at most {MOST:g}", value, value <= MOST))
    report("growth", rows, goals, json=arguments.json)


if __name__ == "__main__":
    main()
