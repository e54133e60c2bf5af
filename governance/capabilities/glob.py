"""Sets of paths, exactly: what a glob matches, whether one set lies in another, whether two meet.

A pattern is a tuple of components. A component is the literal pieces between its `*` signs (one piece: no
sign), or None for `**`, any number of whole components. Every algorithm here is a loop over pieces and
components, without backtracking into text.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PathSet", "path_parts"]

Component: TypeAlias = tuple[str, ...] | None


@dataclass(frozen=True)
class PathSet:
    """A set of absolute POSIX paths: one path, a whole tree, or all that a glob matches."""

    components: tuple[Component, ...]

    @classmethod
    def one(cls, path: str) -> PathSet:
        """Return the set of just `path`, a canonical path; a `*` in it is only itself."""
        return cls(tuple((part,) for part in path_parts(path)))

    @classmethod
    def tree(cls, path: str) -> PathSet:
        """Return the set of `path` and everything beneath it."""
        return cls((*cls.one(path).components, None))

    @classmethod
    def glob(cls, pattern: str, beneath: str = "/") -> PathSet:
        """Return what `pattern` matches; one that does not begin with `/` is relative to `beneath`."""
        parts = tuple(None if part == "**" else tuple(part.split("*")) for part in pattern.split("/") if part)
        return cls(parts if pattern.startswith("/") else (*cls.one(beneath).components, *parts))

    @property
    def single(self) -> bool:
        """Whether the set is one path."""
        return all(part is not None and len(part) == 1 for part in self.components)

    def __str__(self) -> str:
        return "/" + "/".join("**" if part is None else "*".join(part) for part in self.components)

    def contains(self, parts: tuple[str, ...]) -> bool:
        """Whether the path of these components is in the set."""
        beneath, ending = self._usual
        if beneath is not None:
            return parts[: len(beneath)] == beneath
        if ending is not None:
            return parts[-len(ending) :] == ending
        head, tail, loose = self._ends
        least = len(head) + len(tail)
        if len(parts) < least or (not loose and len(parts) != least):
            return False
        if not all(map(_matches, head, parts)) or not all(
            map(_matches, tail, parts[len(parts) - len(tail) :])
        ):
            return False
        return len(loose) < 3 or self._between(loose, parts[len(head) : len(parts) - len(tail)])

    @cached_property
    def _usual(self) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
        """The components of a tree (`/a/b/**`) or of an ending (`**/a`), the sets that policies mostly speak of."""
        plain = tuple(part[0] for part in self.components if part is not None and len(part) == 1)
        if len(plain) == len(self.components) - 1:
            if self.components[-1] is None:
                return plain, None
            if self.components[0] is None:
                return None, plain
        return None, None

    @cached_property
    def _ends(self) -> tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...], tuple[Component, ...]]:
        """The components before the first `**`, after the last, and from the first to the last."""
        stars = [index for index, part in enumerate(self.components) if part is None]
        first, last = (stars[0], stars[-1] + 1) if stars else (len(self.components), len(self.components))
        plain = tuple(part for part in self.components if part is not None)
        return plain[:first], plain[len(plain) - (len(self.components) - last) :], self.components[first:last]

    @staticmethod
    def _between(loose: tuple[Component, ...], parts: Sequence[str]) -> bool:
        """Whether `loose`, which begins and ends with `**`, matches: each run of components at the first chance."""
        at = 0
        for run in _runs(loose):
            while not all(map(_matches, run, parts[at : at + len(run)])) or at + len(run) > len(parts):
                at += 1
                if at + len(run) > len(parts):
                    return False
            at += len(run)
        return True

    def meets(self, other: PathSet) -> bool:
        """Whether some path is in both sets. Exact."""
        mine, theirs = self.components, other.components
        # reach[j]: the suffixes mine[i:] and theirs[j:] have a path in common; filled from the ends.
        reach = [all(part is None for part in theirs[j:]) for j in range(len(theirs) + 1)]
        for part in reversed(mine):
            below = reach
            reach = [False] * len(theirs) + [part is None and below[-1]]
            for j in range(len(theirs) - 1, -1, -1):
                reach[j] = _step(part, theirs[j], below, reach, j)
        return reach[0]

    def within(self, other: PathSet) -> bool:
        """Whether every path of this set is surely in `other`.

        True is always right. False may be wrong for patterns that say the same in different words
        (`*/**` and `**/*`); a permit that then does not apply is on the safe side.
        """
        mine, theirs = self.components, other.components
        inside = [all(part is None for part in theirs[j:]) for j in range(len(theirs) + 1)]
        for part in reversed(mine):
            below = inside
            inside = [False] * (len(theirs) + 1)
            for j in range(len(theirs) - 1, -1, -1):
                their = theirs[j]
                if their is None:
                    inside[j] = inside[j + 1] or below[j]
                else:
                    inside[j] = part is not None and below[j + 1] and _covers(their, part)
        return inside[0]


def path_parts(path: str) -> tuple[str, ...]:
    """Return the components of a canonical path; `/` has none."""
    return () if path == "/" else tuple(path[1:].split("/"))


def _runs(components: tuple[Component, ...]) -> list[list[tuple[str, ...]]]:
    """Return the components between each `**` and the next."""
    runs: list[list[tuple[str, ...]]] = [[]]
    for part in components:
        if part is None:
            runs.append([])
        else:
            runs[-1].append(part)
    return [run for run in runs if run]


def _step(mine: Component, their: Component, below: list[bool], reach: list[bool], j: int) -> bool:
    if mine is None:
        return below[j] or reach[j + 1]
    if their is None:
        return reach[j + 1] or below[j]
    return below[j + 1] and _meet(mine, their)


def _matches(pieces: tuple[str, ...], text: str) -> bool:
    if len(pieces) == 1:
        return pieces[0] == text
    first, *middle, last = pieces
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in middle:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _meet(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    """Whether one text matches both: with a `*` on each side only the two ends can disagree."""
    if len(left) == 1:
        return _matches(right, left[0])
    if len(right) == 1:
        return _matches(left, right[0])
    begins = left[0].startswith(right[0]) or right[0].startswith(left[0])
    return begins and (left[-1].endswith(right[-1]) or right[-1].endswith(left[-1]))


def _covers(wide: tuple[str, ...], narrow: tuple[str, ...]) -> bool:
    """Whether every text that `narrow` matches is matched by `wide`.

    A `*` of `narrow` may stand for a text that occurs nowhere in `wide`, so each piece of `wide` must be
    found whole inside one piece of `narrow`, in order.
    """
    if len(narrow) == 1:
        return _matches(wide, narrow[0])
    first, *middle = wide
    if not middle:
        return False
    last = middle.pop()
    if not narrow[0].startswith(first) or not narrow[-1].endswith(last):
        return False
    rooms = [narrow[0][len(first) :], *narrow[1:-1], narrow[-1][: len(narrow[-1]) - len(last)]]
    room, at = 0, 0
    for piece in middle:
        while (found := rooms[room].find(piece, at)) < 0:
            room, at = room + 1, 0
            if room == len(rooms):
                return False
        at = found + len(piece)
    return True
