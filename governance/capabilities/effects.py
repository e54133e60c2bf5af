"""Effects: what a call may do to the world, as declared once and as made of the arguments of each call.

What an effect is on is a set of paths, a network, or a name: of a program, of a host, of an amount.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from governance.capabilities.glob import PathSet
from governance.capabilities.networks import Network
from governance.capabilities.numbers import number_text
from governance.capabilities.urls import url_parts
from governance.capabilities.values import Type, field_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Effect", "EffectForm", "Made", "Verb", "made_by", "paths_named", "spread_beneath"]


_PATH: Final = Type("Path")


class Verb(StrEnum):
    """What an effect does."""

    READ = "read"
    WRITE = "write"
    CREATE = "create"
    DELETE = "delete"
    EXECUTE = "execute"
    SEND = "send"
    RECEIVE = "receive"
    SPEND = "spend"
    IRREVERSIBLE = "irreversible"


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing a call may do: to a set of paths, a network, or what is named: a program, a host, an amount.

    What is irreversible is on nothing, and its target empty.
    """

    verb: Verb
    target: PathSet | Network | str

    def __str__(self) -> str:
        return f"{self.verb} {self.target}".rstrip(" ")


@dataclass(frozen=True, slots=True)
class EffectForm:
    """An effect as declared: on the value of `parameter`, or of a field of it; what is irreversible is on nothing.

    With `spread` it reaches beneath that path: `**` everything, else what the glob in the parameter of that
    name matches, or, `by_name`, the path itself and in it the last names of the paths in that parameter. `kind` is the
    type of the value, `unit` what an amount is of.
    """

    verb: Verb
    parameter: str = ""
    spread: str | None = None
    steps: tuple[tuple[Type, str], ...] = ()
    kind: Type | None = None
    unit: str = ""
    by_name: bool = False


Made: TypeAlias = "Callable[[Mapping[str, Any]], tuple[Effect, ...]]"
"""The effects that a form comes to with these arguments: none on what is not given, one for each item of a list."""


def made_by(form: EffectForm) -> Made:
    """Return what makes the effects of `form`: all that does not depend on arguments is settled here, once."""
    verb, name = form.verb, form.parameter
    if verb is Verb.IRREVERSIBLE:
        always = (Effect(verb, ""),)
        return lambda _: always
    if form.spread is not None:
        return _spreading(form, form.spread)
    several = form.kind is not None and form.kind.item is not None and verb is not Verb.EXECUTE
    item = form.kind.item if several and form.kind else form.kind
    target = _target(form, item.name if item else "")

    def one(arguments: Mapping[str, Any]) -> tuple[Effect, ...]:
        value = arguments.get(name)
        return () if value is None else (Effect(verb, target(value)),)

    def each(arguments: Mapping[str, Any]) -> tuple[Effect, ...]:
        value = _given(form, arguments)
        items = () if value is None else value if several else (value,)
        return tuple([Effect(verb, found) for found in dict.fromkeys(map(target, items))])

    return each if several or form.steps else one


@lru_cache(maxsize=1024)
def paths_named(kind: str, path: str) -> PathSet:
    """Return what `path`, a value of the type called `kind`, names: itself, or of a `PathGlob` all that it matches."""
    return PathSet.glob(path) if kind == "PathGlob" else PathSet.one(path)


def spread_beneath(paths: PathSet, spread: str, arguments: Mapping[str, Any]) -> PathSet:
    """Return what lies beneath `paths`: everything, or what the glob in the argument called `spread` matches."""
    beneath = (None,) if spread == "**" else PathSet.glob(f"/{arguments[spread]}").components
    return PathSet((*paths.components, *beneath))


def named_beneath(paths: PathSet, names: Any) -> tuple[PathSet, ...]:
    """Return `paths`, and in them what has the last name of each of `names`: where a program puts what is so called."""
    each = (names,) if isinstance(names, str) else names
    lasts = dict.fromkeys(path.rpartition("/")[2] for path in each)
    inside = (PathSet((*paths.components, *PathSet.glob(f"/{last}").components)) for last in lasts if last)
    return (paths, *inside)


def _given(form: EffectForm, arguments: Mapping[str, Any]) -> Any:
    value = arguments.get(form.parameter)
    for kind, name in form.steps:
        value = None if value is None else field_of(value, kind, name)
    return value


def _spreading(form: EffectForm, spread: str) -> Made:
    item = form.kind.item if form.kind else None
    name = (item or form.kind or _PATH).name

    def made(arguments: Mapping[str, Any]) -> tuple[Effect, ...]:
        value = _given(form, arguments)
        paths = () if value is None else (value,) if item is None else value
        named = (paths_named(name, path) for path in paths)
        if form.by_name:
            found = [beneath for each in named for beneath in named_beneath(each, arguments[spread])]
        else:
            found = [spread_beneath(each, spread, arguments) for each in named]
        return tuple([Effect(form.verb, each) for each in dict.fromkeys(found)])

    return made


def _target(form: EffectForm, kind: str) -> Callable[[Any], PathSet | Network | str]:
    """Return what makes a target of a value: of a URL its host, of a mail address its domain."""
    match form.verb, kind:
        case Verb.EXECUTE, _:
            return lambda value: value if isinstance(value, str) else str(value[0])
        case Verb.SPEND, _:
            return lambda value: f"{number_text(value)} {form.unit}"
        case ((Verb.SEND | Verb.RECEIVE), "Url"):
            return lambda value: url_parts(value).host
        case ((Verb.SEND | Verb.RECEIVE), "Email"):
            return lambda value: str(value.partition("@")[2])
        case ((Verb.SEND | Verb.RECEIVE), "Cidr"):
            return Network.of
        case ((Verb.SEND | Verb.RECEIVE), _):
            return str
    return partial(paths_named, kind)
