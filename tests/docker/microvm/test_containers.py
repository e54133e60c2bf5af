"""Hardened containers inside a VM, by the very dispatcher, plan and attestation that run them outside."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from governance.sandbox import ContainerEngine
from tests.docker.dispatch.lab import Lab

if TYPE_CHECKING:
    from pathlib import Path

    from governance.sandbox.microvm.fleet import MicroVms
    from governance.sandbox.outcome import Outcome

pytestmark = pytest.mark.engine

PATIENCE = 120_000
LOOK = """\
import json, os, time
from pathlib import Path
status = Path("/proc/self/status").read_text()
told = dict(line.split(":\\t", 1) for line in status.splitlines() if ":\\t" in line)
print(json.dumps({
    "boot": Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
    "kernel": os.uname().release, "random": os.urandom(16).hex(), "now": time.time(), "user": os.getuid(),
    "rights": told["CapEff"], "new": told["NoNewPrivs"], "seccomp": told["Seccomp"],
    "networks": os.listdir("/sys/class/net"), "disks": [each for each in os.listdir("/dev") if each.startswith("v")],
}))
"""


def look(lab: Lab) -> dict[str, object]:
    """Return what a container sees of its surroundings."""
    outcome: Outcome = lab.python(LOOK, mounts=(), timeout=PATIENCE)
    assert (outcome.status, outcome.stderr, outcome.message) == ("ok", "", "")
    found: dict[str, object] = json.loads(outcome.stdout)
    return found


def test_containers_of_two_tenants_have_nothing_in_common(
    machines: MicroVms, guest_engine: ContainerEngine, guest_image: str, tmp_path: Path
) -> None:
    """Both VMs are restored from one snapshot; their boots, random bytes and clocks are their own."""
    other = ContainerEngine.connect(machines.of("second").url)
    labs = [
        Lab(engine, guest_image, tmp_path / f"{number}", f"log-{uuid4()}")
        for number, engine in enumerate((guest_engine, other))
    ]
    seen = []
    for lab, tenant in zip(labs, ("first", "second"), strict=True):
        before = time.time()
        found = look(lab)
        assert before - 1 < float(str(found["now"])) < time.time() + 1
        assert found["boot"] == machines.of(tenant).evidence.guest.boot
        assert "cloud-amd64" in str(found["kernel"])
        assert (found["user"], int(str(found["rights"]), 16), found["new"], found["seccomp"]) == (
            65532,
            0,
            "1",
            "2",
        )
        assert (found["networks"], found["disks"]) == (["lo"], [])
        assert lab.left() == []
        seen.append(found)
    assert seen[0]["boot"] != seen[1]["boot"]
    assert seen[0]["random"] != seen[1]["random"]
    other.close()


def test_agents_of_one_tenant_share_the_vm(
    guest_engine: ContainerEngine, guest_image: str, machines: MicroVms, tmp_path: Path
) -> None:
    """Another container of the tenant above, for another log, sees the same boot."""
    lab = Lab(guest_engine, guest_image, tmp_path, f"log-{uuid4()}")
    outcome = lab.run("/usr/bin/cat", "/proc/sys/kernel/random/boot_id", mounts=(), timeout=PATIENCE)
    assert (outcome.status, outcome.message) == ("ok", "")
    assert outcome.stdout.strip() == machines.of("first").evidence.guest.boot


def test_folders_of_the_host_are_not_in_the_vm(
    guest_engine: ContainerEngine, guest_image: str, tmp_path: Path
) -> None:
    """A call on a workspace is refused by the engine inside, before anything runs."""
    lab = Lab(guest_engine, guest_image, tmp_path, f"log-{uuid4()}")
    outcome = lab.run("/usr/bin/true", timeout=PATIENCE)
    assert outcome.status == "sandbox-error"
    assert "nothing was run" in outcome.message
    assert lab.left() == []
