"""Whether this host has the tier `microvm` in our own form, and how it comes to have it.

Making it ready installs, builds and boots, which is for set-up; a gateway takes what is kept, and where nothing
is kept the tier is missing. Whether instructions are emulated changes the speed and never the tier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from governance.errors import Diagnostic, SandboxError
from governance.resources import state_path
from governance.sandbox.image import base_layers
from governance.sandbox.microvm.build import ensure_guest, kept_guest
from governance.sandbox.microvm.evidence import missing
from governance.sandbox.microvm.fleet import MicroVms
from governance.sandbox.microvm.qemu import QEMU, Shape, accelerator
from governance.sandbox.microvm.snapshot import ensure_snapshot, kept_snapshot
from governance.sandbox.provision import install, this_host

if TYPE_CHECKING:
    from governance.sandbox.microvm.snapshot import Snapshot
    from governance.sandbox.provision import Host, Say

__all__ = ["kept", "machines", "prepare"]

_MEMORY: Final = 512
"""MiB of a VM, of which some 150 are its kernel's and engine's own."""

_HELP: Final = """\
type this as root, then the same command again:
    apt-get install qemu-system-x86"""


def prepare(say: Say, host: Host | None = None) -> Snapshot:
    """Return the snapshot that VMs are restored from, after whatever must be installed, built and booted for it.

    Raises SandboxError: `no-vmm` where QEMU is missing and cannot be installed, and what `ensure_guest`,
    `base_layers` and `ensure_snapshot` raise.
    """
    host = host or this_host()
    if host.find(QEMU) is None and not install(host, ["qemu-system-x86"], say):
        raise SandboxError(Diagnostic("no-vmm", "this host has no QEMU", help=_HELP))
    folder = state_path("microvm")
    guest = ensure_guest(folder, say, host)
    layers = base_layers(state_path("image"), say, host)
    return ensure_snapshot(folder, guest, Shape(accelerator(), _MEMORY), layers, say, host)


def kept(host: Host | None = None) -> Snapshot:
    """Return the snapshot that is kept; nothing is installed, built or booted. Raises SandboxError `tier-missing`."""
    host = host or this_host()
    if host.find(QEMU) is None:
        raise missing("QEMU is not installed")
    folder = state_path("microvm")
    guest = kept_guest(folder)
    if guest is None:
        raise missing("the guest is not built, or was built from something else")
    found = kept_snapshot(folder, guest, Shape(accelerator(), _MEMORY), host)
    if found is None:
        raise missing("the guest has not been booted on this host as it is now")
    return found


def machines(snapshot: Snapshot) -> MicroVms:
    """Return the VMs of this process, none of which runs yet; what killed gateways left is removed."""
    return MicroVms(snapshot, state_path("microvm") / "run")
