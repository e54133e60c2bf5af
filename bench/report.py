"""How a benchmark says what it measured: a table for people, one JSON object for machines.

A missed goal is said and is no failure: machines are noisy, and one that is slow today breaks nothing.
"""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass
from json import dumps
from statistics import median
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Goal", "Row", "in_turn", "report", "row", "time_us", "times"]


@dataclass(frozen=True, slots=True)
class Row:
    """One thing measured: microseconds, and how many times faster than `against` it is, if that is said.

    What could not be measured has no numbers, and `what` says why.
    """

    what: str
    median_us: float | None
    p99_us: float | None
    ratio: float | None = None
    against: str | None = None


@dataclass(frozen=True, slots=True)
class Goal:
    """What was aimed at, in words, and what came out: no value is not proven, and never met."""

    what: str
    goal: str
    value: float | None
    met: bool


def time_us(function: Callable[[], object], repeats: int) -> list[float]:
    """Return how many microseconds each of `repeats` calls of `function` took."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter_ns()
        function()
        times.append((time.perf_counter_ns() - start) / 1000)
    return times


def in_turn(functions: Sequence[Callable[[], object]], repeats: int) -> list[list[float]]:
    """Return the same for each of `functions`, called in turn, so that what disturbs one disturbs all."""
    rounds = [[time_us(function, 1)[0] for function in functions] for _ in range(repeats)]
    return [list(times) for times in zip(*rounds, strict=True)]


def row(what: str, times: Sequence[float], against: Row | None = None) -> Row:
    """Return the row of `times`; its ratio says how many times faster than `against` the median is."""
    middle = median(times)
    p99 = sorted(times)[math.ceil(0.99 * len(times)) - 1]
    if against is None:
        return Row(what, middle, p99)
    return Row(what, middle, p99, against.median_us / middle, against.what)


def report(name: str, rows: Sequence[Row], goals: Sequence[Goal], json: bool) -> None:
    """Print what was measured, as a table or as one JSON object."""
    if json:
        found = {
            "name": name,
            "rows": [asdict(each) for each in rows],
            "goals": [asdict(goal) for goal in goals],
        }
        print(dumps(found, ensure_ascii=False))
        return
    console = Console(markup=False, highlight=False, emoji=False)
    table = Table(
        "what", *(Column(head, justify="right") for head in ("median", "p99", "ratio")), "against", title=name
    )
    for each in rows:
        ratio = "" if each.ratio is None else f"{times(each.ratio)}x"
        table.add_row(each.what, _time(each.median_us), _time(each.p99_us), ratio, each.against or "")
    console.print(table)
    for goal in goals:
        if goal.value is None:
            console.print(f"NOT PROVEN: {goal.what} (goal {goal.goal})")
        else:
            console.print(
                f"{'met' if goal.met else 'MISSED'}: {goal.what}: {goal.value:.2f} (goal {goal.goal})"
            )


def times(ratio: float) -> str:
    """Return a ratio as it is read: two digits behind the point, or the first two that are not zero."""
    digits = 2 if ratio >= 0.1 else 1 - math.floor(math.log10(ratio))
    return f"{ratio:.{digits}f}"


def _time(microseconds: float | None) -> str:
    if microseconds is None:
        return ""
    for unit, size in (("s", 1e6), ("ms", 1e3)):
        if microseconds >= size:
            return f"{microseconds / size:.2f} {unit}"
    return f"{microseconds:.2f} µs"
