"""Measures what a workspace of 10,000 files costs a call that writes: its copy, the difference, the judgement, the commit.

Three files are changed. The commit is what follows the call: difference, judgement by `fs.commit`, and putting it in
place, durably. Beside it stand the ways that copy the files, and a recursive copy by hand.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from governance.capabilities.call import Call
from governance.policy.commit import Working, judge_commit
from governance.policy.decision import Allow, Code, SandboxSpec
from governance.policy.state import State
from governance.policy.stored import make_bundle
from governance.resources import folder
from governance.sandbox.workspace import Workspaces
from governance.sandbox.workspaces import Store
from report import Goal, report, row

if TYPE_CHECKING:
    from collections.abc import Callable

    from governance.policy.bundle import Bundle
    from governance.sandbox.workspaces.store import Copy

FILES = 10_000
ROUNDS = 20
GOAL = 300_000

POLICY = """
agent "a-1" { groups coders  workspace "web" }
sandbox box { image "governance/base"  mount workspace at "/workspace" writable }
permit code { agent in coders  call proc.exec  sandbox box  including protected  because "code" }
permit keep { agent in coders  call fs.commit  when path under "/workspace"  sandbox box  because "work" }
"""


def main() -> None:
    """Measure, and say what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each is done")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        fill(root / "web")
        judge = judging()
        rows, goals = [], []
        by_hand = [timed(lambda: copied_by_hand(root)) for _ in range(3)]
        hand = row("copy of the workspace by hand", by_hand)
        for way, overlays, rounds in (("overlay", True, arguments.rounds), ("copied files", False, 3)):
            prepared, committed, used = measured(root, judge, overlays=overlays, rounds=rounds)
            if overlays and used != "overlay":
                print("no overlay can be made here", file=sys.stderr)
                goals.append(
                    Goal("commit, three of 10,000 files changed, median", "at most 300 ms", None, met=False)
                )
                continue
            rows += [
                row(f"workspace made ready, {way}", prepared, hand),
                row(f"commit, {way}", committed, hand),
            ]
            value = median(committed)
            goal = f"commit, three of 10,000 files changed, {way}, median ms"
            goals.append(Goal(goal, "at most 300", value / 1000, value <= GOAL))
    report("commit", [hand, *rows], goals, json=arguments.json)


def fill(top: Path) -> None:
    """Make 10,000 files of about 1 KiB in 100 folders."""
    for number in range(FILES):
        path = top / f"d{number % 100}" / f"f{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%08d" % number * 128)


def copied_by_hand(root: Path) -> None:
    shutil.copytree(root / "web", root / "by-hand", symlinks=True)
    # Removing it is no part of a copy by hand, and would be counted with it: it is renamed away here.
    (root / "by-hand").rename(root / f"by-hand-{time.time_ns()}")


def timed(function: Callable[[], object]) -> float:
    """Return how many microseconds a call takes."""
    began = time.perf_counter_ns()
    function()
    return (time.perf_counter_ns() - began) / 1000


def judging() -> tuple[Bundle, Working]:
    """Return policies and an allowed call that declares nothing of what it writes, so that each change is judged by the rules."""
    library = {path.name: path.read_text() for path in (folder("policies") / "std").glob("*.policy")}
    bundle = make_bundle(library, {"a.policy": POLICY})
    decision = Allow(
        code=Code.PERMITTED, reason="", rules=(), limits=(), labels=(), calls=(), bundle=bundle.digest, request="", id="d",
        sandbox=SandboxSpec(
            image="", isolation="container", argv=("/bin/true",), stdin=None, mounts=(), scratch=(), root=False,
            network=None, secrets=(), memory=1, cpus=1, pids=1, timeout=1, output=1,
        ),
    )  # fmt: skip
    call = Call(bundle.capabilities["proc.exec"], {"argv": ("/bin/true",)})
    return bundle, Working.of(decision, (call,), bundle.agents["a-1"], "")


def measured(
    root: Path, judge: tuple[Bundle, Working], *, overlays: bool, rounds: int
) -> tuple[list[float], list[float], str]:
    """Return how long making ready and committing took, in microseconds, and which way was used."""
    workspaces = Workspaces(root)
    workspaces.store = Store(str(root), overlays=lambda: overlays)
    prepared, committed, way = [], [], ""
    for number in range(rounds):
        began = time.perf_counter_ns()
        with workspaces.copied("web", "/workspace") as (_, copy):
            prepared.append((time.perf_counter_ns() - began) / 1000)
            way = copy.way
            for changed in range(3):
                (Path(copy.path) / f"d{changed}" / f"f{changed}").write_text(f"{number} {overlays}")
            committed.append(timed(lambda: commit(copy, *judge)))
    workspaces.store.close()
    return prepared, committed, way


def commit(copy: Copy, bundle: Bundle, working: Working) -> None:
    """Do what a dispatcher does after the call, less what the log costs."""
    difference = copy.difference()
    found = judge_commit(bundle, working, difference, State(), 0)
    assert len(found.kept) == 3, found
    copy.commit([difference.alterations[place] for place in found.kept])


if __name__ == "__main__":
    main()
