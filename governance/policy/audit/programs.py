"""What is known of programs: which option, operand or variable lets them do more than their operands name.

The facts are data, a file of this package; here they become values, and whatever is not of their form is refused.
How a command line is read by them stands in `governance.policy.audit.reading`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

from governance.request.programs import base_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.canonical import Json

__all__ = ["Can", "Fact", "Program", "Programs", "read_programs"]

_FORMAT: Final = 1
_FORMS: Final = ("none", "attached", "separate", "either", "words")
_PLACES: Final = ("each", "first", "second", "last", "rest", "none", "words")


class Can(StrEnum):
    """What a program can do beside what its operands name; one that runs `code` can do anything."""

    CODE = "code"
    NETWORK = "network"
    READ = "read"
    START = "start"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Fact:
    """What an option, an operand, a variable or the program itself can do, and why.

    `names` are the exact spellings of an option, or names of keys and variables, in which a `*` stands for any text.
    The `value` of an option is part of its word (`attached`), the next word (`separate`), `either`, or a program's `words`;
    with a `harmless` one, or one that does not begin with `begins`, it does nothing. An option with `keys` does what the key can that its value begins with; behind
    one that `ends` stand words for what it starts. `at` says which operand is meant: a place, `none` where there is none,
    `words` for a program and its words behind `after` others, or how it begins.
    """

    can: tuple[Can, ...]
    why: str
    names: tuple[str, ...] = ()
    value: str = "none"
    harmless: tuple[str, ...] = ()
    keys: tuple[Fact, ...] = ()
    ends: bool = False
    begins: str = ""
    at: str = ""
    after: int = 0


@dataclass(frozen=True, slots=True)
class Program:
    """One program, or one command of a program that has several.

    `valued` are options that do nothing of interest and take the next word with them. The others say how options are
    written: they may be `abbreviates`d, be whole words behind one hyphen, stand first without a hyphen, end with the first
    operand, or never end. With `settings` the first operands are variables.
    """

    says: str
    also: tuple[str, ...] = ()
    interpreter: bool = False
    abbreviates: bool = False
    whole_options: bool = False
    bare_options: bool = False
    operands_end_options: bool = False
    options_never_end: bool = False
    settings: bool = False
    valued: tuple[str, ...] = ()
    always: tuple[Fact, ...] = ()
    options: tuple[Fact, ...] = ()
    operands: tuple[Fact, ...] = ()
    environment: tuple[Fact, ...] = ()
    commands: Mapping[str, Program] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Programs:
    """All that is known, by every name of a program; `environment` are variables that mean something to any."""

    by_name: Mapping[str, Program]
    environment: tuple[Fact, ...]

    def find(self, path: str) -> Program | None:
        """Return what is known of the program of that path, None where nothing is."""
        return self.by_name.get(base_name(path))


def read_programs(text: str) -> Programs:
    """Return the facts that `text`, strict JSON, says. Raises `ValueError` where it is not of their form."""
    value = json.loads(text, object_pairs_hook=_members, parse_float=_refused, parse_constant=_refused)
    whole = _object(value, "the file", ("format", "environment", "programs"))
    if whole.get("format") != _FORMAT:
        raise ValueError(f"the format is not {_FORMAT}")
    by_name: dict[str, Program] = {}
    for name, entry in _object(whole["programs"], "programs").items():
        program = _program(entry, name)
        for each in (name, *program.also):
            if each in by_name:
                raise ValueError(f"{each} is known twice")
            by_name[each] = program
    environment = _facts(whole["environment"], "environment", ("names", "can", "why"))
    return Programs(MappingProxyType(by_name), environment)


_PARTS: Final = {
    "always": ("can", "why"),
    "options": ("names", "value", "ends", "harmless", "begins", "can", "keys", "why"),
    "operands": ("at", "after", "harmless", "can", "why"),
    "environment": ("names", "can", "why"),
}
"""The fields of the facts in each part of an entry."""

_SWITCHES: Final = (
    "interpreter", "abbreviates", "whole_options", "bare_options", "operands_end_options", "options_never_end", "settings",
)  # fmt: skip


def _members(members: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(members)
    if len(found) < len(members):
        raise ValueError(f"a name stands twice among {', '.join(name for name, _ in members)}")
    return found


def _refused(text: str) -> NoReturn:
    raise ValueError(f"{text} is no whole number")


def _program(value: Json, name: str) -> Program:
    entry = _object(value, name, ("also", "says", *_SWITCHES, "valued", *_PARTS, "commands"))
    commands = _object(entry.get("commands", {}), f"commands of {name}")
    inner: dict[str, Program] = {}
    for word, each in commands.items():
        command = _program(each, f"{name} {word}")
        for spelling in (word, *command.also):
            if spelling in inner:
                raise ValueError(f"{name} {spelling} is known twice")
            inner[spelling] = command
    said: dict[str, Any] = {
        switch: _true(entry[switch], f"{switch} of {name}") for switch in _SWITCHES if switch in entry
    }
    for part, fields in _PARTS.items():
        said[part] = _facts(entry.get(part, []), f"{part} of {name}", fields)
    return Program(
        _sentence(entry.get("says"), name),
        _texts(entry.get("also", []), name),
        valued=_options(_texts(entry.get("valued", []), name), name),
        commands=MappingProxyType(inner),
        **said,
    )


def _facts(value: Json, where: str, fields: tuple[str, ...]) -> tuple[Fact, ...]:
    if not isinstance(value, list):
        raise ValueError(f"{where} is no list")
    return tuple(_fact(_object(each, where, fields), where, fields) for each in value)


def _fact(entry: Mapping[str, Json], where: str, fields: tuple[str, ...]) -> Fact:
    names = _texts(entry.get("names", []), where)
    if "value" in fields:
        _options(names, where)
    at, after = entry.get("at", ""), entry.get("after", 0)
    placed = isinstance(at, str) and (at in _PLACES or at.endswith("="))
    if ("names" in fields and not names) or ("at" in fields and not placed):
        raise ValueError(f"{where}: a fact does not say of what it is")
    if not isinstance(after, int) or not isinstance(at, str):
        raise ValueError(f"{where}: `after` is no number")
    return Fact(
        tuple(Can(each) for each in _texts(entry.get("can", []), where)),
        _sentence(entry.get("why"), where),
        names,
        _one_of(entry.get("value", "none"), _FORMS, where),
        _texts(entry.get("harmless", []), where),
        _facts(entry.get("keys", []), f"{where}, keys", ("names", "harmless", "can", "why")),
        "ends" in entry and _true(entry["ends"], where),
        "".join(_texts([entry.get("begins", "")], where)),
        at,
        after,
    )


def _object(value: Json, where: str, fields: tuple[str, ...] = ()) -> Mapping[str, Json]:
    """Return an object, which has no field but these, if there are any."""
    if not isinstance(value, dict):
        raise ValueError(f"{where} is no object")
    for name in value:
        if fields and name not in fields:
            raise ValueError(f"{where} has no field `{name}`; known: {', '.join(fields)}")
    return value


def _texts(value: Json, where: str) -> tuple[str, ...]:
    texts = value if isinstance(value, list) else [None]
    if not all(isinstance(each, str) for each in texts) or len(set(map(str, texts))) < len(texts):
        raise ValueError(f"{where}: this is no list of different texts: {value}")
    return cast("tuple[str, ...]", tuple(texts))


def _options(names: tuple[str, ...], where: str) -> tuple[str, ...]:
    for name in names:
        if name[:1] not in ("-", "+") or "=" in name:
            raise ValueError(f"{where}: `{name}` is no option")
    return names


def _sentence(value: Json, where: str) -> str:
    if not isinstance(value, str) or not value.endswith(".") or "\n" in value:
        raise ValueError(f"{where}: this is no sentence: {value}")
    return value


def _one_of(value: Json, known: tuple[str, ...], where: str) -> str:
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"{where}: `{value}` is none of {', '.join(known)}")
    return value


def _true(value: Json, where: str) -> bool:
    if value is not True:
        raise ValueError(f"{where} is true, or is left out")
    return True
