from __future__ import annotations

from dataclasses import replace

import pytest

from governance.errors import SandboxError
from governance.sandbox.microvm import tier
from governance.sandbox.microvm.evidence import Kernel, VmEvidence, Vmm, judged
from governance.sandbox.provision import Host

INSIDE = Kernel("6.1.0-cloud-amd64 #1 SMP", "11111111-2222-4333-8444-555555555555")
OUTSIDE = Kernel("6.1.0-cloud-amd64 #1 SMP", "66666666-7777-4888-8999-000000000000")
SEEN = VmEvidence(
    source="sha256:" + "1" * 64,
    accelerator="emulated",
    guest=INSIDE,
    host=OUTSIDE,
    vmm=Vmm(4242, 1000, "/usr/bin/qemu-system-x86_64"),
)


def test_another_boot_and_a_process_that_runs_it_prove_a_kernel_of_its_own() -> None:
    assert judged(SEEN) is SEEN
    assert SEEN.to_json()["accelerator"] == "emulated"
    assert replace(SEEN, accelerator="kvm").digest != SEEN.digest


@pytest.mark.parametrize(
    "lacks",
    [
        replace(SEEN, guest=OUTSIDE),
        replace(SEEN, guest=replace(INSIDE, boot=OUTSIDE.boot)),
        replace(SEEN, guest=replace(INSIDE, boot="")),
        replace(SEEN, guest=replace(INSIDE, boot=INSIDE.boot + "\n")),
        replace(SEEN, guest=replace(INSIDE, boot=INSIDE.boot.replace("-", ""))),
        replace(SEEN, guest=replace(INSIDE, name="")),
        replace(SEEN, guest=replace(INSIDE, name="6" * 1000)),
        replace(SEEN, host=replace(OUTSIDE, boot="unknown")),
        replace(SEEN, vmm=Vmm(4242, 0, "")),
    ],
    ids=["the host's kernel", "the host's boot", "no boot", "a line more", "another spelling", "no name", "a long name",
         "host unknown", "no process"],
)  # fmt: skip
def test_what_is_not_proven_is_missing(lacks: VmEvidence) -> None:
    with pytest.raises(SandboxError) as caught:
        judged(lacks)
    assert [each.code for each in caught.value.diagnostics] == ["tier-missing"]


def never(*_: object) -> None:
    raise AssertionError("a gateway installs, builds and boots nothing")


@pytest.mark.parametrize("qemu", [None, "/dev/null"], ids=["no QEMU", "nothing built"])
def test_a_tier_that_was_not_made_ready_is_missing_and_nothing_is_made(
    qemu: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with pytest.raises(SandboxError) as caught:
        tier.kept(Host(root=True, find=lambda _: qemu, run=never))
    assert [each.code for each in caught.value.diagnostics] == ["tier-missing"]


def test_a_host_without_qemu_that_cannot_install_it_says_what_to_type() -> None:
    with pytest.raises(SandboxError) as caught:
        tier.prepare(never, Host(root=False, find=lambda _: None, run=never))
    [told] = caught.value.diagnostics
    assert told.code == "no-vmm"
    assert "apt-get install qemu-system-x86" in told.help
