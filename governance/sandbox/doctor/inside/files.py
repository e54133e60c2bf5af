"""What can be written, run, or reached in the file system."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

from governance.sandbox.doctor.inside.base import (
    PROBES,
    TOLD,
    attempt,
    listing,
    mounts,
    openable,
    read,
)  # joined

TMP = Path("/tmp")


def touch(path: str) -> str:
    return attempt(lambda: Path(path).touch())


def options(place: str) -> list[str]:
    found = [shown for where, shown, _ in mounts() if where == place]
    return found[-1] if found else []


def lacks(place: str, *wanted: str) -> str:
    return " ".join(word for word in wanted if word not in options(place)) or "all"


def strange_mounts() -> str:
    """Return the mounts that no plan has; what the engine itself puts into /proc, /sys, /dev and /etc is its own."""
    known = {
        "/",
        "/proc",
        "/dev",
        "/sys",
        "/workspace",
        "/tmp",
        "/etc/resolv.conf",
        "/etc/hostname",
        "/etc/hosts",
    }
    found = {where for where, _, _ in mounts() if not where.startswith(("/proc/", "/dev/", "/sys/"))}
    return " ".join(sorted(found - known)) or "only the planned"


def shared_mounts() -> str:
    found = [where for where, _, tags in mounts() if any(tag.startswith("shared:") for tag in tags)]
    return " ".join(found) or "none"


def script() -> None:
    path = TMP / "script"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    subprocess.run([path], check=True)


def sockets() -> str:
    """Look for a socket wherever an engine's or a service's would be mounted."""
    for place in ("/run", "/var/run", "/tmp", "/workspace", "/"):
        for entry in os.scandir(place):
            if stat.S_ISSOCK(entry.stat(follow_symlinks=False).st_mode):
                return entry.path
    return "none"


def exposed(path: str) -> str:
    return "reached" if os.path.exists(path) else "not there"


def cgroup_release() -> str:
    """Try to name a program that the host would run when a control group empties."""
    for place in (
        "/sys/fs/cgroup/release_agent",
        "/sys/fs/cgroup/memory/release_agent",
        "/sys/fs/cgroup/cgroup.procs",
    ):
        if os.path.exists(place):
            return openable(place)
    return "not there"


def cgroup_raise() -> str:
    for place in ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory.max"):
        if os.path.exists(place):
            return openable(place)
    return "not there"


def owned() -> Path:
    path = TMP / "owned"
    path.touch()
    return path


def scratch_mode() -> str:
    status = TMP.stat()
    return f"{stat.S_IMODE(status.st_mode):o} {'mine' if status.st_uid == os.getuid() else 'of another'}"


def own_root() -> str:
    """Tell whether the root of the first process is this container's."""
    return "its own" if listing("/proc/1/root/usr") == listing("/usr") else "another"


for each in ("/", "/etc", "/usr", "/usr/lib/governance", "/var", "/sys", "/workspace"):
    PROBES[f"files.write{each.replace('/', '-').rstrip('-') or '-root'}"] = lambda each=each: touch(
        f"{each}/new"
    )  # type: ignore[misc]
PROBES["files.write-dev"] = lambda: touch("/dev/new")
PROBES["files.root-mount"] = lambda: lacks("/", "ro")
PROBES["files.workspace-mount"] = lambda: lacks("/workspace", "ro")
PROBES["files.scratch-mount"] = lambda: lacks("/tmp", "rw", "noexec", "nosuid", "nodev")
PROBES["files.shared-memory-mount"] = lambda: lacks("/dev/shm", "noexec", "nosuid", "nodev")
PROBES["files.mounts"] = strange_mounts
PROBES["files.propagation"] = shared_mounts
PROBES["files.run-in-scratch"] = lambda: attempt(script)
PROBES["files.scratch-owner"] = scratch_mode
PROBES["files.sockets"] = sockets
PROBES["files.engine-socket"] = lambda: exposed(TOLD["socket"])
PROBES["files.beside-workspace"] = lambda: exposed("/workspace/../canary")
PROBES["files.absolute-path"] = lambda: exposed(TOLD["canary"])
PROBES["files.link-out"] = lambda: attempt(lambda: read("/workspace/out"))
PROBES["files.link-up"] = lambda: attempt(lambda: read("/workspace/up"))
PROBES["files.hard-link"] = lambda: attempt(lambda: os.link("/workspace/seen", "/tmp/linked"))
PROBES["files.give-to-root"] = lambda: attempt(lambda: os.chown(owned(), 0, 0))
PROBES["files.trusted-attribute"] = lambda: attempt(lambda: os.setxattr(owned(), "trusted.x", b"1"))
PROBES["files.capability-attribute"] = lambda: attempt(
    lambda: os.setxattr(owned(), "security.capability", bytes(20))
)
PROBES["files.release-agent"] = cgroup_release
PROBES["files.raise-own-limit"] = cgroup_raise
PROBES["files.first-process-root"] = own_root
