"""Checks limits: how much, of what, in which time, for whom, and when it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from governance.capabilities.numbers import decimal_of, scaled
from governance.policy.check.literals import duration, number, single
from governance.policy.check.names import Names
from governance.policy.check.vocabulary import CHOICES
from governance.policy.rule import Budget, Quota

if TYPE_CHECKING:
    from governance.capabilities.declaration import Capability
    from governance.capabilities.values import Type
    from governance.policy.check.scope import FileScope
    from governance.policy.condition import Given
    from governance.policy.rule import Counting, Each
    from governance.policy.syntax import Clause, RuleSyntax, Word
    from governance.policy.syntax import Quota as QuotaSyntax

__all__ = ["check_budget"]

_LONGEST: Final = 366 * 86_400_000


def check_budget(scope: FileScope, syntax: RuleSyntax, about: tuple[Capability, ...]) -> Budget | None:
    """Return what a limit allows; what is wrong with it is reported. Without `for each` it is for all together."""
    clause = single(scope, syntax.clauses, "at")
    if clause is None:
        message = f"the limit `{syntax.name.text}` does not say how much"
        scope.report("no-quota", message, syntax.name, "add at most 60 per 1h")
        return None
    quotas = [_quota(scope, item, about) for item in cast("tuple[QuotaSyntax, ...]", clause.items)]
    each = _one_of(scope, single(scope, syntax.clauses, "for"), "each", "bundle")
    counting = _one_of(scope, single(scope, syntax.clauses, "counting"), "counting", "allowed")
    kept = tuple(quota for quota in quotas if quota is not None)
    _once(scope, clause.items, quotas)
    return Budget(kept, cast("Each", each), cast("Counting", counting))


def _once(scope: FileScope, syntax: tuple[object, ...], quotas: list[Quota | None]) -> None:
    """Report a quota of the same in the same time as one before it: the higher of the two says nothing."""
    seen: set[tuple[Given | None, int]] = set()
    for written, quota in zip(cast("tuple[QuotaSyntax, ...]", syntax), quotas, strict=True):
        if quota is not None and (quota.of, quota.per) in seen:
            message = "an amount for this length of time stands here already"
            scope.report("said-twice", message, written.per, "keep the lower one, or mend the time")
        elif quota is not None:
            seen.add((quota.of, quota.per))


def _one_of(scope: FileScope, clause: Clause | None, keyword: str, default: str) -> str:
    if clause is None:
        return default
    word = cast("Word", clause.items[0])
    if word.text not in CHOICES[keyword]:
        scope.unknown(keyword, word, CHOICES[keyword])
    return word.text


def _quota(scope: FileScope, syntax: QuotaSyntax, about: tuple[Capability, ...]) -> Quota | None:
    per = duration(scope, syntax.per)
    if per is not None and not 0 < per <= _LONGEST:
        scope.report("bad-bounds", "a limit is about at most 366 days", syntax.per, "like 1h or 1d")
        return None
    of = exact = None
    if syntax.of is not None:
        if not about:
            return None
        mend = f"an amount stands in every call: declare {syntax.of.text} without `?`, or count the calls"
        found = Names(scope, about).given(syntax.of, mend=mend)
        if found is None:
            return None
        of, kind = found
        if not _can_be_counted(scope, syntax.of, kind):
            return None
        exact = kind.name == "Decimal"
    most = _most(scope, syntax.most, "Int" if of is None else kind.name)
    if most is None or per is None:
        return None
    end = syntax.per.end
    text = " ".join(scope.source.text[syntax.most.start : end].split())
    return Quota(most, of, bool(exact), per, text)


def _can_be_counted(scope: FileScope, name: Word, kind: Type) -> bool:
    if kind.name not in ("Int", "Size", "Duration", "Decimal"):
        scope.report("no-amount", f"a {kind.name} is no amount", name, "count an Int, a Size or a Decimal")
        return False
    if kind.name in ("Int", "Decimal") and (kind.low is None or kind.low < 0):
        message = f"`{name.text}` can be negative, and would give back what was used up"
        scope.report("negative-amount", message, name, f"declare it as {kind.name}(0..)")
        return False
    return True


def _most(scope: FileScope, word: Word, kind: str) -> int | None:
    if kind != "Decimal":
        most = duration(scope, word) if kind == "Duration" else number(scope, word, kind)
    else:
        try:
            most = scaled(decimal_of(word.text))
        except ValueError as error:
            scope.report("bad-number", f"`{word.text[:40]}`: {error}", word, "like 500.00")
            return None
    if most is not None and most < 0:
        scope.report("bad-bounds", "nothing is at most less than nothing", word, "write 0 or more")
        return None
    return most
