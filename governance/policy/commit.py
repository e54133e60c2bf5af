"""Judges what a call changed: each change as a call of `fs.commit`, or by what the call itself was allowed to do.

A pure function of the rules, the decision, the difference and the state. What a call declared to write, and was
allowed, is kept without a further rule; all else needs one that permits `fs.commit`. Links, changed permissions and
what runs as its owner are a class of their own, as protected paths are: `docs/adr/0016-workspaces.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from governance.canonical import digest_of
from governance.capabilities.call import Call
from governance.capabilities.declaration import Verb
from governance.capabilities.difference import path_to_json
from governance.capabilities.glob import PathSet
from governance.policy.case import Case, session_key
from governance.policy.compiled import compiled
from governance.policy.decision import Code

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from governance.canonical import Json
    from governance.capabilities.difference import Alteration, Difference
    from governance.policy.bundle import Bundle
    from governance.policy.change import Change
    from governance.policy.decision import Allow, RuleReference
    from governance.policy.rule import Agent
    from governance.policy.state import State

__all__ = ["COMMIT", "Commit", "Working", "commit_call", "commit_id", "judge_commit"]

COMMIT: Final = "fs.commit"
"""The capability that changes are judged as; no agent asks for it."""

_VERBS: Final = {"added": Verb.CREATE, "changed": Verb.WRITE, "mode": Verb.WRITE, "deleted": Verb.DELETE}
_RUNS_AS_OTHERS: Final = 0o6000

_UNDECLARED: Final = "the call did not declare to change it, and no rule permits fs.commit of it"
_UNNAMEABLE: Final = "no rule can name it, for its name has characters or bytes that a path in a rule has not"
_SET_ID: Final = "a file that runs as its owner or group is never kept"
_CLASS: Final = "links and changed permissions decide what runs later; only a permit that says `including protected` keeps them"
_FOLDER: Final = "folder of what is kept"
_INCOMPLETE: Final = (
    "where a change is left out only what the call declared is deleted, so that what was moved is not lost"
)
_BENEATH: Final = "what stands in its place, or above it, stays as it was"


@dataclass(frozen=True, slots=True)
class Working:
    """An allowed call while it works: its decision, what it called, who asked, in which session (`session_key`)."""

    decision: Allow
    calls: tuple[Call, ...]
    agent: Agent
    session: str

    @classmethod
    def of(cls, decision: Allow, calls: tuple[Call, ...], agent: Agent, session: str) -> Working:
        """Return the call of `agent` in the session that the request names, which may be none."""
        return cls(decision, calls, agent, session_key(agent.name, session))


class Left(NamedTuple):
    """A change that is not kept: its place in the difference, and why."""

    place: int
    code: Code
    reason: str


@dataclass(frozen=True, slots=True)
class Commit:
    """What is said of a difference: `kept` are the places of what the workspace is given, none where it is dropped.

    `rules` determined it; `id` names it in the state; `changes` is what follows for that.
    """

    id: str
    verdict: Literal["commit", "drop"]
    code: Code
    reason: str
    rules: tuple[RuleReference, ...]
    kept: tuple[int, ...]
    left: tuple[Left, ...]
    changes: tuple[Change, ...]

    def to_json(self, difference: Difference) -> dict[str, Json]:
        """Return what is said as canonical data, with paths as the workspace has them."""
        return {
            "verdict": self.verdict,
            "code": self.code.value,
            "reason": self.reason,
            "rules": [rule.name for rule in self.rules],
            "where": [{"rule": rule.name, "file": rule.file, "line": rule.line} for rule in self.rules],
            "left_out": [
                {
                    "path": path_to_json(difference.alterations[each.place].path),
                    "change": difference.alterations[each.place].change,
                    "code": each.code.value,
                    "reason": each.reason,
                }
                for each in self.left
            ],
        }


class _Ruled(NamedTuple):
    code: Code
    reason: str
    rules: tuple[RuleReference, ...] = ()
    changes: tuple[Change, ...] = ()
    attempts: tuple[Change, ...] = ()
    declared: bool = False


def commit_call(bundle: Bundle, difference: Difference, alteration: Alteration) -> Call | None:
    """Return the call that keeping a change is, None where no rule could name its path."""
    capability = bundle.capabilities.get(COMMIT)
    path = "/" + "/".join(difference.parts(alteration))
    arguments: dict[str, str] = {
        "path": path,
        "change": alteration.change,
        "kind": alteration.kind,
        "mode": alteration.mode,
    }
    if alteration.change == "deleted":
        arguments["deletes"] = path
    if capability is None:
        return None
    try:
        checked = {
            each.name: each.type.check(arguments[each.name])
            for each in capability.parameters
            if each.name in arguments
        }
    except ValueError:
        return None
    return Call(capability, checked)


def commit_id(decision: str) -> str:
    """Return what the review of the call of that decision is named by in the state."""
    return digest_of([decision, COMMIT]).removeprefix("sha256:")[:32]


def judge_commit(bundle: Bundle, working: Working, difference: Difference, state: State, at: int) -> Commit:
    """Return what of `difference` is kept, at the recorded time `at` (milliseconds since 1970)."""
    decision = working.decision
    ruled: list[_Ruled] = []
    for alteration in difference.alterations:
        found = _ruled(bundle, working, difference, alteration, state, at)
        permitted = found.code is Code.PERMITTED
        if permitted and found.changes:
            state = state.decided(found.changes, at, decision.id)
        ruled.append(found)
    ruled = _with_folders(difference.alterations, ruled)
    denied = [each for each in ruled if each.code not in (Code.PERMITTED, Code.NO_PERMIT)]
    kept = () if denied else _kept(difference.alterations, ruled)
    among_kept = frozenset(kept)
    left = tuple(_left(difference.alterations, ruled, among_kept))
    code, reason, rules = _verdict(ruled, denied, kept, left)
    changes = tuple(
        change
        for place, each in enumerate(ruled)
        for change in (each.changes if place in among_kept else each.attempts)
    )
    return Commit(
        id=commit_id(decision.id),
        verdict="commit" if kept else "drop",
        code=code,
        reason=reason,
        rules=rules,
        kept=kept,
        left=left,
        changes=changes,
    )


def _ruled(
    bundle: Bundle, working: Working, difference: Difference, alteration: Alteration, state: State, at: int
) -> _Ruled:
    """Return what is said of one change: by the call's own decision where that covers it, else by the rules."""
    if (
        alteration.kind == "file"
        and alteration.permissions & _RUNS_AS_OTHERS
        and alteration.change != "deleted"
    ):
        return _Ruled(Code.FORBIDDEN, _SET_ID)
    protected = _is_protected(alteration)
    own = working.decision.rules
    holds = any if len(working.calls) == 1 else all
    declared = _declared(working.calls, difference, alteration)
    if declared and (not protected or holds(_including(bundle, own))):
        return _Ruled(Code.PERMITTED, working.decision.reason, own, declared=True)
    call = commit_call(bundle, difference, alteration)
    if call is None:
        reason = _UNNAMEABLE if COMMIT in bundle.capabilities else _UNDECLARED
        return _Ruled(Code.FORBIDDEN, _CLASS) if declared else _Ruled(Code.NO_PERMIT, reason)
    case = Case(call, bundle.lineage(working.agent), working.session, at, state)
    ruling = compiled(bundle)(case)
    uncovered = ruling.code is Code.PERMITTED and protected and not any(_including(bundle, ruling.rules))
    if uncovered or (ruling.code is Code.NO_PERMIT and declared):
        return _Ruled(Code.FORBIDDEN, _CLASS, (), (), ruling.attempts)
    if ruling.code is Code.NO_PERMIT:
        return _Ruled(ruling.code, _UNDECLARED, (), (), ruling.attempts)
    return _Ruled(ruling.code, ruling.reason, ruling.rules, ruling.changes, ruling.attempts)


def _is_protected(alteration: Alteration) -> bool:
    """Whether the change is of the class that runs later whatever its path is: a link, or other permissions."""
    return alteration.change == "mode" or (alteration.kind == "link" and alteration.change != "deleted")


def _including(bundle: Bundle, rules: Iterable[RuleReference]) -> list[bool]:
    """Return of each permit among `rules` whether it includes what is protected."""
    named = frozenset(rules)
    return [rule.including_protected for rule in bundle.rules if rule.reference in named] or [False]


def _declared(calls: tuple[Call, ...], difference: Difference, alteration: Alteration) -> bool:
    """Whether a call declared to do just this; what code could do in its sandbox beside that does not count."""
    verb, parts = _VERBS[alteration.change], difference.parts(alteration)
    return any(
        effect.verb is verb and isinstance(effect.target, PathSet) and effect.target.contains(parts)
        for call in calls
        for effect in call.effects
    )


def _with_folders(alterations: Sequence[Alteration], ruled: list[_Ruled]) -> list[_Ruled]:
    """Return the rulings in which a new folder that no rule permits is permitted where something added in it is."""
    wanted = {
        above
        for alteration, each in zip(alterations, ruled, strict=True)
        if each.code is Code.PERMITTED and alteration.change == "added"
        for above in _above(alteration.path)
    }
    return [
        _Ruled(Code.PERMITTED, _FOLDER)
        if each.code is Code.NO_PERMIT
        and alteration.change == "added"
        and alteration.kind == "folder"
        and alteration.path in wanted
        else each
        for alteration, each in zip(alterations, ruled, strict=True)
    ]


def _above(path: bytes) -> Iterable[bytes]:
    end = path.rfind(b"/")
    while end > 0:
        yield path[:end]
        end = path.rfind(b"/", 0, end)


def _kept(alterations: Sequence[Alteration], ruled: Sequence[_Ruled]) -> tuple[int, ...]:
    """Return the places of what is permitted; where that is not all, without what only a rule would let be deleted.

    Nor is then anything put where something stays that was deleted in the copy, or beneath it.
    """
    permitted = [place for place, each in enumerate(ruled) if each.code is Code.PERMITTED]
    if len(permitted) == len(ruled):
        return tuple(permitted)
    staying: set[bytes] = set()
    holding: set[bytes] = set()
    deleted = (pair for pair in zip(alterations, ruled, strict=True) if pair[0].change == "deleted")
    for alteration, each in sorted(deleted, key=lambda pair: pair[0].path, reverse=True):
        if not (each.declared and each.code is Code.PERMITTED) or alteration.path in holding:
            staying.add(alteration.path)
            holding.update(_above(alteration.path))
    return tuple(
        place
        for place in permitted
        if alterations[place].path not in staying and staying.isdisjoint(_above(alterations[place].path))
    )


def _left(alterations: Sequence[Alteration], ruled: Sequence[_Ruled], kept: frozenset[int]) -> Iterable[Left]:
    """Yield what is not kept; of a difference that is dropped as a whole, what that is for."""
    denied = any(each.code not in (Code.PERMITTED, Code.NO_PERMIT) for each in ruled)
    for place, each in enumerate(ruled):
        if place in kept:
            continue
        if each.code is not Code.PERMITTED:
            yield Left(place, each.code, each.reason)
        elif not denied:
            reason = _INCOMPLETE if alterations[place].change == "deleted" else _BENEATH
            yield Left(place, Code.NO_PERMIT, reason)


def _verdict(
    ruled: Sequence[_Ruled], denied: Sequence[_Ruled], kept: tuple[int, ...], left: tuple[Left, ...]
) -> tuple[Code, str, tuple[RuleReference, ...]]:
    """Return the code, the reason and the rules of the whole."""
    deciding = (
        denied or [ruled[place] for place in kept] or [each for each in ruled if each.code is Code.NO_PERMIT]
    )
    rules = tuple(sorted({rule for each in deciding for rule in each.rules}))
    if denied:
        return denied[0].code, "; ".join(dict.fromkeys(each.reason for each in denied)), rules
    reasons = dict.fromkeys(each.reason for each in left) if left else {}
    reason = "; ".join(reasons) or "; ".join(dict.fromkeys(each.reason for each in deciding))
    return (Code.PERMITTED if kept else Code.NO_PERMIT), reason, rules
