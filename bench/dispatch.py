"""What a dispatch costs over the same hardened container run through the Docker SDK by hand.

Run as `python bench/dispatch.py [--json] [--repeats N]`. Both run the very same body of `containers/create`,
turn by turn: by hand create, attach, start, read to the end, wait, remove; ours also resolves the workspace,
redeems a warrant, plans, attests, bounds and decodes. The file tool's row shows a real call.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from contextlib import closing
from itertools import count
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import docker

from governance.journal import Receipt
from governance.policy.decision import Allow, Code, Mount, SandboxSpec, Scratch
from governance.sandbox import ContainerEngine, Dispatcher, Warrants, Workspaces
from governance.sandbox.engine_setup import ensure_engine
from governance.sandbox.image import ensure_image
from governance.sandbox.plan import ContainerPlan, Owner, plan
from report import Goal, report, row, time_us

if TYPE_CHECKING:
    from collections.abc import Callable

GOAL = 1.10
OWNER = 1000
READ = ("/usr/lib/governance/fs", "read", "--offset=0", "--limit=65536", "/workspace/a.txt")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--repeats", type=int, default=40)
    arguments = parser.parse_args()
    url = ensure_engine(say)
    image = ensure_image(url, say)
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(docker.APIClient(url, version="auto")) as client,
        closing(ContainerEngine.connect(url)) as engine,
    ):
        root = Path(folder)
        (root / "web").mkdir()
        (root / "web" / "a.txt").write_text("text\n" * 1000)
        if os.geteuid() == 0:
            os.chown(root / "web", OWNER, OWNER)
        ours = dispatching(engine, root)
        labels = Owner("bench", "by hand", int(time.time()) + 3600)
        planned = plan(spec(image, "/bin/true"), labels, owner(root), {"web": str(root / "web")})
        by_hand, dispatched, reading = [], [], []
        for _ in range(arguments.repeats):
            by_hand += time_us(lambda: run_by_hand(client, planned), 1)
            dispatched += time_us(lambda: ours(spec(image, "/bin/true")), 1)
            reading += time_us(lambda: ours(spec(image, *READ)), 1)
    hand = row("by hand through the SDK", by_hand)
    rows = [hand, row("dispatch", dispatched, hand), row("dispatch of fs read", reading, hand)]
    ratio = median(dispatched) / median(by_hand)
    goals = [Goal("dispatch over by hand, median", f"at most {GOAL:.2f}x", ratio, ratio <= GOAL)]
    report("dispatch", rows, goals, json=arguments.json)


def say(line: str) -> None:
    """Tell progress where results do not go."""
    print(line, file=sys.stderr)


def owner(root: Path) -> tuple[int, int]:
    """Return the user that a sandbox runs as in the measured workspace."""
    return Workspaces(root).resolve("web").user


def spec(image: str, *argv: str) -> SandboxSpec:
    """Return what the `fs` capabilities run in, for `argv`."""
    return SandboxSpec(
        image=f"governance/base@{image}",
        isolation="container",
        argv=argv,
        stdin=None,
        mounts=(Mount("web", "/workspace", writable=False),),
        scratch=(Scratch("/tmp", 64 * 2**20),),
        root=False,
        network=None,
        secrets=(),
        memory=256 * 2**20,
        cpus=1000,
        pids=64,
        timeout=30_000,
        output=2**20,
    )


def dispatching(engine: ContainerEngine, root: Path) -> Callable[[SandboxSpec], None]:
    """Return what runs a specification as the gateway does once its allow is durable."""
    warrants, numbers = Warrants(), count()
    dispatcher = Dispatcher(engine, warrants, Workspaces(root), "bench")

    def run(judged: SandboxSpec) -> None:
        seq = next(numbers)
        decision = Allow(
            code=Code.PERMITTED,
            reason="",
            rules=(),
            calls=(),
            bundle=None,
            request="",
            id=str(seq),
            sandbox=judged,
            labels=(),
            limits=(),
        )
        outcome = dispatcher.dispatch(warrants.issue(Receipt(seq, "", "", decision), None))
        assert outcome.status == "ok", outcome

    return run


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


if __name__ == "__main__":
    main()
