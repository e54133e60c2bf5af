"""A guest that has booted once, kept as its memory: what every VM is restored from.

The guest boots, its engine starts and finds the sandbox image on a disk, and it is frozen. The snapshot is kept
by the digest of all that it was made of. It is this user's own and of this host: unlike the guest it is not the
same bytes each time, and it holds no secret: whatever is random is made anew after a restore.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING, Final

from governance.canonical import digest, digest_of
from governance.errors import Diagnostic, SandboxError
from governance.sandbox.engine_daemon import answers
from governance.sandbox.engine_processes import kill_all
from governance.sandbox.engine_setup import image_id
from governance.sandbox.image import BASE, image_config
from governance.sandbox.microvm.monitor import Monitor
from governance.sandbox.microvm.process import VmProcess
from governance.sandbox.microvm.qemu import QEMU, boot_arguments, confined, tsc_khz
from governance.sandbox.microvm.squash import squash
from governance.sandbox.microvm.store import write_store
from governance.sandbox.provision import alone
from governance.text import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from governance.sandbox.image_layer import Layer
    from governance.sandbox.microvm.build import Guest
    from governance.sandbox.microvm.qemu import Shape
    from governance.sandbox.provision import Host, Say

__all__ = ["Snapshot", "ensure_snapshot", "kept_snapshot"]

_MAKING: Final = "making-"
_BOOT: Final = 180.0
_FREEZE: Final = 60.0
_TICK: Final = 0.1
_TAIL: Final = 2000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files of a frozen guest, the shape they fit, and the digest of what they were made of."""

    guest: Guest
    shape: Shape
    memory: Path
    image: Path
    digest: str


def ensure_snapshot(
    folder: Path, guest: Guest, shape: Shape, layers: Sequence[Layer], say: Say, host: Host
) -> Snapshot:
    """Return the snapshot kept in `folder`, made first if there is none of this guest, shape and image.

    Raises SandboxError `guest-start`, `guest-boot`, `guest-silent`, `guest-snapshot`, `set-up-failed`.
    """
    with alone(folder, say):
        image = digest(image_config(layers))
        kept = folder / f"{_prefix(guest, shape, host)}{image.removeprefix('sha256:')}"
        if not kept.is_dir():
            _clear(folder)
            how = "on the processor" if shape.accelerator == "kvm" else "emulated, for there is no KVM here"
            say(f"booting the micro VM's guest ({how}) to keep it; this happens once")
            begun = time.monotonic()
            with tempfile.TemporaryDirectory(dir=folder, prefix=_MAKING) as name:
                place, made = Path(name), Path(name) / "snapshot"
                disk = _disk(place, layers, say, host)
                _make(place, guest, shape, image)
                made.mkdir(mode=0o700)
                for file in (disk, place / "memory"):
                    file.rename(made / file.name)
                made.rename(kept)
            say(f"the micro VM's snapshot is kept after {time.monotonic() - begun:.0f} s")
        return _snapshot(kept, guest, shape)


def kept_snapshot(folder: Path, guest: Guest, shape: Shape, host: Host) -> Snapshot | None:
    """Return the snapshot of this guest and shape that is kept in `folder`, None if there is none."""
    kept = next(folder.glob(f"{_prefix(guest, shape, host)}*"), None)
    return None if kept is None else _snapshot(kept, guest, shape)


def _clear(folder: Path) -> None:
    """Remove older snapshots, which running VMs no longer need, and what is left of makers that were killed."""
    for old in (*folder.glob("snapshot-*"), *folder.glob(f"{_MAKING}*")):
        kill_all(old)
        shutil.rmtree(old)


def _snapshot(kept: Path, guest: Guest, shape: Shape) -> Snapshot:
    return Snapshot(guest, shape, kept / "memory", kept / "image", digest_of([kept.name, guest.digest]))


def _prefix(guest: Guest, shape: Shape, host: Host) -> str:
    """Return how the names of snapshots of this guest, QEMU, machine and host kernel begin."""
    fixed = dict.fromkeys(("port", "monitor", "kernel", "initramfs", "root", "image", "console"), 0)
    with Path(host.find(QEMU) or os.devnull).open("rb") as program:
        qemu = file_digest(program, "sha256").hexdigest()
    made_of = [guest.digest, qemu, boot_arguments(shape, "", fixed, 0), os.uname().release]
    return f"snapshot-{digest_of(made_of).removeprefix('sha256:')[:16]}-"


def _disk(place: Path, layers: Sequence[Layer], say: Say, host: Host) -> Path:
    """Return a disk that holds the sandbox image."""
    whole, disk = place / "image.tar", place / "image"
    write_store(whole, BASE, layers)
    squash("making the sandbox image's disk", whole, disk, say, host)
    whole.unlink()
    return disk


def _make(place: Path, guest: Guest, shape: Shape, image: str) -> None:
    """Boot the guest with the disk `image` of the folder `place`, see that it has `image`, and write its memory there."""
    with ExitStack() as opened:
        files = {
            name: _open(opened, path, flags)
            for name, path, flags in (
                ("kernel", guest.kernel, os.O_RDONLY),
                ("initramfs", guest.initramfs, os.O_RDONLY),
                ("root", guest.root, os.O_RDONLY),
                ("image", place / "image", os.O_RDONLY),
                ("console", place / "console", os.O_WRONLY | os.O_CREAT),
                ("memory", place / "memory", os.O_WRONLY | os.O_CREAT),
            )
        }
        ours, theirs = socket.socketpair()
        opened.callback(theirs.close)
        monitor = Monitor(ours)
        opened.callback(monitor.close)
        files["monitor"] = theirs.fileno()
        khz = tsc_khz()

        def command(port: int) -> list[str]:
            words = boot_arguments(shape, f"{place}/vm", {**files, "port": port}, khz)
            return confined([QEMU, *words], shape)

        vm = VmProcess(place, command, tuple(files.values()))
        opened.callback(vm.stop)
        _await(vm, place / "console")
        if image_id(vm.url, BASE) != image:
            raise vm.silent("has an engine that does not know the sandbox image on its disk")
        vm.control({"do": "freeze"}, _FREEZE)
        monitor.save(files["memory"])


def _open(opened: ExitStack, path: Path, flags: int) -> int:
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o600)
    opened.callback(os.close, descriptor)
    return descriptor


def _await(vm: VmProcess, console: Path) -> None:
    """Wait until the engine inside answers. Raises SandboxError `guest-boot`."""
    until = time.monotonic() + _BOOT
    while vm.alive and time.monotonic() < until:
        if answers(vm.url):
            return
        time.sleep(_TICK)
    lines = console.read_text(errors="replace").splitlines()
    said = shown("; ".join(line for line in lines if not line.startswith("["))[-_TAIL:])
    problem = (
        f"the guest did not boot within {_BOOT:.0f} s" if vm.alive else "the guest ended while it booted"
    )
    message = "; ".join(filter(None, (problem, vm.complaint(), said)))
    mend = "the end of its console stands above; look at the host's memory and load, and try again"
    raise SandboxError(Diagnostic("guest-boot", message, help=mend))
