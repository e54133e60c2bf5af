"""What the host sees of a running sandbox's process: a word for each probe that looks from outside."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from governance.sandbox.host import cgroup_of, process_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from governance.sandbox.doctor.staging import Stage
    from governance.sandbox.trial import Trial

__all__ = ["LOOKS", "View", "namespaces"]

_NAMESPACES: Final = ("mnt", "pid", "net", "ipc", "uts", "cgroup", "user")
_CAPABILITIES: Final = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")


@dataclass(frozen=True, slots=True)
class View:
    """A running trial, and what was laid out for it."""

    running: Trial
    stage: Stage

    def look(self, name: str) -> str:
        """Return the probe's word, or `?` and why the host cannot tell."""
        if self.running.pid <= 0:
            return "?the process had ended"
        try:
            return LOOKS[name](self)
        except (OSError, LookupError, ValueError) as error:
            return f"?{type(error).__name__}: {error}"

    def status(self, name: str) -> str:
        """Return a field of the process's status (proc_pid_status(5))."""
        lines = text_of(f"/proc/{self.running.pid}/status").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith(f"{name}:"))

    def cgroup(self, controller: str, *names: str) -> str:
        """Return a setting of the container's control group."""
        return cgroup_of(self.running.pid, self.running.container, controller, *names)


def namespaces(one: int, other: int) -> str:
    """Return the namespaces that two processes share, `none` if there are none."""
    shared = [name for name in _NAMESPACES if _namespace(one, name) == _namespace(other, name)]
    return " ".join(shared) or "none"


def _namespace(pid: int, name: str) -> str:
    return os.readlink(f"/proc/{pid}/ns/{name}")  # noqa: PTH115 - what it leads to is no path


def _limited(view: View, field: str, found: str) -> str:
    planned = view.running.planned["HostConfig"]
    return "as planned" if isinstance(planned, Mapping) and found == str(planned[field]) else found


def _processor(view: View) -> str:
    try:
        quota, period = view.cgroup("cpu", "cpu.max").split(" ")
    except LookupError:
        quota, period = view.cgroup("cpu", "cpu.cfs_quota_us"), view.cgroup("cpu", "cpu.cfs_period_us")
    return _limited(view, "NanoCpus", str(int(quota) * 10**9 // int(period)))


def _root(view: View) -> str:
    for line in text_of(f"/proc/{view.running.pid}/mountinfo").splitlines():
        words = line.split(" ")
        if words[4] == "/":
            return "read-only" if "ro" in words[5].split(",") else "writable"
    raise LookupError("the process has no root mount")


def _limit(view: View, name: str) -> str:
    for line in text_of(f"/proc/{view.running.pid}/limits").splitlines():
        if line.startswith(name):
            return line.removeprefix(name).split()[1]
    raise LookupError(f"there is no limit {name}")


LOOKS: Final[Mapping[str, Callable[[View], str]]] = {
    "host.identity": lambda view: "root" if "0" in view.status("Uid").split() else "not root",
    "host.capabilities": lambda view: (
        " ".join(name for name in _CAPABILITIES if int(view.status(name), 16)) or "none"
    ),
    "host.no-new-privileges": lambda view: view.status("NoNewPrivs"),
    "host.filter": lambda view: view.status("Seccomp"),
    "host.namespaces": lambda view: namespaces(view.running.pid, os.getpid()),
    "host.memory": lambda view: _limited(
        view, "Memory", view.cgroup("memory", "memory.max", "memory.limit_in_bytes")
    ),
    "host.processes": lambda view: _limited(view, "PidsLimit", view.cgroup("pids", "pids.max")),
    "host.processor": _processor,
    "host.kill-score": lambda view: text_of(f"/proc/{view.running.pid}/oom_score_adj").strip(),
    "host.core": lambda view: _limit(view, "Max core file size"),
    "host.root": _root,
    "host.program": lambda view: (
        process_of(view.running.pid, view.running.container).partition("-")[0].rstrip("0123456789.")
    ),
    "host.listeners": lambda view: "reached" if view.stage.reached() else "not reached",
    "host.laid-out": lambda view: "changed" if view.stage.changed() else "unchanged",
}
"""What is looked at while the sandbox runs, by the probe's id."""
