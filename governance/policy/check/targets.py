"""Checks what rules are about: capabilities by name, families of them, and calls by what they do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from governance.capabilities.declaration import Verb
from governance.capabilities.hosts import check_host
from governance.policy.check.literals import literal_of, path_sets
from governance.policy.check.suffixes import check_owned
from governance.policy.check.vocabulary import VERBS
from governance.policy.syntax import AnyTarget, NamedTarget
from governance.policy.target import Doing, Named

if TYPE_CHECKING:
    from governance.policy.check.scope import FileScope
    from governance.policy.syntax import LiteralSyntax, TargetSyntax
    from governance.policy.target import Target

__all__ = ["SCRIPT", "check_targets"]

SCRIPT: Final = "shell.script"
"""What runs whatever a shell can: a permit of it names it."""

_ON_PATHS: Final = frozenset({Verb.READ, Verb.WRITE, Verb.CREATE, Verb.DELETE})
_ON_HOSTS: Final = frozenset({Verb.SEND, Verb.RECEIVE})


def check_targets(
    scope: FileScope, syntax: tuple[TargetSyntax, ...], *, permit: bool = False
) -> tuple[Target, ...]:
    """Return the targets, of a `permit` or not; none at all when something about one is wrong and reported.

    What a permit has to name is in no target of it that is wider, whatever else this holds; domains that it
    names are ones that someone owns.
    """
    found = [
        _named(scope, item) if isinstance(item, NamedTarget) else _doing(scope, item, permit)
        for item in syntax
    ]
    if permit:
        found = [
            _without_scripts(target) if isinstance(item, AnyTarget) else target
            for item, target in zip(syntax, found, strict=True)
        ]
    kept = tuple(target for target in found if target is not None)
    return kept if len(kept) == len(found) else ()


def _without_scripts(target: Target | None) -> Target | None:
    match target:
        case Named():
            return Named(target.capabilities - {SCRIPT})
        case Doing():
            return replace(target, without=frozenset({SCRIPT}))
    return None


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


def _doing(scope: FileScope, target: AnyTarget, lets_through: bool) -> Target | None:
    if not target.verbs:
        return Named(frozenset(scope.scope.capabilities))
    before = len(scope.scope.diagnostics)
    for verb in target.verbs:
        if verb.text not in VERBS:
            scope.unknown("effect", verb, VERBS)
    verbs = frozenset(VERBS[verb.text] for verb in target.verbs if verb.text in VERBS)
    doing = Doing(verbs)
    if target.reach is not None and target.place is not None:
        literal = literal_of(scope, target.place)
        hosts = target.reach.text == "within"
        if not verbs <= (_ON_HOSTS if hosts else _ON_PATHS):
            what = "to hosts are within a domain" if hosts else "on paths are under a path"
            scope.report("bad-effect", f"only effects {what}", target.reach, "leave the place out")
        elif literal is not None and hosts:
            doing = Doing(verbs, domains=_domains(scope, literal))
            if lets_through:
                check_owned(scope, doing.domains or (), target.place)
        elif literal is not None:
            doing = Doing(verbs, places=path_sets(scope, literal, tree=target.reach.text == "under"))
    return doing if len(scope.scope.diagnostics) == before else None


def _domains(scope: FileScope, literal: LiteralSyntax) -> tuple[str, ...]:
    items = literal.value if isinstance(literal.value, tuple) else (literal,)
    if not items:
        scope.report("empty", "nothing lies in an empty list", literal, "name a domain, or leave this out")
    found: list[str] = []
    for item in items:
        try:
            found.append(check_host(str(item.value)))
        except ValueError as error:
            scope.report("bad-host", f"this is no domain: {error}", item, 'like "example.org"')
    return tuple(found)
