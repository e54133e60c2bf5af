from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest

from governance.sandbox.microvm.qemu import (
    Accelerator,
    Shape,
    accelerator,
    boot_arguments,
    confined,
    restore_arguments,
    tsc_khz,
)

FILES = {
    "port": 10, "monitor": 11, "kernel": 12, "initramfs": 13, "root": 14, "image": 15, "console": 16, "memory": 17,
}  # fmt: skip


def devices(words: list[str]) -> list[str]:
    """Return what a snapshot depends on: the machine, its processor, memory and devices, in their order."""
    told = {"-machine", "-accel", "-cpu", "-smp", "-m", "-device", "-object"}
    return [word for option, word in pairwise(words) if option in told]


@pytest.mark.parametrize("runs", ["kvm", "emulated"])
def test_a_restore_has_the_machine_that_was_saved(runs: Accelerator) -> None:
    shape = Shape(runs, 512)
    assert devices(boot_arguments(shape, "/a/vm", FILES, 1)) == devices(
        restore_arguments(shape, "/b/vm", FILES)
    )


def test_a_restored_vm_has_no_network_no_monitor_and_can_write_no_file() -> None:
    words = restore_arguments(Shape("emulated", 512), "/run/vm", FILES)
    text = " ".join(words)
    assert "-nic none" in text
    assert "-nodefaults" in words
    assert "-mon" not in words
    assert "null,id=console" in words
    drives = [word for option, word in pairwise(words) if option == "-drive"]
    assert len(drives) == 2
    assert all("readonly=on" in drive for drive in drives)
    assert not {"-netdev", "-fsdev", "-virtfs", "-vnc", "-qmp", "-monitor", "-serial file"} & set(words)
    assert "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny" in words


def test_emulation_is_asked_for_by_name_and_never_fallen_back_to() -> None:
    kvm = restore_arguments(Shape("kvm", 512), "/run/vm", FILES)
    assert [word for option, word in pairwise(kvm) if option == "-accel"] == ["kvm"]


def test_a_comma_in_a_path_adds_no_option() -> None:
    words = restore_arguments(Shape("emulated", 512), "/run,debug-threads=on/vm", FILES)
    assert words[words.index("-name") + 1] == "/run,,debug-threads=on/vm"


def test_the_process_keeps_no_right() -> None:
    words = confined(["qemu"], Shape("emulated", 512))
    assert words[0] == "setpriv"
    assert {"--no-new-privs", "--pdeathsig"} <= set(words)
    assert words[words.index("--") + 1 :] == ["qemu"]
    if os.geteuid() == 0:
        assert {"--reuid", "--regid", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"} <= set(
            words
        )


def test_processor_without_virtualization_emulates_whatever_devices_say() -> None:
    flags = Path("/proc/cpuinfo").read_text().partition("\nflags")[2].partition("\n")[0].split()
    if not {"vmx", "svm"} & set(flags):
        assert accelerator() == "emulated"


def test_the_counter_is_measured_alike_each_time() -> None:
    first, second = tsc_khz(), tsc_khz()
    assert first > 100_000
    assert abs(first - second) < first // 100
