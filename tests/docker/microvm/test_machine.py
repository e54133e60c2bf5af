"""A VM is restored, is what it says it is, and is gone when it should be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from governance.errors import SandboxError
from governance.sandbox.engine_daemon import answers
from governance.sandbox.microvm.evidence import judged
from governance.sandbox.microvm.fleet import MicroVms
from governance.sandbox.microvm.observe import host_kernel, vmm_at
from governance.sandbox.microvm.vm import restore

if TYPE_CHECKING:
    from governance.sandbox.microvm.snapshot import Snapshot

pytestmark = pytest.mark.engine

GATEWAY = """\
import sys, time
from pathlib import Path
from governance.sandbox.microvm import tier
from governance.sandbox.microvm.fleet import MicroVms
machines = MicroVms(tier.kept(), Path(sys.argv[1]))
vm = machines.of("tenant")
print(vm.evidence.vmm.pid, flush=True)
time.sleep(600)
"""


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 20
    while Path(f"/proc/{pid}/exe").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    return not Path(f"/proc/{pid}/exe").exists()


def test_each_tenant_has_a_kernel_of_its_own_that_the_host_sees_run(machines: MicroVms) -> None:
    first, second = (machines.of(tenant).evidence for tenant in ("first", "second"))
    assert machines.of("first").evidence is first
    assert len({first.guest.boot, second.guest.boot, host_kernel().boot}) == 3
    for evidence in (first, second):
        assert judged(evidence) is evidence
        assert evidence.vmm == vmm_at(evidence.vmm.pid)
        assert Path(evidence.vmm.program).name == "qemu-system-x86_64"
        assert "cloud-amd64" in evidence.guest.name
        assert evidence.host == host_kernel()
    assert first.digest != second.digest


def test_the_process_has_no_rights(machines: MicroVms) -> None:
    status = Path(f"/proc/{machines.of('first').evidence.vmm.pid}/status").read_text()
    told = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert int(told["CapEff"], 16) == int(told["CapPrm"], 16) == int(told["CapInh"], 16) == 0
    assert (told["NoNewPrivs"], told["Seccomp"]) == ("1", "2")
    if os.geteuid() == 0:
        assert set(told["Uid"].split()) == {"65531"}
        assert int(told["CapBnd"], 16) == 0


def test_a_vm_that_dies_takes_no_other_with_it_and_is_made_anew(machines: MicroVms) -> None:
    first, doomed = machines.of("first"), machines.of("doomed")
    os.kill(doomed.evidence.vmm.pid, signal.SIGKILL)
    assert gone(doomed.evidence.vmm.pid)
    assert not answers(doomed.url)
    assert answers(first.url)
    again = machines.of("doomed")
    assert again is not doomed
    assert answers(again.url)
    machines.end("doomed")
    assert gone(again.evidence.vmm.pid)


def test_a_killed_gateway_leaves_no_vm_and_after_the_next_start_no_file(
    snapshot: Snapshot, tmp_path: Path
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", GATEWAY, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as gateway:
        assert gateway.stdout is not None
        pid = int(gateway.stdout.readline())
        seen = vmm_at(pid)
        MicroVms(snapshot, tmp_path)
        kept = [each for each in tmp_path.iterdir() if each.is_dir()]
        gateway.kill()
    assert (Path(seen.program).name, len(kept)) == ("qemu-system-x86_64", 1)
    assert gone(pid)
    MicroVms(snapshot, tmp_path)
    assert [each for each in tmp_path.iterdir() if each.is_dir()] == []


def test_a_vm_that_is_no_more_what_was_kept_does_not_start(snapshot: Snapshot, tmp_path: Path) -> None:
    """A cut memory is no guest: the restore fails with QEMU's own words, and nothing of it runs on."""
    cut = tmp_path / "memory"
    cut.write_bytes(snapshot.memory.read_bytes()[: 8 * 2**20])
    folder = tmp_path / "vm"
    folder.mkdir()
    changed = type(snapshot)(snapshot.guest, snapshot.shape, cut, snapshot.image, snapshot.digest)
    with pytest.raises(SandboxError) as caught:
        restore(changed, folder)
    assert caught.value.diagnostics[0].code == "guest-silent"
    assert "load of migration failed" in caught.value.diagnostics[0].message
