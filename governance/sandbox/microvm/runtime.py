"""A runtime of the engine that the operator says makes VMs (Kata and the like): believed once it is proven.

A hardened container of that runtime says which kernel and boot it sees, and while it runs the host is searched for
the process that holds its VM. A runtime that shares the host's kernel is found out by the boot's id.
"""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from governance.errors import SandboxError
from governance.policy.decision import SandboxSpec
from governance.sandbox.microvm.evidence import Kernel, VmEvidence, judged, missing
from governance.sandbox.microvm.observe import host_kernel, vmm_of
from governance.sandbox.plan import Owner, plan
from governance.sandbox.stream import Capture, Pieces
from governance.sandbox.workspace import NOBODY
from governance.text import shown

if TYPE_CHECKING:
    import socket

    from governance.sandbox.engine import ContainerEngine
    from governance.sandbox.plan import ContainerPlan

__all__ = ["prove"]

_PATIENCE: Final = 60.0
_ANSWER: Final = 1000
_PIECE: Final = 4096
_SAYS: Final = """\
import os
boot = open("/proc/sys/kernel/random/boot_id").read().strip()
print(boot, os.uname().release, os.uname().version, flush=True)
os.read(0, 1)
"""


def prove(engine: ContainerEngine, runtime: str, image: str) -> VmEvidence:
    """Return the evidence that containers of the engine's `runtime` have a kernel of their own.

    `image` is the id of the sandbox image. Raises SandboxError `tier-missing`, also where the engine does not know
    the runtime or the container does not start.
    """
    try:
        container = engine.create(_probe(runtime, image))
        try:
            guest = _seen_inside(engine, container)
            vmm = vmm_of(container)
        finally:
            engine.remove(container)
    except SandboxError as error:
        raise missing(f"the runtime {shown(runtime)} ran no container: {error}") from error
    return judged(VmEvidence(runtime, "kvm", guest, host_kernel(), vmm))


def _probe(runtime: str, image: str) -> ContainerPlan:
    """Return a container as hardened as any, that waits once it has answered."""
    spec = SandboxSpec(
        image=f"probe@{image}",
        isolation="container",
        argv=("/usr/bin/python3", "-ISc", _SAYS),
        stdin="sha256:" + "0" * 64,
        mounts=(),
        scratch=(),
        root=False,
        network=None,
        secrets=(),
        memory=128 * 2**20,
        cpus=1000,
        pids=32,
        timeout=int(_PATIENCE * 1000),
        output=_ANSWER,
        reuse=None,
    )
    owner = Owner("tier", f"{runtime} {time.time_ns()}", 0, int(time.time() + 2 * _PATIENCE))
    made = plan(spec, owner, (NOBODY, NOBODY), {}, program=spec.argv)
    host = made.body["HostConfig"]
    settings = dict(host) | {"Runtime": runtime} if isinstance(host, dict) else {}
    return replace(made, body={**made.body, "HostConfig": settings})


def _seen_inside(engine: ContainerEngine, container: str) -> Kernel:
    capture, pieces = Capture(_ANSWER), Pieces()
    with closing(engine.attach(container)) as attached:
        engine.start(container)
        attached.streams.settimeout(_PATIENCE)
        while "\n" not in capture.stdout and not capture.full and (data := _received(attached.streams)):
            for stream, piece in pieces.feed(data):
                capture.take(stream, bytes(piece))
    boot, _, name = capture.stdout.partition("\n")[0].partition(" ")
    return Kernel(name, boot)


def _received(stream: socket.socket) -> bytes:
    try:
        return stream.recv(_PIECE)
    except OSError:  # what was said until then is judged, and nothing is no kernel
        return b""
