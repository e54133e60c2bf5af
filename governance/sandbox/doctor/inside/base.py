"""What all probes inside share: the registry, and how an attempt becomes a word. First in the joined program."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

LIBC = ctypes.CDLL(None, use_errno=True)
PROBES: dict[str, Callable[[], str]] = {}
TOLD: dict[str, Any] = {}
"""What the host told this program: names and paths to look for."""


class UnknownError(Exception):
    """The probe cannot tell here; the reason is its text."""


def errno_name(number: int | None) -> str:
    return errno.errorcode.get(number or 0, str(number))


def attempt(action: Callable[[], object]) -> str:
    """Return the kernel's refusal by name, or `done`; a negative result of a C function is a refusal."""
    try:
        result = action()
    except OSError as error:
        return errno_name(error.errno)
    if isinstance(result, int) and not isinstance(result, bool) and result < 0:
        return errno_name(ctypes.get_errno())
    return "done"


def apart(action: Callable[[], object]) -> str:
    """Make the attempt in a child, which it may change or end: a signal's name where it ended it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        word = "raised"
        try:
            word = attempt(action)
        finally:
            os.write(writer, word.encode())
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        word = pipe.read().decode()
    status = os.waitpid(child, 0)[1]
    return signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else word


def openable(path: str) -> str:
    """Open a file for writing, and write nothing: should it be let through, no harm is done."""
    return attempt(lambda: os.close(os.open(path, os.O_WRONLY)))


def read(path: str) -> str:
    return Path(path).read_text(encoding="utf-8", errors="backslashreplace")


def field(name: str, without: str | None = None) -> str:
    """Return a field of `/proc/self/status`, or `without` where it has none."""
    for line in read("/proc/self/status").splitlines():
        if line.startswith(f"{name}:"):
            return line.partition(":")[2].strip()
    if without is None:
        raise UnknownError(f"/proc/self/status has no {name}")
    return without


def mounts() -> list[tuple[str, list[str], list[str]]]:
    """Return each mount: its place, its options, and its propagation tags (proc_pid_mountinfo(5))."""
    found = []
    for line in read("/proc/self/mountinfo").splitlines():
        words = line.split(" ")
        end = words.index("-")
        found.append((words[4], words[5].split(","), words[6:end]))
    return found


def machine() -> str:
    return platform.machine()


def listing(path: str) -> list[str]:
    return sorted(os.listdir(path))
