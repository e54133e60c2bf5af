"""What setting up needs of this host: where state lies, which programs there are, long commands, packages.

Every long command says what it does and how far it is. What to install or to start, and in which order, is
decided by the callers. All of it that a test cannot have for real goes through `Host`.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from governance.errors import Diagnostic, SandboxError
from governance.text import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["Host", "Say", "alone", "install", "search_path", "this_host"]

Say: TypeAlias = "Callable[[str], None]"
"""Where progress goes: one line at a time, for a person."""

_QUIET: Final = 3.0
"""Seconds between two lines of progress from one command."""

_KEPT: Final = 15
"""Last lines of a command's output that are shown when it fails."""

_WIDEST: Final = 100
_APT: Final = ("apt-get", "-o", "DPkg::Lock::Timeout=600", "-o", "Acquire::Retries=3")


def search_path() -> str:
    """Return PATH with the folders of the system's own programs, which not every PATH has."""
    have = os.environ.get("PATH", "/usr/bin:/bin").split(":")
    return ":".join(
        [*have, *(each for each in ("/usr/local/sbin", "/usr/sbin", "/sbin") if each not in have)]
    )


def _find(program: str) -> str | None:
    return shutil.which(program, path=search_path())


def _run(what: str, command: Sequence[str], say: Say, environment: Mapping[str, str] | None = None) -> None:
    """Run `command` and tell how it goes. Raises SandboxError `set-up-failed` with the last lines it printed."""
    say(f"{what}: {command[0]}")
    begun = told = time.monotonic()
    tail: deque[str] = deque(maxlen=_KEPT)
    with subprocess.Popen(  # noqa: S603 - the words are ours
        list(command),
        env={**os.environ, "PATH": search_path(), "LC_ALL": "C", **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        umask=0o022,
    ) as process:
        for line in process.stdout or ():
            tail.append(shown(line.rstrip()))
            now = time.monotonic()
            if now - told >= _QUIET and tail[-1]:
                told = now
                say(f"  {now - begun:3.0f} s  {tail[-1][:_WIDEST]}")
    if process.returncode:
        message = "\n".join([f"{what} failed: {command[0]} ended with {process.returncode}", *tail])
        mend = "its last lines stand above; mend what they name and run the same command again"
        raise SandboxError(Diagnostic("set-up-failed", message, help=mend))
    say(f"{what}: done in {time.monotonic() - begun:.0f} s")


@dataclass(frozen=True, slots=True)
class Host:
    """What set-up may ask of the host: whether it is root, where a program is, and to run a long command."""

    root: bool
    find: Callable[[str], str | None] = _find
    run: Callable[[str, Sequence[str], Say, Mapping[str, str] | None], None] = _run


def this_host() -> Host:
    """Return the host that this process runs on."""
    return Host(root=os.geteuid() == 0)


def install(host: Host, packages: Sequence[str], say: Say) -> bool:
    """Install Debian packages with apt; return False, with nothing done, where that is not possible."""
    if not host.root or host.find("apt-get") is None:
        return False
    names = " ".join(packages)
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    say(f"this host lacks {names}: installing from its own package sources")
    host.run("refreshing the package lists", [*_APT, "update"], say, quiet)
    wanted = [*_APT, "install", "--yes", "--no-install-recommends", *packages]
    host.run(f"installing {names}", wanted, say, quiet)
    return True


@contextmanager
def alone(folder: Path, say: Say) -> Iterator[None]:
    """Keep others out of `folder`, which is made for this user alone, until the block ends; wait for who is in it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another process that works in {folder}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
