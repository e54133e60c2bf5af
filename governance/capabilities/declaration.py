"""What a capability is: typed parameters, effects on the world, and the very command line that runs.

A declaration comes from a policy file; everything else about a capability is derived from it here.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

from governance.canonical import canonical
from governance.capabilities.glob import PathSet
from governance.capabilities.networks import Network
from governance.capabilities.numbers import decimal_text
from governance.capabilities.urls import url_parts
from governance.capabilities.values import field_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from governance.capabilities.values import Type, Value

__all__ = ["ArgvGroup", "ArgvItem", "ArgvWord", "Capability", "Effect", "EffectForm", "Parameter", "Verb"]


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
    """One thing a call may do: to a set of paths, a network, or what is named: a program, a host, an amount."""

    verb: Verb
    target: PathSet | Network | str

    def __str__(self) -> str:
        return f"{self.verb} {self.target}".rstrip(" ")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named, typed parameter. One without a default that is not optional must be given."""

    name: str
    type: Type
    default: Value | None = None

    @property
    def required(self) -> bool:
        """Whether a call must give the parameter."""
        return self.default is None and not self.type.optional


@dataclass(frozen=True, slots=True)
class EffectForm:
    """An effect as declared: on the value of `parameter`, or of a field of it; what is irreversible is on nothing.

    With `spread` it reaches beneath that path: `**` everything, else what the glob in the parameter of that
    name matches. `kind` is the type of the value, `unit` what an amount is of.
    """

    verb: Verb
    parameter: str = ""
    spread: str | None = None
    steps: tuple[tuple[Type, str], ...] = ()
    kind: Type | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class ArgvWord:
    """One word of a command line: literal text, then the value of `parameter` if one is named.

    A list stands for its items, each a word, and can have no literal text before it.
    """

    text: str
    parameter: str | None = None


@dataclass(frozen=True, slots=True)
class ArgvGroup:
    """Words that appear only when every optional parameter they name is given."""

    words: tuple[ArgvWord, ...]


ArgvItem: TypeAlias = ArgvWord | ArgvGroup


@dataclass(frozen=True, slots=True)
class Capability:
    """One capability, whole. `model` is the frozen pydantic model that its calls are bound to.

    `argv` is what runs, word for word; `stdin` names the parameters that the program reads as one canonical
    JSON object.
    """

    name: str
    summary: str
    parameters: tuple[Parameter, ...]
    effects: tuple[EffectForm, ...]
    argv: tuple[ArgvItem, ...]
    stdin: tuple[str, ...]
    model: type[BaseModel]
    phrases: tuple[str, ...] = ()

    @property
    def opaque(self) -> bool:
        """Whether the capability runs code, and so may do whatever its sandbox can reach."""
        return any(form.verb is Verb.EXECUTE for form in self.effects)

    def parameter(self, name: str) -> Parameter | None:
        """Return the parameter called `name`."""
        return next((parameter for parameter in self.parameters if parameter.name == name), None)

    def path_set(self, name: str, arguments: Mapping[str, Any]) -> PathSet:
        """Return the paths that the argument `name` speaks of, as wide as the widest effect on it."""
        path = arguments[name]
        for form in self.effects:
            if form.parameter == name and form.spread is not None:
                return _spread(path, form.spread, arguments)
        return PathSet.one(path)

    def effects_of(self, arguments: Mapping[str, Any]) -> tuple[Effect, ...]:
        """Return what a call with these arguments declares to do, in the order declared."""
        found: list[Effect] = []
        for form in self.effects:
            found += _effects(form, arguments)
        return tuple(found)

    def argv_of(self, arguments: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the command line of a call with these arguments: what runs, and nothing else does."""
        words: list[str] = []
        for item in self.argv:
            if isinstance(item, ArgvWord):
                words += _words(item, arguments)
            elif all(word.parameter is None or word.parameter in arguments for word in item.words):
                for word in item.words:
                    words += _words(word, arguments)
        return tuple(words)

    def stdin_of(self, arguments: Mapping[str, Any]) -> bytes | None:
        """Return what the program of a call with these arguments reads, None where it reads nothing."""
        if not self.stdin:
            return None
        return canonical({name: arguments[name] for name in self.stdin if name in arguments})


def _spread(path: str, spread: str, arguments: Mapping[str, Any]) -> PathSet:
    return PathSet.tree(path) if spread == "**" else PathSet.glob(arguments[spread], path)


def _effects(form: EffectForm, arguments: Mapping[str, Any]) -> tuple[Effect, ...]:
    """Return what a form comes to: nothing for an optional value that is not given, one for each item of a list."""
    if form.verb is Verb.IRREVERSIBLE:
        return (Effect(form.verb, ""),)
    value = arguments.get(form.parameter)
    for kind, name in form.steps:
        value = None if value is None else field_of(value, kind, name)
    if value is None:
        return ()
    if form.spread is not None:
        return (Effect(form.verb, _spread(str(value), form.spread, arguments)),)
    if form.kind is not None and form.kind.item is not None and form.verb is not Verb.EXECUTE:
        items = dict.fromkeys(_target(form, form.kind.item.name, item) for item in value)
        return tuple(Effect(form.verb, item) for item in items)
    return (Effect(form.verb, _target(form, form.kind.name if form.kind else "", value)),)


def _target(form: EffectForm, kind: str, value: Any) -> PathSet | Network | str:
    match form.verb:
        case Verb.EXECUTE:
            return value if isinstance(value, str) else str(value[0])
        case Verb.SPEND:
            amount = decimal_text(value) if isinstance(value, Decimal) else str(value)
            return f"{amount} {form.unit}"
        case Verb.SEND | Verb.RECEIVE:
            return _host(kind, value)
        case _:
            return PathSet.one(value)


def _host(kind: str, value: str) -> Network | str:
    """Return where something is sent to: of a URL its host, of an address its domain."""
    match kind:
        case "Url":
            return url_parts(value).host
        case "Email":
            return value.rpartition("@")[2]
        case "Cidr":
            return Network.of(value)
        case _:
            return value


def _words(word: ArgvWord, arguments: Mapping[str, Any]) -> tuple[str, ...]:
    if word.parameter is None:
        return (word.text,)
    value = arguments.get(word.parameter)
    if value is None:
        return ()
    if isinstance(value, tuple):
        return value
    if isinstance(value, bool):
        return (word.text + ("true" if value else "false"),)
    if isinstance(value, Decimal):
        return (word.text + decimal_text(value),)
    return (f"{word.text}{value}",)
