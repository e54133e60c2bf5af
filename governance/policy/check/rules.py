"""Checks permits and forbids: whom, which calls, under what condition, in which sandbox, with examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from governance.capabilities.declaration import Verb
from governance.errors import RequestError
from governance.policy.bundle import Audience, Doing, Example, Named, Rule, may_be_about
from governance.policy.check.conditions import Conditions, literal_of
from governance.policy.check.literals import path_sets, single
from governance.policy.syntax import AgentsClause, AnyTarget, NamedTarget, Word
from governance.request.bind import bind
from governance.request.syntax import parse_call
from governance.text import Source

if TYPE_CHECKING:
    from governance.policy.bundle import Profile, Target
    from governance.policy.check.scope import FileScope
    from governance.policy.condition import Condition
    from governance.policy.decision import RuleReference
    from governance.policy.syntax import ConditionSyntax, RuleSyntax

__all__ = ["check_rule"]

_VERBS: Final = {
    "reads": Verb.READ,
    "writes": Verb.WRITE,
    "creates": Verb.CREATE,
    "deletes": Verb.DELETE,
    "executes": Verb.EXECUTE,
    "sends": Verb.SEND,
}


def check_rule(scope: FileScope, syntax: RuleSyntax, reference: RuleReference) -> Rule | None:
    """Return the rule, None when something about it is wrong and reported."""
    before = len(scope.scope.diagnostics)
    permit = syntax.kind.text == "permit"
    targets = _targets(scope, syntax)
    bare = Rule(
        reference=reference,
        kind="permit" if permit else "forbid",
        audience=_audience(scope, syntax),
        targets=targets,
        when=None,
        unless=None,
        because=_because(scope, syntax),
        profile=_profile(scope, syntax),
        including_protected=single(scope, syntax.clauses, "including") is not None,
        examples=(),
    )
    about = tuple(each for _, each in sorted(scope.scope.capabilities.items()) if may_be_about(bare, each))
    conditions = Conditions(scope, about)
    when = _condition(scope, syntax, conditions, "when") if targets else None
    unless = _condition(scope, syntax, conditions, "unless") if targets else None
    examples = (*_examples(scope, syntax, "allows"), *_examples(scope, syntax, "denies"))
    if bare.including_protected and not permit:
        scope.report(
            "not-in-forbid", "a forbid covers protected paths anyway", syntax.name, "leave `including` out"
        )
    if len(scope.scope.diagnostics) > before:
        return None
    return Rule(
        reference,
        bare.kind,
        bare.audience,
        targets,
        when,
        unless,
        bare.because,
        bare.profile,
        bare.including_protected,
        examples,
    )


def _audience(scope: FileScope, syntax: RuleSyntax) -> Audience:
    clause = single(scope, syntax.clauses, "agent")
    if clause is None:
        if syntax.kind.text == "permit":
            message = f"the permit `{syntax.name.text}` does not say whom it permits"
            scope.report("no-agent", message, syntax.name, 'add agent in GROUP, agent "ID" or agent any')
        return Audience(frozenset(), frozenset(), everyone=True)
    named = cast("AgentsClause", clause.items[0])
    groups = {group for agent in scope.scope.agents.values() for group in agent.groups}
    for group in named.groups:
        if group.text not in groups:
            scope.unknown("group", group, groups)
    for agent in named.agents:
        scope.find("agent", agent, scope.scope.agents)
    return Audience(
        frozenset(word.text for word in named.groups),
        frozenset(word.text for word in named.agents),
        named.everyone,
    )


def _targets(scope: FileScope, syntax: RuleSyntax) -> tuple[Target, ...]:
    clause = single(scope, syntax.clauses, "call")
    if clause is None:
        scope.report(
            "no-call", f"the rule `{syntax.name.text}` does not say which calls", syntax.name, "add call NAME"
        )
        return ()
    found = [
        _named(scope, item) if isinstance(item, NamedTarget) else _doing(scope, cast("AnyTarget", item))
        for item in clause.items
    ]
    kept = tuple(target for target in found if target is not None)
    return kept if len(kept) == len(found) else ()


def _named(scope: FileScope, target: NamedTarget) -> Target | None:
    name, known = target.name, scope.scope.capabilities
    if not name.text.endswith(".*"):
        found = scope.find("capability", name, known)
        return None if found is None else Named(frozenset({name.text}))
    family = frozenset(each for each in known if each.startswith(name.text[:-1]))
    if not family:
        families = {each.rpartition(".")[0] + ".*" for each in known}
        scope.unknown("capability", name, families)
        return None
    return Named(family)


def _doing(scope: FileScope, target: AnyTarget) -> Target | None:
    if not target.verbs:
        return Named(frozenset(scope.scope.capabilities))
    before = len(scope.scope.diagnostics)
    for verb in target.verbs:
        if verb.text not in _VERBS:
            scope.unknown("effect", verb, _VERBS)
    verbs = frozenset(_VERBS[verb.text] for verb in target.verbs if verb.text in _VERBS)
    places = None
    if target.reach is not None and target.place is not None:
        literal = literal_of(scope, target.place)
        if verbs & {Verb.EXECUTE, Verb.SEND}:
            scope.report(
                "bad-effect", "only effects on paths are under a path", target.reach, "leave the place out"
            )
        elif literal is not None:
            places = path_sets(scope, literal, tree=target.reach.text == "under")
    return Doing(verbs, places) if len(scope.scope.diagnostics) == before else None


def _condition(
    scope: FileScope, syntax: RuleSyntax, conditions: Conditions, keyword: str
) -> Condition | None:
    clause = single(scope, syntax.clauses, keyword)
    return None if clause is None else conditions.check(cast("ConditionSyntax", clause.items[0]))


def _because(scope: FileScope, syntax: RuleSyntax) -> str:
    clause = single(scope, syntax.clauses, "because")
    if clause is None:
        scope.report(
            "no-reason", f"the rule `{syntax.name.text}` gives no reason", syntax.name, 'add because "…"'
        )
        return ""
    return cast("Word", clause.items[0]).text


def _profile(scope: FileScope, syntax: RuleSyntax) -> Profile | None:
    clause = single(scope, syntax.clauses, "sandbox")
    if syntax.kind.text == "forbid":
        if clause is not None:
            place = (clause.start, clause.end)
            scope.report(
                "not-in-forbid", "a forbid runs nothing, so it has no sandbox", place, "leave it out"
            )
        return None
    if clause is None:
        message = f"the permit `{syntax.name.text}` does not say in which sandbox"
        scope.report("no-sandbox", message, syntax.name, "add sandbox NAME")
        return None
    return scope.find("sandbox", cast("Word", clause.items[0]), scope.scope.profiles)


def _examples(scope: FileScope, syntax: RuleSyntax, keyword: str) -> tuple[Example, ...]:
    words = (
        cast("Word", item) for clause in syntax.clauses if clause.keyword == keyword for item in clause.items
    )
    found = (_example(scope, word, allowed=keyword == "allows") for word in words)
    return tuple(example for example in found if example is not None)


def _example(scope: FileScope, word: Word, *, allowed: bool) -> Example | None:
    """Read an example with the grammar of requests, and place what is wrong with it in this file."""
    text = Source("example", scope.source.text[word.start : word.end])
    try:
        syntax = parse_call(text)
        if syntax.name in scope.scope.broken:
            return None
        call = bind(syntax, scope.scope.capabilities)
    except RequestError as error:
        for found in error.diagnostics:
            start, end = (found.span.start, found.span.end) if found.span else (0, len(text.text))
            place = (word.start + start, word.start + end)
            scope.report(f"example-{found.code}", f"in the example, {found.message}", place, found.help)
        return None
    return Example(call, allowed, word.start, word.end)
