"""From a request to a decision: one pure function of its arguments, the same for `decide`, `run` and `replay`.

No clock, no randomness, no environment: what varies arrives as an argument. Everything that cannot be read,
found or evaluated is a deny that says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from governance.canonical import digest_of
from governance.errors import GovernanceError, RequestError
from governance.policy.decision import Allow, Code, Deny, JudgedCall
from governance.policy.evaluate import Verdict, evaluate
from governance.request.bind import IllTypedError, UnknownCapabilityError, bind
from governance.request.surface import read_call
from governance.text import nearest, shown

if TYPE_CHECKING:
    from governance.canonical import Json
    from governance.capabilities.call import Call
    from governance.policy.bundle import Agent, Bundle
    from governance.policy.decision import Decision
    from governance.policy.facts import EngineFacts, State
    from governance.request.wire import Request

__all__ = ["Judgement", "decide", "judge", "unrecorded"]

_MOST_NEAREST: Final = 3
_FOREIGN: Final = "the call was bound to the declaration of other policies; bind it again"
_NO_BUNDLE: Final = "no policy is in force, so nothing is allowed; ask the operator"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A decision with what stands behind it: the call where there is one, and the error where there is none."""

    decision: Decision
    call: Call | None = None
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


def decide(bundle: Bundle | None, call: Call, agent: Agent | None, state: State, at: str) -> Decision:
    """Return the decision on `call` by `agent` at the instant `at` (RFC 3339, UTC).

    Without a bundle everything is denied, and so is every agent that is None, and a call that was bound to a
    declaration of other policies.
    """
    context = _Context(bundle, call.digest, agent.name if agent else None, "", at, state)
    if bundle is not None and bundle.capabilities.get(call.capability.name) is not call.capability:
        return _refused(context, Code.UNKNOWN_CAPABILITY, _FOREIGN)
    return _decided(context, call, agent)


def judge(bundle: Bundle | None, request: Request, state: State, at: str) -> Judgement:
    """Return the decision on `request`, whatever it is. Never raises.

    A fault of the engine itself is a deny too: `fail-closed`, and the same one on every replay.
    """
    context = _Context(bundle, request.digest, request.origin.agent, request.origin.session, at, state)
    try:
        return _judged(context, request)
    except Exception as error:  # noqa: BLE001 - INVARIANT: the one place where any fault becomes a deny
        return Judgement(_refused(context, Code.FAIL_CLOSED, f"the engine failed: {type(error).__name__}"))


def unrecorded(request: Request, state: State, reason: str) -> Deny:
    """Return the deny of a request whose decision could not be made durable."""
    context = _Context(None, request.digest, request.origin.agent, request.origin.session, "", state)
    return _refused(context, Code.FAIL_CLOSED, reason)


def _judged(context: _Context, request: Request) -> Judgement:
    bundle = context.bundle
    try:
        syntax = read_call(request)
        if bundle is None:
            return Judgement(_refused(context, Code.FAIL_CLOSED, _NO_BUNDLE))
        call = bind(syntax, bundle.capabilities)
    except UnknownCapabilityError as error:
        names = sorted({each.name for each in bundle.capabilities.values()}) if bundle else []
        near = nearest(syntax.name.replace("_", "."), names)
        return Judgement(_refused(context, Code.UNKNOWN_CAPABILITY, _told(error), near), error=error)
    except IllTypedError as error:
        near = _permitted(context, syntax.name)
        return Judgement(_refused(context, Code.ILL_TYPED, _told(error), near), error=error)
    except RequestError as error:
        return Judgement(_refused(context, Code.MALFORMED, _told(error)), error=error)
    agent = None if context.agent is None else bundle.agents.get(context.agent)
    return Judgement(_decided(context, call, agent), call)


def _told(error: GovernanceError) -> str:
    """Return what the agent is told of an error: each place, what is wrong there, what to write instead."""
    parts = []
    for diagnostic in error.diagnostics:
        span = diagnostic.span
        where = (
            ""
            if span is None
            else f"{'' if span.source.name == 'request' else 'arguments, '}column {span.column}: "
        )
        parts.append(f"{where}{diagnostic.message}{'; ' if diagnostic.help else ''}{diagnostic.help}")
    return ". ".join(parts)


def _decided(context: _Context, call: Call, agent: Agent | None) -> Decision:
    if context.bundle is None:
        return _refused(context, Code.FAIL_CLOSED, _NO_BUNDLE)
    verdict = evaluate(context.bundle, call, agent, context.state.facts)
    judged = JudgedCall(
        call.capability.name, call.arguments, tuple(str(effect) for effect in verdict.effects)
    )
    if verdict.sandbox is None:
        near = _permitted(context, call.capability.name)
        return _denied(context, verdict, near, (judged,))
    return Allow(
        code=verdict.code,
        reason=verdict.reason,
        rules=verdict.rules,
        calls=(judged,),
        bundle=context.bundle.digest,
        request=context.request,
        id=_identity(context),
        sandbox=verdict.sandbox,
    )


def _refused(context: _Context, code: Code, reason: str, near: tuple[str, ...] = ()) -> Deny:
    """Return the deny of a request that never came to be a call."""
    return _denied(context, Verdict(code, (), reason, ()), near, ())


def _denied(
    context: _Context, verdict: Verdict, near: tuple[str, ...], calls: tuple[JudgedCall, ...]
) -> Deny:
    return Deny(
        code=verdict.code,
        reason=verdict.reason,
        rules=verdict.rules,
        calls=calls,
        bundle=context.bundle.digest if context.bundle else None,
        request=context.request,
        id=_identity(context),
        nearest=near,
    )


def _identity(context: _Context) -> str:
    """Return the decision's name: 32 hexadecimal digits, unlike any other of its log, whose decisions are counted."""
    bundle = context.bundle.digest if context.bundle else None
    facts = context.state.facts.digest if context.state.facts else None
    who: list[Json] = [bundle, context.request, context.agent, context.session]
    return digest_of([*who, context.at, context.state.decisions, facts]).removeprefix("sha256:")[:32]


def _permitted(context: _Context, name: str) -> tuple[str, ...]:
    """Return calls that this agent could make instead: of the same capability, then of its family, then others."""
    bundle = context.bundle
    agent = bundle.agents.get(context.agent) if bundle and context.agent is not None else None
    if bundle is None or agent is None:
        return ()
    wanted = bundle.capabilities.get(name)
    full = wanted.name if wanted else name
    family = full.partition(".")[0] + "."
    ranked = sorted(
        (capability != full, not capability.startswith(family), text)
        for capability, text in _examples(bundle, agent, context.state.facts)
    )
    return tuple(text for other, stranger, text in ranked if not (other and stranger))[:_MOST_NEAREST]


@lru_cache(maxsize=256)
def _examples(bundle: Bundle, agent: Agent, facts: EngineFacts | None) -> tuple[tuple[str, str], ...]:
    """Return the capability and the text of every example of a rule that this agent is permitted."""
    calls = dict.fromkeys(
        example.call for rule in bundle.rules for example in rule.examples if example.allowed
    )
    return tuple(
        (call.capability.name, shown(str(call)))
        for call in calls
        if evaluate(bundle, call, agent, facts).code is Code.PERMITTED
    )
