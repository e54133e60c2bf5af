"""Whatever is read takes work in proportion to its size: hostile texts, too, are read or refused, and never fail.

Work is counted and not timed: every line of Python that runs, and every call of a function, C's too. What C does
within one call is held linear by its own means (regular expressions without ways back, no copies of what was read),
and is timed by `bench/growth.py`.
"""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING

import pytest

from bench.hostile import CASES, SIZES
from governance.policy.stored import examine_bundle
from tests.policy.build import library

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from bench.hostile import Case

pytestmark = pytest.mark.slow

ASKED = {"request": 6, "command line": 6, "sentence": 6, "patch": 12}
"""The parsers of what agents send, and how many lines of work a character may be: some lines of a patch have two."""
WARM = 1_000
"""Characters that are read once beforehand: what is made at the first use is no work of the text."""


class Work:
    """Counts lines of Python and calls."""

    def __init__(self) -> None:
        self.done = 0

    def line(self, frame: FrameType, event: str, argument: object) -> object:
        del frame, event, argument
        self.done += 1
        return self.line

    def of(self, task: Callable[[], object]) -> int:
        """Return how much is done in `task`; the collector rests, which calls back when it likes."""
        self.done, before = 0, sys.gettrace()
        gc.disable()
        sys.settrace(self.line)
        try:
            task()
        finally:
            sys.settrace(before)
            gc.enable()
        return self.done


def holds(case: Case, small: int, large: int) -> None:
    case.answer(WARM)()
    work = Work()
    less, more = (work.of(case.answer(size)) for size in (small, large))
    # A text that is read fast while it is small, and refused with the whole reading when it is large, has a few
    # lines of work for each character more; one that grows with the square has hundreds.
    assert more <= 1.25 * (large / small) * less + 10 * large, (case.name, less, more)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_ten_times_the_text_is_ten_times_the_work(case: Case) -> None:
    holds(case, SIZES[0] * 3, SIZES[1] * 3)


@pytest.mark.parametrize("case", [case for case in CASES if case.parser in ASKED], ids=lambda case: case.name)
def test_a_request_of_a_megabyte_is_a_few_lines_of_work_a_character(case: Case) -> None:
    case.answer(WARM)()
    assert Work().of(case.answer(SIZES[3])) < ASKED[case.parser] * SIZES[3]


def test_a_number_of_five_thousand_digits_is_refused() -> None:
    text = f'forbid f {{ call fs.read  when offset == {"9" * 5000}  because "x" }}\n'
    (problem, *_) = examine_bundle(library(), {"a.policy": text}, None).errors
    assert problem.code == "ill-typed"
    assert len(problem.message) < 300
