"""Amounts over time: as a list would have them, however many there are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from governance.policy.tally import Tally

entries = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 10**34)), max_size=1500)


@given(entries, st.integers(1, 400), st.lists(st.integers(0, 400), max_size=5))
def test_a_tally_counts_as_a_list_does(steps: list[tuple[int, int]], per: int, later: list[int]) -> None:
    tally, at = Tally(), 0
    kept: list[tuple[int, int]] = []
    for step, amount in steps:
        at += step
        tally = tally.add(at, amount, at - per)
        kept.append((at, amount))
    for wait in later:
        since = at + wait - per
        assert tally.since(since) == sum(amount for when, amount in kept if when > since)


def test_adding_changes_no_earlier_tally() -> None:
    one = Tally().add(1, 5, -10)
    two, three = one.add(2, 7, -10), one.add(2, 1, -10)
    assert (one.since(0), two.since(0), three.since(0)) == (5, 12, 6)


def test_an_entry_before_the_last_counts_at_the_time_of_the_last() -> None:
    tally = Tally().add(10, 1, 0).add(5, 1, 0)
    assert (tally.since(9), tally.since(10)) == (2, 0)


def test_what_nobody_can_ask_for_is_let_go_of() -> None:
    tally = Tally()
    for at in range(0, 100_000, 10):
        tally = tally.add(at, 1, at - 1000)
    assert sum(len(level.starts) for level in tally.levels) < 80
    assert tally.since(99_990 - 1000) == 100


def test_what_is_asked_of_a_long_past_is_exact() -> None:
    tally, count = Tally(), 70_000
    for at in range(count):
        tally = tally.add(at, at, -1)
    for instant in (-1, 0, 63, 64, 65_535, 65_536, 20_000, count - 2, count - 1):
        assert tally.since(instant) == sum(range(instant + 1, count))
    assert all(len(level.starts) <= most for level, most in zip(tally.levels, (64, 1024, 1024), strict=True))
