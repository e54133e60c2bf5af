"""Runtimes that an operator might take for a VM's, and that are none. A real one needs KVM: not proven here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from governance.errors import SandboxError
from governance.sandbox import ContainerEngine
from governance.sandbox.microvm.runtime import prove

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def engine(engine_url: str) -> Iterator[ContainerEngine]:
    connected = ContainerEngine.connect(engine_url)
    yield connected
    connected.close()


@pytest.mark.parametrize(
    ("runtime", "says"), [("runc", "the same boot of the same kernel"), ("kata", "ran no container")]
)
def test_a_runtime_that_makes_no_vm_is_found_out(
    engine: ContainerEngine, image: str, runtime: str, says: str
) -> None:
    with pytest.raises(SandboxError) as caught:
        prove(engine, runtime, image)
    [told] = caught.value.diagnostics
    assert told.code == "tier-missing"
    assert says in told.message
    assert engine.containers("governance.log=tier") == ()


def test_another_kernel_that_no_process_of_this_host_runs_is_not_proven(
    guest_engine: ContainerEngine, guest_image: str
) -> None:
    """An engine somewhere else has another kernel too: without the process that runs it, that proves no VM of its own."""
    with pytest.raises(SandboxError) as caught:
        prove(guest_engine, "runc", guest_image)
    [told] = caught.value.diagnostics
    assert told.code == "tier-missing"
    assert "no process of this host" in told.message
