"""Checks conditions: every name is a parameter of every capability the rule is about, every type fits.

What is left cannot fail when it is evaluated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from governance.canonical import digest_of
from governance.policy.check.comparisons import Comparisons
from governance.policy.check.instants import check_window
from governance.policy.check.literals import duration
from governance.policy.condition import All, Carries, Earlier, Either, From, Member, Not, Present, Watch
from governance.policy.syntax import Carries as CarriesSyntax
from governance.policy.syntax import Compound, NamedTarget, Opposite, Presence, Provenance, Word, bare
from governance.policy.syntax import Earlier as EarlierSyntax
from governance.policy.syntax import Member as MemberSyntax
from governance.policy.syntax import Window as WindowSyntax
from governance.policy.target import may_be_about
from governance.text import with_article

if TYPE_CHECKING:
    from collections.abc import Callable

    from governance.policy.condition import Condition, Happened
    from governance.policy.syntax import ConditionSyntax, TargetSyntax
    from governance.policy.target import Target

__all__ = ["Conditions"]


@dataclass(slots=True)
class Conditions(Comparisons):
    """Checks the conditions of one rule.

    `targets` reads the targets of past calls; it is None inside of one, where history has no history.
    """

    targets: Callable[[tuple[TargetSyntax, ...]], tuple[Target, ...]] | None = None

    def check(self, syntax: ConditionSyntax) -> Condition | None:
        """Return the condition, None when something about it is wrong and reported."""
        match syntax:
            case Presence():
                return self._presence(syntax)
            case Opposite():
                before = self.present
                self.lets_through = not self.lets_through
                inner = self.check(syntax.condition)
                self.present, self.lets_through = before, not self.lets_through
                return None if inner is None else Not(inner)
            case Compound():
                return self._compound(syntax)
            case CarriesSyntax() | Provenance() | EarlierSyntax() | WindowSyntax():
                return self._of_session(syntax)
            case MemberSyntax():
                if syntax.group.text not in self.scope.scope.groups:
                    self.scope.unknown("group", syntax.group, self.scope.scope.groups)
                return Member(syntax.group.text, f"agent in {syntax.group.text}")
            case _:
                return self.comparison(syntax)

    def _presence(self, syntax: Presence) -> Condition | None:
        found = self.given(syntax.name, guarded=False)
        if found is None:
            return None
        given, kind = found
        if not kind.optional:
            message = f"`{syntax.name.text}` is always present"
            self.scope.report("always-present", message, syntax.name, "leave the test out")
            return None
        if syntax.present:
            self.present |= {syntax.name.text}
        text = f"{syntax.name.text} is {'present' if syntax.present else 'absent'}"
        return Present(given, syntax.present, text)

    def _compound(self, syntax: Compound) -> Condition | None:
        before = self.present
        checked = []
        for each in syntax.conditions:
            checked.append(self.check(each))
            if not syntax.every:
                self.present = before
        kept = tuple(each for each in checked if each is not None)
        if len(kept) < len(checked):
            return None
        return All(kept) if syntax.every else Either(kept)

    def _of_session(
        self, syntax: CarriesSyntax | Provenance | EarlierSyntax | WindowSyntax
    ) -> Condition | None:
        """Return a condition about what is not in the call: the session and the time."""
        if self.targets is None:
            place = syntax.label if isinstance(syntax, CarriesSyntax) else _place(syntax)
            mend = "say only what the past call's own parameters were"
            self.scope.report("no-history", "a past call is known by its parameters alone", place, mend)
            return None
        match syntax:
            case CarriesSyntax():
                self._label(syntax.label)
                return Carries(syntax.label.text, f"session carries {syntax.label.text}")
            case Provenance():
                return self._provenance(syntax)
            case EarlierSyntax():
                return self._earlier(syntax)
            case WindowSyntax():
                return check_window(self.scope, syntax, self._between(syntax.first, syntax))

    def _label(self, label: Word) -> None:
        if label.text not in self.scope.scope.labels:
            self.scope.unknown("label", label, self.scope.scope.labels)

    def _provenance(self, syntax: Provenance) -> Condition | None:
        if syntax.source.text not in ("user", "trusted"):
            self._label(syntax.source)
        found = self.given(syntax.name)
        if found is None:
            return None
        given, kind = found
        if kind.name not in ("String", "Path", "Url", "Host", "Email", "Int", "Decimal", "Cidr"):
            message = f"where {with_article(kind.name)} comes from cannot be told"
            mend = "ask it of a text, a number, a path, a URL, a host or an address"
            self.scope.report("no-provenance", message, syntax.name, mend)
            return None
        return From(given, syntax.source.text, f"{syntax.name.text} from {syntax.source.text}")

    def _earlier(self, syntax: EarlierSyntax) -> Condition | None:
        within = duration(self.scope, syntax.within)
        targets = self.targets(syntax.targets) if self.targets else ()
        if within is None or not targets:
            return None
        if within <= 0:
            self.scope.report("bad-bounds", "nothing is so short ago", syntax.within, "like 30m")
            return None
        scope = self.scope.scope
        about = tuple(each for _, each in sorted(scope.capabilities.items()) if may_be_about(targets, each))
        where = None
        if syntax.where is not None:
            where = Conditions(self.scope, about).check(syntax.where)
            if where is None:
                return None
        happened = cast("Happened", syntax.happened.text if syntax.happened else "allowed")
        end = syntax.within.end
        start = (syntax.happened or _first(syntax.targets[0])).start
        text = f"earlier {' '.join(self.scope.source.text[start:end].split())}"
        said = digest_of([happened, bare(syntax.targets), bare(syntax.where)])
        key = said.removeprefix("sha256:")[:24]
        return Earlier(Watch(happened, targets, where, key), within, text)

    def _between(self, first: Word, syntax: WindowSyntax) -> str:
        last = syntax.days[-1][1] if syntax.days else syntax.offset or syntax.last
        return f"time within {' '.join(self.scope.source.text[first.start : last.end].split())}"


def _first(target: TargetSyntax) -> Word:
    return target.name if isinstance(target, NamedTarget) else Word("any", target.start, target.end)


def _place(syntax: Provenance | EarlierSyntax | WindowSyntax) -> Word:
    match syntax:
        case Provenance():
            return syntax.source
        case EarlierSyntax():
            return syntax.within
        case _:
            return syntax.first
