"""Checks capabilities: parameters and their types, effects, and the command line that runs.

What a call is judged by must be what its program is given: every parameter reaches the command line or the
standard input, and no value of an agent's can be taken for an option.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, cast

from governance.canonical import EXACT_INTEGER
from governance.capabilities.call import make_model
from governance.capabilities.declaration import ArgvGroup, ArgvWord, Capability, EffectForm, Parameter, Verb
from governance.capabilities.values import TYPE_NAMES, Type, check_host, check_path
from governance.policy.check.literals import constant, number, single
from governance.policy.syntax import ArgvGroupSyntax, Word

if TYPE_CHECKING:
    from pydantic import BaseModel

    from governance.capabilities.declaration import ArgvItem
    from governance.policy.check.scope import FileScope
    from governance.policy.syntax import CapabilitySyntax, Clause, EffectSyntax, ParameterSyntax, TypeSyntax

__all__ = ["check_capability"]

_TARGETS: Final = {
    Verb.READ: ("Path",),
    Verb.WRITE: ("Path",),
    Verb.CREATE: ("Path",),
    Verb.DELETE: ("Path",),
    Verb.EXECUTE: ("Argv", "Enum", "Path"),
    Verb.SEND: ("Host",),
}
"""The types of parameter that each effect can be on."""

_ENDS_OPTIONS: Final = ("--", "--end-of-options")
_WITHIN: Final = {"under": ("Path", check_path), "within": ("Host", check_host)}
_REFINED: Final = 'Enum(a, b), List<T>, Int(1..9), String(..80), Path under "/a", Host within "example.org"'


def check_capability(scope: FileScope, syntax: CapabilitySyntax) -> Capability | None:
    """Return the capability that is declared, None when something about it is wrong and reported."""
    before = len(scope.scope.diagnostics)
    parameters: dict[str, Parameter] = {}
    for each in syntax.parameters:
        checked = _parameter(scope, each)
        if checked is not None:
            scope.declare("parameter", each.name, checked, parameters)
        else:
            scope.scope.broken.add(each.name.text)
    effects = _effects(scope, single(scope, syntax.clauses, "effects"), parameters, syntax.name)
    argv = _argv(scope, single(scope, syntax.clauses, "argv"), parameters, syntax.name)
    stdin = single(scope, syntax.clauses, "stdin")
    names = cast("tuple[Word, ...]", stdin.items if stdin else ())
    for name in names:
        scope.find("parameter", name, parameters)
    single(scope, syntax.clauses, "returns")
    if len(scope.scope.diagnostics) > before:
        return None
    read = tuple(name.text for name in names)
    _all_used(scope, syntax, argv, read)
    if len(scope.scope.diagnostics) > before:
        return None
    kept = tuple(parameters.values())
    model = make_model(syntax.name.text, kept)
    return Capability(syntax.name.text, syntax.summary.text, kept, effects, argv, read, model)


def _all_used(
    scope: FileScope, syntax: CapabilitySyntax, argv: tuple[ArgvItem, ...], stdin: tuple[str, ...]
) -> None:
    """Report parameters that a call would be judged by and its program never be given."""
    words = [word for item in argv for word in (item.words if isinstance(item, ArgvGroup) else (item,))]
    used = {word.parameter for word in words} | set(stdin)
    for each in syntax.parameters:
        if each.name.text not in used:
            message = f"what runs is never given `{each.name.text}`"
            scope.report(
                "unused-parameter", message, each.name, f"put ${each.name.text} in argv, or in stdin"
            )


def _parameter(scope: FileScope, syntax: ParameterSyntax) -> Parameter | None:
    name = syntax.name.text
    if _reserved(name):
        scope.report("reserved-name", f"no parameter can be called `{name}`", syntax.name, "rename it")
        return None
    kind = _type(scope, syntax.type)
    if kind is None:
        return None
    if syntax.default is None:
        return Parameter(name, kind)
    default = constant(scope, syntax.default, kind)
    if kind.optional:
        scope.report(
            "optional-default", "an optional parameter has no default", syntax.default, "leave out the `?`"
        )
        return None
    return None if default is None else Parameter(name, kind, default)


def _reserved(name: str) -> bool:
    """Whether `name` means something in conditions, or to the models that calls are bound to."""
    words = ("false", "not", "size", "true")
    return name in words or name.startswith(("model_dump", "model_validate")) or hasattr(_empty_model(), name)


@cache
def _empty_model() -> type[BaseModel]:
    return make_model("Arguments", ())


def _type(scope: FileScope, syntax: TypeSyntax) -> Type | None:
    name = syntax.name.text
    before = len(scope.scope.diagnostics)
    if name not in TYPE_NAMES:
        scope.unknown("type", syntax.name, TYPE_NAMES)
        return None
    _refinements(scope, syntax)
    item = None
    if syntax.item is not None:
        if syntax.item.item is not None or syntax.item.optional:
            message = "the items of a list are neither lists nor optional"
            scope.report("bad-refinement", message, syntax.item.name, f"like {_REFINED}")
        else:
            item = _type(scope, syntax.item)
    low, high = _bounds(scope, syntax)
    if len(scope.scope.diagnostics) > before:
        return None
    names = tuple(word.text for word in syntax.names)
    within = syntax.within.place.text if syntax.within else None
    return Type(name, low, high, names, within, item, syntax.optional)


def _refinements(scope: FileScope, syntax: TypeSyntax) -> None:
    """Report refinements that do not go with the type."""
    name, within = syntax.name.text, syntax.within
    wanted, check = _WITHIN[within.keyword.text] if within else (name, None)
    fits = {
        "bounds": syntax.bounds is None or name in ("Int", "Size", "Duration", "String", "List"),
        "names": (name == "Enum") == bool(syntax.names),
        "item": (name == "List") == (syntax.item is not None),
        "place": name == wanted,
    }
    for what in (what for what, right in fits.items() if not right):
        lacks = (name, what) in (("Enum", "names"), ("List", "item"))
        message = f"{name} {'lacks its' if lacks else 'does not go with the'} {what}"
        scope.report("bad-refinement", message, syntax.name, f"like {_REFINED}")
    if within is not None and check is not None:
        try:
            check(within.place.text)
        except ValueError as error:
            scope.report("bad-refinement", str(error), within.place, f"like {_REFINED}")


def _bounds(scope: FileScope, syntax: TypeSyntax) -> tuple[int | None, int | None]:
    if syntax.bounds is None:
        return None, None
    name = syntax.name.text if syntax.name.text in ("Size", "Duration") else "Int"
    words = (syntax.bounds.low, syntax.bounds.high)
    low, high = (None if word is None else number(scope, word, name) for word in words)
    least = -EXACT_INTEGER if syntax.name.text == "Int" else 0
    first, last = least if low is None else low, EXACT_INTEGER if high is None else high
    if not least <= first <= last <= EXACT_INTEGER:
        word = next(word for word in words if word is not None) if any(words) else syntax.name
        message = f"no value lies between {first} and {last}" if first > last else "a bound is out of range"
        scope.report(
            "bad-bounds", message, word, f"write bounds between {least} and {EXACT_INTEGER}, in order"
        )
    return low, high


def _effects(
    scope: FileScope, clause: Clause | None, parameters: dict[str, Parameter], name: Word
) -> tuple[EffectForm, ...]:
    if clause is None:
        scope.report(
            "no-effects",
            f"`{name.text}` declares no effects",
            name,
            "add effects { read path } or effects { }",
        )
        return ()
    found: list[EffectForm] = []
    for verb, target, _ in cast("tuple[EffectSyntax, ...]", clause.items):
        form = None if target is None else _effect(scope, verb, target, parameters)
        if form is not None and target is not None:
            _same_reach(scope, form, found, target)
            found.append(form)
    return tuple(found)


def _effect(
    scope: FileScope, verb: Word, target: Word, parameters: dict[str, Parameter]
) -> EffectForm | None:
    name, _, spread = target.text.partition("/")
    declared = scope.find("parameter", Word(name, target.start, target.start + len(name)), parameters)
    if spread.startswith("$"):
        _spread(scope, Word(spread[1:], target.start + len(name) + 2, target.end), parameters)
    if verb.text not in list(Verb):
        scope.unknown("effect", verb, list(Verb))
        return None
    if declared is None:
        return None
    kinds = _TARGETS[Verb(verb.text)]
    if declared.type.name not in kinds or (spread and declared.type.name != "Path"):
        mend = "name a " + ("Path" if spread else " or ".join(kinds))
        scope.report("bad-effect", f"`{verb.text}` is not on a {declared.type.name}", target, mend)
        return None
    return EffectForm(Verb(verb.text), name, spread.removeprefix("$") or None)


def _spread(scope: FileScope, glob: Word, parameters: dict[str, Parameter]) -> None:
    found = scope.find("parameter", glob, parameters)
    if found is not None and (found.type.name != "Glob" or found.type.optional):
        message = f"`{glob.text}` is no Glob" + (" that is always given" if found.type.optional else "")
        scope.report("bad-effect", message, glob, "spread an effect by a Glob, or by /**")


def _same_reach(scope: FileScope, form: EffectForm, others: list[EffectForm], target: Word) -> None:
    """Report a parameter that stands for two sets of paths: a condition on it would be about one of them."""
    spreads = {other.spread for other in (*others, form) if other.parameter == form.parameter}
    if len(spreads) > 1 and not spreads <= {None, "**"}:
        message = f"`{form.parameter}` reaches differently in another effect"
        scope.report("bad-effect", message, target, "spread every effect on it alike, or one by /**")


def _argv(
    scope: FileScope, clause: Clause | None, parameters: dict[str, Parameter], name: Word
) -> tuple[ArgvItem, ...]:
    if clause is None or not clause.items:
        scope.report(
            "no-argv",
            f"`{name.text}` does not say what runs",
            name,
            "add argv { /usr/bin/program $parameter }",
        )
        return ()
    items: list[ArgvItem] = []
    ended = False
    for item in clause.items:
        words = item.words if isinstance(item, ArgvGroupSyntax) else (cast("Word", item),)
        if not items:
            _program(scope, words[0], parameters, grouped=isinstance(item, ArgvGroupSyntax))
        checked: list[ArgvWord] = []
        inside = ended
        for word in words:
            first = not items and not checked
            checked.append(_argv_word(scope, word, parameters, ended=inside or first))
            inside = inside or word.text in _ENDS_OPTIONS
        # A group may be left out, and then what it says about options is not said.
        ended = ended if isinstance(item, ArgvGroupSyntax) else inside
        items.append(ArgvGroup(tuple(checked)) if isinstance(item, ArgvGroupSyntax) else checked[0])
    return tuple(items)


def _program(scope: FileScope, word: Word, parameters: dict[str, Parameter], *, grouped: bool) -> None:
    """Report a first word that is not surely a program: by its whole path, or all of an Argv or a Path."""
    parameter = parameters.get(word.text[1:]) if word.text.startswith("$") else None
    whole = word.text.startswith("/") or (
        parameter is not None and parameter.type.name in ("Argv", "Path") and not parameter.type.optional
    )
    unknown = word.text.startswith("$") and parameter is None
    if (not whole or grouped) and not unknown:
        message = f"`{word.text}` is not surely a program's whole path"
        scope.report("relative-program", message, word, "write the program's whole path")


def _argv_word(scope: FileScope, word: Word, parameters: dict[str, Parameter], *, ended: bool) -> ArgvWord:
    text, sign, name = word.text.partition("$")
    if not sign:
        return ArgvWord(text)
    parameter = scope.find("parameter", Word(name, word.start + len(text) + 1, word.end), parameters)
    if parameter is not None:
        kind = parameter.type
        if text and kind.name in ("Argv", "List"):
            scope.report("bad-argv", "a list has no text before it", word, f"write ${name} alone")
        elif not text.strip("-") and not ended and _like_an_option(kind):
            mend = f"put -- before it, or write --option=${name}"
            scope.report("option-injection", f"`{name}` could be taken for an option", word, mend)
    return ArgvWord(text, name)


def _like_an_option(kind: Type) -> bool:
    """Whether a value of the type may begin with a hyphen, or follow one as an option's letter."""
    if kind.name == "Int":
        return kind.low is None or kind.low < 0
    return kind.name in ("String", "List", "Glob", "Argv")
