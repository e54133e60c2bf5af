"""Checks capabilities: parameters and their types, effects, and the command line that runs.

What a call is judged by must be what its program is given: every parameter reaches the command line or the
standard input, and no value of an agent's can be taken for an option.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Final, cast

from governance.canonical import EXACT_INTEGER
from governance.capabilities.call import make_model
from governance.capabilities.declaration import ArgvGroup, ArgvWord, Capability, EffectForm, Parameter, Verb
from governance.capabilities.hosts import check_host
from governance.capabilities.networks import check_network
from governance.capabilities.numbers import decimal_of
from governance.capabilities.values import TYPE_NAMES, Type, check_path
from governance.policy.check.literals import constant, number, single
from governance.policy.syntax import ArgvGroupSyntax, Word

if TYPE_CHECKING:
    from decimal import Decimal

    from pydantic import BaseModel

    from governance.capabilities.declaration import ArgvItem
    from governance.policy.check.scope import FileScope
    from governance.policy.syntax import CapabilitySyntax, Clause, EffectSyntax, ParameterSyntax, TypeSyntax

__all__ = ["check_capability"]

_PLACES: Final = ("Host", "Url", "Email", "Cidr")
_TARGETS: Final = {
    Verb.READ: ("Path",),
    Verb.WRITE: ("Path",),
    Verb.CREATE: ("Path",),
    Verb.DELETE: ("Path",),
    Verb.EXECUTE: ("Argv", "Enum", "Path"),
    Verb.SEND: _PLACES,
    Verb.RECEIVE: _PLACES,
    Verb.SPEND: ("Decimal", "Int"),
}
"""The types of parameter that each effect can be on; all but `execute` and `spend` also on a list or set of them."""

_EFFECTS: Final = tuple(verb.value for verb in _TARGETS)
_NAMED: Final = re.compile(r"\$([a-z][a-z0-9_]*)")
_ENDS_OPTIONS: Final = ("--", "--end-of-options")
_WITHIN: Final = {"Path": ("under", check_path), "Cidr": ("within", check_network)} | dict.fromkeys(
    ("Host", "Url", "Email"), ("within", check_host)
)
"""The word by which a type is refined to a place, and what that place must be."""

_REFINED: Final = 'Enum(a, b), List<T>, Int(1..9), String(..80), Path under "/a", Host within "example.org"'
_BOUNDED: Final = ("Int", "Decimal", "Size", "Duration", "String", "List", "Set")
_DEEPEST_RECORD: Final = 4


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
    phrases = _phrases(scope, single(scope, syntax.clauses, "phrase"), parameters)
    if len(scope.scope.diagnostics) > before:
        return None
    read = tuple(name.text for name in names)
    _all_used(scope, syntax, argv, read)
    if len(scope.scope.diagnostics) > before:
        return None
    kept = tuple(parameters.values())
    model = make_model(syntax.name.text, kept)
    return Capability(syntax.name.text, syntax.summary.text, kept, effects, argv, read, model, phrases)


def _phrases(scope: FileScope, clause: Clause | None, parameters: dict[str, Parameter]) -> tuple[str, ...]:
    """Return the phrases, whose every $name must be a parameter."""
    words = cast("tuple[Word, ...]", clause.items) if clause else ()
    for word in words:
        for found in _NAMED.finditer(word.text):
            start = word.start + 1 + found.start(1)
            scope.find("parameter", Word(found[1], start, start + len(found[1])), parameters)
    return tuple(word.text for word in words)


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


def _type(scope: FileScope, syntax: TypeSyntax, depth: int = 0) -> Type | None:
    name = syntax.name.text
    before = len(scope.scope.diagnostics)
    if syntax.fields:
        return _record(scope, syntax, depth)
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
            item = _type(scope, syntax.item, depth)
    low, high = _bounds(scope, syntax)
    if len(scope.scope.diagnostics) > before:
        return None
    names = tuple(word.text for word in syntax.names)
    within = syntax.within.place.text if syntax.within else None
    return Type(name, low, high, names, within, item, syntax.optional)


def _record(scope: FileScope, syntax: TypeSyntax, depth: int) -> Type | None:
    if depth == _DEEPEST_RECORD:
        mend = f"nest records at most {_DEEPEST_RECORD} deep"
        scope.report("bad-refinement", "this record is nested too deep", syntax.name, mend)
        return None
    fields: dict[str, Type] = {}
    for name, kind in syntax.fields:
        found = _type(scope, kind, depth + 1)
        if found is not None:
            scope.declare("field", name, found, fields)
    if len(fields) < len(syntax.fields):
        return None
    return Type("Record", optional=syntax.optional, fields=tuple(fields.items()))


def _refinements(scope: FileScope, syntax: TypeSyntax) -> None:
    """Report refinements that do not go with the type."""
    name, within = syntax.name.text, syntax.within
    word, check = _WITHIN.get(name, ("", None))
    many = name in ("List", "Set")
    fits = {
        "bounds": syntax.bounds is None or name in _BOUNDED,
        "names": (name == "Enum") == bool(syntax.names),
        "item": many == (syntax.item is not None),
        "place": within is None or within.keyword.text == word,
    }
    for what in (what for what, right in fits.items() if not right):
        lacks = (name == "Enum" and what == "names") or (many and what == "item")
        message = f"{name} {'lacks its' if lacks else 'does not go with the'} {what}"
        scope.report("bad-refinement", message, syntax.name, f"like {_REFINED}")
    if within is not None and check is not None:
        try:
            check(within.place.text)
        except ValueError as error:
            scope.report("bad-refinement", str(error), within.place, f"like {_REFINED}")


def _bounds(scope: FileScope, syntax: TypeSyntax) -> tuple[int | Decimal | None, int | Decimal | None]:
    if syntax.bounds is None:
        return None, None
    kind = syntax.name.text
    words = (syntax.bounds.low, syntax.bounds.high)
    if kind == "Decimal":
        return _decimal_bounds(scope, syntax.name, words)
    name = kind if kind in ("Size", "Duration") else "Int"
    low, high = (None if word is None else number(scope, word, name) for word in words)
    least = -EXACT_INTEGER if kind == "Int" else 0
    first, last = least if low is None else low, EXACT_INTEGER if high is None else high
    if not least <= first <= last <= EXACT_INTEGER:
        word = next(word for word in words if word is not None) if any(words) else syntax.name
        message = f"no value lies between {first} and {last}" if first > last else "a bound is out of range"
        scope.report(
            "bad-bounds", message, word, f"write bounds between {least} and {EXACT_INTEGER}, in order"
        )
    return low, high


def _decimal_bounds(
    scope: FileScope, name: Word, words: tuple[Word | None, Word | None]
) -> tuple[Decimal | None, Decimal | None]:
    low, high = (None if word is None else _decimal(scope, word) for word in words)
    if low is not None and high is not None and low > high:
        message = f"no value lies between {low} and {high}"
        scope.report("bad-bounds", message, name, "write bounds in order")
    return low, high


def _decimal(scope: FileScope, word: Word) -> Decimal | None:
    try:
        return decimal_of(word.text)
    except ValueError as error:
        scope.report("bad-number", f"`{word.text[:40]}`: {error}", word, "like 500.00")
        return None


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
    if single_type.name not in kinds or (spread and (single_type.name != "Path" or steps or kind.item)):
        mend = "name a " + ("Path" if spread else " or ".join(kinds))
        scope.report("bad-effect", f"`{verb.text}` is not on a {kind.name}", target, mend)
        return None
    unit = syntax.unit.text if syntax.unit else ""
    return EffectForm(Verb(verb.text), name, spread.removeprefix("$") or None, steps, kind, unit)


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
    if found is not None and (found.type.name != "Glob" or found.type.optional):
        message = f"`{glob.text}` is no Glob" + (" that is always given" if found.type.optional else "")
        scope.report("bad-effect", message, glob, "spread an effect by a Glob, or by /**")


def _same_reach(scope: FileScope, form: EffectForm, others: list[EffectForm], target: Word) -> None:
    """Report a parameter that stands for two sets of paths: a condition on it would be about one of them."""
    same = (other for other in (*others, form) if form.parameter and other.parameter == form.parameter)
    spreads = {other.spread for other in same}
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
        if text and kind.name in ("Argv", "List", "Set"):
            scope.report("bad-argv", "a list has no text before it", word, f"write ${name} alone")
        elif (kind.item or kind).name in ("Json", "Record"):
            message = f"a {(kind.item or kind).name} is no word of a command line"
            scope.report("bad-argv", message, word, f"give it to the program with stdin {{ {name} }}")
        elif not text.strip("-") and not ended and _like_an_option(kind):
            mend = f"put -- before it, or write --option=${name}"
            scope.report("option-injection", f"`{name}` could be taken for an option", word, mend)
    return ArgvWord(text, name)


def _like_an_option(kind: Type) -> bool:
    """Whether a value of the type may begin with a hyphen, or follow one as an option's letter."""
    if kind.name in ("Int", "Decimal"):
        return kind.low is None or kind.low < 0
    return kind.name in ("String", "List", "Set", "Glob", "Argv", "Email")
