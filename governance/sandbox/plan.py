"""The container of one allowed call: exactly what the engine is asked to create.

A pure function from the resolved specification to the body of the engine's `POST /containers/create`
(Engine API 1.41 and later). Hardening is written here and nowhere else, and no caller can leave any of it
out. Nothing here talks to an engine; whether the engine did as asked is `attest`'s business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from governance.canonical import digest_of
from governance.errors import Diagnostic, SandboxError
from governance.sandbox.seccomp import profile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.canonical import Json
    from governance.policy.decision import Isolation, Mount, SandboxSpec, Scratch
    from governance.sandbox.egress.link import Link

__all__ = ["DECISION", "EXPIRES", "LOG", "SPEC", "ContainerPlan", "Owner", "plan"]

LOG: Final = "governance.log"
DECISION: Final = "governance.decision"
SPEC: Final = "governance.spec"
EXPIRES: Final = "governance.expires"
"""The labels of every container: whose it is, what for, made from what, and dead by when (Unix seconds)."""

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
    """Whose a container is: a log, a decision in it, and when it must be gone (Unix seconds)."""

    log: str
    decision: str
    expires: int


@dataclass(frozen=True, slots=True)
class ContainerPlan:
    """What to create, and the bounds that are kept from outside while it runs.

    `name` follows from log and decision, so an engine holds at most one container of a decision at a time.
    `timeout` is milliseconds, `output` bytes.
    """

    name: str
    image: str
    argv: tuple[str, ...]
    body: Mapping[str, Json]
    spec_digest: str
    tier: Isolation
    timeout: int
    output: int


def plan(
    spec: SandboxSpec,
    owner: Owner,
    user: tuple[int, int],
    sources: Mapping[str, str],
    link: Link | None = None,
) -> ContainerPlan:
    """Return the container for `spec`, run as `user` (uid, gid) on behalf of `owner`.

    `sources` gives the host's folder for each mount's `source`, `link` the network of a call that has one. Raises SandboxError for what cannot run
    as it was judged: no image id, no such tier, root, or arguments that the kernel cannot take.
    """
    image = _image(spec.image)
    _check_box(spec, link)
    _check_argv(spec.argv)
    runtime = _runtime(spec.isolation)
    if 0 in user:
        raise _refusal(
            "root-user", "a sandbox never runs as root", "let the workspace belong to another user"
        )
    labels = {LOG: owner.log, DECISION: owner.decision, SPEC: spec.digest, EXPIRES: str(owner.expires)}
    host = (
        _namespaces() | _privileges(spec) | _limits(spec) | _files(spec, user, sources) | {"Runtime": runtime}
    )
    made = ContainerPlan(
        name="governance-" + digest_of([owner.log, owner.decision]).removeprefix("sha256:")[:32],
        image=image,
        argv=spec.argv,
        body=_process(spec, user) | {"Image": image, "Labels": labels, "HostConfig": host},
        spec_digest=spec.digest,
        tier=spec.isolation,
        timeout=spec.timeout,
        output=spec.output,
    )
    return made if link is None else link.joined(made)


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


def _check_argv(argv: tuple[str, ...]) -> None:
    whole = "".join(argv)
    if not argv or not argv[0] or "\0" in whole or any("\ud800" <= letter <= "\udfff" for letter in whole):
        mend = "a program's name and its arguments are text without NUL and without lone surrogates"
        raise _refusal("argv", "these arguments cannot be given to a program", mend)


def _runtime(isolation: Isolation) -> str:
    if isolation not in _RUNTIMES:
        mend = "use a sandbox profile with isolation container or gvisor"
        raise _refusal("tier-missing", f"isolation `{isolation}` is not available here", mend)
    return _RUNTIMES[isolation]


def _process(spec: SandboxSpec, user: tuple[int, int]) -> dict[str, Json]:
    """Return the program and its surroundings; what the image says of either is overridden."""
    reads = spec.stdin is not None
    return {
        "Hostname": "sandbox",
        "Domainname": "",
        "User": f"{user[0]}:{user[1]}",
        "AttachStdin": reads,
        "AttachStdout": True,
        "AttachStderr": True,
        "OpenStdin": reads,
        "StdinOnce": reads,
        "Tty": False,
        "Env": _ENVIRONMENT,
        "Entrypoint": spec.argv,
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


def _limits(spec: SandboxSpec) -> dict[str, Json]:
    processes, memory = _KERNEL[spec.isolation]
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
