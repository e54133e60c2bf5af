"""Programs by name: those that start others, which no call may hide behind, and where a name without a slash lies."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PLACE", "SHELLS", "STOPPED", "base_name"]

PLACE: Final = "/usr/bin"
"""Where the sandbox's image has its programs: what a name without a slash means."""

SHELLS: Final = frozenset({"ash", "bash", "csh", "dash", "fish", "ksh", "sh", "tcsh", "zsh"})
"""Programs that read commands from a text."""

_ROOT: Final = ("a sandbox has no other user to become", "leave it out; write the program itself")
_WRAPPED: Final = (
    "it starts another program in a way that is not judged",
    "leave it out; write the program itself",
)
_SHELL: Final = ("it is the shell's own, and no shell runs here", "leave it out")
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


def base_name(program: str) -> str:
    """Return the name of a program of the image, as it is known; a path elsewhere is returned as it is."""
    for folder in (PLACE, "/bin", "/usr/sbin", "/sbin", "/usr/local/bin"):
        if program.startswith(f"{folder}/"):
            return program.removeprefix(f"{folder}/")
    return program
