"""Restores that must all come true: a few in `make test`, fifty and five boots in `make soak`; none is tried twice."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

import pytest

from governance.resources import state_path
from governance.sandbox.engine_daemon import answers
from governance.sandbox.image import base_layers
from governance.sandbox.microvm.fleet import MicroVms
from governance.sandbox.microvm.snapshot import ensure_snapshot
from governance.sandbox.provision import this_host
from tests.effort import SOAK

if TYPE_CHECKING:
    from pathlib import Path

    from governance.sandbox.microvm.snapshot import Snapshot

pytestmark = [pytest.mark.engine, pytest.mark.slow]

RESTORES = 50 if SOAK > 1 else 3
BOOTS = 5


def test_every_restore_answers_and_is_another_boot(snapshot: Snapshot, tmp_path: Path) -> None:
    machines, boots, took = MicroVms(snapshot, tmp_path), set(), []
    for _ in range(RESTORES):
        begun = time.monotonic()
        vm = machines.of("tenant")
        assert answers(vm.url)
        took.append(time.monotonic() - begun)
        boots.add(vm.evidence.guest.boot)
        machines.end("tenant")
    print(f"{len(boots)} of {RESTORES} restores; the slowest answered after {max(took):.2f} s")
    assert len(boots) == RESTORES


@pytest.mark.skipif(SOAK == 1, reason="each boots a guest; `make soak` does")
def test_every_boot_ends_in_a_snapshot(snapshot: Snapshot, tmp_path: Path) -> None:
    layers = base_layers(state_path("image"), print)
    for number in range(BOOTS):
        folder = tmp_path / f"{number}"
        made = ensure_snapshot(folder, snapshot.guest, snapshot.shape, layers, print, this_host())
        assert made.memory.stat().st_size > 2**20
        shutil.rmtree(folder)
