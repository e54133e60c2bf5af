"""Checks `test` blocks: who asks, when, what else happens, and what must come of each step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from governance.policy.check.calls import read_call_of
from governance.policy.check.instants import check_moment
from governance.policy.check.literals import number
from governance.policy.decision import Code
from governance.policy.suite import After, Approves, As, At, Clears, Expects, InSession, Says, Scenario
from governance.policy.syntax import StepSyntax, Word

if TYPE_CHECKING:
    from governance.policy.check.scope import FileScope
    from governance.policy.decision import RuleReference
    from governance.policy.suite import Item
    from governance.policy.syntax import Clause, ScenarioSyntax

__all__ = ["check_scenario"]

_CODES: Final = {
    "allow": (Code.PERMITTED,),
    "ask": (Code.NEEDS_APPROVAL,),
    "deny": (Code.FORBIDDEN, Code.OVER_LIMIT, Code.NO_PERMIT),
}
"""The codes that each verdict can have of a call that is one, by an agent that is known."""

_THEN: Final = ("completed", "failed")
_DAY: Final = 86_400_000


def check_scenario(scope: FileScope, syntax: ScenarioSyntax, reference: RuleReference) -> Scenario | None:
    """Return the test, None when something about it is wrong and reported. Rules must have been checked before."""
    before = len(scope.scope.diagnostics)
    items: list[Item] = []
    agent = False
    for item in syntax.items:
        if isinstance(item, StepSyntax):
            if not agent:
                message = "nobody asks here yet"
                scope.report("no-asker", message, item.verdict, 'say agent "ID" before the first call')
                agent = True
            found = _step(scope, item)
        else:
            agent = agent or item.keyword == "agent"
            found = _directive(scope, item)
        items += () if found is None else (found,)
    if not any(isinstance(item, StepSyntax) for item in syntax.items):
        scope.report("no-step", "this test asks nothing", syntax.name, "add a call -> allow, ask or deny")
    return None if len(scope.scope.diagnostics) > before else Scenario(reference, tuple(items))


def _directive(scope: FileScope, clause: Clause) -> Item | None:
    words = cast("tuple[Word, ...]", clause.items)
    first = words[0]
    match clause.keyword:
        case "agent":
            scope.find("agent", first, scope.scope.agents)
            return As(first.text)
        case "session":
            return InSession(first.text)
        case "at":
            moment = check_moment(scope, first)
            return None if moment is None else At(moment)
        case "after":
            duration = _duration(scope, first)
            return None if duration is None else After(duration)
        case "message":
            if first.text not in ("user", "trusted", *scope.scope.labels):
                scope.unknown("source", first, {"user", "trusted", *scope.scope.labels})
            return Says(first.text, words[1].text)
        case "clear":
            return _clearing(scope, first, words[1])
        case _:
            return _approval(scope, clause)


def _duration(scope: FileScope, word: Word) -> int | None:
    duration = number(scope, word, "Duration")
    if duration is not None and not 0 <= duration <= 366 * _DAY:
        scope.report("bad-bounds", "a test goes on for at most 366 days", word, "like 5m")
        return None
    return duration


def _approval(scope: FileScope, clause: Clause) -> Item | None:
    """Read `approve "dana" for 1h times 2`; what is a number without a unit is how often."""
    person, *rest = cast("tuple[Word, ...]", clause.items)
    lasts: int | None = 3_600_000
    uses: int | None = 1
    for word in rest:
        if word.text.isdigit():
            uses = number(scope, word, "Int")
        else:
            lasts = _duration(scope, word)
    return None if lasts is None or uses is None else Approves(person.text, lasts, uses)


def _clearing(scope: FileScope, label: Word, person: Word) -> Item | None:
    if label.text not in scope.scope.labels:
        scope.unknown("label", label, scope.scope.labels)
        return None
    people = {name for rule in scope.scope.clearances if label.text in rule.labels for name in rule.approvers}
    if person.text not in people:
        message = f"no declassify rule lets `{person.text}` clear {label.text}"
        mend = f"one of {', '.join(sorted(people))}" if people else f"add a declassify rule for {label.text}"
        scope.report("not-an-approver", message, person, mend)
        return None
    return Clears(label.text, person.text)


def _step(scope: FileScope, syntax: StepSyntax) -> Item | None:
    calls = tuple(read_call_of(scope, word, "test") for word in syntax.calls)
    verdict = syntax.verdict.text
    code = None
    if syntax.code is not None:
        fitting = {each.value: each for each in _CODES[verdict]}
        code = fitting.get(syntax.code.text)
        if code is None:
            scope.unknown("code", syntax.code, fitting)
    if syntax.then is not None and (syntax.then.text not in _THEN or verdict != "allow"):
        message = "only an allowed call goes on, and it is completed or failed"
        scope.report("bad-then", message, syntax.then, "write then completed, or then failed")
    rules = tuple(_rule(scope, word) for word in syntax.rules)
    kept = tuple(call for call in calls if call is not None)
    then = syntax.then.text if syntax.then else None
    if len(kept) < len(calls) or None in rules:
        return None
    return Expects(
        kept,
        verdict,  # type: ignore[arg-type]  # the grammar has no other words
        code,
        cast("tuple[str, ...]", rules),
        then,  # type: ignore[arg-type]  # reported above
        syntax.calls[0].start,
        syntax.verdict.end,
    )


def _rule(scope: FileScope, word: Word) -> str | None:
    """Return the whole name of the rule that `word` names, shortly where one rule alone has that name."""
    known = {rule.reference.name for rule in scope.scope.rules}
    known |= {block.reference.name for block in scope.scope.protected}
    found = sorted(name for name in known if word.text in (name, name.rpartition("/")[2]))
    if len(found) > 1:
        mend = f'write "{found[0]}" or "{found[1]}"'
        scope.report("ambiguous-name", f"several rules are called `{word.text}`", word, mend)
    elif not found:
        scope.unknown("rule", word, known)
    return found[0] if len(found) == 1 else None
