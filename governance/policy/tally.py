"""Amounts over time, exactly: how much was counted since an instant, whatever came before.

A value: adding gives another tally, and both share what they have in common. Adding costs the same after ten
entries or a million, and asking a search by halves; where what is asked for begins where the last addition looked, only
among the entries there.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final, NamedTuple

__all__ = ["Tally"]

_ENTRIES: Final = 64
_RUNS: Final = 1024
"""So many entries make a run, and so many runs one of the next level, which is added to that much more seldom."""


class _Runs(NamedTuple):
    """Runs of entries in order of time, an entry being the shortest: the start of each, and its total.

    A total is the amount of all entries up to the last of the run, whatever came before. `inside` has the runs
    that each is made of; entries have none.
    """

    starts: tuple[int, ...]
    totals: tuple[int, ...]
    inside: tuple[_Runs, ...] = ()


class Tally(NamedTuple):
    """Entries in order of time: the last ones, before them runs of entries, before those runs of runs, and so on.

    No level is empty. `before` is the amount of what was let go of because nobody can ask
    for it any more. What is asked for next most likely begins among the entries of `edge`, which holds good for an
    instant before `until`.
    """

    levels: tuple[_Runs, ...] = ()
    before: int = 0
    edge: _Runs = _Runs((0,), (0,))
    until: int = -1

    def add(self, at: int, amount: int, since: int) -> Tally:
        """Return the tally with `amount` at `at`; nobody will ask for what was at `since` or before.

        Time does not go back: an entry before the last one counts at the time of the last one.
        """
        levels, before, edge, until = self
        if not levels:
            return Tally((_Runs((at,), (before + amount,)),), before)
        starts, totals, _ = levels[0]
        at, amount = max(at, starts[-1]), totals[-1] + amount
        if len(starts) < _ENTRIES:
            levels = (_Runs((*starts, at), (*totals, amount)), *levels[1:])
        else:
            levels, before = _let_go(_packed(levels, at, amount), before, since)
        if since >= until or since < edge.starts[0]:
            edge, until = _entries(levels, since) or (edge, until)
        return Tally(levels, before, edge, until)

    def since(self, instant: int) -> int:
        """Return the amount of the entries after `instant`."""
        levels, before, edge, until = self
        if not levels:
            return 0
        latest = levels[0][1][-1]
        if levels[-1][0][0] > instant:
            return latest - before
        if instant >= until or instant < edge[0][0]:
            edge = (_entries(levels, instant) or levels)[0]
        return latest - edge[1][bisect_right(edge[0], instant) - 1]


def _entries(levels: tuple[_Runs, ...], instant: int) -> tuple[_Runs, int] | None:
    """Return the run of entries with the last one at `instant` or before, and when the next run begins.

    None where there is no such entry, or where it is one of the last, which are no run yet.
    """
    level = len(levels) - 1
    while level and levels[level - 1].starts[0] <= instant:
        level -= 1
    if level == 0 or levels[level].starts[0] > instant:
        return None
    until, runs = levels[level - 1].starts[0], levels[level]
    while runs.inside:
        place = bisect_right(runs.starts, instant)
        until = runs.starts[place] if place < len(runs.starts) else until
        runs = runs.inside[place - 1]
    return runs, until


def _packed(levels: tuple[_Runs, ...], start: int, total: int) -> tuple[_Runs, ...]:
    """Return `levels` with one more entry; each level that is full becomes one run of the next."""
    inside: tuple[_Runs, ...] = ()
    fresh: list[_Runs] = []
    for level in levels:
        if len(level.starts) < (_RUNS if level.inside else _ENTRIES):
            fresh.append(_Runs((*level.starts, start), (*level.totals, total), (*level.inside, *inside)))
            return (*fresh, *levels[len(fresh) :])
        fresh.append(_Runs((start,), (total,), inside))
        start, total, inside = level.starts[0], level.totals[-1], (level,)
    return (*fresh, _Runs((start,), (total,), inside))


def _let_go(levels: tuple[_Runs, ...], before: int, since: int) -> tuple[tuple[_Runs, ...], int]:
    """Return `levels` without the oldest runs, as far as what follows them starts at `since` or before, and `before` with them."""
    while len(levels) > 1 and levels[-2].starts[0] <= since:
        before = levels[-1].totals[-1]
        levels = levels[:-1]
    starts, totals, inside = levels[-1]
    gone = bisect_right(starts, since) - 1
    if gone > 0:
        before = totals[gone - 1]
        levels = (*levels[:-1], _Runs(starts[gone:], totals[gone:], inside[gone:]))
    return levels, before
