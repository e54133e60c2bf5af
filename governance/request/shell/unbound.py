"""Why a command line that can be read is no work: each reason by name, with its code, what is wrong, what to write instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn, Protocol

from governance.errors import Diagnostic, RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.request.typed import MisfitError
    from governance.text import Source

__all__ = ["UNBOUND", "Placed", "refuse", "refuse_misfit"]

UNBOUND: Final[Mapping[str, tuple[str, str, str]]] = {
    "ambiguous": ("ambiguous", "this may be {}", "ask for it as a call, by its name"),
    "assigned-alone": ("nothing-runs", "this runs no program", "write the value where it is needed"),
    "cd-behind-or": ("folder-unsure", "whether this `cd` happens is not sure", "write cd FOLDER && …, first"),
    "cd-folder": ("folder-unsure", "this is no folder's name", "write the folder's path"),
    "cd-in-here": ("folder-unsure", "a `cd` in here is where what follows runs, too", "write it in ( … )"),
    "cd-unsure": (
        "folder-unsure",
        "whether this runs in the folder that `cd` names is not sure",
        "write cd FOLDER && {{ …; }}",
    ),
    "cd-without-effect": (
        "folder-unsure",
        "this `cd` changes nothing for what follows",
        "write cd FOLDER && …",
    ),
    "cd-words": ("folder-unsure", "`cd` has one folder here", "write cd FOLDER && …"),
    "device": ("descriptor", "this is a descriptor, and no file", "write 2>&1, or leave it out"),
    "descriptor": ("descriptor", "only 0, 1 and 2 are redirected here", "write <, >, >>, 2> or 2>&1"),
    "env": (
        "wrapper",
        "`env` is read here as env NAME=VALUE … PROGRAM",
        "write the program behind it",
    ),
    "environment": ("environment", "{}", "leave it out"),
    "ends-idle": ("nothing-runs", "behind this nothing is run", "write what to run behind it"),
    "glob-among-stars": (
        "glob",
        "this `*` is part of a name, and others are globs",
        "name the files one by one",
    ),
    "glob-of-program": (
        "glob",
        "a glob is expanded for declared commands only{}",
        "name the files one by one, or quote it",
    ),
    "glob-pattern": ("glob", "`{}` in a name is not read here", "write * for it, or quote it"),
    "loop": (
        "loop",
        "how often this loop runs is not known before",
        "write for NAME in WORDS, or the commands one by one",
    ),
    "loop-empty": ("nothing-runs", "this loop has no words", "leave it out"),
    "loop-word": ("loop", "what this word stands for is not known before", "name each word of the loop"),
    "never": ("nothing-runs", "this never runs", "leave it out"),
    "no-capability": ("unknown-capability", "`{}` is no command of a capability", "use a declared one"),
    "no-file-capability": (
        "unknown-capability",
        "no capability is called `{}`",
        "read or write the file by a call",
    ),
    "not-one-file": ("not-known", "this is not surely one file", "name the file"),
    "program": ("not-known", "the program must be known before anything runs", "write the program's name"),
    "shell": (
        "wrapper",
        "a shell is read here as sh -c 'COMMANDS', with nothing behind it",
        "write the commands themselves",
    ),
    "shell-dialect": (
        "wrapper",
        "`{}` is no bash, and may read this otherwise",
        "write the commands themselves, or bash -c",
    ),
    "shell-too-deep": ("too-deep", "commands stand in texts too deep", "write the commands themselves"),
    "text": ("not-known", "only running it would tell this text", "write the text itself"),
    "time": ("wrapper", "`time` is not run here", "leave it out; outcomes say how long they took"),
    "timeout": (
        "wrapper",
        "`timeout` is read here as timeout SECONDS PROGRAM",
        "write it so, without options",
    ),
    "timeout-of-several": (
        "wrapper",
        "`timeout` is about one program here",
        "write it before each program",
    ),
    "too-many": ("too-many", "there are more than {} calls", "ask for less at once"),
    "word": (
        "not-known",
        "only running it would tell this word",
        "run that first, and then write what it prints; or write … | xargs PROGRAM",
    ),
    "wrapper": ("wrapper", "{}", "{}"),
}
"""Code, message and help by reason; `{}` is what was found."""


class Placed(Protocol):
    """What stands somewhere in a text."""

    @property
    def start(self) -> int:
        """The offset of its first character."""

    @property
    def end(self) -> int:
        """The offset behind its last."""


def refuse(source: Source, place: Placed, reason: str, *found: str) -> NoReturn:
    """Raise the `RequestError` about what stands at `place` of `source`."""
    code, message, mend = UNBOUND[reason]
    message, mend = message.format(*found), mend.format(*found[1:])
    raise RequestError(Diagnostic(code, message, source.span(place.start, place.end), mend))


def refuse_misfit(source: Source, place: Placed, error: MisfitError) -> NoReturn:
    """Raise the `RequestError` about a word that is no path, or no program's."""
    raise RequestError(
        Diagnostic(error.code, str(error), source.span(place.start, place.end), error.mend)
    ) from None
