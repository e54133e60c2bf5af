"""The doctor on the real engine: every control is in force, and each probe fails once its control is taken away."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from governance.cli.app import app
from governance.errors import SandboxError
from governance.resources import state_path
from governance.sandbox import ContainerEngine
from governance.sandbox.doctor import GATE, PROBES, examine, gate, require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from governance.sandbox.plan import ContainerPlan

    Weaken = Callable[[dict[str, Any], dict[str, Any]], None]

pytestmark = pytest.mark.engine

WHOLE_TIERS = ("container", "gvisor")


@pytest.fixture
def engine(engine_url: str) -> Iterator[ContainerEngine]:
    connected = ContainerEngine.connect(engine_url)
    yield connected
    connected.close()


def test_every_control_is_in_force_in_both_tiers(
    engine: ContainerEngine, image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert image
    url = f"unix://{engine.socket}"
    monkeypatch.setenv("DOCKER_HOST", url)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    done = CliRunner().invoke(app, ["doctor", "--json"])
    told = json.loads(done.stdout)
    assert [each for each in told["results"] if each["verdict"] != "passed"] == []
    assert done.exit_code == 0
    counts = {"passed": len(PROBES), "failed": 0, "not proven": 0}
    assert told["tiers"] == dict.fromkeys(WHOLE_TIERS, counts)
    for tier in WHOLE_TIERS:
        require(engine, tier, state_path("doctor"))  # type: ignore[arg-type]
    assert CliRunner().invoke(app, ["doctor", "--last"]).exit_code == 0
    assert engine.containers("governance.log=trial") == ()


@pytest.mark.parametrize("tier", WHOLE_TIERS)
def test_the_gate_opens(engine: ContainerEngine, image: str, tier: Any) -> None:
    assert [result.verdict for result in gate(engine, tier, image)] == ["passed"] * len(GATE)


class Weakening(ContainerEngine):
    """An engine that changes what it was asked for, as a wrong default of a daemon could."""

    weaken: Weaken

    def create(self, plan: ContainerPlan) -> str:
        body = json.loads(json.dumps(plan.body))
        self.weaken(body, body["HostConfig"])
        return super().create(replace(plan, body=body))


def _filter(words: list[str]) -> Weaken:
    return lambda _, host: host.update(SecurityOpt=words)


def _no_new_privileges(_: object, host: dict[str, Any]) -> None:
    host["SecurityOpt"] = [word for word in host["SecurityOpt"] if word != "no-new-privileges"]


def _mount(source: str, target: str) -> Weaken:
    entry = {"Type": "bind", "Source": source, "Target": target, "ReadOnly": True}
    return lambda _, host: host["Mounts"].append(entry)


def _writable(_: object, host: dict[str, Any]) -> None:
    host["Mounts"][0]["ReadOnly"] = False


def _scratch(options: str) -> Weaken:
    return lambda _, host: host.update(Tmpfs={"/tmp": options})


def _device(_: object, host: dict[str, Any]) -> None:
    host["Devices"] = [{"PathOnHost": "/dev/kmsg", "PathInContainer": "/dev/kmsg", "CgroupPermissions": "r"}]


WEAKENED: list[tuple[str, Weaken, set[str]]] = [
    (
        "no filter",
        _filter(["no-new-privileges", "seccomp=unconfined"]),
        {"kernel.filter", "host.filter", "kernel.unshare-user", "kernel.clone-user", "kernel.ptrace"},
    ),
    (
        "the engine's own filter",
        _filter(["no-new-privileges"]),
        {"kernel.vmsplice", "kernel.mknod-pipe", "kernel.ptrace"},
    ),
    ("new privileges", _no_new_privileges, {"kernel.no-new-privileges", "host.no-new-privileges"}),
    (
        "capabilities",
        lambda _, host: host.update(CapDrop=[]),
        {"kernel.capabilities", "host.capabilities"},
    ),
    (
        "root",
        lambda body, _: body.update(User="0:0"),
        {"kernel.identity", "host.identity"},
    ),
    (
        "a writable root",
        lambda _, host: host.update(ReadonlyRootfs=False),
        {"files.write-root", "files.root-mount", "host.root", "files.write-etc"},
    ),
    ("a writable workspace", _writable, {"files.workspace-mount", "files.write-workspace"}),
    ("a folder of the host", _mount("/usr/share", "/host"), {"files.mounts"}),
    (
        "scratch that runs programs",
        _scratch("rw,exec,size=8388608"),
        {"files.run-in-scratch", "files.scratch-mount"},
    ),
    ("scratch without a size", _scratch("rw,noexec,nosuid,nodev"), {"limits.scratch-bytes"}),
    (
        "the host's processes",
        lambda _, host: host.update(PidMode="host"),
        {"secrets.host-processes", "host.namespaces", "agents.namespaces", "agents.processes"},
    ),
    (
        "the host's IPC",
        lambda _, host: host.update(IpcMode="host"),
        {"host.namespaces", "agents.shared-memory", "agents.shared-memory-files", "agents.namespaces"},
    ),
    (
        "no limit of memory",
        lambda _, host: host.update(Memory=0, MemorySwap=0),
        {"host.memory", "limits.memory"},
    ),
    (
        "no limit of processes",
        lambda _, host: host.update(PidsLimit=0),
        {"host.processes", "limits.processes"},
    ),
    (
        "the whole processor",
        lambda _, host: host.update(NanoCpus=2 * 10**9),
        {"host.processor", "limits.processor"},
    ),
    (
        "no ulimits",
        lambda _, host: host.update(Ulimits=[{"Name": "nofile", "Soft": 4096, "Hard": 4096}]),
        {"limits.core", "limits.user-processes", "limits.descriptors", "limits.sparse-file"},
    ),
    (
        "spared by the kernel",
        lambda _, host: host.update(OomScoreAdj=0),
        {"limits.kill-score", "host.kill-score"},
    ),
    ("a device", _device, {"kernel.devices", "kernel.log-device"}),
    ("a secret in the environment", lambda body, _: body["Env"].append("TOKEN=x"), {"secrets.environment"}),
    (
        "a proxy",
        lambda body, _: body["Env"].append("HTTPS_PROXY=http://proxy.example.org"),
        {"secrets.proxy", "secrets.environment"},
    ),
]


@pytest.mark.parametrize(
    ("weaken", "failing"), [each[1:] for each in WEAKENED], ids=[each[0] for each in WEAKENED]
)
def test_a_control_that_is_taken_away_fails_its_probes(
    engine_url: str, image: str, weaken: Weaken, failing: set[str]
) -> None:
    engine = Weakening.connect(engine_url)
    engine.weaken = weaken  # type: ignore[method-assign]
    asked = [probe for probe in PROBES if probe.id in failing | {"host.attested", "network.internet"}]
    found = {result.probe.id: result for result in examine(engine, "container", image, asked)}
    engine.close()
    assert {name for name, result in found.items() if result.verdict == "failed"} == failing | {
        "host.attested"
    }
    assert found["network.internet"].verdict == "passed"


def test_a_tier_that_the_engine_lacks_is_not_proven(engine_url: str, image: str) -> None:
    engine = Weakening.connect(engine_url)
    engine.weaken = lambda _, host: host.update(Runtime="not-there")  # type: ignore[method-assign]
    asked = [probe for probe in PROBES if probe.gate or probe.id == "limits.memory"]
    results = examine(engine, "gvisor", image, asked)
    engine.close()
    assert {result.verdict for result in results} == {"not proven"}
    assert all("not-there" in result.seen for result in results)


def test_a_program_that_answers_something_else_proves_nothing(engine_url: str, image: str) -> None:
    engine = Weakening.connect(engine_url)
    engine.weaken = lambda body, _: body.update(Entrypoint=["/bin/echo", "[1]"])  # type: ignore[method-assign]
    results = examine(engine, "container", image, [probe for probe in GATE if probe.id != "host.program"])
    engine.close()
    assert {result.verdict for result in results} == {"not proven"}


def test_a_lower_tier_in_disguise_fails(engine_url: str, image: str) -> None:
    engine = Weakening.connect(engine_url)
    engine.weaken = lambda _, host: host.update(Runtime="runc")  # type: ignore[method-assign]
    with pytest.raises(SandboxError) as caught:
        gate(engine, "gvisor", image)
    engine.close()
    told = " ".join(item.message for item in caught.value.diagnostics)
    assert "kernel.version is failed in isolation gvisor: the host's" in told
    assert "host.program is failed in isolation gvisor" in told
