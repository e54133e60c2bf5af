"""Decisions, receipts and specifications for tests: what the evaluator and the store would have made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from governance.canonical import digest
from governance.journal.record import Receipt
from governance.policy.decision import Allow, Code, Mount, SandboxSpec, Scratch

WORKSPACE = Mount("repos/web", "/workspace", writable=False)
WRITABLE = replace(WORKSPACE, writable=True)

_PLAIN = SandboxSpec(
    image="governance/base@sha256:" + "1" * 64,
    isolation="container",
    argv=("/usr/bin/true",),
    stdin=None,
    mounts=(WORKSPACE,),
    scratch=(Scratch("/tmp", 8 * 2**20),),
    root=False,
    network=None,
    secrets=(),
    memory=64 * 2**20,
    cpus=1000,
    pids=32,
    timeout=10_000,
    output=2**20,
    reuse=None,
)


def spec(*argv: str, stdin: bytes | None = None, **changes: Any) -> SandboxSpec:
    """Return a specification that runs `argv`, with other fields changed by name."""
    read = None if stdin is None else digest(stdin)
    return replace(_PLAIN, argv=argv or _PLAIN.argv, stdin=read, **changes)


def allow(sandbox: SandboxSpec, name: str = "decision-1") -> Allow:
    """Return the decision that allows `sandbox`."""
    return Allow(
        code=Code.PERMITTED,
        reason="tests run what they like",
        rules=(),
        limits=(),
        labels=(),
        calls=(),
        bundle=digest(b"bundle"),
        request=digest(b"request"),
        id=name,
        sandbox=sandbox,
    )


def receipt(sandbox: SandboxSpec, seq: int = 1) -> Receipt[Allow]:
    """Return the receipt of the decision numbered `seq`."""
    return Receipt(seq, "2026-01-01T00:00:00.000Z", digest(b"record"), allow(sandbox, f"decision-{seq}"))


def inspected(body: dict[str, Any], name: str) -> dict[str, Any]:
    """Return what an engine says of a container that it created exactly as asked."""
    host = dict(body["HostConfig"])
    entry = list(body["Entrypoint"])
    return {
        "Name": f"/{name}",
        "Path": entry[0],
        "Args": entry[1:],
        "Image": body["Image"],
        "State": {"Status": "created"},
        "ExecIDs": None,
        "AppArmorProfile": "",
        "ProcessLabel": "",
        "HostConfig": host | {"Binds": None, "CapAdd": None, "ConsoleSize": [0, 0], "CpuShares": 0},
        "Config": {key: value for key, value in body.items() if key != "HostConfig"} | {"Volumes": None},
        "Mounts": [
            {
                "Type": "bind",
                "Source": mount["Source"],
                "Destination": mount["Target"],
                "Mode": "",
                "RW": not mount["ReadOnly"],
                "Propagation": "rprivate",
            }
            for mount in host["Mounts"]
        ],
        "NetworkSettings": {"Networks": {"none": {"IPAddress": ""}}},
    }
