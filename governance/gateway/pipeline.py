"""The way of one request: judged, made durable, and only then, if it is allowed, run; then its outcome.

Decisions are made one after the other, in the order of the log; waiting for the disk and running overlap. If
the log cannot be written nothing runs, and nothing is allowed any more.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeGuard

from governance.decide import judge, unrecorded
from governance.errors import JournalError, SandboxError
from governance.evidence import bundle_body, decision_body, fold
from governance.gateway.service import service_log
from governance.policy.decision import Allow
from governance.policy.facts import State
from governance.request.wire import parse_request
from governance.sandbox import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from governance.canonical import Json
    from governance.capabilities import Call
    from governance.journal import Journal, Pending, Receipt
    from governance.policy.bundle import Bundle
    from governance.policy.decision import Decision, Deny
    from governance.policy.facts import EngineFacts
    from governance.request.wire import Line, Origin, Request
    from governance.sandbox import Dispatcher, Warrants

__all__ = ["Decided", "Engine"]

_UNWRITABLE: Final = "the decision log cannot be written, so nothing is allowed; ask the operator"


@dataclass(frozen=True, slots=True)
class Decided:
    """A request, its decision, and the receipt that shows it durable; without one nothing can be run.

    `fault` is why there is no receipt. `call` is None where the request never came to be one.
    """

    request: Request
    decision: Decision
    receipt: Receipt[Allow] | Receipt[Deny] | None
    call: Call | None = None
    fault: JournalError | None = None


class Engine:
    """The governance engine over one open log; safe for use by many threads."""

    def __init__(
        self,
        journal: Journal,
        bundle: Bundle | None,
        facts: EngineFacts,
        warrants: Warrants,
        dispatcher: Dispatcher,
        now: Callable[[], str],
    ) -> None:
        """Take up the log's state and record which bundle and engine are in force. `now` gives RFC 3339 in UTC."""
        self._journal = journal
        self._bundle = bundle
        self._warrants = warrants
        self._dispatcher = dispatcher
        self._now = now
        self._order = threading.Lock()
        self._state = State()
        for event in journal.events():
            self._state = fold(self._state, event)
        if bundle is not None:
            journal.keep_bundle(bundle.digest, bundle.stored)
        body = bundle_body(bundle.digest if bundle else None, facts)
        journal.record("bundle", journal.instant(now()), body, None)
        self._state = self._state.with_facts(facts)

    def decide(self, line: Line, origin: Origin) -> Decided:
        """Return the decision on one request line once it is durable, a deny if it cannot be made durable."""
        request = parse_request(line, origin)
        try:
            with self._order:
                at = self._journal.instant(request.origin.at or self._now())
                judgement = judge(self._bundle, request, self._state, at)
                body = decision_body(request, judgement, self._state)
                pending = self._append(at, body, judgement.decision)
                self._state = self._state.decided()
            receipt = self._wait(pending)
        except JournalError as error:
            service_log.error("decision-not-recorded", request=request.digest, error=str(error))
            return Decided(request, unrecorded(request, self._state, _UNWRITABLE), None, fault=error)
        decision = judgement.decision
        service_log.info(
            "decided", id=decision.id, verdict=decision.verdict, code=decision.code.value, seq=receipt.seq
        )
        return Decided(request, decision, receipt, judgement.call)

    def _append(self, at: str, body: dict[str, Json], decision: Decision) -> Pending[Allow] | Pending[Deny]:
        if isinstance(decision, Allow):
            return self._journal.append("decision", at, body, decision)
        return self._journal.append("decision", at, body, decision)

    def _wait(self, pending: Pending[Allow] | Pending[Deny]) -> Receipt[Allow] | Receipt[Deny]:
        if isinstance(pending.subject, Allow):
            return self._journal.wait(pending)
        return self._journal.wait(pending)

    def dispatch(self, decided: Decided) -> Outcome | None:
        """Run what was allowed and record how it went; None where nothing was allowed.

        Raises `JournalError` when the outcome cannot be recorded; the log then shows it as unknown.
        """
        receipt = decided.receipt
        if receipt is None or not _allows(receipt):
            return None
        try:
            outcome = self._dispatcher.dispatch(
                self._warrants.issue(receipt, decided.call.stdin if decided.call else None)
            )
        except SandboxError as error:
            allow = receipt.subject
            outcome = Outcome(
                id=allow.id, status="sandbox-error", tier=allow.sandbox.isolation, message=str(error)
            )
        if outcome.status == "sandbox-error":
            service_log.warning("sandbox-error", id=outcome.id, message=outcome.message)
        service_log.info("outcome", id=outcome.id, status=outcome.status, wall_ms=outcome.wall_ms)
        self._journal.record("outcome", self._journal.instant(self._now()), outcome.to_json(), outcome)
        return outcome


def _allows(receipt: Receipt[Allow] | Receipt[Deny]) -> TypeGuard[Receipt[Allow]]:
    return isinstance(receipt.subject, Allow)
