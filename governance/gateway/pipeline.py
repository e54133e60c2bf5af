"""The way of one request: judged, made durable, and only then, if it is allowed, run; then its outcome.

Decisions are made one after the other, in the order of the log; waiting for the disk and running overlap. If
the log cannot be written nothing runs, and nothing is allowed any more.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, TypeGuard

from governance.canonical import digest_of
from governance.decide import judge, unrecorded
from governance.errors import Diagnostic, JournalError, PolicyError, SandboxError
from governance.evidence import (
    bundle_body,
    clearance_body,
    commit_body,
    connection_body,
    decision_body,
    fold,
    grant_body,
    message_body,
)
from governance.gateway.service import service_log
from governance.instant import milliseconds
from governance.journal.record import Event
from governance.policy.case import session_key
from governance.policy.commit import Working, judge_commit
from governance.policy.decision import Allow
from governance.policy.state import Grant, State
from governance.request.wire import parse_request
from governance.sandbox import Outcome
from governance.text import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from governance.canonical import Json
    from governance.capabilities.difference import Difference
    from governance.capabilities.work import Work
    from governance.journal import Journal, Receipt
    from governance.journal.record import Kind
    from governance.policy.bundle import Bundle
    from governance.policy.commit import Commit
    from governance.policy.connection import Asked, Refused
    from governance.policy.decision import Ask, Decision, JudgedCall
    from governance.policy.facts import EngineFacts
    from governance.request.wire import Line, Origin, Request
    from governance.sandbox import Dispatcher, Warrants

__all__ = ["Approval", "Decided", "Engine"]

_UNWRITABLE: Final = "the decision log cannot be written, so nothing is allowed; ask the operator"


@dataclass(frozen=True, slots=True)
class Approval:
    """A person's yes: whose, until when in milliseconds since 1970, and how often it counts (None: always)."""

    approver: str
    expires: int
    uses: int | None = 1


@dataclass(frozen=True, slots=True)
class Decided:
    """A request, its decision, and the receipt that shows it durable; without one nothing can be run.

    `fault` is why there is no receipt. `work` is None where the request never came to be any.
    """

    request: Request
    decision: Decision
    receipt: Receipt[Decision] | None
    work: Work | None = None
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
        at = journal.instant(now())
        journal.record("bundle", at, body, None)
        self._state = self._state.in_force(bundle.digest if bundle else None, facts, milliseconds(at))

    def decide(self, line: Line, origin: Origin) -> Decided:
        """Return the decision on one request line once it is durable, a deny if it cannot be made durable."""
        request = parse_request(line, origin)
        try:
            with self._order:
                at = self._journal.instant(request.origin.at or self._now())
                judgement = judge(self._bundle, request, self._state, at)
                body = decision_body(request, judgement, self._state)
                pending = self._journal.append("decision", at, body, judgement.decision)
                self._state = judgement.state
            receipt = self._journal.wait(pending)
        except JournalError as error:
            service_log.error("decision-not-recorded", request=request.digest, error=str(error))
            return Decided(request, unrecorded(request, self._state, _UNWRITABLE), None, fault=error)
        decision = judgement.decision
        service_log.info(
            "decided", id=decision.id, verdict=decision.verdict, code=decision.code.value, seq=receipt.seq
        )
        return Decided(request, decision, receipt, judgement.work)

    def approve(self, decision: Ask, agent: str, approval: Approval) -> tuple[str, ...]:
        """Record that a person approves the call that `decision` asks about, for every rule that asks; return the grants.

        The call must then be requested again. Raises `JournalError` when it cannot be recorded, `PolicyError` for
        an approver whom a rule does not name.
        """
        with self._order:
            bundle = self._in_force()
            asking = [rule for rule in bundle.rules if rule.reference in decision.rules]
            for rule in asking:
                if rule.approvers and approval.approver not in rule.approvers:
                    raise _not_theirs(approval.approver, rule.name, rule.approvers)
        names = [rule.reference.name for rule in asking]
        return tuple(
            self._grant(decision, call, name, agent, approval) for call in decision.calls for name in names
        )

    def _grant(self, decision: Ask, call: JudgedCall, rule: str, agent: str, approval: Approval) -> str:
        digest = digest_of({"capability": call.capability, "arguments": call.arguments})
        grant = Grant(
            rule, digest, agent, decision.bundle or "", approval.approver, approval.expires, approval.uses
        )
        identifier = digest_of([decision.id, *grant]).removeprefix("sha256:")[:32]
        self._log("grant", grant_body(identifier, grant))
        return identifier

    def revoke(self, grant: str) -> None:
        """Record that a grant counts no more."""
        self._log("revoke", {"grant": grant})

    def clear(self, label: str, agent: str, session: str, approver: str) -> None:
        """Record that a person clears a label from a session, as a `declassify` rule lets them.

        Raises `PolicyError` where no rule does.
        """
        rules = [rule for rule in self._in_force().clearances if label in rule.labels]
        named = next((rule for rule in rules if approver in rule.approvers), None)
        if named is None:
            raise _not_theirs(approver, label, frozenset().union(*(rule.approvers for rule in rules)))
        session = session_key(agent, session)
        self._log("grant", clearance_body(named.reference.name, session, [label], approver))

    def hear(self, source: str, text: str, agent: str, session: str) -> None:
        """Record what `source` said in a session: `user`, `trusted`, or a label of what a tool brought back."""
        self._log("message", message_body(session_key(agent, session), [source], text))

    def connected(
        self, decision: str, asked: Asked | None, addresses: tuple[str, ...], refused: Refused | None
    ) -> None:
        """Record that the sandbox of `decision` asked for a connection, and what the egress proxy says to that.

        Raises `JournalError` when it cannot be recorded; nothing may then be let through.
        """
        code = refused.code if refused else "permitted"
        service_log.info("connection", id=decision, host=asked.host if asked else None, code=code)
        self._log("connection", connection_body(decision, asked, addresses, refused))

    def _in_force(self) -> Bundle:
        if self._bundle is None:
            raise PolicyError(Diagnostic("no-policies", "no policy is in force", None, "mend the policies"))
        return self._bundle

    def _log(self, kind: Kind, body: dict[str, Json]) -> None:
        """Record an event that is no decision, once it is durable, and take it into the state."""
        with self._order:
            at = self._journal.instant(self._now())
            pending = self._journal.append(kind, at, body, None)
            self._state = fold(self._state, Event(pending.seq, pending.at, kind, body))
        self._journal.wait(pending)

    def dispatch(self, decided: Decided) -> Outcome | None:
        """Run what was allowed and record how it went; None where nothing was allowed.

        Raises `JournalError` when the outcome cannot be recorded; the log then shows it as unknown.
        """
        receipt = decided.receipt
        if receipt is None or not _allows(receipt):
            return None
        try:
            outcome = self._dispatcher.dispatch(
                self._warrants.issue(receipt, decided.work.stdin if decided.work else None),
                partial(self._review, decided),
            )
        except SandboxError as error:
            allow = receipt.subject
            outcome = Outcome(
                id=allow.id, status="sandbox-error", tier=allow.sandbox.isolation, message=str(error)
            )
        if outcome.status == "sandbox-error":
            service_log.warning("sandbox-error", id=outcome.id, message=outcome.message)
        service_log.info("outcome", id=outcome.id, status=outcome.status, wall_ms=outcome.wall_ms)
        self._log("outcome", outcome.to_json())
        return outcome

    def _review(self, decided: Decided, decision: Allow, difference: Difference) -> Commit:
        """Judge what an allowed call wrote, and return that once it is durable; the bundle is that of the decision.

        Raises `JournalError` when it cannot be recorded.
        """
        origin = decided.request.origin
        with self._order:
            bundle = self._in_force()
            at = self._journal.instant(self._now())
            agent = bundle.agents[origin.agent or ""]
            working = Working.of(decision, decided.work.calls if decided.work else (), agent, origin.session)
            commit = judge_commit(bundle, working, difference, self._state, milliseconds(at))
            body = commit_body(decision.id, difference, commit, self._state)
            pending = self._journal.append("commit", at, body, None)
            self._state = fold(self._state, Event(pending.seq, pending.at, "commit", body))
        self._journal.wait(pending)
        service_log.info("reviewed", id=decision.id, verdict=commit.verdict, code=commit.code.value)
        return commit


def _not_theirs(person: str, what: str, people: frozenset[str]) -> PolicyError:
    mend = f"ask {', '.join(sorted(people)) or 'for a rule that names someone'}"
    return PolicyError(
        Diagnostic("not-an-approver", f"{shown(person)} does not decide on {what}", None, mend)
    )


def _allows(receipt: Receipt[Decision]) -> TypeGuard[Receipt[Allow]]:
    return isinstance(receipt.subject, Allow)
