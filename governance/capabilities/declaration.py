"""What a capability is: typed parameters, effects on the world, and the very command line that runs.

A declaration comes from a policy file; everything else about a capability is derived from it here.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from governance.canonical import canonical
from governance.capabilities.effects import Effect, EffectForm, Made, Verb, made_by, spread_beneath
from governance.capabilities.glob import PathSet
from governance.capabilities.numbers import decimal_text
from governance.capabilities.phrase import parse_phrase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from governance.capabilities.phrase import Phrase
    from governance.capabilities.values import Type, Value

__all__ = ["ArgvGroup", "ArgvItem", "ArgvWord", "Capability", "Effect", "EffectForm", "Parameter", "Verb"]


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


@dataclass(frozen=True)
class Capability:
    """One capability, whole. `model` is the frozen pydantic model that its calls are bound to.

    `argv` is what runs, word for word; `stdin` names the parameters that the program reads as one canonical
    JSON object; `phrases` are how plain English asks for it.
    """

    name: str
    summary: str
    parameters: tuple[Parameter, ...]
    effects: tuple[EffectForm, ...]
    argv: tuple[ArgvItem, ...]
    stdin: tuple[str, ...]
    model: type[BaseModel]
    phrases: tuple[str, ...] = ()

    @cached_property
    def spoken(self) -> tuple[Phrase, ...]:
        """The phrases, read. Raises `PhraseError` for what no checked declaration has."""
        return tuple(parse_phrase(text) for text in self.phrases)

    @cached_property
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
                return spread_beneath(path, form.spread, arguments)
        return PathSet.one(path)

    def effects_of(self, arguments: Mapping[str, Any]) -> tuple[Effect, ...]:
        """Return what a call with these arguments declares to do, in the order declared."""
        found: tuple[Effect, ...] = ()
        for made in self._made:
            found += made(arguments)
        return found

    @cached_property
    def _made(self) -> tuple[Made, ...]:
        return tuple(made_by(form) for form in self.effects)

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


def _words(word: ArgvWord, arguments: Mapping[str, Any]) -> tuple[str, ...]:
    if word.parameter is None:
        return (word.text,)
    value = arguments.get(word.parameter)
    if value is None:
        return ()
    if isinstance(value, tuple):
        return tuple([_word(item) for item in value])
    return (word.text + _word(value),)


def _word(value: str | int | Decimal) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return decimal_text(value) if isinstance(value, Decimal) else str(value)
