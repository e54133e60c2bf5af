"""What this host says of itself and of its processes, for evidence."""

from __future__ import annotations

import platform
from contextlib import suppress
from pathlib import Path
from typing import Final

from governance.sandbox.microvm.evidence import Kernel, Vmm

__all__ = ["host_kernel", "vmm_at", "vmm_of"]

_PROCESSES: Final = Path("/proc")
_VM: Final = "anon_inode:kvm-vm"
"""What a descriptor of a VM is called (Linux, `virt/kvm/kvm_main.c`)."""

_START: Final = 19
"""Where the start stands in `/proc/PID/stat`, after the name in parentheses (proc_pid_stat(5))."""


def host_kernel() -> Kernel:
    """Return the kernel that this process runs on."""
    system = platform.uname()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return Kernel(f"{system.release} {system.version}", boot)


def vmm_of(container: str, processes: Path = _PROCESSES) -> Vmm:
    """Return the process that has a VM of KVM's open and names `container` (an id) in its arguments.

    That is how runtimes start QEMU, Cloud Hypervisor and Firecracker. Its program is empty if there is none.
    """
    for folder in processes.iterdir():
        if folder.name.isdigit() and _names(folder, container) and _holds_vm(folder):
            return vmm_at(int(folder.name), processes)
    return Vmm(0, 0, "")


def _names(folder: Path, container: str) -> bool:
    with suppress(OSError):
        return container.encode() in (folder / "cmdline").read_bytes()
    return False


def _holds_vm(folder: Path) -> bool:
    with suppress(OSError):
        return any(str(each.readlink()) == _VM for each in (folder / "fd").iterdir())
    return False


def vmm_at(pid: int, processes: Path = _PROCESSES) -> Vmm:
    """Return what runs as `pid`; its program is empty if that cannot be seen."""
    folder = processes / str(pid)
    with suppress(OSError, ValueError, IndexError):
        fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
        return Vmm(pid, int(fields[_START]), str((folder / "exe").readlink()))
    return Vmm(pid, 0, "")
