"""One running VM: restored from the snapshot, given entropy and time of its own, and proven."""

from __future__ import annotations

import os
import secrets
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from governance.sandbox.microvm.evidence import Kernel, VmEvidence, judged, missing
from governance.sandbox.microvm.observe import host_kernel, vmm_at
from governance.sandbox.microvm.process import VmProcess
from governance.sandbox.microvm.qemu import QEMU, confined, restore_arguments

if TYPE_CHECKING:
    from pathlib import Path

    from governance.sandbox.microvm.snapshot import Snapshot

__all__ = ["MicroVm", "restore"]

_WAKE: Final = 30.0
_SEED: Final = 64
"""Bytes of entropy that a restored guest is given."""


class MicroVm:
    """A VM that runs. `url` is the address of its engine, as `ContainerEngine.connect` takes it."""

    def __init__(self, process: VmProcess, evidence: VmEvidence) -> None:
        """Use `restore`."""
        self._process = process
        self.url = process.url
        self.evidence = evidence

    @property
    def alive(self) -> bool:
        """Whether it runs and can be spoken to."""
        return self._process.alive

    def stop(self) -> None:
        """End it, and all that runs in it."""
        self._process.stop()


def restore(snapshot: Snapshot, folder: Path) -> MicroVm:
    """Return a VM restored from `snapshot`, with its files in the new folder `folder`.

    Raises SandboxError `guest-start`, `guest-silent`, `tier-missing`, `long-path`.
    """
    with ExitStack() as opened:
        files: dict[str, int] = {}
        for name, path in (
            ("memory", snapshot.memory),
            ("root", snapshot.guest.root),
            ("image", snapshot.image),
        ):
            files[name] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            opened.callback(os.close, files[name])

        def command(port: int) -> list[str]:
            words = restore_arguments(snapshot.shape, f"{folder}/vm", {**files, "port": port})
            return confined([QEMU, *words], snapshot.shape)

        process = VmProcess(folder, command, tuple(files.values()))
    try:
        return MicroVm(process, _woken(process, snapshot))
    except BaseException:
        process.stop()
        raise


def _woken(process: VmProcess, snapshot: Snapshot) -> VmEvidence:
    """Give the guest entropy and time before anything else may ask it for anything; return what it proves."""
    seed = secrets.token_bytes(_SEED).hex()
    told = process.control({"do": "wake", "seed": seed, "now": time.time_ns()}, _WAKE)
    boot, kernel = told.get("boot"), told.get("kernel")
    if not isinstance(boot, str) or not isinstance(kernel, str):
        raise missing("the guest does not say what it is")
    return judged(
        VmEvidence(
            source=snapshot.digest,
            accelerator=snapshot.shape.accelerator,
            guest=Kernel(kernel, boot),
            host=host_kernel(),
            vmm=vmm_at(process.pid),
        )
    )
