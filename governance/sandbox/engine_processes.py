"""The processes and mounts of a private engine or VM: found by what they are, and ended for certain.

A process belongs to the engine of a folder if it is one of Docker's programs, or QEMU or what starts it, and its arguments name something
in that folder, or if such a process is its parent. Numbers written in files are never believed, and a process
is signalled through a descriptor that was opened before it was looked at, so a number used again meanwhile
cannot lead to a foreign one.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from governance.sandbox.provision import search_path

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["daemons", "end", "hang_up", "kill_all", "unmount_all"]

_PROGRAMS: Final = frozenset(
    {
        "dockerd", "containerd", "containerd-shim", "containerd-shim-runc-v2",
        "qemu-system-x86_64", "setpriv",
    }
)  # fmt: skip
_PARENT: Final = 1
"""Where a process's parent stands in `/proc/PID/stat`, after the name in parentheses (proc_pid_stat(5))."""

_DEATH: Final = 10.0
"""Seconds that a killed process may take to be gone."""


def daemons(folder: Path, program: str | None = None) -> tuple[int, ...]:
    """Return the processes of the engine in `folder`, all of them or those that run `program`."""
    found = ((pid, _program(pid, folder)) for pid in _numbers())
    return tuple(pid for pid, runs in found if runs is not None and program in {None, runs})


def end(pid: int, folder: Path, number: signal.Signals, seconds: float) -> bool:
    """Signal `pid` if it belongs to the engine in `folder`; return whether it is gone within `seconds`."""
    with ExitStack() as held:
        descriptor = _held(held, pid, lambda: _program(pid, folder) is not None)
        return descriptor is None or _signal(descriptor, number, seconds)


def hang_up(pid: int, folder: Path) -> None:
    """Let `pid`, if it belongs to the engine in `folder`, read its configuration again (dockerd(8), SIGHUP)."""
    with ExitStack() as held:
        descriptor = _held(held, pid, lambda: _program(pid, folder) is not None)
        if descriptor is not None:
            _signal(descriptor, signal.SIGHUP, 0)


def kill_all(folder: Path) -> int:
    """Kill all processes of the engine in `folder` and of its containers; return how many there were.

    The first process of a container takes all others in its process namespace with it. All are held before one
    is killed: what one of them becomes meanwhile, another program or an orphan, does not save it.
    """
    ours = daemons(folder)
    children = [pid for pid in _numbers() if pid not in ours and _parent(pid) in ours]
    with ExitStack() as held:
        found = [_held(held, pid, partial(_belongs, pid, folder, ours)) for pid in (*children, *ours)]
        kept = [descriptor for descriptor in found if descriptor is not None]
        for descriptor in kept:
            _signal(descriptor, signal.SIGKILL, _DEATH)
    return len(kept)


def unmount_all(folder: Path) -> int:
    """Unmount what is mounted beneath `folder`, last mounted first; return how much that was."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    points = [os.fsdecode(_unescaped(line.split(" ")[4])) for line in lines]
    beneath = [point for point in reversed(points) if point.startswith(f"{folder}/")]
    for point in beneath:
        command = ["umount", "--lazy", point]
        subprocess.run(command, check=False, capture_output=True, env={"PATH": search_path()})  # noqa: S603 - our words
    return len(beneath)


def _unescaped(field: str) -> bytes:
    return field.encode("ascii", "surrogateescape").decode("unicode_escape").encode("latin-1")


def _numbers() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _program(pid: int, folder: Path) -> str | None:
    """Return which of these programs `pid` runs on behalf of `folder`, None if it is nothing of the kind."""
    with suppress(OSError):
        words = [os.fsdecode(word) for word in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")]
        program = Path(words[0]).name
        if program in _PROGRAMS and any(word.startswith(f"{folder}/") for word in words):
            return program
    return None


def _parent(pid: int) -> int | None:
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return int(fields[_PARENT])
    return None


def _belongs(pid: int, folder: Path, ours: tuple[int, ...]) -> bool:
    return _program(pid, folder) is not None or _parent(pid) in ours


def _held(held: ExitStack, pid: int, is_it: Callable[[], bool]) -> int | None:
    """Return a descriptor of `pid` that `held` closes, None if it is gone or, looked at once it is held, another."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return None
    held.callback(os.close, descriptor)
    return descriptor if is_it() else None


def _signal(descriptor: int, number: signal.Signals, seconds: float) -> bool:
    """Send a signal; return whether the process is gone within `seconds`."""
    with suppress(ProcessLookupError):
        signal.pidfd_send_signal(descriptor, number)
    return bool(select.select([descriptor], [], [], seconds)[0])
