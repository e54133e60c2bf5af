"""How a micro VM is asked for: QEMU's arguments, the rights its process keeps, and how its processor is made.

Arguments name files by descriptors that the process is given, so it needs no right to open any of them. There is
no network device, no shared folder, and no monitor but while a snapshot is made.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "QEMU",
    "USER",
    "Accelerator",
    "Shape",
    "accelerator",
    "boot_arguments",
    "confined",
    "restore_arguments",
    "tsc_khz",
]

Accelerator: TypeAlias = Literal["kvm", "emulated"]
"""Who runs the guest's instructions: the processor itself, or QEMU's translator (TCG)."""

QEMU: Final = "qemu-system-x86_64"
USER: Final = 65531
"""The user and group of the process where it is started by root: nobody's, and no sandbox's."""

_KVM: Final = Path("/dev/kvm")
_TRANSLATED: Final = 128
"""MiB that the translator may keep of translated code."""

_CONSOLE: Final = "console=ttyS0 quiet panic=-1 no_timer_check tsc=reliable cgroup_no_v1=all mitigations=auto"
_RDTSC: Final = bytes.fromhex("0f3148c1e2204809d0c3")
"""rdtsc; shl rdx, 32; or rax, rdx; ret."""

_MEASURED: Final = 100_000_000
"""Nanoseconds that the counter is watched for."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a guest's machine is like; a snapshot fits only the shape it was made of. `memory` is MiB."""

    accelerator: Accelerator
    memory: int


def accelerator() -> Accelerator:
    """Return `kvm` where the processor has virtualization and the kernel offers it to this process.

    A device /dev/kvm alone does not say so: kernels that themselves run in a VM may offer one that runs no
    unchanged guest.
    """
    flags = re.search(r"^flags[ \t]*:(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    has = flags is not None and not {"vmx", "svm"}.isdisjoint(flags.group(1).split(" "))
    return "kvm" if has and os.access(_KVM, os.R_OK | os.W_OK) else "emulated"


def boot_arguments(shape: Shape, name: str, fds: Mapping[str, int], khz: int) -> list[str]:
    """Return the arguments that boot a guest whose snapshot is to be made.

    `fds` has descriptors for port, monitor, kernel, initramfs, root, image and console; `khz` is the processor's
    time stamp counter, which an emulated guest would otherwise have to measure, and fails to on a busy host.
    """
    counter = f" tsc_early_khz={khz}" if shape.accelerator == "emulated" else ""
    return [
        *_machine(shape, name, fds),
        *("-kernel", f"/proc/self/fd/{fds['kernel']}", "-initrd", f"/proc/self/fd/{fds['initramfs']}"),
        *("-append", _CONSOLE + counter),
        *("-add-fd", f"set=3,fd={fds['console']}", "-chardev", "file,id=console,path=/dev/fdset/3"),
        *("-chardev", f"socket,id=monitor,fd={fds['monitor']}", "-mon", "chardev=monitor,mode=control"),
    ]


def restore_arguments(shape: Shape, name: str, fds: Mapping[str, int]) -> list[str]:
    """Return the arguments that restore a guest; `fds` has descriptors for port, memory, root and image.

    It can write to no file of the host; its console is thrown away.
    """
    return [
        *_machine(shape, name, fds),
        *("-chardev", "null,id=console"),
        *("-incoming", f"fd:{fds['memory']}"),
    ]


def _machine(shape: Shape, name: str, fds: Mapping[str, int]) -> list[str]:
    """Return the machine and all its devices, the same for a boot and for a restore."""
    runs, processor = {
        "kvm": ("kvm", "host"),
        "emulated": (f"tcg,tb-size={_TRANSLATED}", "max"),
    }[shape.accelerator]
    return [
        *("-name", name.replace(",", ",,"), "-nodefaults", "-no-user-config", "-no-reboot"),
        *("-display", "none", "-nic", "none"),
        *("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"),
        *("-machine", "microvm", "-accel", runs, "-cpu", processor, "-smp", "1", "-m", f"{shape.memory}M"),
        *(
            word
            for number, disk in enumerate(("root", "image"), 1)
            for word in _disk(number, disk, fds[disk])
        ),
        *("-object", "rng-builtin,id=rng", "-device", "virtio-rng-device,rng=rng"),
        *("-chardev", f"socket,id=port,fd={fds['port']}"),
        *("-device", "virtio-serial-device", "-device", "virtserialport,chardev=port,nr=1,name=governance"),
        *("-serial", "chardev:console"),
    ]


def _disk(number: int, name: str, descriptor: int) -> tuple[str, ...]:
    """Return the arguments of a disk that cannot be written, told by its serial number."""
    drive = f"if=none,id={name},format=raw,readonly=on,file=/dev/fdset/{number}"
    device = f"virtio-blk-device,drive={name},serial={name}"
    return "-add-fd", f"set={number},fd={descriptor}", "-drive", drive, "-device", device


def confined(command: list[str], shape: Shape) -> list[str]:
    """Return `command` as run by setpriv(1): no rights, none to be had, and dead when its parent thread is."""
    keeps = ["--no-new-privs", "--pdeathsig", "KILL"]
    if os.geteuid() == 0:
        keeps += ["--reuid", str(USER), "--regid", str(USER), "--inh-caps=-all", "--bounding-set=-all"]
        group = _KVM.stat().st_gid if shape.accelerator == "kvm" else 0
        keeps += ["--groups", str(group)] if group else ["--clear-groups"]
    return ["setpriv", *keeps, "--", *command]


def tsc_khz() -> int:
    """Return how many thousand times a second this processor's time stamp counter counts, by watching it."""
    with mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC) as page:
        page.write(_RDTSC)
        code = ctypes.c_char.from_buffer(page)
        try:
            counter = ctypes.CFUNCTYPE(ctypes.c_uint64)(ctypes.addressof(code))
            begun, first = _both(counter)
            time.sleep(_MEASURED / 1e9)
            ended, last = _both(counter)
        finally:
            del code
    return (last - first) * 1_000_000 // (ended - begun)


def _both(counter: Callable[[], int]) -> tuple[int, int]:
    """Return the clock (nanoseconds) and the counter at one moment: of some readings, the closest together."""
    readings = []
    for _ in range(16):
        before, count, after = time.monotonic_ns(), counter(), time.monotonic_ns()
        readings.append((after - before, (before + after) // 2, count))
    _, clock, count = min(readings)
    return clock, count
