"""Checks `test` blocks: who asks, when, what else happens, and what must come of each step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from governance.policy.check.calls import read_call_of
from governance.policy.check.instants import check_moment
from governance.policy.check.literals import duration, number
from governance.policy.check.vocabulary import CHOICES, CODES
from governance.policy.suite import START, After, Approves, As, At, Clears, Expects, InSession, Says, Scenario
from governance.policy.syntax import StepSyntax, Word

if TYPE_CHECKING:
    from governance.policy.check.scope import FileScope
    from governance.policy.decision import RuleReference
    from governance.policy.suite import Item
    from governance.policy.syntax import ApprovalSyntax, Clause, ScenarioSyntax

__all__ = ["check_scenario"]

_HOUR: Final = 3_600_000
_DAY: Final = 24 * _HOUR


@dataclass(slots=True)
class _Reading:
    """What is known of a test so far: whether anyone asks, what was to be asked about, and when it is now."""

    scope: FileScope
    now: int = START
    asker: bool = False
    asked: bool = False
    begun: bool = False

    def read(self, item: Clause | StepSyntax) -> Item | None:
        if isinstance(item, StepSyntax):
            self._someone(item.verdict, "before the first call")
            self.begun = True
            self.asked = self.asked or item.verdict.text == "ask"
            return _step(self.scope, item)
        return self._directive(item)

    def _someone(self, place: Word, when: str) -> None:
        """Report, once, that nobody asks yet."""
        if not self.asker:
            self.scope.report("no-asker", "nobody asks here yet", place, f'say agent "ID" {when}')
            self.asker = True

    def _directive(self, clause: Clause) -> Item | None:
        if clause.keyword == "approve":
            return self._approval(cast("ApprovalSyntax", clause.items[0]))
        first, *rest = cast("tuple[Word, ...]", clause.items)
        match clause.keyword:
            case "agent":
                self.asker = True
                self.scope.find("agent", first, self.scope.scope.agents)
                return As(first.text)
            case "session":
                return InSession(first.text)
            case "at":
                return self._moment(first)
            case "after":
                lasting = _duration(self.scope, first)
                self.now += lasting or 0
                return None if lasting is None else After(lasting)
            case "message":
                self._someone(first, "before anyone says something to it")
                sources = {"user", "trusted", *self.scope.scope.labels}
                if first.text not in sources:
                    self.scope.unknown("source", first, sources)
                return Says(first.text, rest[0].text)
            case _:
                self._someone(first, "before its session is cleared")
                return _clearing(self.scope, first, rest[0])

    def _moment(self, word: Word) -> Item | None:
        """Read an instant; once something has happened, time does not go back, as in a log."""
        moment = check_moment(self.scope, word)
        if moment is None:
            return None
        if self.begun and moment < self.now:
            message = f"it is later than {word.text} here already"
            self.scope.report("bad-instant", message, word, "time does not go back: write a later instant")
        self.now = moment
        return At(moment)

    def _approval(self, approval: ApprovalSyntax) -> Item | None:
        """Read an approval: for an hour and for one use, unless it says otherwise."""
        if not self.asked:
            message = "nothing has been asked about here yet"
            mend = "approve what a step before this -> ask"
            self.scope.report("nothing-asked", message, approval.approver, mend)
        lasts = _HOUR if approval.lasts is None else _duration(self.scope, approval.lasts)
        uses = 1 if approval.uses is None else _times(self.scope, approval.uses)
        return None if lasts is None or uses is None else Approves(approval.approver.text, lasts, uses)


def check_scenario(scope: FileScope, syntax: ScenarioSyntax, reference: RuleReference) -> Scenario | None:
    """Return the test, None when something about it is wrong and reported. Rules must have been checked before."""
    before = len(scope.scope.diagnostics)
    reading = _Reading(scope)
    items = tuple(reading.read(item) for item in syntax.items)
    if not reading.begun:
        scope.report("no-step", "this test asks nothing", syntax.name, "add a call -> allow, ask or deny")
    kept = tuple(item for item in items if item is not None)
    return None if len(scope.scope.diagnostics) > before else Scenario(reference, kept)


def _duration(scope: FileScope, word: Word) -> int | None:
    lasting = duration(scope, word)
    if lasting is not None and not 0 <= lasting <= 366 * _DAY:
        scope.report("bad-bounds", "a test goes on for at most 366 days", word, "like 5m")
        return None
    return lasting


def _times(scope: FileScope, word: Word) -> int | None:
    uses = number(scope, word, "Int")
    if uses is not None and uses < 1:
        scope.report("bad-bounds", "an approval is for one use at least", word, "like times 2")
        return None
    return uses


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
        fitting = {each.value: each for each in CODES[verdict]}
        code = fitting.get(syntax.code.text)
        if code is None:
            scope.unknown("code", syntax.code, fitting)
    if syntax.then is not None and (syntax.then.text not in CHOICES["then"] or verdict != "allow"):
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
