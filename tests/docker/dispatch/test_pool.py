"""Boxes that wait for calls: each runs one, nothing waits beyond its bounds, and none is left."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from governance.sandbox import Bounds
from tests.docker.dispatch.lab import Lab, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from governance.sandbox import ContainerEngine
    from governance.sandbox.outcome import Outcome

pytestmark = pytest.mark.engine


@pytest.fixture
def pooled(engine: ContainerEngine, image: str, tmp_path: Path) -> Iterator[Callable[..., Lab]]:
    made: list[Lab] = []

    def make(size: int = 2, total: int = 3, age: float = 600.0) -> Lab:
        made.append(Lab(engine, image, tmp_path, f"log-{uuid4()}", Bounds(size, total, age)))
        return made[-1]

    yield make
    for lab in made:
        lab.dispatcher.close()
        assert lab.left() == []


def waiting(lab: Lab) -> int:
    return sum(each["waiting"] for each in lab.dispatcher.status()["boxes"])  # type: ignore[index,call-overload,union-attr,misc]


def warm(lab: Lab, **changes: object) -> Outcome:
    """Run a call whose box is made for it, and wait until another one waits."""
    outcome = lab.run("/bin/true", **changes)
    until(lambda: waiting(lab) >= 1)
    return outcome


def test_the_first_call_is_cold_and_says_so_and_the_next_finds_a_box(pooled: Callable[..., Lab]) -> None:
    lab = pooled()
    assert warm(lab).start == "cold"
    outcome = lab.run("/bin/sh", "-c", "cat; echo err >&2; exit 3", stdin=b"in")
    assert (outcome.start, outcome.status, outcome.exit) == ("pool", "failed", 3)
    assert (outcome.stdout, outcome.stderr) == ("in", "err\n")
    assert outcome.to_json()["usage"]["start"] == "pool"  # type: ignore[index,call-overload]


def test_the_evidence_of_a_box_that_waited_is_that_of_one_that_was_made_for_the_call(
    pooled: Callable[..., Lab],
) -> None:
    lab = pooled()
    assert warm(lab).evidence == lab.run("/bin/true").evidence


def test_no_box_runs_two_calls(pooled: Callable[..., Lab]) -> None:
    lab = pooled()
    for _ in range(3):
        assert warm(lab).stdout == ""
        assert lab.run("/bin/sh", "-c", "ls /tmp; touch /tmp/x").stdout == ""


def test_another_sandbox_is_another_box(pooled: Callable[..., Lab]) -> None:
    lab = pooled()
    warm(lab)
    assert lab.run("/bin/true", pids=33).start == "cold"


def test_a_workspace_that_was_replaced_is_not_the_one_that_a_box_has(pooled: Callable[..., Lab]) -> None:
    lab = pooled()
    warm(lab)
    lab.workspace.rename(lab.workspace.with_name("old"))
    lab.workspace.mkdir()
    (lab.workspace / "new").touch()
    outcome = lab.run("/bin/ls", "/workspace")
    assert (outcome.start, outcome.stdout) == ("cold", "new\n")


def test_as_many_boxes_wait_as_were_missed_up_to_the_bounds(pooled: Callable[..., Lab]) -> None:
    lab = pooled(size=2, total=3)
    threads = [threading.Thread(target=lab.run, args=("/bin/true",)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: waiting(lab) == 2)
    for pids in (33, 34, 35):
        lab.run("/bin/true", pids=pids)
        until(lambda: lab.dispatcher.status()["boxes"][-1]["waiting"] == 1)  # type: ignore[index,call-overload]
    assert waiting(lab) == 3
    until(lambda: len(lab.left()) == 3)


def test_a_box_grows_no_older_than_it_may(pooled: Callable[..., Lab]) -> None:
    lab = pooled(age=0.5)
    lab.run("/bin/true")
    until(lambda: lab.dispatcher.status()["boxes"] == [])
    until(lambda: lab.left() == [])


def test_a_box_that_died_while_it_waited_is_replaced(pooled: Callable[..., Lab]) -> None:
    lab = pooled()
    warm(lab)
    for container in lab.engine.containers(f"governance.log={lab.log}"):
        lab.engine.kill(container.id)
    until(lambda: "running" not in lab.left())
    assert lab.run("/bin/echo", "fine").stdout == "fine\n"


def test_nothing_of_a_call_is_in_the_engine_s_configuration(pooled: Callable[..., Lab]) -> None:
    lab = pooled()
    calls = threading.Thread(target=lab.run, args=("/bin/sleep", "2.125"), kwargs={"stdin": b"secret-input"})
    calls.start()
    until(lambda: "running" in lab.left())
    for container in lab.engine.containers(f"governance.log={lab.log}"):
        said = str(lab.engine.inspect(container.id))
        assert "2.125" not in said
        assert "secret-input" not in said
    calls.join()


def test_usage_is_measured(pooled: Callable[..., Lab]) -> None:
    lab = pooled()
    code = "import time; x = bytearray(30_000_000)\nwhile time.process_time() < 0.3: pass"
    outcome = lab.python(code)
    assert outcome.cpu_ms is not None
    assert outcome.peak_bytes is not None
    assert outcome.wall_ms is not None
    assert 300 <= outcome.cpu_ms <= outcome.wall_ms + 50
    assert 30_000_000 < outcome.peak_bytes < 64 * 2**20


def test_processor_time_of_children_that_were_left_behind_counts(pooled: Callable[..., Lab]) -> None:
    burn = "import os, time\nif os.fork() == 0:\n  os.setsid()\nwhile time.process_time() < 0.2: pass"
    outcome = pooled().python(burn)
    assert outcome.cpu_ms is not None
    assert outcome.cpu_ms >= 200


def test_hits_are_counted(pooled: Callable[..., Lab]) -> None:
    lab = pooled()
    warm(lab)
    lab.run("/bin/true")
    status = lab.dispatcher.status()
    assert status["calls"] == {"cold": 1, "pool": 1, "reuse": 0}
    assert status["hits_per_mille"] == 500
