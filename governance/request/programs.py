"""Programs by name: those that start others, which no call may hide behind, and where a name without a slash lies."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["PLACE", "SHELLS", "STOPPED", "base_name", "hides", "reads_as_bash"]

PLACE: Final = "/usr/bin"
"""Where the sandbox's image has its programs: what a name without a slash means."""

SHELLS: Final = frozenset({"ash", "bash", "csh", "dash", "fish", "ksh", "sh", "tcsh", "zsh"})
"""Programs that read commands from a text."""

_POSIX: Final = re.compile(r"&>|\|&|<<<|\{[^{}]*(?:,|\.\.)[^{}]*\}")
_ZSH: Final = re.compile(r"(?:^|[ \t\n;|&(])=|<|(?<![12])>|>(?!&[12]|/dev/null)")
_DIALECTS: Final[Mapping[str, re.Pattern[str] | None]] = MappingProxyType(
    {"ash": _POSIX, "bash": None, "dash": _POSIX, "sh": _POSIX, "zsh": _ZSH}
)
"""Of those, the ones that read a text as bash does, unless it holds what this finds, quoted or not."""

_ROOT: Final = ("a sandbox has no other user to become", "leave it out; write the program itself")
_WRAPPED: Final = (
    "it starts another program in a way that is not judged",
    "leave it out; write the program itself",
)
_SHELL: Final = (
    "it is the shell's own, and no shell runs here",
    "write the programs alone, joined by && or ;",
)
_REMOTE: Final = ("what it runs elsewhere is not judged", "use a capability that is declared for it")

STOPPED: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        **dict.fromkeys(("sudo", "su", "doas", "runuser", "pkexec", "chroot", "unshare", "nsenter"), _ROOT),
        **dict.fromkeys(
            (
                "nice", "ionice", "nohup", "setsid", "stdbuf", "strace", "ltrace", "watch", "flock", "parallel", "script",
                "expect", "busybox", "time", "taskset", "chrt", "unbuffer", "catchsegv", "start-stop-daemon",
            ),
            _WRAPPED,
        ),
        **dict.fromkeys(
            (
                "alias", "bg", "bind", "builtin", "caller", "command", "compgen", "complete", "compopt", "declare", "dirs",
                "disown", "enable", "eval", "exec", "exit", "export", "fc", "fg", "getopts", "hash", "help", "history", "jobs",
                "let", "local", "logout", "mapfile", "popd", "pushd", "read", "readarray", "readonly", "return", "set",
                "shift", "shopt", "source", ".", "suspend", "times", "trap", "type", "typeset", "ulimit", "umask", "unalias",
                "unset", "wait", ":",
            ),
            _SHELL,
        ),
        **dict.fromkeys(("ssh", "rsh", "telnet", "mosh", "scp", "sftp"), _REMOTE),
    }
)  # fmt: skip
"""Programs that are refused by name, with why and what to write instead; their options would say what really runs."""

_STARTING: Final = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
"""What begins a program in the words of `find`."""

_CONFIGURING: Final = ("-c", "--config-env", "--exec-path")
_VALUED: Final = frozenset({"-C", "--git-dir", "--work-tree", "--namespace", "--super-prefix"})
"""Options of git's own: what says which programs it starts, and what takes the word behind it."""


def base_name(program: str) -> str:
    """Return the name of a program of the image, as it is known; a path elsewhere is returned as it is."""
    for folder in (PLACE, "/bin", "/usr/sbin", "/sbin", "/usr/local/bin"):
        if program.startswith(f"{folder}/"):
            return program.removeprefix(f"{folder}/")
    return program


def reads_as_bash(shell: str, text: str) -> bool:
    """Whether the program `shell` surely takes `text` for what bash takes it for."""
    if shell not in _DIALECTS:
        return False
    other = _DIALECTS[shell]
    return other is None or other.search(text) is None


def hides(words: Sequence[str]) -> bool:
    """Whether a program, the first of `words`, starts others that the words behind it tell, or is told by them what to start."""
    program, *others = words
    match base_name(program):
        case "env" | "timeout" | "xargs":
            return bool(others)
        case "find":
            return not _STARTING.isdisjoint(others)
        case "git":
            return _is_configured(others)
        case name:
            return name in STOPPED or name in SHELLS


def _is_configured(words: Sequence[str]) -> bool:
    """Whether options of git's own, before the name of its command, say what it starts."""
    waiting = iter(words)
    for word in waiting:
        if not word.startswith("-"):
            return False
        if word.startswith(_CONFIGURING):
            return True
        if word in _VALUED:
            next(waiting, None)
    return False
