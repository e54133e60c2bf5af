"""What a capability is: typed parameters, effects on the world, and the very command line that runs.

A declaration comes from a policy file; everything else about a capability is derived from it here.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from governance.canonical import canonical
from governance.capabilities.command import CommandForm  # noqa: TC001 - a field of a dataclass is read
from governance.capabilities.effects import (
    Effect,
    EffectForm,
    Made,
    Verb,
    made_by,
    paths_named,
    spread_beneath,
)
from governance.capabilities.numbers import decimal_text
from governance.capabilities.phrase import parse_phrase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from governance.capabilities.glob import PathSet
    from governance.capabilities.phrase import Phrase
    from governance.capabilities.values import Type, Value

__all__ = [
    "ArgvGroup",
    "ArgvItem",
    "ArgvWord",
    "Capability",
    "Effect",
    "EffectForm",
    "Parameter",
    "PathWord",
    "Verb",
]

OWN_TOOLS: Final = "/usr/lib/governance/"
"""Where the tools lie that open every path themselves, with no link followed."""


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
    """Words that appear only when every optional parameter they name is given, and `flag`, if there is one, is true."""

    words: tuple[ArgvWord, ...]
    flag: str | None = None

    def appears(self, arguments: Mapping[str, Any]) -> bool:
        """Whether the words are part of a call with these arguments."""
        if self.flag is not None and not arguments[self.flag]:
            return False
        return all(word.parameter is None or word.parameter in arguments for word in self.words)


class PathWord(NamedTuple):
    """A word of a command line that names a path, behind other text; the path may be a glob."""

    before: str
    path: str
    may_be_glob: bool

    @property
    def glob(self) -> bool:
        """Whether the path is a glob."""
        return self.may_be_glob and "*" in self.path


ArgvItem: TypeAlias = ArgvWord | ArgvGroup


@dataclass(frozen=True)
class Capability:
    """One capability, whole. `model` is the frozen pydantic model that its calls are bound to.

    `argv` is what runs, word for word; `stdin` names the parameters that the program reads as one canonical
    JSON object; `phrases` are how plain English asks for it, `commands` how people type it.
    """

    name: str
    summary: str
    parameters: tuple[Parameter, ...]
    effects: tuple[EffectForm, ...]
    argv: tuple[ArgvItem, ...]
    stdin: tuple[str, ...]
    model: type[BaseModel]
    phrases: tuple[str, ...] = ()
    commands: tuple[CommandForm, ...] = ()

    @cached_property
    def spoken(self) -> tuple[Phrase, ...]:
        """The phrases, read. Raises `PhraseError` for what no checked declaration has."""
        return tuple(parse_phrase(text) for text in self.phrases)

    @cached_property
    def opaque(self) -> bool:
        """Whether the capability runs code, and so may do whatever its sandbox can reach."""
        return any(form.verb is Verb.EXECUTE for form in self.effects)

    @cached_property
    def guarded(self) -> bool:
        """Whether the paths that a call names are looked at before its program starts.

        The sandbox's own tools look themselves, and code may do with links whatever its sandbox lets it.
        """
        return bool(self._paths) and not self.opaque and not self.argv[0].text.startswith(OWN_TOOLS)  # type: ignore[union-attr]

    def parameter(self, name: str) -> Parameter | None:
        """Return the parameter called `name`."""
        return next((parameter for parameter in self.parameters if parameter.name == name), None)

    def path_set(self, name: str, path: str, arguments: Mapping[str, Any]) -> PathSet:
        """Return the paths that `path`, a value of the parameter `name`, speaks of: as wide as the widest effect on it."""
        parameter = self.parameter(name)
        kind = (parameter.type.item or parameter.type).name if parameter else ""
        spread, paths = self.spread(name), paths_named(kind, path)
        return paths if spread is None else spread_beneath(paths, spread, arguments)

    def spread(self, name: str) -> str | None:
        """Return what spreads the widest effect on the parameter `name`: `**`, or the name of a glob; None for nothing."""
        found = ("**" if form.by_name else form.spread for form in self.effects if form.parameter == name)
        return next((spread for spread in found if spread is not None), None)

    def names_sets(self, name: str) -> bool:
        """Whether a value of the parameter `name` may stand for more paths than one."""
        parameter = self.parameter(name)
        kind = (parameter.type.item or parameter.type).name if parameter else ""
        return kind == "PathGlob" or self.spread(name) is not None

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
            elif item.appears(arguments):
                for word in item.words:
                    words += _words(word, arguments)
        return tuple(words)

    def paths_in(self, arguments: Mapping[str, Any]) -> dict[int, PathWord]:
        """Return the words of that command line which name paths, by their places."""
        found: dict[int, PathWord] = {}
        place = 0
        for item in self.argv if self._paths else ():
            if isinstance(item, ArgvWord):
                words: tuple[ArgvWord, ...] = (item,)
            else:
                words = item.words if item.appears(arguments) else ()
            for word in words:
                texts = _words(word, arguments)
                kind = self._paths.get(word.parameter or "")
                if kind is not None:
                    named = (
                        PathWord(word.text, text[len(word.text) :], kind == "PathGlob") for text in texts
                    )
                    found |= enumerate(named, place)
                place += len(texts)
        return found

    @cached_property
    def globs(self) -> bool:
        """Whether a word of the command line may be a glob."""
        return "PathGlob" in self._paths.values()

    @cached_property
    def _paths(self) -> Mapping[str, str]:
        """The parameters that name paths, with the names of their types, or of those of their items."""
        kinds = ((each.name, (each.type.item or each.type).name) for each in self.parameters)
        return {name: kind for name, kind in kinds if kind in ("Path", "PathGlob")}

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
