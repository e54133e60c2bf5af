"""The container of a call follows from its specification alone, with all hardening in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.errors import SandboxError
from governance.policy.decision import Mount, SandboxSpec, Scratch
from governance.sandbox.plan import ContainerPlan, Owner, plan
from governance.sandbox.seccomp import profile
from tests.sandbox.build import WORKSPACE, WRITABLE, spec

OWNER = Owner(log="log-1", decision="decision-1", expires=1_800_000_000)
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


def test_the_body_says_what_runs_and_overrides_what_an_image_would_run() -> None:
    body = planned(spec("/usr/bin/git", "-C", "/workspace", "log"), (1000, 1001)).body
    assert body["Entrypoint"] == ("/usr/bin/git", "-C", "/workspace", "log")
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


def test_limits_are_those_of_the_specification() -> None:
    found = host(spec(memory=50_000_000, cpus=500, pids=9))
    assert (found["Memory"], found["MemorySwap"]) == (50_000_000, 50_000_000)
    assert (found["NanoCpus"], found["PidsLimit"]) == (500_000_000, 9)


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


@pytest.mark.parametrize("stdin", [None, b"text"])
def test_input_is_opened_only_where_it_was_judged(stdin: bytes | None) -> None:
    body = planned(spec("/bin/cat", stdin=stdin)).body
    assert {body["OpenStdin"], body["StdinOnce"], body["AttachStdin"]} == {stdin is not None}


def test_labels_say_whose_what_for_made_from_what_and_until_when() -> None:
    assert planned(spec()).body["Labels"] == {
        "governance.log": "log-1",
        "governance.decision": "decision-1",
        "governance.spec": spec().digest,
        "governance.expires": "1800000000",
    }


def test_a_decision_has_one_name_and_every_decision_another() -> None:
    others = [
        Owner("log-1", "decision-2", 0),
        Owner("log-2", "decision-1", 0),
        Owner("log-1d", "ecision-1", 0),
    ]
    names = {
        plan(spec(), owner, (1, 1), SOURCES).name
        for owner in [OWNER, Owner("log-1", "decision-1", 9), *others]
    }
    assert len(names) == 4


def test_the_runtime_is_the_tier_s() -> None:
    assert host(spec(isolation="container"))["Runtime"] == "runc"
    assert host(spec(isolation="gvisor"))["Runtime"] == "runsc"


def test_a_kernel_of_its_own_is_given_its_own_share_beside_the_call_s() -> None:
    plain, own = host(spec()), host(spec(isolation="gvisor"))
    assert (plain["Memory"], plain["PidsLimit"]) == (spec().memory, spec().pids)
    assert own["Memory"] == own["MemorySwap"] == spec().memory + 48 * 2**20
    assert own["PidsLimit"] == spec().pids + 96


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


@pytest.mark.parametrize("argv", [("",), ("a", "b\0c"), ("a", "\ud800"), ("\udfff",)])
def test_arguments_that_no_program_can_be_given_are_refused(argv: tuple[str, ...]) -> None:
    assert refused(spec(*argv)) == "argv"


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=1))
def test_arguments_reach_the_body_unchanged(argv: list[str]) -> None:
    argv[0] = argv[0] or "program"
    body = json.loads(json.dumps(planned(spec(*argv)).body))
    assert body["Entrypoint"] == argv
