"""What a micro VM costs: from its restore to its engine's first answer, a call in one that runs, its memory.

Run as `python bench/microvm.py [--json] [--repeats N]`. A call is measured as a program that already runs in a
hardened container inside starts another and says so over the attached stream; a cold run creates, runs and removes one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from governance.policy.decision import SandboxSpec, Scratch
from governance.sandbox import ContainerEngine
from governance.sandbox.engine_daemon import answers
from governance.sandbox.image import BASE
from governance.sandbox.microvm import tier
from governance.sandbox.microvm.fleet import MicroVms
from governance.sandbox.plan import Owner, plan
from governance.sandbox.workspace import NOBODY
from report import Goal, report, row, time_us

if TYPE_CHECKING:
    import socket

    from governance.sandbox.plan import ContainerPlan

RESTORE = 1.0
CALL = 40.0
COLD = 3
PATIENCE = 120
STARTER = """\
import os
for line in iter(lambda: os.read(0, 100), b""):
    os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
    os.write(1, line)
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--repeats", type=int, default=10)
    arguments = parser.parse_args()
    snapshot = tier.prepare(say)
    how = snapshot.shape.accelerator
    with tempfile.TemporaryDirectory() as name, closing(MicroVms(snapshot, Path(name))) as machines:
        restored, memory = restores(machines, arguments.repeats)
        vm = machines.of("running")
        pings = time_us(lambda: answers(vm.url), 10 * arguments.repeats)
        with closing(ContainerEngine.connect(vm.url)) as engine:
            image = engine.facts([BASE]).image(BASE) or ""
            calls = warm_calls(engine, image, 10 * arguments.repeats)
            cold = time_us(lambda: run_cold(engine, image), COLD)
        used = resident(vm.evidence.vmm.pid)
    rows = [
        row(f"restore to the engine's first answer ({how})", restored),
        row("the engine's answer in a running VM", pings),
        row("a process started in a running container", calls),
        row("a hardened container created, run and removed", cold),
    ]
    first, call = median(restored) / 1e6, median(calls) / 1e3
    goals = [
        Goal(f"restore to first answer, {how}, s", f"at most {RESTORE:.0f}", first, first <= RESTORE),
        Goal(f"call in a running VM, {how}, ms", f"at most {CALL:.0f}", call, call <= CALL),
        Goal("memory of a restored VM on the host, MiB", "stated", memory, met=True),
        Goal("memory of a VM that ran containers, MiB", "stated", used, met=True),
    ]
    report("microvm", rows, goals, json=arguments.json)


def say(line: str) -> None:
    """Tell progress where results do not go."""
    print(line, file=sys.stderr)


def restores(machines: MicroVms, repeats: int) -> tuple[list[float], float]:
    """Return what each restore took until its engine answered, and the memory (MiB) of the last one."""
    took, memory = [], 0.0
    for number in range(repeats):
        tenant = str(number)
        begun = time.perf_counter_ns()
        vm = machines.of(tenant)
        assert answers(vm.url)
        took.append((time.perf_counter_ns() - begun) / 1000)
        memory = resident(vm.evidence.vmm.pid)
        machines.end(tenant)
    return took, memory


def resident(pid: int) -> float:
    """Return the memory (MiB) that a process alone has in use."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0]) / 1024


def planned(image: str, *argv: str, stdin: str | None = None) -> ContainerPlan:
    """Return a hardened container without a workspace."""
    spec = SandboxSpec(
        image=f"{BASE}@{image}",
        isolation="container",
        argv=argv,
        stdin=stdin,
        mounts=(),
        scratch=(Scratch("/tmp", 64 * 2**20),),
        root=False,
        network=None,
        secrets=(),
        memory=128 * 2**20,
        cpus=1000,
        pids=64,
        timeout=PATIENCE * 1000,
        output=2**20,
        reuse=None,
    )
    owner = Owner("bench", f"{time.monotonic_ns()}", 0, int(time.time()) + 3600)
    return plan(spec, owner, (NOBODY, NOBODY), {}, program=argv)


def run_cold(engine: ContainerEngine, image: str) -> None:
    """Run one program in a container of its own."""
    container = engine.create(planned(image, "/usr/bin/true"))
    engine.start(container)
    assert engine.wait(container, PATIENCE) == 0
    engine.remove(container)


def warm_calls(engine: ContainerEngine, image: str, repeats: int) -> list[float]:
    """Return what each call to a program in a running container took."""
    program = planned(image, "/usr/bin/python3", "-ISc", STARTER, stdin="sha256:" + "0" * 64)
    container = engine.create(program)
    try:
        with closing(engine.attach(container)) as attached:
            engine.start(container)
            attached.streams.settimeout(PATIENCE)
            call(attached.streams)
            return time_us(lambda: call(attached.streams), repeats)
    finally:
        engine.remove(container)


def call(stream: socket.socket) -> None:
    """Ask the program once, and read its one frame."""
    stream.sendall(b"x\n")
    data = b""
    while len(data) < 10:
        data += stream.recv(100)
    assert data == b"\1\0\0\0\0\0\0\2x\n"


if __name__ == "__main__":
    main()
