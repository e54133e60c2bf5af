"""The whole way, with the command line, the real engine and real containers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING

import docker
import pytest
from docker.errors import APIError

from governance.journal import read, verify
from governance.library import load_policies

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.engine

POLICY = """
agent "a-1" { groups coders  workspace "work" }
sandbox box { image "governance/base"  mount workspace at "/workspace" writable  timeout 60s  output 64KiB }
sandbox shut { image "governance/base"  mount workspace at "/workspace" read-only  timeout 60s }
sandbox absent { image "governance/absent"  mount workspace at "/workspace" read-only }
permit files { agent in coders  call fs.*  when path under "/workspace"  sandbox box  because "files" }
permit sleep { agent in coders  call proc.exec  when argv starts ["/bin/sleep"]  sandbox shut  because "sleep" }
permit gone { agent in coders  call python.run  sandbox absent  because "an image that is not there" }
"""


@pytest.fixture
def place(tmp_path: Path, engine_url: str, image: str) -> Path:
    assert engine_url
    assert image
    (tmp_path / "box.policy").write_text(POLICY)
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "hello.txt").write_text("hello\n")
    (tmp_path / "work" / "out").symlink_to("/etc/hostname")
    for path in (tmp_path / "work", tmp_path / "work" / "hello.txt"):
        os.chown(path, 65532, 65532)
    return tmp_path


def command(place: Path, log: Path | None = None) -> list[str]:
    words = [
        sys.executable,
        "-m",
        "governance",
        "run",
        "--policies",
        str(place / "box.policy"),
        "--agent",
        "a-1",
    ]
    return [*words, "--workspaces", str(place), "--log", str(log or place / "log")]


def run(place: Path, *lines: str, log: Path | None = None) -> tuple[list[dict[str, object]], int, str]:
    done = subprocess.run(
        command(place, log),
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return [json.loads(line) for line in done.stdout.splitlines()], done.returncode, done.stderr


def test_decision_then_outcome_of_each_request(place: Path) -> None:
    answers, code, errors = run(
        place,
        'fs.read(path="/workspace/hello.txt")',
        'fs.write(path="/workspace/new.txt", content="a\\n")',
        'fs.read(path="/etc/hostname")',
        "nonsense",
    )
    assert code == 0, errors
    assert [answer.get("code") or answer["status"] for answer in answers] == [
        "permitted",
        "ok",
        "permitted",
        "ok",
        "no-permit",
        "malformed",
    ]
    assert answers[1]["stdout"] == "hello\n"
    assert answers[1]["id"] == answers[0]["id"]
    assert (place / "work" / "new.txt").read_text() == "a\n"
    assert not verify(place / "log").problems


def test_symbolic_link_out_of_the_workspace_is_not_followed(place: Path) -> None:
    answers, _, _ = run(place, 'fs.read(path="/workspace/out")')
    assert answers[1]["status"] == "failed"
    assert answers[1]["stdout"] == ""


def test_missing_image_is_a_recorded_deny(place: Path) -> None:
    answers, code, _ = run(place, 'python.run(module="pytest", path="/workspace")')
    assert code == 0
    assert answers[0]["code"] == "fail-closed"
    assert "governance/absent" in str(answers[0]["reason"])
    assert len([event for event in read(place / "log") if event.kind == "decision"]) == 1


@pytest.fixture
def sleeper(place: Path) -> Iterator[subprocess.Popen[str]]:
    """A gateway in the middle of a call: its decision is printed, its container sleeps."""
    # A shell starts what it puts into the background with SIGINT ignored, and children inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        command(place), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    signal.signal(signal.SIGINT, before)
    assert process.stdin
    assert process.stdout
    process.stdin.write('proc.exec(argv=["/bin/sleep", "50"])\n')
    process.stdin.flush()
    assert '"permitted"' in process.stdout.readline()
    with process:
        yield process
        process.kill()
    run(place)


def sleeping(place: Path, engine_url: str) -> list[str]:
    """Return the containers of the log of this test in which the call runs."""
    with closing(docker.APIClient(base_url=engine_url)) as client:
        return [name for name in containers(place, client) if sleeps(client, name)]


def containers(place: Path, client: docker.APIClient) -> list[str]:
    """Return all containers of the log of this test, whatever they do."""
    log = next(read(place / "log")).body["log"]
    return [each["Id"] for each in client.containers(all=True, filters={"label": f"governance.log={log}"})]


def sleeps(client: docker.APIClient, container: str) -> bool:
    try:
        return any("/bin/sleep 50" in " ".join(each) for each in client.top(container)["Processes"])
    except APIError:
        return False


def wait_for(place: Path, engine_url: str, count: int) -> None:
    deadline = time.monotonic() + 30
    while len(sleeping(place, engine_url)) != count:
        assert time.monotonic() < deadline, f"no {count} sleeping containers"
        time.sleep(0.1)


def test_killed_gateway_leaves_an_unknown_outcome_and_no_container_after_the_next_start(
    place: Path, sleeper: subprocess.Popen[str], engine_url: str
) -> None:
    wait_for(place, engine_url, 1)
    sleeper.send_signal(signal.SIGKILL)
    sleeper.wait()
    answers, code, errors = run(place, 'fs.read(path="/workspace/hello.txt")')
    assert code == 0, errors
    assert "left behind" in errors
    assert answers[1]["status"] == "ok"
    with closing(docker.APIClient(base_url=engine_url)) as client:
        assert containers(place, client) == []
    shown = subprocess.run(
        [sys.executable, "-m", "governance", "log", "show", str(place / "log")],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "unknown outcome" in shown.stdout
    assert verify(place / "log").unsettled == 1
    assert not verify(place / "log").problems


def test_second_process_on_one_log_is_told_so(
    place: Path, sleeper: subprocess.Popen[str], engine_url: str
) -> None:
    wait_for(place, engine_url, 1)
    answers, code, errors = run(place, 'fs.read(path="/workspace/hello.txt")')
    assert (answers, code) == ([], 3)
    assert "log-in-use" in errors
    assert sleeper.poll() is None
    assert len(sleeping(place, engine_url)) == 1


def test_the_pool_of_a_gateway_that_runs_is_shown(
    place: Path, sleeper: subprocess.Popen[str], engine_url: str
) -> None:
    wait_for(place, engine_url, 1)
    assert sleeper.poll() is None
    log = next(read(place / "log")).body["log"]
    deadline = time.monotonic() + 30
    while f"log {str(log)[:12]}" not in (said := engine_status()):
        assert time.monotonic() < deadline, said
        time.sleep(0.1)
    assert "(0 pool, 0 reuse, 1 cold)" in said


def engine_status() -> str:
    words = [sys.executable, "-m", "governance", "engine", "status"]
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout


def test_interrupted_gateway_removes_its_container(
    place: Path, sleeper: subprocess.Popen[str], engine_url: str
) -> None:
    wait_for(place, engine_url, 1)
    sleeper.send_signal(signal.SIGINT)
    sleeper.wait(timeout=30)
    with closing(docker.APIClient(base_url=engine_url)) as client:
        assert containers(place, client) == []
    assert not verify(place / "log").problems


def test_full_disk_runs_nothing(place: Path) -> None:
    disk = place / "disk"
    disk.mkdir()
    room = len(load_policies(place / "box.policy").stored) + 128 * 1024
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={room}", "tmpfs", str(disk)], check=True)
    try:
        lines = [f'fs.write(path="/workspace/{number}.txt", content="")' for number in range(60)]
        answers, code, errors = run(place, *lines, log=disk / "log")
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert code == 3
    assert "No space left on device" in errors
    allowed = [answer["id"] for answer in answers if answer.get("decision") == "allow"]
    assert 0 < len(allowed) < 60
    written = len(list((place / "work").glob("[0-9]*.txt")))
    # What the last one wrote is kept only if that could be recorded too.
    assert len(allowed) - written in (0, 1)
    assert not list((place / ".governance").glob("*/*"))


UNDECLARED = """
permit make { agent in coders  call proc.exec  when argv starts ["/usr/bin/python3"]  sandbox box
  including protected  because "make" }
permit keep { agent in coders  call fs.commit  when path under "/workspace/build"  sandbox box  because "built" }
"""
MAKES = "import os; os.makedirs('/workspace/build'); open('/workspace/build/a', 'w').write('a'); open('/workspace/b', 'w')"


def test_what_code_writes_is_kept_as_far_as_a_rule_permits_it_and_audited(place: Path) -> None:
    policy = POLICY.replace("call fs.*", "call fs.read, fs.write") + UNDECLARED
    (place / "box.policy").write_text(policy)
    lines = (
        json.dumps({"name": "proc.exec", "arguments": {"argv": ["/usr/bin/python3", "-c", code]}})
        for code in (
            MAKES,
            "open('/workspace/hello.txt', 'w')",
            "import os; os.symlink('x', '/workspace/build/l')",
        )
    )
    answers, code, errors = run(place, *lines, 'fs.write(path="/workspace/new.txt", content="a")')
    assert code == 0, errors
    first, second, third, last = answers[1::2]
    assert (first["status"], second["status"], third["status"], last["status"]) == (
        "ok",
        "ok",
        "failed",
        "ok",
    )
    assert [each["path"] for each in first["effects"]["written"]] == [
        "/workspace/build",
        "/workspace/build/a",
    ]  # type: ignore[index,call-overload]
    assert [each["path"] for each in first["workspace"]["left_out"]] == ["/workspace/b"]  # type: ignore[index,call-overload]
    assert "no rule permits fs.commit" in str(second["message"])
    assert "including protected" in str(third["message"])
    assert sorted(path.name for path in (place / "work").iterdir()) == [
        "build",
        "hello.txt",
        "new.txt",
        "out",
    ]
    assert (place / "work" / "hello.txt").read_text() == "hello\n"
    assert [event.body["verdict"] for event in read(place / "log") if event.kind == "commit"] == [
        "commit", "drop", "drop", "commit",
    ]  # fmt: skip
    assert not verify(place / "log").problems
    assert said("replay", str(place / "log")) == "replay: 4 of 4 identical\n"
    audited = [
        json.loads(line)
        for line in said("audit", "writes", "--json", "--log", str(place / "log")).splitlines()
    ]
    assert [(each["path"], each["calls"], each["sure"]) for each in audited] == [
        ("/workspace/build", ["proc.exec"], True),
        ("/workspace/build/a", ["proc.exec"], True),
        ("/workspace/new.txt", ["fs.write"], True),
    ]


def said(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "governance", *words], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


def test_demo_shows_every_request_and_proves_the_log(tmp_path: Path, image: str) -> None:
    assert image
    done = subprocess.run(
        [sys.executable, "-m", "governance", "demo", "--folder", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "replay: 38 of 38 identical" in done.stdout
    assert "log verifies: " in done.stdout
    assert "345" in done.stdout
    assert "7 passed" in done.stdout
    assert "8 passed" in done.stdout
