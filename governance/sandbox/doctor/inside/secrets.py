"""What must not be known inside: the operator's environment, files, keys, and other processes."""

from __future__ import annotations

import os
from pathlib import Path

from governance.sandbox.doctor.inside.base import PROBES, TOLD, attempt, listing, read  # joined

KNOWN = {"PATH", "HOME", "HOSTNAME", "LANG", "LC_CTYPE", "PYTHONDONTWRITEBYTECODE"}


def everything() -> str:
    """Return all that processes here tell of themselves: arguments and environments."""
    told = []
    for entry in listing("/proc"):
        if entry.isdigit():
            for name in ("environ", "cmdline"):
                try:
                    told.append(read(f"/proc/{entry}/{name}"))
                except OSError:
                    continue
    return "\0".join(told)


def foreign_processes() -> str:
    """Count the processes that are neither this one, nor its child, nor the first."""
    mine = {1, os.getpid()}
    found = [int(name) for name in listing("/proc") if name.isdigit()]
    return "none" if set(found) <= mine else "some"


def passwords() -> str:
    try:
        lines = read("/etc/shadow").splitlines()
    except OSError:
        return "unreadable"
    return "no password" if all(line.split(":")[1].strip("!*") == "" for line in lines) else "a password"


def any_of(*paths: str) -> str:
    return " ".join(path for path in paths if os.path.exists(os.path.expanduser(path))) or "none"


def descriptors() -> str:
    """Name the open descriptors beyond the three streams; the one that lists them is left out."""
    found = []
    for name in listing("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue
        if int(name) > 2 and "/proc/" not in target:
            found.append(target)
    return " ".join(found) or "none"


def machine_id() -> str:
    try:
        seen = read("/etc/machine-id").strip()
    except OSError:
        return "none told"
    return "the host's" if seen and seen == TOLD["machine"] else "not the host's"


PROBES["secrets.environment"] = lambda: " ".join(sorted(set(os.environ) - KNOWN)) or "only the planned"
PROBES["secrets.proxy"] = lambda: " ".join(name for name in os.environ if "proxy" in name.lower()) or "none"
PROBES["secrets.call"] = lambda: "told" if TOLD["secret"] in everything() else "not told"
PROBES["secrets.host-processes"] = foreign_processes
PROBES["secrets.signal-host"] = lambda: attempt(lambda: os.kill(TOLD["pid"], 0))
PROBES["secrets.passwords"] = passwords
PROBES["secrets.home"] = lambda: any_of(
    "~/.ssh", "~/.aws", "~/.docker", "~/.netrc", "~/.config", "~/.gnupg", "~/.kube"
)
PROBES["secrets.mounted"] = lambda: any_of(
    "/run/secrets", "/var/run/secrets", "/var/lib/docker", "/etc/docker"
)
PROBES["secrets.root-home"] = lambda: attempt(lambda: listing("/root"))
PROBES["secrets.descriptors"] = descriptors
PROBES["secrets.machine"] = machine_id
PROBES["secrets.canary-file"] = lambda: attempt(lambda: Path(TOLD["canary"]).read_bytes())
PROBES["secrets.host-name"] = lambda: "the host's" if os.uname().nodename == TOLD["host"] else "its own"
