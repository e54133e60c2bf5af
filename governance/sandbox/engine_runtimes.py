"""The runtime that the private engine has beside its own: gVisor's `runsc`, found, or installed where that is possible.

What it is started with stands here alone. A host without it has an engine without the tier, and says so; a
call that asks for the tier is then denied, and nothing takes its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from governance.errors import SandboxError
from governance.sandbox.provision import install

if TYPE_CHECKING:
    from governance.canonical import Json
    from governance.sandbox.provision import Host, Say

__all__ = ["RUNSC", "runtimes"]

RUNSC: Final = "runsc"
"""gVisor's runtime: its program, Debian's package, and its name in the engine, all three."""

_ARGUMENTS: Final = ["--network=none", "--oci-seccomp"]
"""Loopback only, and the plan's own filter of system calls inside as well, where gVisor's kernel answers them.

Without the first, a release as old as Debian 12's refuses to start: newer kernels show every network namespace a
file by which it knows the host's own. Limits of the control group stay on (no `--ignore-cgroups`).
"""


def runtimes(host: Host, say: Say) -> dict[str, Json]:
    """Return the engine's `runtimes` setting; `runsc` is installed first where the host lacks it and can."""
    path = host.find(RUNSC) or _installed(host, say)
    return {} if path is None else {RUNSC: {"path": path, "runtimeArgs": _ARGUMENTS}}


def _installed(host: Host, say: Say) -> str | None:
    """Install gVisor; whatever stands in its way is told, and the engine goes without."""
    try:
        install(host, [RUNSC], say)
    except SandboxError as error:
        say(str(error))
    path = host.find(RUNSC)
    if path is None:
        say("no gVisor (runsc) here: sandboxes with isolation gvisor are denied")
    return path
