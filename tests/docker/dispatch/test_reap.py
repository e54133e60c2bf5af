"""After a crash, the next start leaves nothing running, and nothing of others is touched."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import docker
import pytest

from governance.sandbox import ContainerEngine, reap
from governance.sandbox.plan import Owner, plan
from tests.docker.dispatch.lab import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.docker.dispatch.lab import Lab

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[3]
CRASH = "tests.docker.dispatch.crash"


@pytest.fixture
def client(engine_url: str) -> Iterator[docker.APIClient]:
    connected = docker.APIClient(engine_url, version="auto")
    yield connected
    connected.close()


@pytest.fixture
def crashed(lab: Lab, engine_url: str) -> str:
    """The id of the container of a gateway that was killed in the middle of a call; it has ended with its gateway."""
    arguments = [engine_url, lab.image, str(lab.workspace.parent.parent), lab.log, "/bin/sleep", "100"]
    with subprocess.Popen(
        [sys.executable, "-m", CRASH, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL
    ) as gateway:
        until(lambda: lab.left() == ["running"])
        gateway.kill()
    until(lambda: lab.left() == ["exited"])
    (container,) = lab.engine.containers(f"governance.log={lab.log}")
    return container.id


def reaped(lab: Lab, log: str | None, now: int = 0) -> tuple[tuple[str, ...], list[str]]:
    said: list[str] = []
    return reap(lab.engine, log_id=log, now=now, say=said.append), said


def test_the_container_of_a_crashed_gateway_is_removed(lab: Lab, crashed: str) -> None:
    removed, said = reaped(lab, lab.log)
    assert removed == (crashed,)
    assert crashed[:12] in said[0]
    assert lab.left() == []
    assert reaped(lab, lab.log) == ((), [])


def test_a_running_container_is_removed(lab: Lab) -> None:
    container = created(lab, expires=10**10)
    lab.engine.start(container)
    assert lab.left() == ["running"]
    assert reaped(lab, lab.log)[0] == (container,)


def test_a_paused_container_is_removed(lab: Lab, client: docker.APIClient) -> None:
    container = created(lab, expires=10**10)
    lab.engine.start(container)
    client.pause(container)
    assert lab.left() == ["paused"]
    assert reaped(lab, lab.log)[0] == (container,)


def test_what_this_process_made_is_left_on_a_timer_and_what_another_made_is_not(lab: Lab) -> None:
    mine, theirs = (created(lab, expires=1000, gateway=name) for name in ("this", "earlier"))
    assert reap(lab.engine, log_id=lab.log, now=0, say=print, gateway="this") == (theirs,)
    assert mine in reap(lab.engine, log_id=lab.log, now=1001, say=print, gateway="this")


def created(lab: Lab, expires: int, gateway: str = "gateway") -> str:
    owner = Owner(lab.log, gateway, uuid4().int, expires)
    return lab.engine.create(plan(lab.spec("/bin/true"), owner, (7, 7), {"repos/web": str(lab.workspace)}))


def test_a_container_that_was_never_started_is_removed(lab: Lab) -> None:
    container = created(lab, expires=10**10)
    assert reaped(lab, lab.log)[0] == (container,)


def test_a_container_of_another_log_is_left_until_it_expires(lab: Lab) -> None:
    container = created(lab, expires=1000)
    for log in ("another log", None):
        assert container not in reaped(lab, log, now=1000)[0]
    assert container in reaped(lab, None, now=1001)[0]


@pytest.mark.parametrize(
    "labels",
    [
        {},
        {"app": "shop"},
        {"governance.expires": "1"},
        {"governance.log": "x"},
        {"governance.log": "x", "governance.expires": "-1"},
    ],
)
def test_what_is_not_ours_is_left_alone(lab: Lab, client: docker.APIClient, labels: dict[str, str]) -> None:
    body: dict[str, Any] = {"Image": lab.image, "Cmd": ["/bin/true"], "Labels": labels}
    foreign = client.create_container_from_config(body | {"HostConfig": {"NetworkMode": "none"}})["Id"]
    try:
        assert foreign not in reaped(lab, "x", now=1000)[0]
        assert client.inspect_container(foreign)["State"]["Status"] == "created"
    finally:
        client.remove_container(foreign, force=True)


def test_an_engine_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="did not answer") as caught:
        ContainerEngine.connect(f"unix://{tmp_path}/none.sock")
    assert caught.value.code == "engine-gone"  # type: ignore[attr-defined]
