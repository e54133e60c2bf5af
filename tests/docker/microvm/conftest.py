"""The real micro VM: built and booted if it is not there yet, restored for the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from governance.sandbox import ContainerEngine
from governance.sandbox.image import BASE
from governance.sandbox.microvm import tier
from governance.sandbox.microvm.fleet import MicroVms

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from governance.sandbox.microvm.snapshot import Snapshot


@pytest.fixture(scope="session")
def snapshot() -> Snapshot:
    return tier.prepare(print)


@pytest.fixture(scope="session")
def machines(snapshot: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MicroVms]:
    folder: Path = tmp_path_factory.mktemp("vm")
    made = MicroVms(snapshot, folder)
    yield made
    made.close()
    assert [each for each in folder.iterdir() if each.is_dir()] == []


@pytest.fixture(scope="session")
def guest_engine(machines: MicroVms) -> Iterator[ContainerEngine]:
    connected = ContainerEngine.connect(machines.of("first").url)
    yield connected
    connected.close()


@pytest.fixture(scope="session")
def guest_image(guest_engine: ContainerEngine) -> str:
    image = guest_engine.facts([BASE]).image(BASE)
    assert image is not None
    return image
