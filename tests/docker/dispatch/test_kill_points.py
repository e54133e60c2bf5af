"""A gateway that is killed anywhere: after the next start nothing of it is left, and nothing ran without a record."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from governance.gateway import open_engine
from governance.journal import read, verify
from governance.library import load_policies
from governance.resources import state_path
from governance.sandbox.pool_status import POOLS, statuses

if TYPE_CHECKING:
    from typing import Any

    from governance.sandbox import ContainerEngine

pytestmark = [pytest.mark.engine, pytest.mark.slow]

ROOT = Path(__file__).parents[3]
KILLS = 5 * int(os.environ.get("GOVERNANCE_SOAK", "1"))
LONGEST = 0.8
POLICY = """
agent "a-1" { groups coders  workspace "work" }
agent "a-2" { groups sharers  workspace "work" }
sandbox once  { image "governance/base"  mount workspace at "/workspace" writable  memory 64MiB }
sandbox again { image "governance/base"  mount workspace at "/workspace" writable  memory 64MiB  reuse per-agent }
permit once  { agent in coders  call fs.write  when path under "/workspace"  sandbox once  because "files" }
permit again { agent in sharers  call fs.write  when path under "/workspace"  sandbox again  because "files" }
"""


@pytest.fixture
def place(tmp_path: Path, engine_url: str, image: str) -> Path:
    assert engine_url
    assert image
    (tmp_path / "box.policy").write_text(POLICY)
    (tmp_path / "work").mkdir()
    if os.geteuid() == 0:
        os.chown(tmp_path / "work", 65532, 65532)
    return tmp_path


def killed(place: Path, lines: int, after: float) -> list[str]:
    """Start a gateway, kill it so many seconds after it has said so many lines, and return what it said."""
    command = [sys.executable, "-m", "tests.docker.dispatch.kill_points", str(place)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as gateway:
        assert gateway.stdout is not None
        said = [gateway.stdout.readline() for _ in range(lines)]
        kill = threading.Timer(after, gateway.kill)
        kill.start()
        said += gateway.stdout
        kill.join()
    return said


def containers(place: Path, engine: ContainerEngine) -> int:
    log = next(read(place / "log")).body["log"]
    return len(engine.containers(f"governance.log={log}"))


def test_nothing_is_left_and_nothing_ran_without_a_record(place: Path, engine: ContainerEngine) -> None:
    points = random.Random(20261124)  # noqa: S311
    done = 0
    for number in range(KILLS):
        done += killed(place, number % 4, points.uniform(0.0, LONGEST)).count("ok\n")
    with open_engine(place / "log", load_policies(place / "box.policy"), place, print):
        # One that the engine was still making when its gateway died appears a little later.
        time.sleep(0.5)
    with open_engine(place / "log", load_policies(place / "box.policy"), place, print):
        assert containers(place, engine) == 0
    assert containers(place, engine) == 0
    assert list(statuses(state_path(POOLS))) == []
    assert not list(state_path(POOLS).iterdir())
    found = verify(place / "log")
    assert not found.problems

    events = list(read(place / "log"))
    allowed: set[Any] = set()
    for event in events:
        body: Any = event.body
        if event.kind == "decision" and body["decision"]["decision"] == "allow":
            allowed |= {call["arguments"]["path"] for call in body["decision"]["calls"]}
    written = {f"/workspace/{path.name}" for path in (place / "work").iterdir()}
    assert not [path for path in (place / "work").iterdir() if path.name.startswith(".")]
    assert written <= allowed
    assert len(written) >= done > 0
    outcomes = [event.body["id"] for event in events if event.kind == "outcome"]
    assert len(set(outcomes)) == len(outcomes)
