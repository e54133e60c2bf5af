"""How everyone is asked and timed: alike, one call at a time, in a process of its own.

Run a module of this folder as `python ask_NAME.py RULES [FORM]`. It prints one JSON object: what was measured, in
microseconds, and every question that was answered wrongly. Making the rules ready and making a question ready, as
far as the interface lets one do it ahead, are not timed; the answer to it is.
"""

from __future__ import annotations

import json
import math
import sys
import time
from importlib.metadata import version
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from task import question

if TYPE_CHECKING:
    from collections.abc import Callable

    from task import Question

__all__ = ["Asked", "main"]

_SECONDS = 3
_LEAST = 99
_MOST = 15_000
_WARM = 9


class Asked(NamedTuple):
    """Rules made ready: how a question is made ready for them, and whether they allow it."""

    prepare: Callable[[Question], Any]
    allows: Callable[[Any], bool]


def main(package: str, made: Callable[..., Asked]) -> None:
    """Ask what `made` gives for the number of rules on the command line, and print what came out."""
    rules = int(sys.argv[1])
    asked = made(rules, *sys.argv[2:])
    times: list[float] = []
    wrong: list[str] = []
    number, end = 0, time.perf_counter() + _SECONDS
    while number < _LEAST + _WARM or (number < _MOST + _WARM and time.perf_counter() < end):
        put = question(rules, number)
        ready = asked.prepare(put)
        start = time.perf_counter_ns()
        allowed = asked.allows(ready)
        spent = (time.perf_counter_ns() - start) / 1000
        if number >= _WARM:
            times.append(spent)
        if allowed is not put.allowed:
            wrong.append(f"{put.call} {put.path}: {allowed}")
        number += 1
    p99 = sorted(times)[math.ceil(0.99 * len(times)) - 1]
    found = {
        "version": version(package),
        "calls": len(times),
        "median_us": median(times),
        "p99_us": p99,
        "wrong": wrong[:3],
    }
    print(json.dumps(found))
