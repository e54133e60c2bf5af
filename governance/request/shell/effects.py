"""What commands change for those behind them: variables, and how the shell reads what follows.

Behind the first kind nothing is known of the variables; the second kind is refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from governance.request.shell.atoms import Reference, static_atoms
from governance.request.shell.characters import DEPTH
from governance.request.shell.keywords import READ_AGAIN
from governance.request.shell.raw import (
    RawAssignment,
    RawFor,
    RawGroup,
    RawIf,
    RawLoop,
    RawSimple,
    RawWord,
)
from governance.request.shell.refusals import Refusal
from governance.request.shell.scope import Looped, special
from governance.request.shell.tree import Substitution, Text, Variable
from governance.request.shell.words import lead

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from governance.request.shell.raw import RawScript, RawStage
    from governance.request.shell.scope import Scope
    from governance.request.shell.tree import Assignment, Command, Piece, Word

__all__ = ["assigned", "changed_by", "only_lists", "scope_behind"]

_NAMES: Final = "command export getopts mapfile popd printf pushd read readarray unset wait"
_ANY_VARIABLE: Final = frozenset(_NAMES.split())
"""Programs that are the shell itself, and may give variables values."""

_NAMED: Final = frozenset({"getopts", "mapfile", "printf", "read", "readarray", "wait"})
"""Those of them that give values to the variables they name."""

_FOLDER: Final = frozenset({"PWD", "OLDPWD"})

_ANY_TEXT: Final = Looped(None)
"""The value of a variable that is known only while the line runs."""

_PLAIN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_READ_FLAGS: Final = frozenset("ers")
_READ_VALUES: Final = frozenset("dnNptu")
"""The options of `read` that take no value, and those that take one; no other is known here."""


def assigned(assignment: Assignment, scope: Scope) -> Scope:
    """Return the scope behind an assignment."""
    text = assignment.value.text
    return scope.given(assignment.name, _ANY_TEXT if text is None else text)


def scope_behind(command: Command, scope: Scope) -> Scope:
    """Return the scope behind a command that has a program. Raises `Refusal`."""
    program, *arguments = command.words
    match program.text:
        case "cd":
            return scope.without(_FOLDER)
        case "read":
            _refuse_special("read", arguments)
            names = _read_names([word.text for word in arguments])
            return scope.without(names) if names is None else _given_any(names, scope)
        case "printf" if not arguments or not (arguments[0].text or "-").startswith("-"):
            return scope
        case "export":
            return _exported(arguments, scope)
        case "command":
            for word in arguments:
                if word.text in READ_AGAIN or word.text in _NAMED:
                    raise Refusal("interpreted-again", word.start, word.end, word.text or "")
            return scope.without(None)
        case name if name in _ANY_VARIABLE:
            if name in _NAMED:
                _refuse_special(name, arguments)
            return scope.without(None)
    return scope


def only_lists(program: str, command: RawSimple) -> bool:
    """Say whether a program that may change how the shell reads on shows something here, and does no more."""
    arguments = [_static(item) for item in command.items if isinstance(item, RawWord)][1:]
    named = all(text is not None and _PLAIN_NAME.fullmatch(text) for text in arguments)
    match program, arguments:
        case (("alias" | "declare" | "hash" | "readonly" | "set" | "shopt" | "trap" | "typeset"), []):
            return True
        case (("alias" | "declare" | "readonly" | "shopt" | "trap" | "typeset"), ["-p"]):
            return True
        case ("set", ["-o" | "+o"]) | ("shopt", ["-s" | "-u"]):
            return True
        case (("alias" | "shopt"), _):
            return named
        case _:
            return False


def _read_names(arguments: Sequence[str | None]) -> frozenset[str] | None:
    """Return the names that `read` with these arguments gives values to, None where they are not certain."""
    waiting = iter(arguments)
    names: list[str] = []
    for text in waiting:
        if text is None:
            return None
        if names or not text.startswith("-"):
            names.append(text)
            continue
        last = len(text) - 1
        for place, letter in enumerate(text[1:], 1):
            if letter in _READ_VALUES:
                if place == last and next(waiting, None) is None:
                    return None
                break
            if letter not in _READ_FLAGS:
                return None
    certain = names and all(name.isidentifier() and name.isascii() and not special(name) for name in names)
    return frozenset(names) if certain else None


def _refuse_special(program: str, arguments: Iterable[Word]) -> None:
    """Refuse a variable that the shell itself heeds, or that may be one, where a program gives variables values."""
    before = ""
    for word in arguments:
        valued = before.startswith("-") and before[-1] in _READ_VALUES
        if word.text is None and not valued:
            raise Refusal("interpreted-again", word.start, word.end, program)
        before = word.text or ""
        # The name may stand right behind its option.
        behind = range(1, len(before)) if before.startswith("-") else ()
        if special(before) or any(special(before[place:]) for place in behind):
            raise Refusal("special-variable", word.start, word.end, before)


def _given_any(names: Iterable[str], scope: Scope) -> Scope:
    for name in names:
        scope = scope.given(name, _ANY_TEXT)
    return scope


def _exported(arguments: Iterable[Word], scope: Scope) -> Scope:
    """Return the scope behind `export`, whose arguments are assignments: neither split nor matched nor expanded."""
    places = set()
    for word in arguments:
        begin = word.pieces[0].text if word.pieces and isinstance(word.pieces[0], Text) else ""
        name, sign, value = begin.partition("=")
        whole = word.text is not None or (sign and all(map(_is_one_text, word.pieces)))
        if not whole or word.start in places or not name.isidentifier() or not name.isascii():
            raise Refusal("export-value", word.start, word.end)
        if special(name):
            raise Refusal("special-variable", word.start, word.start + len(name), name)
        places.add(word.start)
        if sign:
            scope = scope.given(name, _ANY_TEXT if word.text is None else value)
    return scope


def _is_one_text(piece: Piece) -> bool:
    """Say whether a piece is neither split nor matched, whatever it comes to."""
    match piece:
        case Text() | Variable():
            return True
        case Substitution(quoted=quoted):
            return quoted
        case _:
            return False


def changed_by(*scripts: RawScript, depth: int = 0) -> frozenset[str] | None:
    """Return the names of the variables that scripts may change, None where it may be any. Raises `Refusal`."""
    if depth > DEPTH:
        raise Refusal("too-deep", 0, 1, str(DEPTH))
    changed: set[str] = set()
    for script in scripts:
        for step in script.steps:
            for stage in step.pipeline.stages:
                names = _changed_by_stage(stage, depth)
                if names is None:
                    return None
                changed |= names
    return frozenset(changed)


def _changed_by_stage(stage: RawStage, depth: int) -> frozenset[str] | None:
    if isinstance(stage, RawSimple):
        return _changed_by_command(stage)
    match stage.body:
        case RawGroup(script=script):
            return changed_by(script, depth=depth + 1)
        case RawIf(blocks=blocks):
            return changed_by(*blocks, depth=depth + 1)
        case RawLoop(condition=condition, script=script):
            return changed_by(condition, script, depth=depth + 1)
        case RawFor(opening=opening, script=script):
            names = changed_by(script, depth=depth + 1)
            return None if names is None else names | {opening.split()[1]}


def _changed_by_command(command: RawSimple) -> frozenset[str] | None:
    words = [_static(item) for item in command.items if isinstance(item, RawWord)]
    if not words:
        return frozenset(_name(item) for item in command.items if isinstance(item, RawAssignment))
    program, *arguments = words
    if program == "cd":
        return _FOLDER
    if program == "read":
        return _read_names(arguments)
    return None if program is None or program in _ANY_VARIABLE or program in READ_AGAIN else frozenset()


def _static(word: RawWord) -> str | None:
    """Return what a word surely is, None where it holds more than text."""
    text = ""
    for part in word.parts:
        if not isinstance(part, str):
            return None
        for atom in static_atoms(part[lead(part) :], 0):
            if isinstance(atom, Reference):
                return None
            text += atom.text
    return text


def _name(assignment: RawAssignment) -> str:
    token = assignment.parts[0]
    assert isinstance(token, str)  # noqa: S101 - the grammar begins an assignment with a token
    return str(token[lead(token) :].partition("=")[0])
