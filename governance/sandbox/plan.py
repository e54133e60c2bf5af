"""The container of allowed calls: exactly what the engine is asked to create.

A pure function from the resolved specification to the body of the engine's `POST /containers/create`
(Engine API 1.41 and later). Hardening is written here and nowhere else, and no caller can leave any of it
out. What runs in a container for calls is the sandbox's runner, always: the judged program and its input are told to
it over the stream, and never stand in the engine's configuration. Nothing here talks to an engine; whether the
engine did as asked is `attest`'s business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from governance.canonical import digest_of
from governance.capabilities.declaration import OWN_TOOLS
from governance.errors import Diagnostic, SandboxError
from governance.sandbox.seccomp import profile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.canonical import Json
    from governance.policy.decision import Isolation, Mount, SandboxSpec, Scratch
    from governance.sandbox.egress.link import Link

__all__ = [
    "EXPIRES",
    "GATEWAY",
    "LOG",
    "RUNNER_MEMORY",
    "RUNNER_PROCESSES",
    "SPEC",
    "ContainerPlan",
    "Owner",
    "name_for",
    "plan",
]

LOG: Final = "governance.log"
GATEWAY: Final = "governance.gateway"
SPEC: Final = "governance.spec"
EXPIRES: Final = "governance.expires"
"""The labels of every container: whose it is, made by which process, from what, and dead by when (Unix seconds)."""

RUNNER_PROCESSES: Final = 2
RUNNER_MEMORY: Final = 10 * 2**20
"""What the runner itself needs: processes, and bytes. It is beside what a specification allows its call."""

_RUNNER: Final = (f"{OWN_TOOLS}runner",)
"""The program of every container that calls run in."""

_RUNTIMES: Final[Mapping[Isolation, str]] = {"container": "runc", "gvisor": "runsc"}

_KERNEL: Final[Mapping[Isolation, tuple[int, int]]] = {"container": (0, 0), "gvisor": (96, 48 * 2**20)}
"""What a tier's own kernel takes of the host beside the program: processes, and bytes of memory."""

_ENVIRONMENT: Final = ("PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/tmp", "LANG=C.UTF-8")

_SHARED_MEMORY: Final = 16 * 2**20
_LARGEST_FILE: Final = 2**30
_OPEN_FILES: Final = 1024
_PROCESSES_OF_USER: Final = 4096

_MASKED: Final = (
    "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
    "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats",
    "/sys/devices/virtual/powercap", "/sys/firmware",
)  # fmt: skip
_READ_ONLY: Final = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a container is: a log, a process that has it open and the how-manieth of its containers this is.

    `expires` is when it must be gone (Unix seconds).
    """

    log: str
    gateway: str
    number: int
    expires: int


@dataclass(frozen=True, slots=True)
class ContainerPlan:
    """What to create. `argv` is the runner's, or of a program of our own; `spec_digest` that of the specification's box."""

    name: str
    image: str
    argv: tuple[str, ...]
    body: Mapping[str, Json]
    spec_digest: str
    tier: Isolation


def plan(
    spec: SandboxSpec,
    owner: Owner,
    user: tuple[int, int],
    sources: Mapping[str, str],
    link: Link | None = None,
    program: tuple[str, ...] | None = None,
) -> ContainerPlan:
    """Return the container for calls of `spec`, run as `user` (uid, gid) on behalf of `owner`.

    `sources` gives the host's folder for each mount's `source`, `link` the network of a call that has one. `program`
    is what runs in place of the runner in a container of our own, beside the calls. Two specifications that differ in
    program and input alone have the same container. Raises SandboxError for what cannot run as it was judged: no
    image id, no such tier, or root.
    """
    image = _image(spec.image)
    _check_box(spec, link)
    runtime = _runtime(spec.isolation)
    if 0 in user:
        raise _refusal(
            "root-user", "a sandbox never runs as root", "let the workspace belong to another user"
        )
    box, argv = spec.box_digest, program or _RUNNER
    labels = {LOG: owner.log, GATEWAY: owner.gateway, SPEC: box, EXPIRES: str(owner.expires)}
    host = (
        _namespaces()
        | _privileges(spec)
        | _limits(spec, runner=program is None)
        | _files(spec, user, sources)
        | {"Runtime": runtime}
    )
    made = ContainerPlan(
        name=name_for(owner),
        image=image,
        argv=argv,
        body=_process(spec, user, argv) | {"Image": image, "Labels": labels, "HostConfig": host},
        spec_digest=box,
        tier=spec.isolation,
    )
    return made if link is None else link.joined(made)


def name_for(owner: Owner) -> str:
    """Return the name of what is made for `owner`: an engine holds one container, and one network, of a name."""
    return "governance-" + digest_of([owner.log, owner.gateway, owner.number]).removeprefix("sha256:")[:32]


def _refusal(code: str, message: str, mend: str) -> SandboxError:
    return SandboxError(Diagnostic(code, message, help=mend))


def _image(pinned: str) -> str:
    name, at, image = pinned.rpartition("@")
    if not at or not image.startswith("sha256:"):
        mend = "build it with `governance image build`, then send the request again"
        raise _refusal(
            "image-missing", f"the engine had no image `{pinned or name}` when this was decided", mend
        )
    return image


def _check_box(spec: SandboxSpec, link: Link | None) -> None:
    """Refuse what this engine does not make: a sandbox whose root is writable, or a network without its proxy."""
    if spec.root:
        mend = "use a sandbox profile with root read-only"
        raise _refusal("box", "no sandbox with a writable root is made here", mend)
    if (spec.network is None) != (link is None) or (spec.secrets and link is None):
        mend = "use a sandbox profile with network none"
        raise _refusal("box", "no sandbox has a network but by way of the egress proxy", mend)


def _runtime(isolation: Isolation) -> str:
    if isolation not in _RUNTIMES:
        mend = "use a sandbox profile with isolation container or gvisor"
        raise _refusal("tier-missing", f"isolation `{isolation}` is not available here", mend)
    return _RUNTIMES[isolation]


def _process(spec: SandboxSpec, user: tuple[int, int], argv: tuple[str, ...]) -> dict[str, Json]:
    """Return the program and its surroundings; what the image says of either is overridden."""
    return {
        "Hostname": "sandbox",
        "Domainname": "",
        "User": f"{user[0]}:{user[1]}",
        "AttachStdin": True,
        "AttachStdout": True,
        "AttachStderr": True,
        "OpenStdin": True,
        "StdinOnce": True,
        "Tty": False,
        "Env": _ENVIRONMENT,
        "Entrypoint": argv,
        "Cmd": (),
        "Healthcheck": {"Test": ("NONE",)},
        "WorkingDir": spec.mounts[0].target if spec.mounts else "/",
        "StopSignal": "SIGKILL",
        "StopTimeout": 0,
    }


def _namespaces() -> dict[str, Json]:
    """Return the namespaces: an empty mode is a namespace of the container's own."""
    return {
        "NetworkMode": "none",
        "PidMode": "",
        "IpcMode": "private",
        "UTSMode": "",
        "UsernsMode": "",
        "CgroupnsMode": "private",
    }


def _privileges(spec: SandboxSpec) -> dict[str, Json]:
    calls = profile(own_kernel=spec.isolation == "gvisor")
    return {
        "CapDrop": ("ALL",),
        "Privileged": False,
        "SecurityOpt": ("no-new-privileges", f"seccomp={calls}"),
        "MaskedPaths": _MASKED,
        "ReadonlyPaths": _READ_ONLY,
    }


def _limits(spec: SandboxSpec, *, runner: bool) -> dict[str, Json]:
    processes, memory = _KERNEL[spec.isolation]
    if runner:
        processes, memory = processes + RUNNER_PROCESSES, memory + RUNNER_MEMORY
    return {
        "Memory": spec.memory + memory,
        "MemorySwap": spec.memory + memory,
        "NanoCpus": spec.cpus * 1_000_000,
        "PidsLimit": spec.pids + processes,
        "OomKillDisable": False,
        "OomScoreAdj": 500,
        "ShmSize": _SHARED_MEMORY,
        "Ulimits": (
            _limit("core", 0),
            _limit("fsize", _LARGEST_FILE),
            _limit("nofile", _OPEN_FILES),
            _limit("nproc", _PROCESSES_OF_USER),
        ),
        "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
        "LogConfig": {"Type": "none", "Config": {}},
        "AutoRemove": False,
        "Init": False,
    }


def _limit(name: str, most: int) -> Json:
    return {"Name": name, "Soft": most, "Hard": most}


def _files(spec: SandboxSpec, user: tuple[int, int], sources: Mapping[str, str]) -> dict[str, Json]:
    return {
        "ReadonlyRootfs": True,
        "Mounts": tuple(_mount(mount, sources[mount.source]) for mount in spec.mounts),
        "Tmpfs": {scratch.target: _tmpfs(scratch, user) for scratch in spec.scratch},
    }


def _mount(mount: Mount, source: str) -> Json:
    """Return a typed bind of one folder, without what is mounted beneath it: that could not be made read-only."""
    return {
        "Type": "bind",
        "Source": source,
        "Target": mount.target,
        "ReadOnly": not mount.writable,
        "BindOptions": {"Propagation": "rprivate", "NonRecursive": True},
    }


def _tmpfs(scratch: Scratch, user: tuple[int, int]) -> str:
    return f"rw,noexec,nosuid,nodev,size={scratch.size},uid={user[0]},gid={user[1]},mode=0700"
