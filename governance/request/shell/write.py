"""The canonical spelling of a script: one line, single quotes where there must be any, nothing left to expand.

Parsing what is written gives the same tree, up to places.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, assert_never

from governance.request.shell.keywords import KEYWORDS
from governance.request.shell.tree import (
    Command,
    Duplicate,
    File,
    For,
    Glob,
    Group,
    Here,
    If,
    Loop,
    Subshell,
    Substitution,
    Text,
    Variable,
)

if TYPE_CHECKING:
    from governance.request.shell.tree import Piece, Pipeline, Redirection, Script, Stage, Word

__all__ = ["print_shell", "print_word"]

_SAFE: Final = re.compile(r"[A-Za-z0-9_./:=,@%+-]+")
_PROGRAM: Final = re.compile(r"[A-Za-z0-9_./:,@%+-]+")


def print_shell(script: Script) -> str:
    """Return `script` as one command line."""
    first, *others = script.steps
    text = _pipeline(first.pipeline)
    for step in others:
        joint = "; " if step.joint == ";" else f" {step.joint} "
        text += joint + _pipeline(step.pipeline)
    return text


def _pipeline(pipeline: Pipeline) -> str:
    marks = ("! " if pipeline.negated else "") + ("time " if pipeline.timed else "")
    return marks + " | ".join(_stage(stage) for stage in pipeline.stages)


def _stage(stage: Stage) -> str:
    if isinstance(stage, Command):
        return _command(stage)
    return " ".join([_compound(stage), *(_redirection(each) for each in stage.redirections)])


def _compound(stage: Subshell | Group | If | Loop | For) -> str:
    match stage:
        case Subshell():
            return f"({_apart(print_shell(stage.script))})"
        case Group():
            return f"{{ {print_shell(stage.script)}; }}"
        case If():
            branches = "; el".join(
                f"if {print_shell(each.condition)}; then {print_shell(each.script)}"
                for each in stage.branches
            )
            otherwise = f"; else {print_shell(stage.otherwise)}" if stage.otherwise else ""
            return f"{branches}{otherwise}; fi"
        case Loop():
            word = "until" if stage.until else "while"
            return f"{word} {print_shell(stage.condition)}; do {print_shell(stage.script)}; done"
        case For():
            words = "".join(f" {print_word(word)}" for word in stage.words)
            return f"for {stage.name} in{words}; do {print_shell(stage.script)}; done"
        case _:
            assert_never(stage)


def _command(command: Command) -> str:
    parts = [
        f"{each.name}={print_word(each.value) if each.value.pieces else ''}" for each in command.assignments
    ]
    if command.words:
        program = command.words[0].text or ""
        parts.append(program if _PROGRAM.fullmatch(program) and program not in KEYWORDS else _quoted(program))
    parts += [print_word(word) for word in command.words[1:]]
    # A descriptor stands behind a blank, also where nothing is before it.
    lead = "" if parts else " "
    return lead + " ".join(parts + [_redirection(each) for each in command.redirections])


def _redirection(redirection: Redirection) -> str:
    match redirection:
        case File(descriptor, mode, target):
            return f"{_descriptor(descriptor, mode)}{mode} {print_word(target)}"
        case Duplicate(descriptor, source):
            return f"{_descriptor(descriptor, '>')}>&{'-' if source is None else source}"
        case Here(descriptor, word):
            return f"{_descriptor(descriptor, '<')}<<< {print_word(_without_newline(word))}"
        case _:
            assert_never(redirection)


def _descriptor(descriptor: int, mode: str) -> str:
    return "" if descriptor == (0 if mode == "<" else 1) else str(descriptor)


def _without_newline(word: Word) -> Word:
    """Return the word of a here-string, which ends with a newline that is not written."""
    *pieces, last = word.pieces
    if isinstance(last, Text) and len(last.text) > 1:
        pieces.append(last._replace(text=last.text[:-1]))
    return word._replace(pieces=tuple(pieces))


def print_word(word: Word) -> str:
    """Return one word of a command."""
    return "".join(_piece(piece) for piece in word.pieces) or "''"


def _piece(piece: Piece) -> str:
    match piece:
        case Text(text):
            return text if _SAFE.fullmatch(text) else _quoted(text)
        case Glob(pattern):
            return pattern
        case Variable(name):
            return f'"${{{name}}}"'
        case Substitution(script, quoted):
            written = f"$({_apart(print_shell(script))})"
            return f'"{written}"' if quoted else written
        case _:
            assert_never(piece)


def _apart(text: str) -> str:
    """Keep two parentheses from being one sign."""
    return f" {text}" if text.startswith("(") else text


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
