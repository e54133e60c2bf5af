"""The one way from a warrant to a container, and from the container to an outcome.

The order is fixed: redeem, find the place, take a box that waits or make one, call, give it back or end it. Deadline
and output cap are kept from outside, by killing the container. Whatever goes wrong with the sandbox is an outcome of
the status `sandbox-error` which says what is known; only a bad warrant raises, and then nothing has run.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from governance.errors import Diagnostic, SandboxError
from governance.sandbox.box import Place
from governance.sandbox.exchange import End
from governance.sandbox.outcome import Outcome
from governance.sandbox.pool import Pool
from governance.sandbox.stream import Capture, Ended, Unstarted, call_frames
from governance.sandbox.workspace import NOBODY

if TYPE_CHECKING:
    from governance.policy.decision import Allow, SandboxSpec
    from governance.sandbox.box import Box
    from governance.sandbox.engine import ContainerEngine
    from governance.sandbox.outcome import Status
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
    ) -> None:
        """Take boxes from `pool`, which is this dispatcher's to close; without one each is made when it is needed."""
        self._engine = engine
        self._warrants = warrants
        self._workspaces = workspaces
        self._pool = pool or Pool(engine, log_id)

    def close(self) -> None:
        """Remove what waits for calls; what is running is ended by those who wait for it."""
        self._pool.close()

    def status(self) -> PoolStatus:
        """Return what waits for calls, and how often it did."""
        return self._pool.status()

    def dispatch(self, warrant: Warrant) -> Outcome:
        """Use the warrant up and run its call; SandboxError `warrant-…` is all that is raised."""
        self._warrants.redeem(warrant)
        decision = warrant.decision
        try:
            spec = decision.sandbox
            say = call_frames(spec.argv, warrant.stdin, spec.timeout, again=spec.reuse is not None)
            place = self._place(spec)
            box, start = self._pool.take(place)
        except SandboxError as error:
            return _trouble(decision, error, _NOTHING_RAN)
        try:
            outcome = replace(self._called(decision, say, box), start=start, evidence=box.evidence.digest)
        except BaseException:
            self._pool.end(box)
            raise
        if outcome.exit is not None:
            self._pool.give(place, box)
            return outcome
        left = self._pool.end(box)
        return replace(outcome, message=" ".join(filter(None, (outcome.message, left))))

    def _place(self, spec: SandboxSpec) -> Place:
        places = tuple((mount.source, self._workspaces.resolve(mount.source)) for mount in spec.mounts)
        users = {place.user for _, place in places} or {(NOBODY, NOBODY)}
        if len(users) > 1:
            mend = "give all folders that one sandbox mounts the same owner and group"
            message = "the workspaces of this sandbox belong to different users"
            raise SandboxError(Diagnostic("workspace", message, help=mend))
        return Place(spec, users.pop(), places)

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
