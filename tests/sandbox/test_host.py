"""What is read of the host's own files, in each of the forms that they have."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from governance.sandbox import host
from governance.sandbox.host import boot_id, cgroup_of, kernel_text, process_of

if TYPE_CHECKING:
    from pathlib import Path

GROUPS = [
    ("0::/system.slice/docker-abc.scope", "system.slice/docker-abc.scope"),
    ("7:pids:/docker/abc\n4:cpu,cpuacct:/docker/abc\n0::/", "cpu/docker/abc"),
    ("7:pids:/docker/abc\n4:cpu:/docker/abc", "cpu/docker/abc"),
]


@pytest.fixture(params=GROUPS, ids=["version 2", "version 1 together", "version 1"])
def group(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the container `abc`'s control group, which this process is in."""
    text, place = request.param
    folder: Path = tmp_path / place
    folder.mkdir(parents=True)
    monkeypatch.setattr(host, "_CGROUPS", tmp_path)
    monkeypatch.setattr(host, "text_of", lambda path: f"{text}\n" if path == "/proc/7/cgroup" else "")
    return folder


def test_a_control_group_is_found_in_each_version(group: Path) -> None:
    (group / "cpu.max").write_text("100 200\n")
    assert cgroup_of(7, "abc", "cpu", "other", "cpu.max") == "100 200"


def test_what_is_not_the_container_s_group_is_not_read(group: Path) -> None:
    (group / "cpu.max").write_text("100 200")
    for container, name in (("abd", "cpu.max"), ("abc", "cpu.weight")):
        with pytest.raises(LookupError, match="no control group"):
            cgroup_of(7, container, "cpu", name)


def test_the_host_tells_its_kernel_and_its_boot() -> None:
    assert kernel_text().startswith("Linux version ")
    assert len(boot_id()) == 36


def test_a_process_is_told_by_its_program() -> None:
    assert process_of(os.getpid(), "abc").startswith("python")
    assert process_of(0, "abc") == process_of(-1, "abc") == process_of(2**22 + 1, "abc") == ""
