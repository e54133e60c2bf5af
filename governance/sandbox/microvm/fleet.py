"""The VMs of one gateway: one for each tenant, restored when it is first asked for, and nothing left of former ones.

A VM holds many containers of one tenant and never those of two. Its folder is locked as long as its gateway
lives; what stands unlocked was left by one that was killed, and is removed before another VM is made.
"""

from __future__ import annotations

import fcntl
import secrets
import shutil
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, Final

from governance.sandbox.engine_processes import kill_all
from governance.sandbox.microvm.vm import restore
from governance.sandbox.provision import alone

if TYPE_CHECKING:
    from pathlib import Path

    from governance.sandbox.microvm.snapshot import Snapshot
    from governance.sandbox.microvm.vm import MicroVm

__all__ = ["MicroVms", "sweep"]

_LOCK: Final = "lock"


class MicroVms:
    """The VMs, with their files beneath `folder`; its methods may be called from any thread."""

    def __init__(self, snapshot: Snapshot, folder: Path) -> None:
        """Remove what killed gateways left."""
        self._snapshot = snapshot
        self._folder = folder
        self._guard = threading.Lock()
        self._running: dict[str, tuple[MicroVm, Path, BinaryIO]] = {}
        with alone(folder, _quiet):
            sweep(folder)

    def of(self, tenant: str) -> MicroVm:
        """Return the tenant's VM, restored first if there is none that runs. Raises what `restore` raises."""
        with self._guard:
            kept = self._running.get(tenant)
            if kept is not None and kept[0].alive:
                return kept[0]
            if kept is not None:
                self._end(tenant)
            with alone(self._folder, _quiet):
                place = self._folder / secrets.token_hex(4)
                place.mkdir(mode=0o700)
                lock = (place / _LOCK).open("wb")
                fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                vm = restore(self._snapshot, place)
            except BaseException:
                _remove(place)
                lock.close()
                raise
            self._running[tenant] = (vm, place, lock)
            return vm

    def end(self, tenant: str) -> None:
        """End the tenant's VM, if there is one, and all that runs in it."""
        with self._guard:
            if tenant in self._running:
                self._end(tenant)

    def close(self) -> None:
        """End all."""
        with self._guard:
            for tenant in tuple(self._running):
                self._end(tenant)

    def _end(self, tenant: str) -> None:
        vm, place, lock = self._running.pop(tenant)
        vm.stop()
        _remove(place)
        lock.close()


def sweep(folder: Path) -> int:
    """Remove what gateways that no longer live left in `folder`; return how many VMs that were."""
    swept = 0
    for place in folder.iterdir():
        if place.is_dir() and _abandoned(place):
            kill_all(place)
            _remove(place)
            swept += 1
    return swept


def _abandoned(place: Path) -> bool:
    """Tell whether nobody holds the folder's lock; one without a lock was never finished."""
    with suppress(FileNotFoundError), (place / _LOCK).open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _remove(place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)


def _quiet(line: str) -> None:
    """Say nothing: there is nobody to tell while a call waits."""
