"""Amounts over time, exactly: how much was counted since an instant, whatever came before.

A value: adding gives another tally, and both share what they have in common. Adding costs the same after ten
entries or a million, and asking a search by halves.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final, NamedTuple

__all__ = ["Tally"]

_CHUNK: Final = 32


class Tally(NamedTuple):
    """Entries in order of time: when each of the last was, and the amount of it and all before it.

    Earlier ones are put away in `chunks` of times and amounts, which `starts` says the first time of. `before` is
    the amount of what was let go of because nobody can ask for it any more.
    """

    times: tuple[int, ...] = ()
    totals: tuple[int, ...] = ()
    chunks: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = ()
    starts: tuple[int, ...] = ()
    before: int = 0

    def add(self, at: int, amount: int, since: int) -> Tally:
        """Return the tally with `amount` at `at`; nobody will ask for what was at `since` or before.

        Time does not go back: an entry before the last one counts at the time of the last one.
        """
        times, totals, chunks, starts, before = self
        if not times:
            return Tally((at,), (before + amount,), chunks, starts, before)
        latest, total = times[-1], totals[-1] + amount
        at = max(at, latest)
        if len(times) < _CHUNK:
            return Tally((*times, at), (*totals, total), chunks, starts, before)
        chunks, starts = (*chunks, (times, totals)), (*starts, times[0])
        gone = max(bisect_right(starts, since) - 1, 0)
        if gone:
            before = chunks[gone - 1][1][-1]
        return Tally((at,), (total,), chunks[gone:], starts[gone:], before)

    def since(self, instant: int) -> int:
        """Return the amount of the entries after `instant`."""
        times, totals, chunks, starts, before = self
        if not times:
            return 0
        if times[0] <= instant:
            return totals[-1] - totals[bisect_right(times, instant) - 1]
        place = bisect_right(starts, instant) - 1
        if place < 0:
            return totals[-1] - before
        earlier, amounts = chunks[place]
        return totals[-1] - amounts[bisect_right(earlier, instant) - 1]
