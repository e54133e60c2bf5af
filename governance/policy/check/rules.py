"""Checks rules: whom, which calls, under what condition, in which sandbox, until when, with examples."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, cast

from governance.canonical import digest_of
from governance.policy.check.budgets import check_budget
from governance.policy.check.calls import read_call_of
from governance.policy.check.conditions import Conditions
from governance.policy.check.instants import check_moment
from governance.policy.check.literals import single
from governance.policy.check.targets import SCRIPT, check_targets
from governance.policy.check.vocabulary import CLAUSES
from governance.policy.decision import ISOLATIONS
from governance.policy.plain import plain
from governance.policy.rule import Audience, Clearance, Example, Proof, Rule
from governance.policy.syntax import bare
from governance.policy.target import may_be_about
from governance.text import with_article

if TYPE_CHECKING:
    from governance.canonical import Json
    from governance.capabilities.declaration import Capability
    from governance.policy.check.scope import FileScope
    from governance.policy.condition import Condition
    from governance.policy.decision import RuleReference
    from governance.policy.profile import Profile
    from governance.policy.rule import Budget, Kind, Quota, Verdict
    from governance.policy.syntax import (
        AgentsClause,
        Clause,
        ConditionSyntax,
        ProveSyntax,
        RuleSyntax,
        TargetSyntax,
        Word,
    )
    from governance.policy.target import Target

__all__ = ["check_clearance", "check_proof", "check_rule"]

_VERDICTS: Final[dict[str, Verdict]] = {"allows": "allow", "denies": "deny", "asks": "ask"}


@dataclass(frozen=True, slots=True)
class _Read:
    """Reads the clauses of one rule."""

    scope: FileScope
    clauses: tuple[Clause, ...]
    name: Word

    def words(self, keyword: str) -> tuple[Word, ...]:
        clause = single(self.scope, self.clauses, keyword)
        return () if clause is None else cast("tuple[Word, ...]", clause.items)

    def conditions(
        self, targets: tuple[Target, ...], *, permit: bool
    ) -> tuple[Condition | None, Condition | None, tuple[Capability, ...]]:
        """Return `when`, `unless`, and the capabilities that the rule is about."""
        known = sorted(self.scope.scope.capabilities.items())
        about = tuple(each for _, each in known if may_be_about(targets, each))
        checker = Conditions(self.scope, about, targets=lambda past: check_targets(self.scope, past))
        found: list[Condition | None] = []
        for keyword in ("when", "unless"):
            clause = single(self.scope, self.clauses, keyword) if targets else None
            checker.lets_through = (keyword == "when") is permit
            found.append(None if clause is None else checker.check(cast("ConditionSyntax", clause.items[0])))
        return found[0], found[1], about

    def targets(self, *, permit: bool) -> tuple[Target, ...]:
        clause = single(self.scope, self.clauses, "call")
        if clause is None:
            message = f"the rule `{self.name.text}` does not say which calls"
            self.scope.report("no-call", message, self.name, "add call NAME")
            return ()
        return check_targets(self.scope, cast("tuple[TargetSyntax, ...]", clause.items), permit=permit)

    def because(self, *, needed: bool) -> str:
        words = self.words("because")
        reason = words[0].text if words else ""
        if needed and not reason.strip():
            message = f"the rule `{self.name.text}` gives no reason"
            self.scope.report("no-reason", message, self.name, 'add because "…"')
        return reason

    def approvers(self) -> tuple[Word, ...]:
        words = self.words("approver")
        for word in words:
            if not word.text.strip():
                self.scope.report("no-approver", "nobody has this name", word, 'name someone, like "dana"')
        return words

    def until(self) -> int | None:
        words = self.words("until")
        return check_moment(self.scope, words[0]) if words else None


def check_rule(scope: FileScope, syntax: RuleSyntax, reference: RuleReference) -> Rule | None:
    """Return the rule, None when something about it is wrong and reported."""
    before = len(scope.scope.diagnostics)
    kind = cast("Kind", syntax.kind.text)
    _only(scope, syntax)
    read = _Read(scope, syntax.clauses, syntax.name)
    audience = _audience(scope, syntax)
    targets = read.targets(permit=kind == "permit")
    when, unless, about = read.conditions(targets, permit=kind == "permit")
    budget = check_budget(scope, syntax, about) if kind == "limit" else None
    rule = Rule(
        reference=reference,
        kind=kind,
        audience=audience,
        targets=targets,
        when=when,
        unless=unless,
        because=read.because(needed=kind in ("permit", "forbid", "ask")) or (budget.text if budget else ""),
        profile=_profile(scope, syntax, about) if kind == "permit" else None,
        including_protected=single(scope, syntax.clauses, "including") is not None,
        budget=budget,
        key=_key(syntax, audience, budget) if budget else "",
        approvers=frozenset(word.text for word in read.approvers()),
        until=read.until(),
    )
    examples = tuple(example for keyword in _VERDICTS for example in _examples(scope, syntax, keyword))
    return None if len(scope.scope.diagnostics) > before else replace(rule, examples=examples)


def _key(syntax: RuleSyntax, audience: Audience, budget: Budget) -> str:
    """Return what a limit's amounts are counted under.

    What a `let`, a group or a family of capabilities stands for is said elsewhere, and may change meanwhile.
    """
    clauses = {clause.keyword: clause.items for clause in syntax.clauses}
    said: list[Json] = [
        plain(audience),
        *(bare(clauses.get(keyword)) for keyword in ("call", "when", "unless")),
        *map(_quota, budget.quotas),
        [budget.each, budget.counting],
    ]
    return f"{syntax.name.text}@{digest_of(said).removeprefix('sha256:')[:16]}"


def _quota(quota: Quota) -> Json:
    return [quota.most, None if quota.of is None else str(quota.of), quota.exact, quota.per]


def check_clearance(scope: FileScope, syntax: RuleSyntax, reference: RuleReference) -> Clearance | None:
    """Return who may clear which labels, None when something about it is wrong and reported."""
    before = len(scope.scope.diagnostics)
    _only(scope, syntax)
    read = _Read(scope, syntax.clauses, syntax.name)
    labels, approvers = read.words("clears"), read.approvers()
    for label in labels:
        if label.text not in scope.scope.labels:
            scope.unknown("label", label, scope.scope.labels)
    if not labels:
        scope.report("no-label", "this says no label that it clears", syntax.name, "add clears NAME")
    if not approvers:
        message = "this does not say who may clear a label"
        scope.report("no-approver", message, syntax.name, 'add approver "NAME"')
    because = read.because(needed=True)
    if len(scope.scope.diagnostics) > before:
        return None
    names, people = (frozenset(word.text for word in words) for words in (labels, approvers))
    return Clearance(reference, names, people, because)


def check_proof(scope: FileScope, syntax: ProveSyntax, reference: RuleReference) -> Proof | None:
    """Return the claim, None when something about it is wrong and reported."""
    before = len(scope.scope.diagnostics)
    read = _Read(scope, syntax.clauses, syntax.name)
    targets = check_targets(scope, syntax.targets)
    when, unless, _ = read.conditions(targets, permit=False)
    if len(scope.scope.diagnostics) > before:
        return None
    return Proof(reference, syntax.always, targets, when, unless)


def _only(scope: FileScope, syntax: RuleSyntax) -> None:
    """Report clauses that this kind of rule does not have."""
    kind = syntax.kind.text
    for clause in syntax.clauses:
        if clause.keyword not in CLAUSES[kind]:
            message = f"`{clause.keyword}` says nothing in {with_article(kind)}"
            place = (clause.start, clause.end)
            scope.report(f"not-in-{kind}", message, place, "leave it out")


def _audience(scope: FileScope, syntax: RuleSyntax) -> Audience:
    clause = single(scope, syntax.clauses, "agent")
    if clause is None:
        if syntax.kind.text == "permit":
            message = f"the permit `{syntax.name.text}` does not say whom it permits"
            scope.report("no-agent", message, syntax.name, 'add agent in GROUP, agent "ID" or agent any')
        return Audience(frozenset(), frozenset(), everyone=True)
    named = cast("AgentsClause", clause.items[0])
    for group in named.groups:
        if group.text not in scope.scope.groups:
            scope.unknown("group", group, scope.scope.groups)
    for agent in named.agents:
        scope.find("agent", agent, scope.scope.agents)
    return Audience(
        frozenset(word.text for word in named.groups),
        frozenset(word.text for word in named.agents),
        named.everyone,
    )


def _profile(scope: FileScope, syntax: RuleSyntax, about: tuple[Capability, ...]) -> Profile | None:
    clause = single(scope, syntax.clauses, "sandbox")
    if clause is None:
        message = f"the permit `{syntax.name.text}` does not say in which sandbox"
        scope.report("no-sandbox", message, syntax.name, "add sandbox NAME")
        return None
    word = cast("Word", clause.items[0])
    profile = scope.find("sandbox", word, scope.scope.profiles)
    scripts = any(capability.name == SCRIPT for capability in about)
    if scripts and profile is not None and profile.egress is not None and profile.isolation == ISOLATIONS[0]:
        message = f"scripts of a shell run in `{word.text}`, which has a network and the host's kernel"
        mend = f"name a sandbox with network none, or with isolation {' or '.join(ISOLATIONS[1:])}"
        scope.report("loose-script", message, word, mend)
    return profile


def _examples(scope: FileScope, syntax: RuleSyntax, keyword: str) -> tuple[Example, ...]:
    words = (
        cast("Word", item) for clause in syntax.clauses if clause.keyword == keyword for item in clause.items
    )
    found = ((word, read_call_of(scope, word, "example")) for word in words)
    return tuple(
        Example(call, _VERDICTS[keyword], word.start, word.end) for word, call in found if call is not None
    )
