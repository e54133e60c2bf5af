"""Amounts over time, exactly: how much was counted since an instant, whatever came before.

A value: adding gives another tally, and both share what they have in common. Adding costs the same after ten
entries or a million, and asking a search by halves.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final, NamedTuple

__all__ = ["Tally"]

_CHUNK: Final = 64


class _Chunk(NamedTuple):
    """Entries in order of time: when each was, and the amount of it and all before it."""

    times: tuple[int, ...] = ()
    totals: tuple[int, ...] = ()


class Tally(NamedTuple):
    """Entries in order of time: full chunks, when each of them begins, and the last one, which grows.

    `before` is the amount of what was let go of because nobody can ask for it any more.
    """

    chunks: tuple[_Chunk, ...] = ()
    starts: tuple[int, ...] = ()
    last: _Chunk = _Chunk()
    before: int = 0

    def add(self, at: int, amount: int, since: int) -> Tally:
        """Return the tally with `amount` at `at`; nobody will ask for what was at `since` or before.

        Time does not go back: an entry before the last one counts at the time of the last one.
        """
        chunks, starts, last, before = self
        total = last.totals[-1] if last.totals else before
        latest = last.times[-1] if last.times else at
        if len(last.times) == _CHUNK:
            chunks, starts, last = (*chunks, last), (*starts, last.times[0]), _Chunk()
            gone = max(bisect_right(starts, since) - 1, 0)
            if gone:
                before = chunks[gone - 1].totals[-1]
                chunks, starts = chunks[gone:], starts[gone:]
        grown = _Chunk((*last.times, max(at, latest)), (*last.totals, total + amount))
        return Tally(chunks, starts, grown, before)

    def since(self, instant: int) -> int:
        """Return the amount of the entries after `instant`."""
        times, totals = self.last
        if not times:
            return 0
        place = bisect_right(times, instant)
        if place:
            return totals[-1] - totals[place - 1]
        place = bisect_right(self.starts, instant) - 1
        if place < 0:
            return totals[-1] - self.before
        chunk = self.chunks[place]
        return totals[-1] - chunk.totals[bisect_right(chunk.times, instant) - 1]
