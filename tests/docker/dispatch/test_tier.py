"""Tiers are proven and never lowered: gVisor really runs, and what is no gVisor is refused before anything runs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import docker
import pytest

from governance.canonical import digest
from governance.policy.decision import Sharer
from governance.sandbox import ContainerEngine, Dispatcher, Pool, Workspaces, reap
from governance.sandbox.host import boot_id, kernel_text
from governance.sandbox.plan import Owner, plan
from governance.sandbox.tier import Place, Seen, Witness, prove
from tests.docker.dispatch.lab import until
from tests.sandbox.build import receipt

if TYPE_CHECKING:
    from pathlib import Path

    from governance.sandbox.plan import ContainerPlan
    from tests.docker.dispatch.lab import Lab

pytestmark = pytest.mark.engine


def test_gvisor_answers_with_a_kernel_and_a_boot_of_its_own(lab: Lab) -> None:
    place = prove(lab.engine, "gvisor")
    assert place.outside == Seen(kernel_text(), boot_id())
    assert place.inside.kernel != place.outside.kernel
    assert place.inside.boot != place.outside.boot
    assert place.process == "runsc"


def test_a_container_has_the_host_s_kernel(lab: Lab) -> None:
    place = prove(lab.engine, "container")
    assert place.inside == place.outside
    assert place.process == "cat"


def test_calls_run_in_gvisor(lab: Lab) -> None:
    (lab.workspace / "file").write_text("text")
    outcome = lab.run("/bin/cat", "/proc/version", "/workspace/file", isolation="gvisor")
    assert (outcome.status, outcome.tier) == ("ok", "gvisor")
    assert kernel_text() not in outcome.stdout
    assert outcome.stdout.endswith("text")


def test_programs_in_gvisor_have_threads(lab: Lab) -> None:
    """The C library makes a thread by a call that it may do without only where it is missing."""
    code = "import threading as t; x = t.Thread(target=print, args=('ran',)); x.start(); x.join()"
    assert lab.python(code, isolation="gvisor").stdout == "ran\n"


@pytest.mark.parametrize("leaves", ["sleep 4711 & echo said", "(setsid sleep 4711 &); echo said"])
def test_a_box_of_gvisor_runs_one_call_and_ends_with_what_that_left(lab: Lab, leaves: str) -> None:
    outcomes = [
        lab.run("/bin/sh", "-c", leaves, isolation="gvisor", reuse=Sharer("a-1", "web")) for _ in range(2)
    ]
    assert [(each.status, each.stdout, each.start) for each in outcomes] == [("ok", "said\n", "cold")] * 2
    assert lab.left() == []


def test_memory_in_gvisor_is_limited(lab: Lab) -> None:
    outcome = lab.python("x = bytearray(2**28); print('had it')", isolation="gvisor")
    assert (outcome.status, outcome.stdout) == ("limit", "")


class Wrong(ContainerEngine):
    """An engine with one runtime too few, or one that is not what its name says."""

    runtime = "runc"

    def create(self, plan: ContainerPlan) -> str:
        body = json.loads(json.dumps(plan.body))
        body["HostConfig"]["Runtime"] = self.runtime
        return super().create(replace(plan, body=body))

    def inspect(self, container: str) -> Any:
        found = json.loads(json.dumps(super().inspect(container)))
        found["HostConfig"]["Runtime"] = "runsc"
        return found


def test_an_engine_without_the_runtime_runs_nothing(lab: Lab, engine_url: str) -> None:
    engine = Wrong.connect(engine_url)
    engine.runtime = "not-there"
    dispatcher = Dispatcher(engine, lab.warrants, Workspaces(lab.workspace.parent.parent), lab.log)
    judged = receipt(lab.spec("/bin/echo", "hello", isolation="gvisor"))
    outcome = dispatcher.dispatch(lab.warrants.issue(judged, None))
    engine.close()
    assert (outcome.status, outcome.stdout, outcome.exit) == ("sandbox-error", "", None)
    assert "nothing was run" in outcome.message


def test_a_lower_tier_that_says_it_is_gvisor_is_refused_before_anything_runs(
    lab: Lab, engine_url: str, tmp_path: Path
) -> None:
    engine = Wrong.connect(engine_url)
    kept: list[str] = []
    witness = Witness(engine, lambda name, _: kept.append(name), tmp_path / "tiers")
    root = Workspaces(lab.workspace.parent.parent)
    dispatcher = Dispatcher(engine, lab.warrants, root, lab.log, Pool(engine, lab.log, attested=witness))
    judged = receipt(lab.spec("/bin/touch", "/workspace/ran", isolation="gvisor"))
    outcome = dispatcher.dispatch(lab.warrants.issue(judged, None))
    engine.close()
    assert (outcome.status, outcome.stdout, outcome.evidence) == ("sandbox-error", "", None)
    assert "nothing was run" in outcome.message
    assert "the kernel inside is the host's" in outcome.message
    assert kept == []
    assert not (tmp_path / "tiers" / "gvisor.json").exists()


def test_evidence_is_complete_and_kept_before_the_program_starts(lab: Lab, tmp_path: Path) -> None:
    kept: dict[str, bytes] = {}
    witness = Witness(lab.engine, lambda name, data: kept.update({name: data}), tmp_path / "tiers")
    root = Workspaces(lab.workspace.parent.parent)
    dispatcher = Dispatcher(
        lab.engine, lab.warrants, root, lab.log, Pool(lab.engine, lab.log, attested=witness)
    )
    outcomes = [
        dispatcher.dispatch(lab.warrants.issue(receipt(lab.spec("/bin/true", isolation="gvisor"), seq), None))
        for seq in (1, 2)
    ]
    assert [outcome.status for outcome in outcomes] == ["ok", "ok"]
    [(name, data)] = kept.items()
    assert {outcome.evidence for outcome in outcomes} == {name} == {digest(data)}
    evidence = json.loads(data)
    assert (evidence["tier"], evidence["runtime"], evidence["image"]) == ("gvisor", "runsc", lab.image)
    assert evidence["place"]["inside"]["kernel"] != evidence["place"]["outside"]["kernel"]
    assert len(evidence["controls"]) == 31


def test_what_was_proven_of_one_boot_is_proven_anew_after_another(lab: Lab, tmp_path: Path) -> None:
    memory = tmp_path / "tiers"
    memory.mkdir()
    (memory / "container.json").write_text('{"boot":"another","place":{"inside":"told"},"present":"sha256:"}')
    kept: list[bytes] = []
    witness = Witness(lab.engine, lambda _, data: kept.append(data), memory)
    root = Workspaces(lab.workspace.parent.parent)
    dispatcher = Dispatcher(
        lab.engine, lab.warrants, root, lab.log, Pool(lab.engine, lab.log, attested=witness)
    )
    judged = receipt(lab.spec("/bin/true"))
    assert dispatcher.dispatch(lab.warrants.issue(judged, None)).status == "ok"
    [data] = kept
    assert json.loads(data)["place"]["inside"]["boot_id"] == boot_id()
    assert json.loads((memory / "container.json").read_bytes())["boot"] == boot_id()


def test_evidence_that_cannot_be_kept_is_a_refusal(lab: Lab, tmp_path: Path) -> None:
    def full(name: str, data: bytes) -> None:
        raise OSError(28, "No space left on device", f"{name} {len(data)}")

    witness = Witness(lab.engine, full, tmp_path / "tiers")
    root = Workspaces(lab.workspace.parent.parent)
    dispatcher = Dispatcher(
        lab.engine, lab.warrants, root, lab.log, Pool(lab.engine, lab.log, attested=witness)
    )
    judged = receipt(lab.spec("/bin/touch", "/workspace/ran"))
    with pytest.raises(OSError, match="No space left"):
        dispatcher.dispatch(lab.warrants.issue(judged, None))
    assert list(lab.workspace.iterdir()) == []


def test_a_paused_gvisor_container_is_reaped(lab: Lab, engine_url: str) -> None:
    spec = lab.spec("/bin/sleep", "60", isolation="gvisor")
    planned = plan(spec, Owner(lab.log, "paused", 0, 1), (7, 7), {"repos/web": str(lab.workspace)})
    container = lab.engine.create(planned)
    client = docker.APIClient(engine_url, version="auto")
    lab.engine.start(container)
    client.pause(container)
    client.close()
    until(lambda: lab.left() == ["paused"])
    assert reap(lab.engine, log_id=lab.log, now=0, say=print) == (container,)
    assert lab.left() == []


@pytest.mark.parametrize(
    ("tier", "inside", "process", "doubt"),
    [
        ("container", Seen("other", "boot"), "cat", "not the host's"),
        ("gvisor", Seen("host", None), "runsc", "the kernel inside is the host's"),
        ("gvisor", Seen("own", "boot"), "runsc", "the boot inside is the host's"),
        ("gvisor", Seen("own", None), "cat", "not runsc"),
        ("gvisor", Seen("own", None), "", "not to be seen"),
        ("microvm", Seen("host", "boot"), "qemu", "the boot inside is the host's"),
    ],
)
def test_each_doubt_is_named(tier: Any, inside: Seen, process: str, doubt: str) -> None:
    assert doubt in " ".join(Place(inside, Seen("host", "boot"), process).doubts(tier))
