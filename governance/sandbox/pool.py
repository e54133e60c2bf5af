"""The pool: boxes that wait for calls, so that a call waits for no engine.

A box waits for calls of its own key alone, and runs one call, or one after the other of the agent its specification
names. Boxes are made again off the way of the calls, by threads; an empty shelf means that one is made at once, which
the outcome says. How many wait follows from what was asked for: one more each time that there was none, up to bounds.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from governance.errors import JournalError, SandboxError
from governance.sandbox.box import made
from governance.sandbox.plan import Owner
from governance.sandbox.reap import reap
from governance.text import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from governance.policy.decision import SandboxSpec
    from governance.sandbox.attest import Evidence
    from governance.sandbox.box import Box, Key, Place
    from governance.sandbox.engine import ContainerEngine
    from governance.sandbox.outcome import Start
    from governance.sandbox.pool_status import BoxStatus, PoolStatus, StatusFile

__all__ = ["NO_POOL", "Bounds", "Pool"]

_GRACE: Final = 180
"""Seconds that making and removing may take beyond a box's own time, before a reaper may end it."""

_WORKERS: Final = 2
_PAUSE: Final = 0.02
"""Seconds before a box is made in place of one that was taken: most calls have ended by then."""

_TICK: Final = 1.0
_REAP: Final = 60
"""So many ticks are between two looks for what an earlier process left."""

_BACKLOG: Final = 32
"""So many ended boxes wait to be removed at most; whoever ends another one removes it."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many boxes wait at most, for one key and altogether, and for how many seconds each."""

    size: int = 4
    total: int = 16
    age: float = 600.0


NO_POOL: Final = Bounds(size=0, total=0)
"""No box is made before it is needed, and none is kept."""


@dataclass(slots=True)
class _Shelf:
    """The boxes of one key: those that wait, how many are to, how many are being made, when one was last taken."""

    place: Place
    idle: deque[Box] = field(default_factory=deque)
    target: int = 0
    making: int = 0
    taken: float = 0.0


class Pool:
    """The boxes of one gateway process; its methods may be called from any thread."""

    def __init__(
        self,
        engine: ContainerEngine,
        log_id: str,
        bounds: Bounds = NO_POOL,
        status: StatusFile | None = None,
        say: Callable[[str], None] = lambda _: None,
        attested: Callable[[Evidence], Evidence] = lambda evidence: evidence,
    ) -> None:
        """Keep boxes for the log `log_id`.

        `attested` completes and keeps the evidence of each box before anything runs in it.
        """
        self._engine = engine
        self._log_id = log_id
        self._gateway = uuid4().hex
        self._bounds = bounds
        self._status = status
        self._say = say
        self._attested = attested
        self._numbers = count()
        self._changed = threading.Condition()
        self._shelves: OrderedDict[Key, _Shelf] = OrderedDict()
        self._ended: deque[str] = deque()
        self._counts: dict[Start, int] = {"cold": 0, "pool": 0, "reuse": 0}
        self._closed = threading.Event()
        work = (self._work,) * _WORKERS + (self._keep,) if bounds.size else ()
        self._threads = [threading.Thread(target=each, daemon=True) for each in work]
        for thread in self._threads:
            thread.start()

    def take(self, place: Place) -> tuple[Box, Start]:
        """Return a box for one call, and where it came from: one that waits, else a new one.

        Raises SandboxError, and what `attested` raises.
        """
        key = place.key
        while (box := self._waiting(key, place)) is not None:
            if not self._is_old(box) and box.answers():
                return box, self._counted("reuse" if box.used else "pool")
            self._discard(box)
        return self._made(place), self._counted("cold")

    def owner(self, spec: SandboxSpec) -> Owner:
        """Return whose the next thing is that is made for calls of `spec`."""
        lasts = self._bounds.age + spec.timeout / 1000 + _GRACE
        return Owner(self._log_id, self._gateway, next(self._numbers), int(time.time() + lasts))

    def give(self, place: Place, box: Box) -> None:
        """Take a box back whose call has ended by itself: it waits for the next one, or is removed."""
        if place.spec.reuse is not None and not self._is_old(box):
            with self._changed:
                shelf = self._shelves.get(place.key)
                if shelf is not None and len(shelf.idle) < self._bounds.size and self._room(shelf):
                    shelf.idle.append(box)
                    return
        self._discard(box)

    def end(self, box: Box) -> str:
        """Kill a box and remove it, at once; return what could not be done, in a sentence, or nothing."""
        box.close()
        try:
            self._engine.kill(box.container)
            self._engine.remove(box.container)
        except SandboxError as error:
            return f"its container was not removed, and is left to the reaper: {error}"
        return ""

    def status(self) -> PoolStatus:
        """Return what there is now, and how often a box was waiting."""
        now = time.monotonic()
        with self._changed:
            asked = sum(self._counts.values())
            return {
                "log": self._log_id,
                "calls": {str(start): number for start, number in self._counts.items()},
                "hits_per_mille": (asked - self._counts["cold"]) * 1000 // asked if asked else None,
                "boxes": [_told(key, shelf, now) for key, shelf in self._shelves.items()],
                "bounds": {
                    "size": self._bounds.size,
                    "total": self._bounds.total,
                    "age_s": int(self._bounds.age),
                },
            }

    def close(self) -> None:
        """Remove all boxes; those that are in use are their users' to end."""
        with self._changed:
            self._closed.set()
            for shelf in self._shelves.values():
                for box in shelf.idle:
                    box.close()
                    self._ended.append(box.container)
            self._shelves.clear()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        if self._status is not None:
            self._status.close()

    def _waiting(self, key: Key, place: Place) -> Box | None:
        """Return a box of the key that waits, or None, which lets more of them wait from now on."""
        with self._changed:
            if place.alone or not self._threads or self._closed.is_set():
                return None
            shelf = self._shelves.setdefault(key, _Shelf(place))
            self._shelves.move_to_end(key)
            shelf.taken = time.monotonic()
            if place.spec.reuse is not None:
                return shelf.idle.pop() if shelf.idle else None
            if not shelf.idle:
                shelf.target = min(self._bounds.size, shelf.target + 1)
            self._changed.notify()
            return shelf.idle.popleft() if shelf.idle else None

    def _counted(self, start: Start) -> Start:
        with self._changed:
            self._counts[start] += 1
        return start

    def _is_old(self, box: Box) -> bool:
        return time.monotonic() - box.born > self._bounds.age

    def _made(self, place: Place) -> Box:
        return made(self._engine, place.planned(self.owner(place.spec)), self._attested)

    def _discard(self, box: Box) -> None:
        """Remove a box that is not used any more, when there is time for it."""
        box.close()
        with self._changed:
            if self._threads and not self._closed.is_set() and len(self._ended) < _BACKLOG:
                self._ended.append(box.container)
                self._changed.notify()
                return
        self._remove(box.container)

    def _remove(self, container: str) -> None:
        try:
            self._engine.remove(container)
        except SandboxError as error:
            self._say(f"the container {container[:12]} is left to the reaper: {error}")

    def _work(self) -> None:
        """Make and remove boxes until the pool is closed and nothing is left to remove."""
        while True:
            with self._changed:
                while (shelf := self._wanting()) is None and not self._ended and not self._closed.is_set():
                    self._changed.wait()
                if shelf is not None:
                    shelf.making += 1
                elif not self._ended:
                    return
                else:
                    container = self._ended.popleft()
            if shelf is None:
                self._remove(container)
            else:
                self._closed.wait(_PAUSE)
                self._fill(shelf)

    def _wanting(self) -> _Shelf | None:
        """Return a shelf that one more box is to be made for, the last one used first. Makes room for it."""
        for shelf in reversed(self._shelves.values()):
            if len(shelf.idle) + shelf.making < shelf.target:
                return shelf if self._room(shelf) else None
        return None

    def _room(self, wanting: _Shelf) -> bool:
        """Make room for one more box, at the cost of the shelf that was not used for longest."""
        shelves = self._shelves.values()
        if sum(len(shelf.idle) + shelf.making for shelf in shelves) < self._bounds.total:
            return True
        for shelf in shelves:
            if shelf is not wanting and shelf.idle:
                box = shelf.idle.popleft()
                shelf.target = min(shelf.target, len(shelf.idle) + shelf.making)
                box.close()
                self._ended.append(box.container)
                self._changed.notify()
                return True
        return False

    def _fill(self, shelf: _Shelf) -> None:
        try:
            box = self._made(shelf.place)
        except (SandboxError, JournalError) as error:
            self._say(f"no sandbox could be made to wait for calls: {error}")
            with self._changed:
                shelf.making -= 1
                shelf.target = 0
            return
        with self._changed:
            shelf.making -= 1
            if self._shelves.get(shelf.place.key) is shelf:
                shelf.idle.append(box)
                return
        self._discard(box)

    def _keep(self) -> None:
        """Let nothing grow old, and tell what there is, until the pool is closed."""
        for tick in count(1):
            if self._status is not None:
                self._status.write(self.status())
            if self._closed.wait(_TICK):
                return
            self._tidy()
            self._compare()
            if tick % _REAP == 5:
                try:
                    now = int(time.time())
                    reap(self._engine, log_id=self._log_id, gateway=self._gateway, now=now, say=self._say)
                except SandboxError as error:
                    self._say(f"nothing was looked for that an earlier process left: {error}")

    def _tidy(self) -> None:
        """Remove boxes that are old, gone, or not as their image is, and shelves that nobody asks."""
        now = time.monotonic()
        with self._changed:
            for key, shelf in list(self._shelves.items()):
                unasked = now - shelf.taken > self._bounds.age
                kept: deque[Box] = deque()
                for box in shelf.idle:
                    if unasked or self._is_old(box) or box.gone:
                        box.close()
                        self._ended.append(box.container)
                    else:
                        kept.append(box)
                shelf.idle = kept
                if unasked:
                    del self._shelves[key]
            self._changed.notify_all()

    def _compare(self) -> None:
        """Ask the engine whether used boxes that have waited for a tick are as their image is, and end one that is not."""
        quiet: list[tuple[_Shelf, Box]] = []
        with self._changed:
            for shelf in self._shelves.values():
                for box in [each for each in shelf.idle if each.used > each.compared]:
                    if box.noted == box.used:
                        shelf.idle.remove(box)
                        quiet.append((shelf, box))
                    box.noted = box.used
        for shelf, box in quiet:
            if self._is_as_its_image(box):
                with self._changed:
                    if self._shelves.get(shelf.place.key) is shelf:
                        shelf.idle.append(box)
                        continue
            self._discard(box)

    def _is_as_its_image(self, box: Box) -> bool:
        box.compared = box.used
        try:
            changes = self._engine.changes(box.container)
        except SandboxError as error:
            self._say(f"a sandbox that was used could not be compared with its image, and is ended: {error}")
            return False
        if changes:
            self._say(f"a sandbox is not as its image is, and is ended: {shown(', '.join(changes[:3]))}")
        return not changes


def _told(key: Key, shelf: _Shelf, now: float) -> BoxStatus:
    oldest = max((now - box.born for box in shelf.idle), default=0.0)
    return {"box": key[0], "waiting": len(shelf.idle), "making": shelf.making, "oldest_s": int(oldest)}
