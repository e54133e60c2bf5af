"""Every control of the sandbox, probed from inside a real container."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.docker.dispatch.lab import OWNER, Lab
from tests.sandbox.build import WRITABLE

if TYPE_CHECKING:
    from governance.sandbox import ContainerEngine

pytestmark = pytest.mark.engine

PROBE = (Path(__file__).parent / "probe.py").read_text()


@pytest.fixture(scope="module")
def seen(engine: ContainerEngine, image: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the probe found, in one container for all tests here."""
    lab = Lab(engine, image, tmp_path_factory.mktemp("hardening"), f"log-{uuid4()}")
    outcome = lab.python(PROBE)
    assert (outcome.status, outcome.stderr, outcome.message) == ("ok", "", "")
    return dict(json.loads(outcome.stdout))


def test_the_user_is_the_workspace_s_owner_and_not_root(seen: dict[str, Any]) -> None:
    owner = OWNER if os.geteuid() == 0 else os.geteuid()
    assert seen["ids"][:2] == [owner, owner]
    assert seen["ids"][2] != 0
    assert 0 not in seen["ids"][3]


@pytest.mark.parametrize("name", ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
def test_there_are_no_capabilities(seen: dict[str, Any], name: str) -> None:
    assert int(seen["status"][name], 16) == 0


def test_no_new_privileges_and_a_filter_are_in_force(seen: dict[str, Any]) -> None:
    assert (seen["status"]["NoNewPrivs"], seen["status"]["Seccomp"]) == ("1", "2")


@pytest.mark.parametrize(
    "name",
    [
        "ptrace", "mknod", "mknod-device", "unshare-user", "setns", "mount", "personality", "process_vm_readv",
        "name_to_handle_at", "vmsplice", "chroot", "sethostname", "io_uring_setup", "socket-vsock", "socket-alg",
        "setuid-root",
    ],
)  # fmt: skip
def test_the_call_is_refused(seen: dict[str, Any], name: str) -> None:
    assert seen["calls"][name] == errno.EPERM


def test_clone3_is_as_if_it_were_missing(seen: dict[str, Any]) -> None:
    assert seen["calls"]["clone3"] == errno.ENOSYS


@pytest.mark.parametrize(
    "path", ["/", "/etc", "/usr", "/var", "/root", "/dev", "/proc", "/sys", "/workspace"]
)
def test_nothing_but_scratch_is_written(seen: dict[str, Any], path: str) -> None:
    assert seen["writes"][path] in (errno.EROFS, errno.EACCES, errno.ENOENT)


def test_the_root_and_a_read_only_workspace_are_mounted_read_only(seen: dict[str, Any]) -> None:
    options = {fields[4]: fields[5].split(",") for fields in seen["mounts"]}
    assert "ro" in options["/"]
    assert "ro" in options["/workspace"]
    assert {"rw", "noexec", "nosuid", "nodev"} <= set(options["/tmp"])
    assert {"noexec", "nosuid", "nodev"} <= set(options["/dev/shm"])


def test_the_workspace_s_mount_is_private(seen: dict[str, Any]) -> None:
    (workspace,) = [fields for fields in seen["mounts"] if fields[4] == "/workspace"]
    assert not [tag for tag in workspace[6 : workspace.index("-")] if tag.startswith("shared")]


def test_scratch_is_writable_sized_owned_and_runs_nothing(seen: dict[str, Any]) -> None:
    assert seen["writes"]["/tmp"] == 0
    assert seen["fill-tmp"] == errno.ENOSPC
    assert seen["fill-shm"] == errno.ENOSPC
    assert seen["run-in-tmp"] == errno.EACCES
    assert seen["scratch-owner"] == seen["ids"][0]


def test_the_kernel_s_own_files_are_out_of_reach(seen: dict[str, Any]) -> None:
    assert seen["write-sysctl"] in (errno.EROFS, errno.EACCES)
    assert seen["masked"] == ["", ""]


def test_there_is_no_network_but_the_loopback(seen: dict[str, Any]) -> None:
    assert set(seen["interfaces"]) <= {"lo"}
    assert seen["reach"] == errno.ENETUNREACH


def test_the_host_s_processes_are_invisible(seen: dict[str, Any]) -> None:
    first, runner, itself = seen["pids"]
    assert first == 1 < runner < itself


def test_limits_of_resources_are_in_force(seen: dict[str, Any]) -> None:
    assert (seen["core"], seen["processes"]) == ([0, 0], [4096, 4096])
    assert seen["descriptors"] < 1024
    assert seen["large-file"] == errno.EFBIG


def test_surroundings_are_fixed(seen: dict[str, Any]) -> None:
    assert (seen["hostname"], seen["here"]) == ("sandbox", "/workspace")
    assert seen["environment"]["HOME"] == "/tmp"
    assert not [name for name in seen["environment"] if "proxy" in name.lower()]


def test_memory_is_limited(lab: Lab) -> None:
    outcome = lab.python("x = bytearray(2**28); print('had it')")
    assert (outcome.status, outcome.stdout) == ("limit", "")
    assert "memory" in outcome.message


def test_swap_does_not_add_to_memory(lab: Lab) -> None:
    assert lab.python("x = bytearray(2**26 + 2**22)").status == "limit"


def test_processes_are_limited(lab: Lab) -> None:
    code = """
import os, time
born = 0
try:
    while born < 200:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        born += 1
except OSError as error:
    print(born, error.errno)
"""
    outcome = lab.python(code, pids=16)
    born, reason = map(int, outcome.stdout.split())
    assert 8 <= born < 16
    assert reason == errno.EAGAIN


def test_processor_time_is_limited(lab: Lab) -> None:
    code = """
import time
begun, used = time.monotonic(), time.process_time()
while time.monotonic() - begun < 1.5:
    pass
print((time.process_time() - used) / (time.monotonic() - begun))
"""
    assert float(lab.python(code, cpus=200).stdout) < 0.5


def test_a_writable_workspace_is_written_on_the_host_as_its_owner(lab: Lab) -> None:
    outcome = lab.python("open('/workspace/made', 'w').write('here')", mounts=(WRITABLE,))
    made = lab.workspace / "made"
    assert (outcome.status, made.read_text()) == ("ok", "here")
    assert made.stat().st_uid == lab.workspace.stat().st_uid


def test_nothing_written_outlives_the_container(lab: Lab) -> None:
    assert lab.run("/bin/sh", "-c", "echo x > /tmp/left; ls /tmp").stdout == "left\n"
    assert lab.run("/bin/ls", "/tmp").stdout == ""
