"""What an approved call costs, from warrant to outcome, beside the engine's own ways of running the same.

Run as `python bench/dispatch.py [--json] [--repeats N]`. Everything is measured in one run, turn by turn: a box that
waited, one of the agent's own, one made for the call; and by hand, through the Docker SDK, the same hardening around
`/bin/true` (create, attach, start, read to the end, wait, remove) and `docker exec` into a container that runs. Ours
also resolves the workspace, issues and redeems a warrant, plans, attests, bounds and decodes.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING
from uuid import uuid4

import docker

from governance.journal import Receipt
from governance.policy.decision import Allow, Code, Mount, SandboxSpec, Scratch, Sharer
from governance.sandbox import Bounds, ContainerEngine, Dispatcher, Pool, Warrants, Workspaces
from governance.sandbox.box import Place, made
from governance.sandbox.engine_setup import ensure_engine
from governance.sandbox.image import ensure_image
from governance.sandbox.plan import ContainerPlan, Owner
from governance.sandbox.stream import Ended, call_frames
from report import Goal, report, row, time_us

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from governance.sandbox import Outcome

OWNER = 1000
MEBIBYTE = 2**20
GIBIBYTE = 2**30
CLIENTS = 16
TRUE = ("/bin/true",)
READ = ("/usr/lib/governance/fs", "read", "--offset=0", f"--limit={MEBIBYTE}", "/workspace/a.txt")


class Ours:
    """A dispatcher as the gateway has one, from the durable allow on."""

    def __init__(self, engine: ContainerEngine, root: Path, image: str, bounds: Bounds) -> None:
        self.image, self.engine, self.root = image, engine, root
        self._warrants, self._numbers = Warrants(), count()
        workspaces, log = Workspaces(root), uuid4().hex
        self.workspaces = workspaces
        self.dispatcher = Dispatcher(engine, self._warrants, workspaces, log, Pool(engine, log, bounds))

    def run(self, spec: SandboxSpec) -> Outcome:
        """Run what a specification says, as after a durable allow."""
        seq = next(self._numbers)
        decision = Allow(
            code=Code.PERMITTED, reason="", rules=(), calls=(), limits=(), labels=(), bundle=None, request="",
            id=str(seq), sandbox=spec,
        )  # fmt: skip
        outcome = self.dispatcher.dispatch(self._warrants.issue(Receipt(seq, "", "", decision), None))
        assert outcome.status == "ok", outcome
        return outcome

    def until_waiting(self, spec: SandboxSpec) -> None:
        """Wait until a box of `spec` waits, and the engine has nothing else to do."""
        deadline = time.monotonic() + 60
        while not any(
            each["box"] == spec.box_digest and each["waiting"] and not each["making"]
            for each in self.dispatcher.status()["boxes"]
        ):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        time.sleep(0.1)

    def place(self, spec: SandboxSpec) -> Place:
        """Return what a box of a specification is made of."""
        found = self.workspaces.resolve("web")
        return Place(spec, found.user, (("web", found),))


@contextmanager
def ours(engine: ContainerEngine, root: Path, image: str, bounds: Bounds) -> Iterator[Ours]:
    made_for_this = Ours(engine, root, image, bounds)
    try:
        yield made_for_this
    finally:
        made_for_this.dispatcher.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--repeats", type=int, default=30)
    arguments = parser.parse_args()
    url = ensure_engine(say)
    image = ensure_image(url, say)
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(docker.APIClient(url, version="auto")) as client,
        closing(ContainerEngine.connect(url)) as engine,
    ):
        root = workspace(Path(folder))
        times = one_by_one(engine, client, root, image, arguments.repeats)
        shared = at_once_shared(engine, root, image)
        own, theirs = at_once_single(engine, client, root, image)
        grown, seconds = flood(engine, root, image)
    hand, into = row("hardened run by hand", times["hand"]), row("docker exec by hand", times["exec"])
    rows = [
        hand,
        into,
        row("dispatch, box made for it", times["cold"], hand),
        row("dispatch, box that waited", times["pool"], hand),
        row("dispatch, the agent's own box", times["reuse"], into),
        row("fs.read of 1 MiB, box that waited", times["read"], hand),
        row("fs.read of 1 MiB, the agent's own box", times["read again"], into),
    ]
    middle = {name: median(found) for name, found in times.items()}
    goals = [
        at_most("box that waited, ms", 4, middle["pool"] / 1000),
        at_least("docker exec over box that waited", 12, middle["exec"] / middle["pool"]),
        at_least("run by hand over box that waited", 50, middle["hand"] / middle["pool"]),
        at_most("the agent's own box, ms", 3, middle["reuse"] / 1000),
        at_most("box made for it over run by hand", 1.1, middle["cold"] / middle["hand"]),
        at_most("fs.read of 1 MiB, box that waited, ms", 8, middle["read"] / 1000),
        at_least(f"{CLIENTS} clients, own boxes, calls a second", 800, shared),
        at_least(f"{CLIENTS} clients, a box for each call, over by hand", 0.9, own / theirs),
        at_most("1 GiB of output, MiB that memory grows by", 16, grown),
    ]
    say(
        f"1 GiB of output took {seconds:.1f} s; {CLIENTS} clients ran {own:.1f} boxes/s, by hand {theirs:.1f}/s"
    )
    report("dispatch", rows, goals, json=arguments.json)


def at_most(what: str, most: float, value: float) -> Goal:
    return Goal(what, f"at most {most:g}", value, value <= most)


def at_least(what: str, least: float, value: float) -> Goal:
    return Goal(what, f"at least {least:g}", value, value >= least)


def one_by_one(
    engine: ContainerEngine, client: docker.APIClient, root: Path, image: str, repeats: int
) -> dict[str, list[float]]:
    """Return the microseconds of each way of running one call, all in turn."""
    times: dict[str, list[float]] = {
        name: [] for name in ("hand", "exec", "cold", "pool", "reuse", "read", "read again")
    }
    plain = spec(image, *TRUE)
    again = replace(plain, reuse=Sharer("bench", "bench"))
    with (
        ours(engine, root, image, Bounds(size=1)) as pooled,
        ours(engine, root, image, Bounds(size=0, total=0)) as unpooled,
        warm(client, by_hand(pooled, plain, ("/bin/sleep", "3600"))) as container,
    ):
        body = by_hand(pooled, plain, TRUE)
        for each in (plain, again):
            pooled.run(each)
        for _ in range(repeats):
            times["hand"] += time_us(lambda: run_by_hand(client, body), 1)
            times["exec"] += time_us(lambda: exec_by_hand(client, container), 1)
            times["cold"] += time_us(lambda: unpooled.run(plain), 1)
            for name, argv in (("pool", TRUE), ("read", READ)):
                pooled.until_waiting(plain)
                called = replace(plain, argv=argv)
                begun = time.perf_counter_ns()
                outcome = pooled.run(called)
                times[name].append((time.perf_counter_ns() - begun) / 1000)
                assert outcome.start == "pool", outcome
            pooled.until_waiting(plain)
            times["reuse"] += time_us(lambda: pooled.run(again), 5)
            times["read again"] += time_us(lambda: pooled.run(replace(again, argv=READ)), 2)
    return times


def at_once_shared(engine: ContainerEngine, root: Path, image: str, each: int = 100) -> float:
    """Return how many calls a second clients make that each have a box of their own."""
    with ours(engine, root, image, Bounds(size=1, total=CLIENTS)) as pooled:
        specs = [replace(spec(image, *TRUE), reuse=Sharer(f"a-{n}", "bench")) for n in range(CLIENTS)]
        for one in specs:
            pooled.run(one)
        return CLIENTS * each / at_once([lambda one=one: pooled.run(one) for one in specs], each)


def at_once_single(
    engine: ContainerEngine, client: docker.APIClient, root: Path, image: str, each: int = 4
) -> tuple[float, float]:
    """Return how many boxes a second are made and used up by clients of ours, and of the engine by hand."""
    plain = spec(image, *TRUE)
    with ours(engine, root, image, Bounds(size=4)) as pooled:
        body = by_hand(pooled, plain, TRUE)
        pooled.run(plain)
        begun = time.monotonic()
        at_once([lambda: pooled.run(plain)] * CLIENTS, each)
        pooled.dispatcher.close()  # what was used up is gone only then
        own = CLIENTS * each / (time.monotonic() - begun)
    theirs = CLIENTS * each / at_once([lambda: run_by_hand(client, body)] * CLIENTS, each)
    return own, theirs


def at_once(calls: list[Callable[[], object]], each: int) -> float:
    """Make all calls at the same time, each so many times over; return the seconds."""
    threads = [threading.Thread(target=lambda call=call: [call() for _ in range(each)]) for call in calls]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - begun


class Counting:
    """A sink that keeps nothing."""

    def __init__(self) -> None:
        self.arrived = 0

    full = False

    def take(self, stream: int, piece: bytes) -> None:
        """Count what came."""
        del stream
        self.arrived += len(piece)


def flood(engine: ContainerEngine, root: Path, image: str) -> tuple[float, float]:
    """Have a box write 1 GiB; return by how many MiB this process grew at the most, and the seconds."""
    large = replace(spec(image, "/usr/bin/head", "-c", str(GIBIBYTE), "/dev/zero"), timeout=300_000)
    with ours(engine, root, image, Bounds(size=0, total=0)) as unpooled:
        place = unpooled.place(large)
        box = made(engine, place.planned(Owner("bench", uuid4().hex, 0, int(time.time()) + 3600)))
        sink, before = Counting(), resident()
        largest, ended = [before], threading.Event()

        def watch() -> None:
            while not ended.wait(0.01):
                largest[0] = max(largest[0], resident())

        watcher = threading.Thread(target=watch)
        watcher.start()
        begun = time.monotonic()
        answer = box.call(call_frames(large.argv, None, large.timeout, again=False), large.timeout, sink)
        seconds = time.monotonic() - begun
        ended.set()
        watcher.join()
        box.close()
        engine.remove(box.container)
    assert isinstance(answer, Ended), answer
    assert sink.arrived == GIBIBYTE
    return (largest[0] - before) / MEBIBYTE, seconds


def resident() -> int:
    """Return the bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def say(line: str) -> None:
    """Tell progress where results do not go."""
    print(line, file=sys.stderr)


def workspace(root: Path) -> Path:
    (root / "web").mkdir()
    (root / "web" / "a.txt").write_bytes(b"x" * MEBIBYTE)
    if os.geteuid() == 0:
        os.chown(root / "web", OWNER, OWNER)
    return root


def spec(image: str, *argv: str) -> SandboxSpec:
    """Return what the `fs` capabilities run in, for `argv`."""
    return SandboxSpec(
        image=f"governance/base@{image}",
        isolation="container",
        argv=argv,
        stdin=None,
        mounts=(Mount("web", "/workspace", writable=False),),
        scratch=(Scratch("/tmp", 64 * MEBIBYTE),),
        root=False,
        network=None,
        secrets=(),
        memory=256 * MEBIBYTE,
        cpus=1000,
        pids=64,
        timeout=30_000,
        output=2 * MEBIBYTE,
        reuse=None,
    )


def by_hand(ours: Ours, spec: SandboxSpec, argv: tuple[str, ...]) -> ContainerPlan:
    """Return our own container with `argv` for its program and no input, as one would write it by hand."""
    planned = ours.place(spec).planned(Owner("bench", uuid4().hex, 0, int(time.time()) + 3600))
    alone = {"Entrypoint": argv, "AttachStdin": False, "OpenStdin": False, "StdinOnce": False}
    return replace(planned, argv=argv, body=dict(planned.body) | alone)


def run_by_hand(client: docker.APIClient, planned: ContainerPlan) -> None:
    """Run the planned body with the calls that the SDK's own documentation would have one make."""
    container = client.create_container_from_config(dict(planned.body))["Id"]
    stream = client.attach_socket(container, {"stdout": 1, "stderr": 1, "stream": 1})
    client.start(container)
    while stream.read(65536):
        continue
    stream.close()
    assert client.wait(container)["StatusCode"] == 0
    client.remove_container(container, v=True, force=True)


def exec_by_hand(client: docker.APIClient, container: str) -> None:
    """Run a program in a container that runs already, as the SDK has one do it."""
    execution = client.exec_create(container, list(TRUE))["Id"]
    client.exec_start(execution)
    assert client.exec_inspect(execution)["ExitCode"] == 0


@contextmanager
def warm(client: docker.APIClient, planned: ContainerPlan) -> Iterator[str]:
    """Yield a container that runs."""
    container = client.create_container_from_config(dict(planned.body))["Id"]
    try:
        client.start(container)
        yield container
    finally:
        client.remove_container(container, v=True, force=True)


if __name__ == "__main__":
    main()
