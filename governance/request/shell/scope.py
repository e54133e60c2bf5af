"""What is known of variables at a place of a command line: their values, or only that they have one.

A scope is never changed; what an assignment does is the next scope.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["SPECIAL", "Looped", "Scope", "Value"]

_NAMES: Final = (
    "_ IFS PATH HOSTFILE HISTCMD HISTFILE HISTCONTROL HISTIGNORE HISTSIZE RANDOM SRANDOM SECONDS LINENO EPOCHSECONDS "
    "EPOCHREALTIME FUNCNAME FUNCNEST DIRSTACK GROUPS PIPESTATUS SHLVL SHELL SHELLOPTS PPID UID EUID OPTARG OPTIND "
    "OPTERR REPLY ENV GLOBIGNORE EXECIGNORE FIGNORE INPUTRC LANG LC_ALL LC_COLLATE LC_CTYPE LC_MESSAGES LC_NUMERIC "
    "LC_TIME POSIXLY_CORRECT PROMPT_COMMAND PROMPT_DIRTRIM PS0 PS1 PS2 PS3 PS4 TIMEFORMAT TMOUT MAPFILE COMP_WORDS "
    "COMP_CWORD COMP_LINE COMP_POINT COMP_KEY COMP_TYPE COMP_WORDBREAKS COMPREPLY COPROC CHILD_MAX READLINE_LINE "
    "READLINE_POINT READLINE_MARK READLINE_ARGUMENT HOSTNAME HOSTTYPE MACHTYPE OSTYPE MAIL MAILCHECK MAILPATH "
    "OLDPWD PWD COLUMNS LINES LD_PRELOAD LD_LIBRARY_PATH HOME CDPATH"
)
SPECIAL: Final = frozenset(_NAMES.split())
"""Names that the shell gives values to, or heeds itself; and all that begin with `BASH`."""


class Looped(NamedTuple):
    """The variable of a loop: its values in turn, None where they are known only while it runs."""

    values: tuple[str, ...] | None


Value: TypeAlias = str | Looped | None
"""None where a variable may have one of several values."""


class Scope(NamedTuple):
    """Values by name; a name that is not here has none that is known."""

    values: Mapping[str, Value]

    def value(self, name: str) -> Value:
        """Return what `name` stands for."""
        return self.values.get(name)

    def given(self, name: str, value: Value) -> Scope:
        """Return the scope in which `name` has `value`."""
        return Scope({**self.values, name: value})

    def without(self, names: Iterable[str] | None) -> Scope:
        """Return the scope in which nothing is known of `names`, or of any variable if that is None."""
        if names is None:
            return Scope({})
        lost = frozenset(names)
        if not lost:
            return self
        return Scope({name: value for name, value in self.values.items() if name not in lost})

    def shared(self, other: Scope) -> Scope:
        """Return what is known whether this or `other` is so."""
        if self.values is other.values:
            return self
        kept = {
            name: value
            for name, value in self.values.items()
            if name in other.values and other.values[name] == value
        }
        return Scope(kept)


def special(name: str) -> bool:
    """Say whether the shell itself gives `name` a value, or heeds it."""
    return name in SPECIAL or name.startswith("BASH")
