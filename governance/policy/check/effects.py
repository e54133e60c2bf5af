"""Checks what a capability declares to do: verbs, and what each can be on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, cast

from governance.capabilities.declaration import EffectForm, Verb
from governance.policy.syntax import Word

if TYPE_CHECKING:
    from governance.capabilities.declaration import Parameter
    from governance.capabilities.values import Type
    from governance.policy.check.scope import FileScope
    from governance.policy.syntax import Clause, EffectSyntax

__all__ = ["check_effects"]

_PATHS: Final = ("Path", "PathGlob")
_PLACES: Final = ("Host", "Url", "Email", "Cidr")
_TARGETS: Final = {
    Verb.READ: _PATHS,
    Verb.WRITE: _PATHS,
    Verb.CREATE: _PATHS,
    Verb.DELETE: _PATHS,
    Verb.EXECUTE: ("Argv", "Enum", "Path"),
    Verb.SEND: _PLACES,
    Verb.RECEIVE: _PLACES,
    Verb.SPEND: ("Decimal", "Int"),
}
"""The types of parameter that each effect can be on; all but `execute` and `spend` also on a list or set of them."""

_EFFECTS: Final = tuple(verb.value for verb in _TARGETS)


def check_effects(
    scope: FileScope, clause: Clause | None, parameters: dict[str, Parameter], name: Word
) -> tuple[EffectForm, ...]:
    """Return the effects that the capability `name` declares; what is wrong with them is reported."""
    if clause is None:
        scope.report(
            "no-effects",
            f"`{name.text}` declares no effects",
            name,
            "add effects { read path } or effects { }",
        )
        return ()
    found: list[EffectForm] = []
    for effect in cast("tuple[EffectSyntax, ...]", clause.items):
        form = _effect(scope, effect, parameters)
        if form is not None:
            _same_reach(scope, form, found, effect.target or effect.verb)
            found.append(form)
    return tuple(found)


def _effect(scope: FileScope, syntax: EffectSyntax, parameters: dict[str, Parameter]) -> EffectForm | None:
    verb, target = syntax.verb, syntax.target
    if target is None:
        return EffectForm(Verb.IRREVERSIBLE)
    path, _, spread = target.text.partition("/")
    name, *fields = path.split(".")
    declared = scope.find("parameter", Word(name, target.start, target.start + len(name)), parameters)
    if spread.startswith("$"):
        _spread(scope, Word(spread[1:], target.start + len(path) + 2, target.end), parameters)
    names = parameters.get(spread[1:])
    by_name = names is not None and (names.type.item or names.type).name in _PATHS
    if verb.text not in _EFFECTS:
        scope.unknown("effect", verb, _EFFECTS)
        return None
    if declared is None:
        return None
    kinds = _TARGETS[Verb(verb.text)]
    found = _of_field(scope, declared.type, fields, target)
    if found is None:
        return None
    kind, steps = found
    single_type = kind.item if kind.item is not None and verb.text not in ("execute", "spend") else kind
    named = spread.startswith("$")
    if (
        single_type.name not in kinds
        or (spread and (single_type.name not in _PATHS or steps))
        or (named and kind.name != "Path")
    ):
        mend = "name a " + ("Path" if named else " or ".join(_PATHS if spread else kinds))
        scope.report("bad-effect", f"`{verb.text}` is not on a {kind.name}", target, mend)
        return None
    if verb.text == Verb.SPEND and (kind.low is None or kind.low < 0):
        mend = f"declare it as {kind.name}(0..)"
        scope.report(
            "negative-amount", f"`{path}` may be negative, and spending is not earning", target, mend
        )
        return None
    unit = syntax.unit.text if syntax.unit else ""
    beneath = spread.removeprefix("$") or None
    return EffectForm(Verb(verb.text), name, beneath, steps, kind, unit, by_name=by_name)


def _of_field(
    scope: FileScope, kind: Type, fields: list[str], target: Word
) -> tuple[Type, tuple[tuple[Type, str], ...]] | None:
    """Return the type of a field of a field, and the way there."""
    steps: list[tuple[Type, str]] = []
    for field in fields:
        inner = kind.field(field)
        if inner is None:
            known = ", ".join(kind.field_names) or "no fields"
            scope.report("unknown-field", f"a {kind.name} has no field `{field}`", target, f"it has {known}")
            return None
        steps.append((replace(kind, optional=False), field))
        kind = inner
    return kind, tuple(steps)


def _spread(scope: FileScope, glob: Word, parameters: dict[str, Parameter]) -> None:
    found = scope.find("parameter", glob, parameters)
    if found is None:
        return
    kind = found.type.item or found.type
    if kind.name not in ("Glob", *_PATHS) or found.type.optional:
        what = "neither Glob nor Path" if kind.name not in ("Glob", *_PATHS) else "not always given"
        mend = "spread an effect by a Glob, by the names of paths, or by /**"
        scope.report("bad-effect", f"`{glob.text}` is {what}", glob, mend)


def _same_reach(scope: FileScope, form: EffectForm, others: list[EffectForm], target: Word) -> None:
    """Report a parameter that stands for two sets of paths: a condition on it would be about one of them."""
    same = (other for other in (*others, form) if form.parameter and other.parameter == form.parameter)
    spreads = {other.spread for other in same}
    if len(spreads) > 1 and not spreads <= {None, "**"}:
        message = f"`{form.parameter}` reaches differently in another effect"
        scope.report("bad-effect", message, target, "spread every effect on it alike, or one by /**")
