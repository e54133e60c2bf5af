"""The one way from a warrant to a container, and from the container to an outcome.

The order is fixed: redeem, copy, plan, create, attest, attach, start, exchange, wait, remove, settle what was written. Deadline and output
cap are kept from outside, by killing the container. Whatever goes wrong with the sandbox is an outcome of the
status `sandbox-error` which says what is known; only a bad warrant raises, and then nothing has run.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from governance.errors import SandboxError
from governance.sandbox.attest import attest
from governance.sandbox.egress.sent import with_network
from governance.sandbox.exchange import End, exchange
from governance.sandbox.outcome import Outcome
from governance.sandbox.places import prepared
from governance.sandbox.plan import Owner, plan
from governance.sandbox.stream import Capture

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from governance.policy.connection import Reach
    from governance.policy.decision import Allow
    from governance.sandbox.attest import Evidence
    from governance.sandbox.egress.link import Link
    from governance.sandbox.egress.service import Opened
    from governance.sandbox.engine import ContainerEngine
    from governance.sandbox.outcome import Status
    from governance.sandbox.places import Places, Review
    from governance.sandbox.plan import ContainerPlan
    from governance.sandbox.warrant import Warrant, Warrants
    from governance.sandbox.workspace import Workspaces

__all__ = ["Dispatcher"]

_GRACE: Final = 120
"""Seconds that creating, starting and removing may take beyond a call's own time, before a reaper may end it."""

_SIGNALLED: Final = 128
"""What is added to a signal's number where it ended the program."""

_NOTHING_RAN: Final = "nothing was run"
_NOT_STARTED: Final = "the program was not seen to start"
_UNKNOWN: Final = "how the program ended, and what it had done by then, is unknown; what is left of it is removed by the reaper"


class Dispatcher:
    """Runs what warrants allow, for one log; its method may be called from any thread."""

    def __init__(
        self,
        engine: ContainerEngine,
        warrants: Warrants,
        workspaces: Workspaces,
        log_id: str,
        attested: Callable[[Evidence], Evidence] = lambda evidence: evidence,
        egress: Callable[[Reach, Owner], AbstractContextManager[Opened]] | None = None,
    ) -> None:
        """Let `egress` give a call its network, and `attested` complete and keep evidence before the program starts.

        A SandboxError of either is a refusal.
        """
        self._engine = engine
        self._warrants = warrants
        self._workspaces = workspaces
        self._log_id = log_id
        self._attested = attested
        self._egress = egress

    def dispatch(self, warrant: Warrant, review: Review | None = None) -> Outcome:
        """Use the warrant up and run its call; SandboxError `warrant-…` is all that is raised of sandboxes.

        `review` judges and records what the call wrote into the copy of its workspace; without it nothing is kept.
        What it raises passes through.
        """
        self._warrants.redeem(warrant)
        decision = warrant.decision
        try:
            with prepared(self._workspaces, decision.sandbox) as places:
                return places.settled(self._connected(warrant, places), decision, review)
        except SandboxError as error:
            return _trouble(decision, error, _NOTHING_RAN, None)

    def _connected(self, warrant: Warrant, places: Places) -> Outcome:
        """Run the call, on a network of its own where it may reach any."""
        decision = warrant.decision
        reach, owner = decision.sandbox.reach, self._owner(decision)
        if reach is None or self._egress is None:
            return self._ran(warrant, places, owner, None)
        outcome = None
        try:
            with self._egress(reach, owner) as opened:
                outcome = self._ran(warrant, places, owner, opened.link)
        except SandboxError as error:
            return outcome or _trouble(decision, error, _NOTHING_RAN, None)
        return with_network(outcome, opened)

    def _ran(self, warrant: Warrant, places: Places, owner: Owner, link: Link | None) -> Outcome:
        """Run the call from the creation of its container to its removal."""
        decision = warrant.decision
        try:
            planned = plan(decision.sandbox, owner, places.user, places.sources, link)
            container = self._engine.create(planned)
        except SandboxError as error:
            return _trouble(decision, error, _NOTHING_RAN, None)
        try:
            outcome = _Run(self._engine, warrant, planned, container, self._attested).outcome()
        finally:
            left = self._remove(container)
        return replace(outcome, message=" ".join(filter(None, (outcome.message, left))))

    def _owner(self, decision: Allow) -> Owner:
        expires = int(time.time()) + decision.sandbox.timeout // 1000 + _GRACE
        return Owner(self._log_id, decision.id, expires)

    def _remove(self, container: str) -> str:
        try:
            self._engine.remove(container)
        except SandboxError as error:
            return f"its container was not removed, and is left to the reaper: {error}"
        return ""


@dataclass(slots=True)
class _Run:
    """One container from created to ended; `known` says what is true of it should the next step fail."""

    engine: ContainerEngine
    warrant: Warrant
    planned: ContainerPlan
    container: str
    attested: Callable[[Evidence], Evidence]
    known: str = _NOTHING_RAN
    evidence: Evidence | None = None

    def outcome(self) -> Outcome:
        """Attest, start and watch the container, and say what came of it."""
        capture = Capture(self.planned.output)
        try:
            self.evidence = self._attest()
            began, end = self._exchange(capture)
            return self._ended(capture, began, end)
        except SandboxError as error:
            return _trouble(self.warrant.decision, error, self.known, self.evidence)

    def _attest(self) -> Evidence:
        image = self.engine.image(self.planned.image)
        found = self.engine.inspect(self.container)
        return self.attested(attest(self.planned, found, image, self.engine.socket))

    def _exchange(self, capture: Capture) -> tuple[float, End]:
        """Start the program and speak with it; return when it began, and why the speaking ended."""
        stdin = self.warrant.stdin
        with self.engine.attach(self.container, stdin=stdin is not None) as streams:
            self.known = _NOT_STARTED
            self.engine.start(self.container)
            self.known = _UNKNOWN
            began = time.monotonic()
            return began, exchange(
                streams, stdin, capture, began + self.planned.timeout / 1000, time.monotonic
            )

    def _ended(self, capture: Capture, began: float, end: End) -> Outcome:
        """See the program's end, or bring it about.

        INVARIANT: the streams are closed by now. An engine ends a container only once its output is taken
        or refused, so one that is killed while its output waits would not die.
        """
        code = None
        if end is End.CLOSED:
            capture.finish()
            code = self.engine.wait(self.container, began + self.planned.timeout / 1000 - time.monotonic())
        spent = int((time.monotonic() - began) * 1000)
        if code is None:
            self.engine.kill(self.container)
        status, message = self._verdict(end, code)
        return Outcome(
            id=self.warrant.decision.id,
            status=status,
            tier=self.planned.tier,
            exit=code,
            stdout=capture.stdout,
            stderr=capture.stderr,
            truncated=capture.full,
            bytes=capture.arrived,
            wall_ms=spent,
            evidence=None if self.evidence is None else self.evidence.digest,
            message=message,
        )

    def _verdict(self, end: End, code: int | None) -> tuple[Status, str]:
        spec = self.warrant.decision.sandbox
        if end is End.FULL:
            return "limit", f"stopped: it wrote more than {spec.output} bytes"
        if code is None:
            return "timeout", f"stopped: it ran longer than {spec.timeout} milliseconds"
        if code == 0:
            return "ok", ""
        if self.engine.out_of_memory(self.container):
            return "limit", f"the sandbox's memory of {spec.memory} bytes was used up"
        return "failed", f"signal {code - _SIGNALLED} ends a program so" if code > _SIGNALLED else ""


def _trouble(decision: Allow, error: SandboxError, known: str, evidence: Evidence | None) -> Outcome:
    return Outcome(
        id=decision.id,
        status="sandbox-error",
        tier=decision.sandbox.isolation,
        evidence=None if evidence is None else evidence.digest,
        message=f"{known}: {error}",
    )
