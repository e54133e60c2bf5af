"""Why a command line that can be read is no work: each reason by name, with its code, what is wrong, what to write instead."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NoReturn, Protocol

from governance.errors import Diagnostic, RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.request.typed import MisfitError
    from governance.text import Source

__all__ = ["UNBOUND", "Placed", "refuse", "refuse_misfit"]

_REASONS: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "ambiguous": {
        "ambiguous": ("this may be {}", "ask for it as a call, by its name"),
    },
    "descriptor": {
        "device": ("this is a descriptor, and no file", "write 2>&1, or leave it out"),
        "descriptor": ("only 0, 1 and 2 are redirected here", "write <, >, >>, 2> or 2>&1"),
    },
    "environment": {
        "environment": ("{}", "leave it out"),
    },
    "folder-unsure": {
        "cd-behind-or": ("whether this `cd` happens is not sure", "write cd FOLDER && …, first"),
        "cd-folder": ("this is no folder's name", "write the folder's path"),
        "cd-in-here": ("a `cd` in here is where what follows runs, too", "write it in ( … )"),
        "cd-unsure": ("whether this runs in the folder that `cd` names is not sure", "write cd FOLDER && {{ …; }}"),
        "cd-without-effect": ("this `cd` changes nothing for what follows", "write cd FOLDER && …"),
        "cd-words": ("`cd` has one folder here", "write cd FOLDER && …"),
    },
    "glob": {
        "glob-among-stars": ("this `*` is part of a name, and others are globs", "name the files one by one"),
        "glob-of-program": (
            "a glob is expanded for declared commands only{}", "name the files one by one, or quote it",
        ),
        "glob-pattern": ("`{}` in a name is not read here", "write * for it, or quote it"),
    },
    "loop": {
        "loop": ("how often this loop runs is not known before", "write for NAME in WORDS, or the commands one by one"),
        "loop-word": ("what this word stands for is not known before", "name each word of the loop"),
    },
    "not-known": {
        "not-one-file": ("this is not surely one file", "name the file"),
        "program": ("the program must be known before anything runs", "write the program's name"),
        "text": ("only running it would tell this text", "write the text itself"),
        "word": (
            "only running it would tell this word", "run that first, and then write what it prints; or write … | xargs PROGRAM",
        ),
    },
    "nothing-runs": {
        "assigned-alone": ("this runs no program", "write the value where it is needed"),
        "ends-idle": ("behind this nothing is run", "write what to run behind it"),
        "loop-empty": ("this loop has no words", "leave it out"),
        "never": ("this never runs", "leave it out"),
    },
    "too-deep": {
        "shell-too-deep": ("commands stand in texts too deep", "write the commands themselves"),
    },
    "too-many": {
        "too-many": ("there are more than {} calls", "ask for less at once"),
    },
    "unknown-capability": {
        "no-capability": ("`{}` is no command of a capability", "use a declared one"),
        "no-file-capability": ("no capability is called `{}`", "read or write the file by a call"),
    },
    "wrapper": {
        "env": ("`env` is read here as env NAME=VALUE … PROGRAM", "write the program behind it"),
        "shell": ("a shell is read here as sh -c 'COMMANDS', with nothing behind it", "write the commands themselves"),
        "shell-dialect": ("`{}` is no bash, and may read this otherwise", "write the commands themselves, or bash -c"),
        "time": ("`time` is not run here", "leave it out; outcomes say how long they took"),
        "timeout": ("`timeout` is read here as timeout SECONDS PROGRAM", "write it so, without options"),
        "timeout-of-several": ("`timeout` is about one program here", "write it before each program"),
        "wrapper": ("{}", "{}"),
    },
}  # fmt: skip
"""Message and help by code and reason; `{}` is what was found."""

UNBOUND: Final[Mapping[str, tuple[str, str, str]]] = MappingProxyType(
    {reason: (code, *said) for code, reasons in _REASONS.items() for reason, said in reasons.items()}
)
"""Code, message and help by reason."""


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
