"""Reset: puts a sandbox back as it was made, between two calls of the same agent.

What a call can leave behind when all its processes are gone: files in the folders that are in memory, message
queues, shared memory and semaphores, which belong to the sandbox, and what the kernel lets a process change of
another of the same user. The first two are removed, the rest is compared; the root is read-only, which is seen
again. What cannot be put back, or cannot be seen, is an error: the runner then ends, and the container with it.
"""

from __future__ import annotations

import ctypes
import os
import resource
import stat

TYPE_CHECKING = False  # as in `fs`
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

_MEMORY: Final = ("tmpfs", "mqueue")
"""The kinds of file systems that a sandbox keeps in memory, beside those that belong to the kernel."""

_QUEUES: Final = {"shm": "shmctl", "msg": "msgctl", "sem": "semctl"}
_REMOVE: Final = 0  # IPC_RMID: linux/ipc.h
_LIMITS: Final = tuple(sorted(value for name, value in vars(resource).items() if name.startswith("RLIMIT_")))
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class ResetError(OSError):
    """The sandbox cannot be put back."""


class Original:
    """How a sandbox was before its first call."""

    def __init__(self) -> None:
        """Look at it now."""
        found = {path: _mode(path) for path in _scratch() if os.access(path, os.W_OK)}
        self._scratch = {path: mode for path, mode in found.items() if stat.S_ISDIR(mode)}
        self._self = _self()

    def restore(self) -> None:
        """Put everything back. Raises `ResetError`, or OSError."""
        for path, mode in self._scratch.items():
            if _mode(path) != mode:
                os.chmod(path, stat.S_IMODE(mode))  # noqa: PTH101
            folder = os.open(path, _FOLDER)
            try:
                for name in os.listxattr(folder):
                    os.removexattr(folder, name)
                _clear(folder)
            finally:
                os.close(folder)
        for kind, control in _QUEUES.items():
            for number in _numbers(kind):
                getattr(ctypes.CDLL(None), control)(
                    number, *((0, _REMOVE) if kind == "sem" else (_REMOVE, None))
                )
            if any(_numbers(kind)):
                raise ResetError
        if _self() != self._self or not os.statvfs("/").f_flag & os.ST_RDONLY:
            raise ResetError


def _mode(path: str) -> int:
    return os.stat(path).st_mode  # noqa: PTH116 - pathlib is slow to import


def _scratch() -> Iterator[str]:
    """Yield where file systems in memory are mounted (proc_pid_mountinfo(5))."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:  # noqa: PTH123
        for line in file:
            fields, _, kind = line.partition(" - ")
            if kind.split(" ", 1)[0] in _MEMORY:
                yield fields.split(" ")[4].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")


def _clear(folder: int) -> None:
    """Remove all that is in a folder. Folders in folders are first brought up, so that no depth is too deep."""
    brought = 0
    while names := os.listdir(folder):
        for name in names:
            if not stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                os.unlink(name, dir_fd=folder)
                continue
            os.chmod(name, 0o700, dir_fd=folder)
            inner = os.open(name, _FOLDER, dir_fd=folder)
            try:
                for each in os.listdir(inner):  # noqa: PTH208
                    if stat.S_ISDIR(os.stat(each, dir_fd=inner, follow_symlinks=False).st_mode):
                        os.chmod(each, 0o700, dir_fd=inner)
                        brought = _bring(each, inner, folder, brought)
                    else:
                        os.unlink(each, dir_fd=inner)
            finally:
                os.close(inner)
            os.rmdir(name, dir_fd=folder)


def _bring(name: str, inner: int, folder: int, brought: int) -> int:
    """Give a folder a name in `folder` that nothing has there; return the number to go on from."""
    while True:
        brought += 1
        try:
            os.stat(f"{brought}", dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            os.rename(name, f"{brought}", src_dir_fd=inner, dst_dir_fd=folder)
            return brought


def _numbers(kind: str) -> list[int]:
    """Return the numbers of the shared memory, message queues or semaphores that there are (proc_sysvipc(5))."""
    with open(f"/proc/sysvipc/{kind}", encoding="ascii") as file:  # noqa: PTH123
        return [int(line.split()[1]) for line in file.readlines()[1:]]


def _self() -> tuple[object, ...]:
    """Return what another process of the same user could have changed of this one."""
    limits = tuple(resource.getrlimit(each) for each in _LIMITS)
    return limits, os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0), os.sched_getaffinity(0)
