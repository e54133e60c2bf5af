"""What this host shows of itself and of one container's process: read, never changed."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

__all__ = ["boot_id", "cgroup_of", "kernel_text", "process_of", "text_of"]

_MOST: Final = 2**20
_CGROUPS: Final = Path("/sys/fs/cgroup")


def text_of(path: str) -> str:
    """Return the beginning of a file of `/proc` or `/sys`; OSError where it cannot be read."""
    with Path(path).open("rb") as file:
        return file.read(_MOST).decode("utf-8", "backslashreplace")


def kernel_text() -> str:
    """Return the line that `/proc/version` shows on the host."""
    return text_of("/proc/version").rstrip("\n")


def boot_id() -> str:
    """Return the id of the host's boot."""
    return text_of("/proc/sys/kernel/random/boot_id").rstrip("\n")


def process_of(pid: int, container: str) -> str:
    """Return the program that the host's process `pid` runs, empty where it is not to be seen.

    For `runsc`, whose program is the same whatever it runs, only where its arguments name the container.
    """
    if pid <= 0:
        return ""
    with suppress(OSError):
        program = Path(f"/proc/{pid}/exe").readlink().name
        if program.startswith("runsc") and container not in text_of(f"/proc/{pid}/cmdline"):
            return ""
        return program
    return ""


def cgroup_of(pid: int, container: str, controller: str, *names: str) -> str:
    """Return the first of the files `names` in the control group of `controller`, of version 1 or 2, that `pid` is in.

    Raises LookupError where the process is in no group of the container's that has any.
    """
    for line in text_of(f"/proc/{pid}/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        folder = controller if controller in controllers.split(",") else ""
        if container not in path or (controllers and not folder):
            continue
        for name in names:
            file = _CGROUPS / folder / path.lstrip("/") / name
            if file.is_file():
                return file.read_text().strip()
    raise LookupError(f"no control group of {controller} is to be seen")
