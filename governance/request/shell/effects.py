"""What commands change for those behind them: variables, and how the shell reads what follows.

Behind the first kind nothing is known of the variables; the second kind is refused.
"""

from __future__ import annotations

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
from governance.request.shell.scope import special
from governance.request.shell.words import lead

if TYPE_CHECKING:
    from collections.abc import Iterable

    from governance.request.shell.raw import RawScript, RawStage
    from governance.request.shell.scope import Scope
    from governance.request.shell.tree import Assignment, Command, Word

__all__ = ["assigned", "changed_by", "scope_behind"]

_NAMES: Final = "command export getopts mapfile popd printf pushd read readarray unset wait"
_ANY_VARIABLE: Final = frozenset(_NAMES.split())
"""Programs that are the shell itself, and may give variables values."""

_FOLDER: Final = frozenset({"PWD", "OLDPWD"})


def assigned(assignment: Assignment, scope: Scope) -> Scope:
    """Return the scope behind an assignment."""
    text = assignment.value.text
    return scope.without((assignment.name,)) if text is None else scope.given(assignment.name, text)


def scope_behind(command: Command, scope: Scope) -> Scope:
    """Return the scope behind a command that has a program. Raises `Refusal`."""
    program, *arguments = command.words
    match program.text:
        case "cd":
            return scope.without(_FOLDER)
        case "printf" if not arguments or not (arguments[0].text or "-").startswith("-"):
            return scope
        case "export":
            return _exported(arguments, scope)
        case "command":
            for word in arguments:
                if word.text in READ_AGAIN:
                    raise Refusal("interpreted-again", word.start, word.end, word.text or "")
            return scope.without(None)
        case name if name in _ANY_VARIABLE:
            return scope.without(None)
    return scope


def _exported(arguments: Iterable[Word], scope: Scope) -> Scope:
    """Return the scope behind `export`, whose arguments are assignments: neither split nor matched nor expanded."""
    places = set()
    for word in arguments:
        name, sign, value = (word.text or "").partition("=")
        if word.text is None or word.start in places or not name.isidentifier() or not name.isascii():
            raise Refusal("export-value", word.start, word.end)
        if special(name):
            raise Refusal("special-variable", word.start, word.start + len(name), name)
        places.add(word.start)
        scope = scope.given(name, value) if sign else scope
    return scope


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
    words = (item for item in command.items if isinstance(item, RawWord))
    if (program := next(words, None)) is None:
        return frozenset(_name(item) for item in command.items if isinstance(item, RawAssignment))
    text = ""
    for part in program.parts:
        if not isinstance(part, str):
            return None
        for atom in static_atoms(part[lead(part) :], 0):
            if isinstance(atom, Reference):
                return None
            text += atom.text
    if text == "cd":
        return _FOLDER
    return None if text in _ANY_VARIABLE or text in READ_AGAIN else frozenset()


def _name(assignment: RawAssignment) -> str:
    token = assignment.parts[0]
    assert isinstance(token, str)  # noqa: S101 - the grammar begins an assignment with a token
    return str(token[lead(token) :].partition("=")[0])
