"""From a request to a decision: one pure function of its arguments, the same for `decide`, `run` and `replay`.

No clock, no randomness, no environment: what varies arrives as an argument. Everything that cannot be read,
found or evaluated is a deny that says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from governance.canonical import digest_of
from governance.capabilities.work import Work
from governance.errors import GovernanceError, RequestError
from governance.instant import milliseconds
from governance.policy.case import Case, session_key
from governance.policy.commit import COMMIT
from governance.policy.compiled import compiled
from governance.policy.decision import Allow, Ask, Code, Deny, JudgedCall, SandboxSpec
from governance.policy.evaluate import Ruling
from governance.policy.nearest import nearest_calls
from governance.policy.sandboxes import derive
from governance.policy.together import judge_together
from governance.request.asked import Asked, check_readable, read_work
from governance.request.bind import IllTypedError, UnknownCapabilityError
from governance.text import nearest, shown

if TYPE_CHECKING:
    from governance.canonical import Json
    from governance.capabilities.call import Call
    from governance.capabilities.declaration import Effect
    from governance.policy.bundle import Bundle
    from governance.policy.change import Change
    from governance.policy.decision import Decision
    from governance.policy.rule import Agent
    from governance.policy.state import State
    from governance.request.wire import Request
    from governance.text import Span

__all__ = ["Judgement", "decide", "judge", "unrecorded"]

_MOST_NEAREST: Final = 3
_MOST_TRIED: Final = 32
_FOREIGN: Final = "the call was bound to the declaration of other policies; bind it again"
_AFTERWARDS: Final = "what a call changed is judged as fs.commit after the call; it is never asked for"
_STRANGER: Final = "no agent of this name is known here; ask the operator"
_NO_BUNDLE: Final = "no policy is in force, so nothing is allowed; ask the operator"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A decision, the state after it, and what it changed of the state.

    `work` is there where the request is any, and `error` where it is none.
    """

    decision: Decision
    state: State
    changes: tuple[Change, ...] = ()
    work: Work | None = None
    error: RequestError | None = None


@dataclass(frozen=True, slots=True)
class _Context:
    """What a decision names beside the verdict."""

    bundle: Bundle | None
    request: str
    agent: str | None
    session: str
    at: str
    state: State


def decide(
    bundle: Bundle | None, call: Call, agent: Agent | None, state: State, at: str, session: str = ""
) -> Judgement:
    """Return the decision on `call` by `agent` at the instant `at` (RFC 3339, UTC), and the state after it.

    Without a bundle everything is denied, and so is every agent that is None, and a call that was bound to a
    declaration of other policies.
    """
    context = _Context(bundle, call.digest, agent.name if agent else None, session, at, state)
    if bundle is not None and bundle.capabilities.get(call.capability.name) is not call.capability:
        return _refused(context, Code.UNKNOWN_CAPABILITY, _FOREIGN)
    return _decided(context, Asked(Work.of(call)), agent)


def judge(bundle: Bundle | None, request: Request, state: State, at: str) -> Judgement:
    """Return the decision on `request`, whatever it is. Never raises.

    A fault of the engine itself is a deny too: `fail-closed`, and the same one on every replay.
    """
    context = _Context(bundle, request.digest, request.origin.agent, request.origin.session, at, state)
    try:
        return _judged(context, request)
    except Exception as error:  # noqa: BLE001 - INVARIANT: the one place where any fault becomes a deny
        return _refused(context, Code.FAIL_CLOSED, f"the engine failed: {type(error).__name__}")


def unrecorded(request: Request, state: State, reason: str) -> Deny:
    """Return the deny of a request whose decision could not be made durable."""
    context = _Context(None, request.digest, request.origin.agent, request.origin.session, "", state)
    return _deny(context, Ruling(Code.FAIL_CLOSED, (), reason), (), ())


def _judged(context: _Context, request: Request) -> Judgement:
    bundle = context.bundle
    try:
        if bundle is None:
            check_readable(request)
            return _refused(context, Code.FAIL_CLOSED, _NO_BUNDLE)
        asked = read_work(request, bundle.capabilities)
    except UnknownCapabilityError as error:
        names = sorted({each.name for each in bundle.capabilities.values()}) if bundle else []
        near = nearest(error.name.replace("_", "."), names)
        return _refused(context, Code.UNKNOWN_CAPABILITY, _told(error), near, error)
    except IllTypedError as error:
        near = _permitted(context, error.name)
        return _refused(context, Code.ILL_TYPED, _told(error), near, error)
    except RequestError as error:
        return _refused(context, Code.MALFORMED, _told(error), error=error)
    if any(call.capability.name == COMMIT for call in asked.work.calls):
        return _refused(context, Code.FORBIDDEN, _AFTERWARDS)
    agent = None if context.agent is None else bundle.agents.get(context.agent)
    return _decided(context, asked, agent)


def _told(error: GovernanceError) -> str:
    """Return what the agent is told of an error: each place, what is wrong there, what to write instead."""
    parts = []
    for diagnostic in error.diagnostics:
        span = diagnostic.span
        where = "" if span is None else _where(span)
        parts.append(f"{where}{diagnostic.message}{'; ' if diagnostic.help else ''}{diagnostic.help}")
    return ". ".join(parts)


def _where(span: Span) -> str:
    """Return a place in words: in what, where that is not the request itself, on which line, where it has several."""
    inside = "" if span.source.name == "request" else f"{span.source.name}, "
    line = f"line {span.line}, " if span.line > 1 else ""
    return f"{inside}{line}column {span.column}: "


def _decided(context: _Context, asked: Asked, agent: Agent | None) -> Judgement:
    bundle, work = context.bundle, asked.work
    if bundle is None:
        return _refused(context, Code.FAIL_CLOSED, _NO_BUNDLE)
    first, *others = work.calls
    if agent is None:
        judged = tuple(_judged_call(call) for call in work.calls)
        return _concluded(
            context, _deny(context, Ruling(Code.UNKNOWN_AGENT, (), _STRANGER), (), judged), (), work
        )
    together = judge_together(bundle, compiled(bundle), _case(context, bundle, agent, first), *others)
    ruling = together.ruling
    sandbox = together.sandbox(work, context.state.facts)
    if isinstance(sandbox, str):
        ruling = Ruling(Code.FAIL_CLOSED, ruling.rules, sandbox, changes=ruling.attempts)
    pairs = zip(together.cases, together.rulings, strict=True)
    judged = tuple([_judged_call(case.call, each.reach) for case, each in pairs])
    decision: Decision
    if isinstance(sandbox, SandboxSpec):
        decision = Allow(**_said(context, ruling, judged), sandbox=sandbox, labels=ruling.labels)
    elif ruling.code is Code.NEEDS_APPROVAL:
        decision = Ask(**_said(context, ruling, judged))
    else:
        case = together.case
        near = _nearby(context, case) or _permitted(context, case.call.capability.name)
        notes = asked.notes if ruling.code is Code.NO_PERMIT else ()
        decision = _deny(context, ruling._replace(reason=". ".join((ruling.reason, *notes))), near, judged)
    return _concluded(
        context, decision, together.changes if ruling.code is not Code.FAIL_CLOSED else ruling.changes, work
    )


def _said(context: _Context, ruling: Ruling, calls: tuple[JudgedCall, ...]) -> dict[str, Any]:
    """Return what all decisions say alike."""
    return {
        "code": ruling.code,
        "reason": ruling.reason,
        "rules": ruling.rules,
        "calls": calls,
        "limits": ruling.left,
        "bundle": context.bundle.digest if context.bundle else None,
        "request": context.request,
        "id": _identity(context),
    }


def _concluded(context: _Context, decision: Decision, changes: tuple[Change, ...], work: Work) -> Judgement:
    after = context.state.decided(changes, milliseconds(context.at) if changes else 0, decision.id)
    return Judgement(decision, after, changes, work)


def _judged_call(call: Call, reach: tuple[Effect, ...] = ()) -> JudgedCall:
    effects = tuple(str(effect) for effect in (*call.effects, *reach))
    return JudgedCall(call.capability.name, call.arguments, effects)


def _refused(
    context: _Context,
    code: Code,
    reason: str,
    near: tuple[str, ...] = (),
    error: RequestError | None = None,
) -> Judgement:
    """Return the deny of a request that never came to be a call."""
    decision = _deny(context, Ruling(code, (), reason), near, ())
    return Judgement(decision, context.state.decided((), 0, decision.id), error=error)


def _deny(context: _Context, ruling: Ruling, near: tuple[str, ...], calls: tuple[JudgedCall, ...]) -> Deny:
    return Deny(**_said(context, ruling, calls), nearest=near)


def _identity(context: _Context) -> str:
    """Return the decision's name: 32 hexadecimal digits, unlike any other of its log, whose decisions are counted."""
    bundle = context.bundle.digest if context.bundle else None
    facts = context.state.facts.digest if context.state.facts else None
    who: list[Json] = [bundle, context.request, context.agent, context.session]
    return digest_of([*who, context.at, context.state.decisions, facts]).removeprefix("sha256:")[:32]


def _nearby(context: _Context, case: Case) -> tuple[str, ...]:
    """Return the permitted calls that are nearest to the one that is refused."""
    if context.bundle is None:
        return ()
    found = (
        shown(str(call))
        for call, ruling in nearest_calls(context.bundle, case)
        if _can_run(context, ruling, Case(call, case.lineage, case.session, case.at, case.state))
    )
    return tuple(islice(found, _MOST_NEAREST))


def _permitted(context: _Context, name: str) -> tuple[str, ...]:
    """Return calls that this agent could make instead: of the same capability, else of its family."""
    bundle = context.bundle
    agent = bundle.agents.get(context.agent) if bundle and context.agent is not None else None
    if bundle is None or agent is None:
        return ()
    wanted = bundle.capabilities.get(name)
    full = wanted.name if wanted else name
    family = full.partition(".")[0] + "."
    ranked = sorted(
        (capability != full, text, place)
        for place, (capability, text, _) in enumerate(_examples(bundle))
        if capability == full or capability.startswith(family)
    )
    found: list[str] = []
    for _, text, place in ranked[:_MOST_TRIED]:
        case = _case(context, bundle, agent, _examples(bundle)[place][2])
        if len(found) < _MOST_NEAREST and _can_run(context, compiled(bundle)(case), case):
            found.append(text)
    return tuple(found)


def _can_run(context: _Context, ruling: Ruling, case: Case) -> bool:
    """Whether the call is permitted, and this engine has the sandbox for it."""
    if ruling.profile is None:
        return False
    effects = (*case.call.effects, *ruling.reach)
    work, facts = Work.of(case.call), context.state.facts
    return not isinstance(derive(ruling.profile, work, case.agent, facts, effects, taint=True), str)


@lru_cache(maxsize=64)
def _examples(bundle: Bundle) -> tuple[tuple[str, str, Call], ...]:
    """Return the capability, the text and the call of every example that a rule says is allowed."""
    calls = dict.fromkeys(
        example.call for rule in bundle.rules for example in rule.examples if example.verdict == "allow"
    )
    return tuple((call.capability.name, shown(str(call)), call) for call in calls)


def _case(context: _Context, bundle: Bundle, agent: Agent, call: Call) -> Case:
    return Case(
        call,
        bundle.lineage(agent),
        session_key(agent.name, context.session),
        milliseconds(context.at),
        context.state,
    )
