"""Dispatchers on the real engine, each test with a log and a workspace of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from governance.sandbox import ContainerEngine
from tests.docker.dispatch.lab import Lab

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def engine(engine_url: str) -> Iterator[ContainerEngine]:
    connected = ContainerEngine.connect(engine_url)
    yield connected
    connected.close()


@pytest.fixture
def lab(engine: ContainerEngine, image: str, tmp_path: Path) -> Iterator[Lab]:
    made = Lab(engine, image, tmp_path, f"log-{uuid4()}")
    yield made
    assert made.left() == []
    assert made.copies() == []
    made.workspaces.store.close()
