"""The probes as declarations: complete, told apart, and never passed by what did not run."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from governance.errors import Diagnostic, SandboxError
from governance.policy.facts import EngineFacts
from governance.sandbox.doctor import GATE, PROBES, Probe, gate, key, last, remember, require
from governance.sandbox.doctor.apart import APART
from governance.sandbox.doctor.hostview import LOOKS
from governance.sandbox.doctor.joined import program
from governance.sandbox.doctor.probe import judge

if TYPE_CHECKING:
    from pathlib import Path

AREAS = {"kernel", "files", "limits", "network", "secrets", "agents", "stream", "host"}


def inside() -> set[str]:
    """The probes that the joined program knows."""
    words = program().replace("\nmain()", "\nprint(json.dumps(list(PROBES)))")
    done = subprocess.run([sys.executable, "-c", words], check=True, capture_output=True, text=True)
    return set(json.loads(done.stdout))


def test_there_are_probes_of_every_area_each_with_a_name_of_its_own() -> None:
    names = [probe.id for probe in PROBES]
    assert len(set(names)) == len(names) >= 90
    assert {name.partition(".")[0] for name in names} == AREAS
    assert all(probe.tries and probe.holds for probe in PROBES)


def test_ten_probes_are_the_gate_and_none_of_them_has_a_container_of_its_own() -> None:
    assert len(GATE) == 10
    assert not {probe.id for probe in GATE} & set(APART)


def test_every_probe_can_run_and_everything_that_runs_is_a_probe() -> None:
    known = inside() - {"agents.leave"}
    elsewhere = {"host.attested", "agents.namespaces"}
    assert {probe.id for probe in PROBES} == known | set(APART) | set(LOOKS) | elsewhere


def test_what_must_differ_under_gvisor_says_why() -> None:
    assert all(bool(probe.differs) == (probe.gvisor is not None) for probe in PROBES)


@pytest.mark.parametrize(
    ("tier", "word", "verdict"),
    [
        ("container", "EPERM", "passed"),
        ("container", "done", "failed"),
        ("container", "own", "failed"),
        ("gvisor", "own", "passed"),
        ("gvisor", "EPERM", "failed"),
        ("gvisor", "", "failed"),
        ("gvisor", "?no such call", "not proven"),
        ("gvisor", None, "not proven"),
    ],
)
def test_a_word_passes_only_where_it_is_expected(tier: Any, word: str | None, verdict: str) -> None:
    probe = Probe("kernel.x", "do x", gvisor=("own",), differs="it is another")
    assert judge(probe, tier, word).verdict == verdict


class Described:
    """An engine that answers what is asked of it and runs nothing."""

    def __init__(self, version: str = "1", runtime: str = "runc", image: str = "sha256:1") -> None:
        self.version, self.runtime, self.image = version, runtime, image

    def about(self) -> dict[str, object]:
        return {"version": self.version, "runtimes": {"runc": [self.runtime], "runsc": ["runsc", "--x"]}}

    def facts(self, names: list[str]) -> EngineFacts:
        return EngineFacts(tuple((name, self.image) for name in names), ("container",))

    def create(self, plan: object) -> str:
        raise SandboxError(Diagnostic("engine-refused", f"runs nothing: {type(plan)}"))


def test_the_last_run_holds_until_anything_changes(tmp_path: Path) -> None:
    engine: Any = Described()
    passed = [judge(probe, "container", probe.holds[0]) for probe in PROBES]
    with pytest.raises(SandboxError, match="never examined"):
        require(engine, "container", tmp_path)
    remember(tmp_path, "container", key(engine, "container"), "2026-01-01T00:00:00Z", passed)
    require(engine, "container", tmp_path)
    with pytest.raises(SandboxError, match="never examined"):
        require(engine, "gvisor", tmp_path)
    for other in (Described(version="2"), Described(runtime="crun"), Described(image="sha256:2")):
        changed: Any = other
        with pytest.raises(SandboxError, match="changed since"):
            require(changed, "container", tmp_path)


def test_a_run_with_a_failure_does_not_hold(tmp_path: Path) -> None:
    engine: Any = Described()
    results = [judge(PROBES[0], "container", "done"), judge(PROBES[1], "container", None)]
    remember(tmp_path, "container", key(engine, "container"), "2026-01-01T00:00:00Z", results)
    with pytest.raises(SandboxError, match=f"failed when .*{PROBES[0].id}"):
        require(engine, "container", tmp_path)
    found = last(tmp_path, "container")
    assert found is not None
    assert (found.failed, found.not_proven) == ((PROBES[0].id,), (PROBES[1].id,))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"key":1}', "\x00"])
def test_a_memory_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "container.json").write_text(text)
    assert last(tmp_path, "container") is None


@pytest.mark.parametrize("tier", ["container", "gvisor", "microvm"])
def test_a_gate_that_cannot_run_is_closed(tier: Any) -> None:
    engine: Any = Described()
    with pytest.raises(SandboxError) as caught:
        gate(engine, tier, "sha256:1")
    assert {item.code for item in caught.value.diagnostics} == {"gate"}
    assert len(caught.value.diagnostics) == len(GATE)
    assert all("not proven" in item.message for item in caught.value.diagnostics)
