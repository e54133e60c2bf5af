"""The one way from a warrant to a container, and from the container to an outcome.

The order is fixed: redeem, find or copy the folders, take a box that waits or make one, call, give it back or end it,
settle what was written. Deadline and output cap are kept from outside, by killing the container. Whatever goes wrong
with the sandbox is an outcome of the status `sandbox-error` which says what is known; of sandboxes only a bad warrant
raises, and then nothing has run.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from governance.errors import SandboxError
from governance.sandbox.box import Place
from governance.sandbox.egress.sent import with_network
from governance.sandbox.exchange import End
from governance.sandbox.outcome import Outcome
from governance.sandbox.places import prepared
from governance.sandbox.pool import Pool
from governance.sandbox.stream import Capture, Ended, Unstarted, call_frames

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from governance.policy.connection import Reach
    from governance.policy.decision import Allow, SandboxSpec
    from governance.sandbox.box import Box
    from governance.sandbox.egress.service import Opened
    from governance.sandbox.engine import ContainerEngine
    from governance.sandbox.outcome import Status
    from governance.sandbox.places import Review
    from governance.sandbox.plan import Owner
    from governance.sandbox.pool_status import PoolStatus
    from governance.sandbox.warrant import Warrant, Warrants
    from governance.sandbox.workspace import Workspaces

__all__ = ["Dispatcher"]

_SIGNALLED: Final = 128
"""What is added to a signal's number where it ended the program."""

_CLOSED: Final = 5.0
"""Seconds in which a container must end whose runner has."""

_NOTHING_RAN: Final = "nothing was run"
_NOT_STARTED: Final = "the program was not seen to start"
_UNKNOWN: Final = "how the program ended, and what it had done by then, is unknown; what is left of it is removed by the reaper"


class Dispatcher:
    """Runs what warrants allow, for one log; its methods may be called from any thread."""

    def __init__(
        self,
        engine: ContainerEngine,
        warrants: Warrants,
        workspaces: Workspaces,
        log_id: str,
        pool: Pool | None = None,
        egress: Callable[[Reach, Owner, str], AbstractContextManager[Opened]] | None = None,
    ) -> None:
        """Take boxes from `pool`, which is this dispatcher's to close; without one each is made when it is needed.

        `egress` gives a call, by the id of its decision, its network; a SandboxError of it is a refusal.
        """
        self._engine = engine
        self._warrants = warrants
        self._workspaces = workspaces
        self._pool = pool or Pool(engine, log_id)
        self._egress = egress

    def close(self) -> None:
        """Remove what waits for calls; what is running is ended by those who wait for it."""
        self._pool.close()

    def status(self) -> PoolStatus:
        """Return what waits for calls, and how often it did."""
        return self._pool.status()

    def dispatch(self, warrant: Warrant, review: Review | None = None) -> Outcome:
        """Use the warrant up and run its call; SandboxError `warrant-…` is all that is raised of sandboxes.

        `review` judges and records what the call wrote into the copy of its workspace; without it nothing is kept.
        What it raises passes through, and so does JournalError where the evidence of a box cannot be kept.
        """
        self._warrants.redeem(warrant)
        decision = warrant.decision
        spec = decision.sandbox
        try:
            say = call_frames(spec.argv, warrant.stdin, spec.timeout, again=spec.reuse is not None)
            with prepared(self._workspaces, spec) as places:
                place = Place(spec, places.user, places.folders)
                return places.settled(self._connected(decision, say, place), decision, review)
        except SandboxError as error:
            return _trouble(decision, error, _NOTHING_RAN)

    def _connected(self, decision: Allow, say: bytes, place: Place) -> Outcome:
        """Run the call, on a network of its own where it may reach any."""
        reach = place.spec.reach
        if reach is None or self._egress is None:
            return self._ran(decision, say, place)
        outcome = None
        try:
            with self._egress(reach, self._pool.owner(place.spec), decision.id) as opened:
                outcome = self._ran(decision, say, replace(place, link=opened.link))
        except SandboxError as error:
            return outcome or _trouble(decision, error, _NOTHING_RAN)
        return with_network(outcome, opened)

    def _ran(self, decision: Allow, say: bytes, place: Place) -> Outcome:
        """Run the call in a box that waits or is made, and give that back or end it.

        INVARIANT: a box that is its call's alone has ended afterwards, so that nothing changes its copy any more;
        where that is not known, what the call wrote is not kept.
        """
        try:
            box, start = self._pool.take(place)
        except SandboxError as error:
            return _trouble(decision, error, _NOTHING_RAN)
        try:
            outcome = replace(self._called(decision, say, box), start=start, evidence=box.evidence.digest)
        except BaseException:
            self._pool.end(box)
            raise
        if outcome.exit is not None and not place.alone:
            self._pool.give(place, box)
            return outcome
        left = self._pool.end(box)
        if left and place.alone:
            outcome = replace(outcome, status="sandbox-error")
        return replace(outcome, message=" ".join(filter(None, (outcome.message, left))))

    def _called(self, decision: Allow, say: bytes, box: Box) -> Outcome:
        """Have a box run the call, and say what came of it; one whose program did not end has no `exit`."""
        spec = decision.sandbox
        capture = Capture(spec.output)
        began = time.monotonic()
        try:
            answer = box.call(say, spec.timeout, capture)
            if isinstance(answer, Unstarted):
                message = f"{_NOT_STARTED}: {spec.argv[0]}: {answer.reason}"
                return Outcome(id=decision.id, status="sandbox-error", tier=spec.isolation, message=message)
            status, message = self._verdict(spec, answer, box)
        except SandboxError as error:
            return _trouble(decision, error, _UNKNOWN)
        ended = answer if isinstance(answer, Ended) else None
        return Outcome(
            id=decision.id,
            status=status,
            tier=spec.isolation,
            exit=None if ended is None or ended.late else ended.status,
            stdout=capture.stdout,
            stderr=capture.stderr,
            truncated=capture.full,
            bytes=capture.arrived,
            wall_ms=int((time.monotonic() - began) * 1000),
            cpu_ms=None if ended is None else ended.cpu // 1000,
            peak_bytes=None if ended is None else ended.peak,
            message=message,
        )

    def _verdict(self, spec: SandboxSpec, answer: Ended | End, box: Box) -> tuple[Status, str]:
        if answer is End.FULL:
            return "limit", f"stopped: it wrote more than {spec.output} bytes"
        if answer is End.LATE or (isinstance(answer, Ended) and answer.late):
            return "timeout", f"stopped: it ran longer than {spec.timeout} milliseconds"
        if not isinstance(answer, Ended):
            return self._vanished(spec, box)
        if answer.status == 0:
            return "ok", ""
        if answer.memory:
            return "limit", f"the sandbox's memory of {spec.memory} bytes was used up"
        signalled = answer.status - _SIGNALLED
        return "failed", f"signal {signalled} ends a program so" if signalled > 0 else ""

    def _vanished(self, spec: SandboxSpec, box: Box) -> tuple[Status, str]:
        """Say why a box ended before its runner told how the program did."""
        box.close()
        self._engine.wait(box.container, _CLOSED)
        if self._engine.out_of_memory(box.container):
            return "limit", f"the sandbox's memory of {spec.memory} bytes was used up"
        return "sandbox-error", f"{_UNKNOWN}: the sandbox ended before its runner said how"


def _trouble(decision: Allow, error: SandboxError, known: str) -> Outcome:
    return Outcome(
        id=decision.id,
        status="sandbox-error",
        tier=decision.sandbox.isolation,
        message=f"{known}: {error}",
    )
