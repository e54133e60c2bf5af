"""A created container is refused for any difference from its plan, and each difference is named."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from governance.errors import SandboxError
from governance.sandbox.attest import Evidence, ImageSettings, attest
from governance.sandbox.controls import CONTROLS
from governance.sandbox.plan import ContainerPlan, Owner, plan
from tests.sandbox.build import inspected, spec

SOCKET = "/run/docker.sock"
PLAIN = ImageSettings(
    environment=("PATH=/bin", "EXTRA=1"), labels=(("made-by", "someone"),), ports=("80/tcp",)
)


def planned(source: str = "/srv/workspaces/repos/web") -> ContainerPlan:
    return plan(spec("/bin/echo", "hello"), Owner("log", "gateway", 1, 9), (7, 7), {"repos/web": source})


def answer(container: ContainerPlan) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(inspected(dict(container.body), container.name)))
    found["Config"]["Env"].append("EXTRA=1")
    found["Config"]["Labels"]["made-by"] = "someone"
    found["Config"]["ExposedPorts"] = {"80/tcp": {}}
    return found


def problems(container: ContainerPlan, found: dict[str, Any], socket: str = SOCKET) -> list[str]:
    with pytest.raises(SandboxError) as caught:
        attest(container, found, PLAIN, socket)
    assert {item.code for item in caught.value.diagnostics} == {"attestation"}
    assert all("nothing was run" in item.help for item in caught.value.diagnostics)
    return [item.message for item in caught.value.diagnostics]


def standings(evidence: Evidence) -> dict[str, str]:
    return {number: row["standing"] for number, row in evidence.controls.items()}  # type: ignore[index,call-overload,misc]


def test_the_planned_container_is_attested() -> None:
    evidence = attest(planned(), answer(planned()), PLAIN, SOCKET)
    assert evidence.spec == spec("/bin/echo", "hello").box_digest
    assert evidence.image == "sha256:" + "1" * 64
    assert evidence.runtime == "runc"
    assert list(evidence.controls) == [f"5.{number}" for number in range(2, 33)]


def test_every_control_says_how_it_stands_and_by_what() -> None:
    standing = standings(attest(planned(), answer(planned()), PLAIN, SOCKET))
    unproven = {number: how for number, how in standing.items() if how != "proven"}
    assert unproven == {
        "5.2": "not proven", "5.3": "not proven", "5.23": "elsewhere", "5.24": "elsewhere",
        "5.27": "elsewhere", "5.28": "elsewhere",
    }  # fmt: skip
    assert all(control.asks and (control.fields or control.module) for control in CONTROLS)


def test_every_field_of_the_table_is_one_that_is_compared() -> None:
    """A control is proven by a field only if a change of that field is refused."""
    for field in {field for control in CONTROLS for field in control.fields}:
        found = answer(planned())
        *parents, last = field.split(".")
        inner = found
        for part in parents:
            inner = inner[part]
        inner[last] = ["changed"]
        assert any(f": {field} is " in line for line in problems(planned(), found)), field


def test_evidence_repeats_for_a_specification_whoever_runs_it() -> None:
    def evidence(decision: str) -> Evidence:
        made = plan(spec(), Owner("log", decision, 1, 9), (7, 7), {"repos/web": "/srv/web"})
        return attest(made, answer(made), PLAIN, SOCKET)

    assert evidence("one").digest == evidence("two").digest
    assert evidence("one").digest.startswith("sha256:")


def test_security_modules_are_claimed_only_where_they_label() -> None:
    found = answer(planned()) | {"AppArmorProfile": "docker-default", "ProcessLabel": "system_u:container_t"}
    labelled = standings(attest(planned(), found, PLAIN, SOCKET))
    plain = standings(attest(planned(), answer(planned()), PLAIN, SOCKET))
    assert (labelled["5.2"], labelled["5.3"]) == ("proven", "proven")
    assert (plain["5.2"], plain["5.3"]) == ("not proven", "not proven")
    assert labelled | {"5.2": "not proven", "5.3": "not proven"} == plain
    (line,) = problems(planned(), answer(planned()) | {"AppArmorProfile": "unconfined"})
    assert "CIS 5.2" in line


TAMPERED: list[tuple[str, object, str]] = [
    ("Path", "/bin/sh", ""),
    ("Args", ["hello", "you"], ""),
    ("Args", ["hello "], ""),
    ("Image", "sha256:" + "2" * 64, ""),
    ("Name", "/other", ""),
    ("ExecIDs", ["1"], ""),
    ("State.Status", "running", ""),
    ("Mounts", [], "5.6"),
    ("NetworkSettings.Networks", {"none": {}, "bridge": {}}, "5.10"),
    ("NetworkSettings.Networks", {"bridge": {}}, "5.30"),
    ("Config.User", "0:0", ""),
    ("Config.User", "", ""),
    ("Config.Env", ["PATH=/bin"], ""),
    ("Config.Tty", True, ""),
    ("Config.OpenStdin", False, ""),
    ("Config.Volumes", {"/data": {}}, ""),
    ("Config.ExposedPorts", {"81/tcp": {}}, ""),
    ("Config.Labels", {}, ""),
    ("Config.Entrypoint", None, ""),
    ("Config.Cmd", ["more"], ""),
    ("Config.Healthcheck", {"Test": ["CMD", "true"]}, ""),
    ("Config.WorkingDir", "/etc", ""),
    ("Config.Surprise", "new", ""),
    ("HostConfig.CapDrop", None, "5.4"),
    ("HostConfig.CapAdd", ["SYS_ADMIN"], "5.4"),
    ("HostConfig.Privileged", True, "5.5"),
    ("HostConfig.Binds", ["/:/host"], "5.6"),
    ("HostConfig.VolumesFrom", ["other"], "5.32"),
    ("HostConfig.PortBindings", {"80/tcp": []}, "5.8"),
    ("HostConfig.PublishAllPorts", True, "5.9"),
    ("HostConfig.NetworkMode", "host", "5.10"),
    ("HostConfig.Memory", 0, "5.11"),
    ("HostConfig.Memory", 64 * 2**20 + 1, "5.11"),
    ("HostConfig.MemorySwap", -1, "5.11"),
    ("HostConfig.NanoCpus", 0, "5.12"),
    ("HostConfig.ReadonlyRootfs", False, "5.13"),
    ("HostConfig.RestartPolicy", {"Name": "always", "MaximumRetryCount": 0}, "5.15"),
    ("HostConfig.PidMode", "host", "5.16"),
    ("HostConfig.IpcMode", "host", "5.17"),
    ("HostConfig.Devices", [{"PathOnHost": "/dev/sda"}], "5.18"),
    ("HostConfig.DeviceCgroupRules", ["c 1:1 rwm"], "5.18"),
    ("HostConfig.DeviceRequests", [{"Count": -1}], "5.18"),
    ("HostConfig.Ulimits", [], "5.19"),
    ("HostConfig.UTSMode", "host", "5.21"),
    ("HostConfig.SecurityOpt", ["no-new-privileges"], "5.22"),
    ("HostConfig.SecurityOpt", ["no-new-privileges", "seccomp=unconfined"], "5.22"),
    ("HostConfig.CgroupParent", "/elsewhere", "5.25"),
    ("HostConfig.PidsLimit", None, "5.29"),
    ("HostConfig.PidsLimit", True, "5.29"),
    ("HostConfig.UsernsMode", "host", "5.31"),
    ("HostConfig.CgroupnsMode", "host", ""),
    ("HostConfig.Tmpfs", {"/tmp": "rw,exec"}, ""),
    ("HostConfig.MaskedPaths", [], ""),
    ("HostConfig.ReadonlyPaths", None, ""),
    ("HostConfig.LogConfig", {"Type": "json-file", "Config": {}}, ""),
    ("HostConfig.Runtime", "other", ""),
    ("HostConfig.OomScoreAdj", -1000, ""),
    ("HostConfig.OomKillDisable", True, ""),
    ("HostConfig.ShmSize", 2**40, ""),
    ("HostConfig.AutoRemove", True, ""),
    ("HostConfig.Init", True, ""),
    ("HostConfig.Init", None, ""),
    ("HostConfig.MemorySwappiness", 0, ""),
    ("HostConfig.GroupAdd", ["0"], ""),
    ("HostConfig.Sysctls", {"net.ipv4.ip_forward": "1"}, ""),
    ("HostConfig.Links", ["other"], ""),
    ("HostConfig.Surprise", {"new": [1]}, ""),
]


@pytest.mark.parametrize(("name", "value", "control"), TAMPERED)
def test_one_changed_field_is_refused_and_named(name: str, value: object, control: str) -> None:
    found = answer(planned())
    *parents, last = name.split(".")
    inner = found
    for part in parents:
        inner = inner[part]
    inner[last] = value
    (line,) = problems(planned(), found)
    assert f": {name} is " in line
    assert control in line


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("RW", True),
        ("Source", "/srv/other"),
        ("Destination", "/etc"),
        ("Propagation", "shared"),
        ("Type", "volume"),
    ],
)
def test_a_mount_that_came_out_otherwise_is_refused(key: str, value: object) -> None:
    found = answer(planned())
    found["Mounts"][0][key] = value
    (line,) = problems(planned(), found)
    assert ": Mounts is " in line


def test_a_second_mount_is_refused() -> None:
    found = answer(planned())
    found["Mounts"].append(deepcopy(found["Mounts"][0]) | {"Destination": "/more"})
    assert len(problems(planned(), found)) == 1


@pytest.mark.parametrize(
    "source", ["/", "/etc", "/usr/share", "/proc", "/var", "/var/run/x", "/var/lib/docker/volumes"]
)
def test_folders_of_the_host_s_system_are_not_mounted(source: str) -> None:
    lines = problems(planned(source), answer(planned(source)))
    assert any("CIS 5.6" in line for line in lines)


@pytest.mark.parametrize(
    "socket", ["/srv/workspaces/repos/web/docker.sock", "/srv/workspaces/repos/web/a/b.sock"]
)
def test_a_mount_that_holds_the_engine_s_socket_is_refused(socket: str) -> None:
    (line,) = problems(planned(), answer(planned()), socket)
    assert "CIS 5.32" in line


def test_a_name_that_only_begins_like_the_mount_is_not_in_it() -> None:
    attest(planned(), answer(planned()), PLAIN, "/srv/workspaces/repos/website/docker.sock")


def test_all_differences_are_told_at_once() -> None:
    found = answer(planned())
    found["HostConfig"] |= {"Privileged": True, "PidMode": "host"}
    found["Config"]["User"] = "0"
    assert len(problems(planned(), found)) == 3


@pytest.mark.parametrize("part", ["Config", "HostConfig", "Mounts", "State", "NetworkSettings"])
def test_an_answer_without_a_part_is_refused(part: str) -> None:
    found = answer(planned())
    found[part] = None
    assert problems(planned(), found)


def test_what_an_engine_says_is_shown_without_its_control_characters() -> None:
    found = answer(planned())
    found["Config"]["User"] = "\x1b[2J" + "x" * 1000
    (line,) = problems(planned(), found)
    assert "\x1b" not in line
    assert len(line) < 400
