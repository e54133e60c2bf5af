"""What the engine itself says of a weakened container is refused, and the weakness named."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from governance.errors import Diagnostic, SandboxError
from governance.sandbox import ContainerEngine, Dispatcher, Workspaces
from governance.sandbox.attest import attest
from governance.sandbox.plan import ContainerPlan, Owner, plan
from tests.docker.dispatch.lab import keep_all
from tests.sandbox.build import WRITABLE, receipt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.docker.dispatch.lab import Lab

pytestmark = pytest.mark.engine

HOST: list[tuple[str, object]] = [
    ("CapDrop", []),
    ("CapAdd", ["NET_ADMIN"]),
    ("Privileged", True),
    ("SecurityOpt", ["no-new-privileges"]),
    ("SecurityOpt", ["no-new-privileges", "seccomp=unconfined"]),
    ("ReadonlyRootfs", False),
    ("NetworkMode", "host"),
    ("PidMode", "host"),
    ("IpcMode", "host"),
    ("IpcMode", "shareable"),
    ("CgroupnsMode", "host"),
    ("Memory", 2**25),
    ("MemorySwap", -1),
    ("NanoCpus", 0),
    ("PidsLimit", 0),
    ("Ulimits", []),
    ("ShmSize", 2**30),
    ("OomScoreAdj", 0),
    ("Tmpfs", {"/tmp": "rw,exec"}),
    ("MaskedPaths", []),
    ("ReadonlyPaths", []),
    ("RestartPolicy", {"Name": "always", "MaximumRetryCount": 0}),
    ("LogConfig", {"Type": "json-file", "Config": {}}),
    ("GroupAdd", ["0"]),
    ("ExtraHosts", ["metadata:169.254.169.254"]),
    ("Devices", [{"PathOnHost": "/dev/null", "PathInContainer": "/dev/x", "CgroupPermissions": "rwm"}]),
    ("Binds", ["/:/host"]),
    ("Init", True),
]
CONFIG: list[tuple[str, object]] = [
    ("User", "0:0"),
    ("User", ""),
    ("Env", ["PATH=/tmp"]),
    ("Entrypoint", ["/bin/sh"]),
    ("Cmd", ["more"]),
    ("WorkingDir", "/"),
    ("Hostname", "host"),
    ("Tty", True),
    ("OpenStdin", False),
    ("Volumes", {"/data": {}}),
    ("Labels", {"governance.log": "other"}),
    ("Healthcheck", {"Test": ["CMD", "/bin/true"]}),
    ("ExposedPorts", {"80/tcp": {}}),
]


@pytest.fixture
def planned(lab: Lab) -> ContainerPlan:
    return plan(
        lab.spec("/bin/true"), Owner(lab.log, "gateway", 1, 0), (7, 7), {"repos/web": str(lab.workspace)}
    )


@pytest.fixture
def problems(lab: Lab, planned: ContainerPlan) -> Iterator[Any]:
    """Create a container from another body than the planned one, and return what attestation says of it."""
    made = []

    def judge(body: dict[str, Any]) -> list[str]:
        made.append(lab.engine.create(replace(planned, body=body)))
        with pytest.raises(SandboxError) as caught:
            attest(planned, lab.engine.inspect(made[-1]), lab.engine.image(planned.image), lab.engine.socket)
        return [item.message for item in caught.value.diagnostics]

    yield judge
    for container in made:
        lab.engine.remove(container)


def copied(planned: ContainerPlan) -> dict[str, Any]:
    return dict(json.loads(json.dumps(planned.body)))


def test_the_planned_container_is_attested(lab: Lab, planned: ContainerPlan) -> None:
    container = lab.engine.create(planned)
    found = lab.engine.inspect(container)
    lab.engine.remove(container)
    evidence = attest(planned, found, lab.engine.image(planned.image), lab.engine.socket)
    assert (evidence.spec, evidence.image) == (planned.spec_digest, lab.image)


@pytest.mark.parametrize(("field", "value"), HOST, ids=lambda value: str(value)[:20])
def test_a_weakened_setting_of_the_host_is_named(
    planned: ContainerPlan, problems: Any, field: str, value: object
) -> None:
    body = copied(planned)
    body["HostConfig"][field] = value
    assert any(f": HostConfig.{field} is " in line for line in problems(body))


@pytest.mark.parametrize(("field", "value"), CONFIG, ids=lambda value: str(value)[:20])
def test_a_changed_setting_of_the_program_is_named(
    planned: ContainerPlan, problems: Any, field: str, value: object
) -> None:
    body = copied(planned)
    body[field] = value
    assert any(f": Config.{field} is " in line for line in problems(body))


@pytest.mark.parametrize(
    ("key", "value"), [("ReadOnly", False), ("Source", "/etc"), ("Target", "/etc"), ("BindOptions", {})]
)
def test_a_changed_mount_is_named(planned: ContainerPlan, problems: Any, key: str, value: object) -> None:
    body = copied(planned)
    body["HostConfig"]["Mounts"][0][key] = value
    assert any("Mounts is " in line for line in problems(body))


class Weakening(ContainerEngine):
    """An engine that makes writable what was planned read-only, as a wrong default of a daemon could."""

    def create(self, plan: ContainerPlan) -> str:
        body = copied(plan)
        body["HostConfig"]["ReadonlyRootfs"] = False
        return super().create(replace(plan, body=body))


def test_a_container_that_differs_is_never_started(lab: Lab, engine_url: str) -> None:
    engine = Weakening.connect(engine_url)
    dispatcher = Dispatcher(engine, lab.warrants, Workspaces(lab.workspace.parent.parent), lab.log)
    judged = receipt(lab.spec("/bin/echo", "hello"))
    outcome = dispatcher.dispatch(lab.warrants.issue(judged, None))
    engine.close()
    assert (outcome.status, outcome.stdout, outcome.evidence) == ("sandbox-error", "", None)
    assert "nothing was run" in outcome.message
    assert "HostConfig.ReadonlyRootfs" in outcome.message


class Stubborn(ContainerEngine):
    """An engine that kills nothing."""

    def kill(self, container: str) -> None:
        raise SandboxError(Diagnostic("engine-refused", f"{container} is not killed"))


def test_what_a_call_wrote_is_not_kept_where_its_box_may_still_write(lab: Lab, engine_url: str) -> None:
    engine = Stubborn.connect(engine_url)
    dispatcher = Dispatcher(engine, lab.warrants, lab.workspaces, lab.log)
    judged = receipt(lab.spec("/bin/touch", "/workspace/a", mounts=(WRITABLE,)))
    outcome = dispatcher.dispatch(lab.warrants.issue(judged, None), keep_all)
    engine.close()
    for entry in lab.engine.containers(f"governance.log={lab.log}"):
        lab.engine.remove(entry.id)
    assert (outcome.status, outcome.exit) == ("sandbox-error", 0)
    assert outcome.kept is not None
    assert (outcome.kept.verdict, outcome.kept.code) == ("dropped", "cut-off")
    assert list(lab.workspace.iterdir()) == []
