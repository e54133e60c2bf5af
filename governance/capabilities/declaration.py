"""What a capability is: typed parameters, effects on the world, and the very command line that runs.

A declaration comes from a policy file; everything else about a capability is derived from it here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

from governance.canonical import canonical
from governance.capabilities.glob import PathSet

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


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing a call may do: to a set of paths, or to a named program or host."""

    verb: Verb
    target: PathSet | str

    def __str__(self) -> str:
        return f"{self.verb} {self.target}"


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
    """An effect as declared: on the value of `parameter`.

    With `spread` it reaches beneath that path: `**` everything, else what the glob in the parameter of that
    name matches.
    """

    verb: Verb
    parameter: str
    spread: str | None = None


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
        return tuple(_effect(form, arguments) for form in self.effects if form.parameter in arguments)

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


def _effect(form: EffectForm, arguments: Mapping[str, Any]) -> Effect:
    value = arguments[form.parameter]
    if form.verb in (Verb.EXECUTE, Verb.SEND):
        return Effect(form.verb, value if isinstance(value, str) else value[0])
    if form.spread is not None:
        return Effect(form.verb, _spread(value, form.spread, arguments))
    return Effect(form.verb, PathSet.one(value))


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
    return (f"{word.text}{value}",)
