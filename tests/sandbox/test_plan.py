"""The container of a call follows from its specification alone, with all hardening in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from governance.errors import SandboxError
from governance.policy.decision import Mount, SandboxSpec, Scratch, Sharer
from governance.sandbox.plan import RUNNER_MEMORY, RUNNER_PROCESSES, ContainerPlan, Owner, plan
from governance.sandbox.seccomp import profile
from tests.sandbox.build import WORKSPACE, WRITABLE, spec

if TYPE_CHECKING:
    from governance.canonical import Json

OWNER = Owner(log="log-1", gateway="gateway-1", number=7, expires=1_800_000_000)
SOURCES = {"repos/web": "/srv/workspaces/repos/web"}


def planned(sandbox: SandboxSpec, user: tuple[int, int] = (1000, 1000)) -> ContainerPlan:
    return plan(sandbox, OWNER, user, SOURCES)


def host(sandbox: SandboxSpec, user: tuple[int, int] = (1000, 1000)) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(json.dumps(planned(sandbox, user).body))
    return dict(body["HostConfig"])


def refused(sandbox: SandboxSpec, user: tuple[int, int] = (1000, 1000)) -> str:
    with pytest.raises(SandboxError) as caught:
        planned(sandbox, user)
    assert caught.value.diagnostics[0].help
    return caught.value.code


def test_the_runner_runs_and_what_an_image_would_run_is_overridden() -> None:
    body = planned(spec("/usr/bin/git", "-C", "/workspace", "log"), (1000, 1001)).body
    assert body["Entrypoint"] == ("/usr/lib/governance/runner",)
    assert body["Cmd"] == ()
    assert body["Healthcheck"] == {"Test": ("NONE",)}
    assert (body["User"], body["WorkingDir"], body["Tty"]) == ("1000:1001", "/workspace", False)
    assert body["Image"] == "sha256:" + "1" * 64


def test_every_control_is_in_the_body() -> None:
    found = host(spec())
    assert found["CapDrop"] == ["ALL"]
    assert found["SecurityOpt"] == ["no-new-privileges", f"seccomp={profile()}"]
    assert found["ReadonlyRootfs"] is True
    assert (found["NetworkMode"], found["IpcMode"], found["CgroupnsMode"]) == ("none", "private", "private")
    assert (found["PidMode"], found["UTSMode"], found["UsernsMode"]) == ("", "", "")
    assert found["RestartPolicy"]["Name"] == "no"
    assert found["LogConfig"] == {"Type": "none", "Config": {}}
    assert found["OomKillDisable"] is False
    assert found["Privileged"] is False
    assert {limit["Name"]: limit["Hard"] for limit in found["Ulimits"]}["core"] == 0
    assert {limit["Name"] for limit in found["Ulimits"]} == {"core", "fsize", "nofile", "nproc"}


def test_limits_are_those_of_the_specification_and_what_the_runner_needs() -> None:
    found = host(spec(memory=50_000_000, cpus=500, pids=9))
    memory = 50_000_000 + RUNNER_MEMORY
    assert (found["Memory"], found["MemorySwap"]) == (memory, memory)
    assert (found["NanoCpus"], found["PidsLimit"]) == (500_000_000, 9 + RUNNER_PROCESSES)


@pytest.mark.parametrize(("mount", "read_only"), [(WORKSPACE, True), (WRITABLE, False)])
def test_a_mount_is_typed_private_and_without_what_is_mounted_beneath(
    mount: Mount, *, read_only: bool
) -> None:
    assert host(spec(mounts=(mount,)))["Mounts"] == [
        {
            "Type": "bind",
            "Source": "/srv/workspaces/repos/web",
            "Target": "/workspace",
            "ReadOnly": read_only,
            "BindOptions": {"Propagation": "rprivate", "NonRecursive": True},
        }
    ]


def test_scratch_is_sized_and_belongs_to_the_user() -> None:
    found = host(spec(scratch=(Scratch("/tmp", 4096),)), (7, 8))
    assert found["Tmpfs"] == {"/tmp": "rw,noexec,nosuid,nodev,size=4096,uid=7,gid=8,mode=0700"}


def test_a_sandbox_without_mounts_works_in_the_root() -> None:
    assert planned(spec(mounts=())).body["WorkingDir"] == "/"


def test_nothing_of_the_program_or_its_input_is_in_the_body() -> None:
    first, second = spec("/bin/one", "secret", stdin=b"text"), spec("/bin/two")
    assert planned(first) == planned(second)
    assert first.digest != second.digest


@pytest.mark.parametrize(
    "change",
    [
        {"image": "governance/base@sha256:" + "2" * 64},
        {"isolation": "gvisor"},
        {"mounts": (WRITABLE,)},
        {"scratch": ()},
        {"memory": 2**27},
        {"cpus": 7},
        {"pids": 7},
        {"timeout": 7},
        {"output": 7},
        {"reuse": Sharer("a-1", "web")},
        {"reuse": Sharer("a-2", "web")},
        {"reuse": Sharer("a-1", "shop")},
    ],
)
def test_every_other_difference_is_another_box(change: dict[str, Any]) -> None:
    others = [spec(), spec(reuse=Sharer("a-3", "web"))]
    assert len({each.box_digest for each in (*others, spec(**change))}) == 3


def test_labels_say_whose_what_for_made_from_what_and_until_when() -> None:
    assert planned(spec()).body["Labels"] == {
        "governance.log": "log-1",
        "governance.gateway": "gateway-1",
        "governance.spec": spec().box_digest,
        "governance.expires": "1800000000",
    }


def test_every_container_has_another_name() -> None:
    others = [
        Owner("log-1", "gateway-1", 8, 0),
        Owner("log-1", "gateway-2", 7, 0),
        Owner("log-2", "gateway-1", 7, 0),
        Owner("log-1g", "ateway-1", 7, 0),
    ]
    names = {plan(spec(), owner, (1, 1), SOURCES).name for owner in [OWNER, *others]}
    assert len(names) == 5


def test_the_runtime_is_the_tier_s() -> None:
    assert host(spec(isolation="container"))["Runtime"] == "runc"
    assert host(spec(isolation="gvisor"))["Runtime"] == "runsc"


def test_a_kernel_of_its_own_is_given_its_own_share_beside_the_call_s() -> None:
    plain, own = host(spec()), host(spec(isolation="gvisor"))
    assert own["Memory"] == own["MemorySwap"] == plain["Memory"] + 48 * 2**20
    assert own["PidsLimit"] == plain["PidsLimit"] + 96


def test_a_program_of_our_own_differs_from_the_runner_in_program_and_limits_alone() -> None:
    sandbox = spec("/bin/echo", "of a call")
    ours = plan(sandbox, OWNER, (7, 7), SOURCES, program=("/bin/cat", "-"))
    runners = planned(sandbox, (7, 7))
    assert (ours.argv, ours.body["Entrypoint"]) == (("/bin/cat", "-"),) * 2
    limits: dict[str, Json] = dict.fromkeys(("Memory", "MemorySwap"), sandbox.memory) | {
        "PidsLimit": sandbox.pids
    }
    host = cast("dict[str, Json]", runners.body["HostConfig"]) | limits
    assert ours.body == {**runners.body, "Entrypoint": ours.argv, "HostConfig": host}


def test_tiers_differ_in_nothing_but_runtime_share_and_one_call() -> None:
    plain, own = host(spec()), host(spec(isolation="gvisor"))
    differing = {key for key in plain if plain[key] != own[key]}
    assert differing == {"Runtime", "Memory", "MemorySwap", "PidsLimit", "SecurityOpt"}
    assert own["SecurityOpt"] == ["no-new-privileges", f"seccomp={profile(own_kernel=True)}"]


def test_what_cannot_run_as_judged_is_refused() -> None:
    assert refused(spec(isolation="microvm")) == "tier-missing"
    assert refused(spec(image="governance/base")) == "image-missing"
    assert refused(spec(image="governance/base@latest")) == "image-missing"
    assert refused(spec(), (0, 1000)) == "root-user"
    assert refused(spec(), (1000, 0)) == "root-user"
