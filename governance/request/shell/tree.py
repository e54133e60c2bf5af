"""What a command line says: a tree whose every word is what bash would pass. Nothing here reads or writes.

Each node carries the places it was read from, `start` up to `end`, in characters. What bash would do before
it starts a program (quotes, braces, declared variables) is done; what it can only do while it runs (globs,
substitutions, variables that the line gives values to) stands as a piece of a word.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

__all__ = [
    "Assignment",
    "Branch",
    "Command",
    "Duplicate",
    "File",
    "For",
    "Glob",
    "Group",
    "Here",
    "If",
    "Joint",
    "Loop",
    "Mode",
    "Piece",
    "Pipeline",
    "Redirection",
    "Script",
    "Stage",
    "Step",
    "Subshell",
    "Substitution",
    "Text",
    "Variable",
    "Word",
]

Joint: TypeAlias = Literal[";", "&&", "||"]
"""When a step runs: always, when the last one that ran succeeded, when it failed."""

Mode: TypeAlias = Literal["<", ">", ">>"]
"""How a file is opened: read, written anew, appended to."""


class Text(NamedTuple):
    """Characters that are passed as they are; never empty."""

    text: str
    start: int
    end: int


class Glob(NamedTuple):
    """`*`, `?`, or a set like `[a-z0-9]` or `[!ab]`; a word that matches no path is passed as it is written."""

    pattern: str
    start: int
    end: int


class Substitution(NamedTuple):
    """What `script` prints, less the newlines at its end; one text if `quoted`, else split at blanks and matched."""

    script: Script
    quoted: bool
    start: int
    end: int


class Variable(NamedTuple):
    """The value that the line itself gives to `name` while it runs, by `for`, `read` or what a program prints, as one text."""

    name: str
    start: int
    end: int


Piece: TypeAlias = Text | Glob | Substitution | Variable


class Word(NamedTuple):
    """Pieces that make one word together; none make the empty word. No two texts stand side by side."""

    pieces: tuple[Piece, ...]
    start: int
    end: int

    @property
    def text(self) -> str | None:
        """The word where it is known before anything runs, None where it is not."""
        match self.pieces:
            case ():
                return ""
            case (Text(text=text),):
                return text
            case _:
                return None


class Assignment(NamedTuple):
    """`name=value`: in the environment of the command it stands before, or a variable where there is no command."""

    name: str
    value: Word
    start: int
    end: int


class File(NamedTuple):
    """`descriptor` is the file `target`, opened as `mode` says."""

    descriptor: int
    mode: Mode
    target: Word
    start: int
    end: int


class Duplicate(NamedTuple):
    """`descriptor` becomes what `source` is at this point, or is closed where `source` is None."""

    descriptor: int
    source: int | None
    start: int
    end: int


class Here(NamedTuple):
    """`descriptor` reads the text that `word` is."""

    descriptor: int
    word: Word
    start: int
    end: int


Redirection: TypeAlias = File | Duplicate | Here
"""Redirections are done one after the other, from left to right."""


class Command(NamedTuple):
    """A program with its arguments, or assignments alone. The first word is a text, and not empty."""

    assignments: tuple[Assignment, ...]
    words: tuple[Word, ...]
    redirections: tuple[Redirection, ...]
    start: int
    end: int


class Subshell(NamedTuple):
    """`( … )`: folder and variables are as before when it ends."""

    script: Script
    redirections: tuple[Redirection, ...]
    start: int
    end: int


class Group(NamedTuple):
    """`{ …; }`: commands that share redirections."""

    script: Script
    redirections: tuple[Redirection, ...]
    start: int
    end: int


class Branch(NamedTuple):
    """What runs when `condition` succeeds."""

    condition: Script
    script: Script


class If(NamedTuple):
    """The first branch whose condition succeeds, else `otherwise` if there is one."""

    branches: tuple[Branch, ...]
    otherwise: Script | None
    redirections: tuple[Redirection, ...]
    start: int
    end: int


class Loop(NamedTuple):
    """`while`, or `until`: the script as long as the condition succeeds, or fails."""

    until: bool
    condition: Script
    script: Script
    redirections: tuple[Redirection, ...]
    start: int
    end: int


class For(NamedTuple):
    """The script once for each of `words`, which `Variable(name)` in it stands for."""

    name: str
    words: tuple[Word, ...]
    script: Script
    redirections: tuple[Redirection, ...]
    start: int
    end: int


Stage: TypeAlias = Command | Subshell | Group | If | Loop | For


class Pipeline(NamedTuple):
    """Stages that run at the same time, each one's output the next one's input; it ends as the last one does.

    Each of several stages is a subshell. `negated` turns success and failure round; `timed` prints how long it took.
    """

    stages: tuple[Stage, ...]
    negated: bool
    timed: bool
    start: int
    end: int


class Step(NamedTuple):
    """A pipeline, and when it runs."""

    joint: Joint
    pipeline: Pipeline


class Script(NamedTuple):
    """Steps one after the other; the joint of the first is `;`. It ends as the last step that ran."""

    steps: tuple[Step, ...]
    start: int
    end: int
