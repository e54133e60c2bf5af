"""Checks command lines: what runs is named by its whole path, and no value of an agent's is taken for an option."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from governance.capabilities.declaration import ArgvGroup, ArgvWord
from governance.policy.syntax import ArgvGroupSyntax, Word

if TYPE_CHECKING:
    from governance.capabilities.declaration import ArgvItem, Parameter
    from governance.capabilities.values import Type
    from governance.policy.check.scope import FileScope
    from governance.policy.syntax import Clause

__all__ = ["check_argv"]

_ENDS_OPTIONS: Final = ("--", "--end-of-options")
_FREE: Final = ("String", "Glob", "Argv", "Email")
"""The types whose values may begin with a hyphen."""

_NAMES: Final = ("Host", "Url", "Cidr")
"""The types whose values begin with a letter of the agent's choice."""


def check_argv(
    scope: FileScope,
    clause: Clause | None,
    parameters: dict[str, Parameter],
    name: Word,
    taking: frozenset[tuple[str, str]] = frozenset(),
) -> tuple[ArgvItem, ...]:
    """Return the command line of the capability `name`; what is wrong with it is reported.

    `taking` are options that take the word behind them, whatever it is, each with the parameter that may be it.
    """
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
    before = ""
    for number, item in enumerate(clause.items):
        words = item.words if isinstance(item, ArgvGroupSyntax) else (cast("Word", item),)
        flag = _flag(scope, item.flag, parameters) if isinstance(item, ArgvGroupSyntax) else None
        if not items:
            _program(scope, words[0], parameters, grouped=isinstance(item, ArgvGroupSyntax))
        checked: list[ArgvWord] = []
        inside = ended
        before = "" if isinstance(item, ArgvGroupSyntax) else before
        behind = (each for each in clause.items[number + 1 : number + 2] if isinstance(each, Word))
        following = (*words[1:], *behind)
        for place, word in enumerate(words):
            free = inside or (not items and not checked) or (before, word.text[1:]) in taking
            checked.append(_argv_word(scope, word, parameters, ended=free))
            inside = inside or word.text in _ENDS_OPTIONS
            before = word.text
            _ended(scope, word, following[place : place + 1], parameters)
        # A group may be left out, and then what it says about options is not said.
        ended = ended if isinstance(item, ArgvGroupSyntax) else inside
        before = "" if isinstance(item, ArgvGroupSyntax) else before
        items.append(ArgvGroup(tuple(checked), flag) if isinstance(item, ArgvGroupSyntax) else checked[0])
    return tuple(items)


def _ended(
    scope: FileScope, word: Word, following: tuple[Word, ...], parameters: dict[str, Parameter]
) -> None:
    """Report a command line inside another that may itself hold the word which ends it."""
    found = parameters.get(word.text[1:]) if word.text.startswith("$") else None
    for end in following:
        if (
            found is not None
            and found.type.name == "Argv"
            and end.text not in (found.type.within or "").split()
        ):
            mend = f'declare it as Argv without "{end.text}"'
            scope.report("bad-argv", f"`{found.name}` may hold `{end.text}`, which ends it", word, mend)


def _flag(scope: FileScope, name: Word | None, parameters: dict[str, Parameter]) -> str | None:
    """Return the truth value that a group appears with; a parameter that is none is reported."""
    if name is None:
        return None
    found = scope.find("parameter", name, parameters)
    if found is not None and (found.type.name != "Bool" or found.type.optional):
        scope.report("bad-argv", f"`{name.text}` is not surely a Bool", name, "declare it as Bool = false")
    return name.text


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
        elif not text.strip("-") and not ended and _like_an_option(kind, text):
            mend = f"put -- before it, or write --option=${name}"
            scope.report("option-injection", f"`{name}` could be taken for an option", word, mend)
    return ArgvWord(text, name)


def _like_an_option(kind: Type, before: str) -> bool:
    """Whether a value of the type may begin with a hyphen, or `before`, all hyphens, with it make an option."""
    if kind.item is not None:
        return _like_an_option(kind.item, before)
    if kind.name in ("Int", "Decimal"):
        return kind.low is None or kind.low < 0
    return kind.name in _FREE or (before != "" and kind.name in _NAMES)
