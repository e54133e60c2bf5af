"""Processes as files of a made-up /proc: those of runtimes that start VMs, and others that look like them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from governance.sandbox.microvm.evidence import Vmm
from governance.sandbox.microvm.observe import vmm_of

if TYPE_CHECKING:
    from pathlib import Path

CONTAINER = "c" * 64
STAT = "7 (a) b) S " + " ".join(str(number) for number in range(4, 60))


def process(folder: Path, pid: int, words: list[str], opened: str) -> None:
    place = folder / f"{pid}"
    (place / "fd").mkdir(parents=True)
    (place / "cmdline").write_bytes(b"\0".join(word.encode() for word in words) + b"\0")
    (place / "stat").write_text(STAT)
    (place / "exe").symlink_to(words[0])
    (place / "fd" / "9").symlink_to(opened)


@pytest.mark.parametrize(
    "words",
    [
        ["/usr/bin/qemu-system-x86_64", "-name", f"sandbox-{CONTAINER},debug-threads=on"],
        ["/usr/bin/cloud-hypervisor", "--api-socket", f"/run/vc/vm/{CONTAINER}/clh-api.sock"],
        ["/usr/bin/firecracker", "--id", CONTAINER],
    ],
)
def test_the_process_that_has_the_vm_of_the_container_is_found(words: list[str], tmp_path: Path) -> None:
    process(tmp_path, 7, words, "anon_inode:kvm-vm")
    assert vmm_of(CONTAINER, tmp_path) == Vmm(7, 22, words[0])


@pytest.mark.parametrize(
    ("words", "opened"),
    [
        (["/usr/bin/containerd-shim-runc-v2", "-id", CONTAINER], "/dev/null"),
        (["/usr/bin/qemu-system-x86_64", "-name", "sandbox-" + "d" * 64], "anon_inode:kvm-vm"),
        (["/usr/bin/qemu-system-x86_64", "-name", f"sandbox-{CONTAINER}"], "/dev/kvm"),
    ],
    ids=["no VM", "another container's", "no VM made"],
)
def test_no_other_process_is_taken_for_it(words: list[str], opened: str, tmp_path: Path) -> None:
    process(tmp_path, 7, words, opened)
    (tmp_path / "self").mkdir()
    assert vmm_of(CONTAINER, tmp_path).program == ""
