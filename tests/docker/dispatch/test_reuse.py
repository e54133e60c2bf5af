"""A box that runs one call after the other of one agent: between them it is as it was made."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from governance.policy.decision import Sharer
from governance.sandbox import Bounds
from tests.docker.dispatch.lab import Lab, running, until
from tests.sandbox.build import WRITABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from governance.sandbox import ContainerEngine
    from governance.sandbox.outcome import Outcome

pytestmark = pytest.mark.engine

MINE = Sharer("a-1", "web")


class Shared:
    """The calls of agents that share boxes with themselves."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def python(self, code: str, sharer: Sharer = MINE, **changes: object) -> Outcome:
        return self.lab.python(code, reuse=sharer, **changes)

    def sh(self, code: str, sharer: Sharer = MINE, **changes: object) -> Outcome:
        return self.lab.run("/bin/sh", "-c", code, reuse=sharer, **changes)


@pytest.fixture(scope="module")
def shared(engine: ContainerEngine, image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    lab = Lab(engine, image, tmp_path_factory.mktemp("reuse"), f"log-{uuid4()}", Bounds(2, 6))
    yield Shared(lab)
    lab.dispatcher.close()
    assert lab.left() == []


def test_a_second_call_runs_in_the_box_of_the_first(shared: Shared) -> None:
    shared.sh("true")
    outcome = shared.sh("cat; echo err >&2; exit 7")
    assert (outcome.start, outcome.exit, outcome.stderr) == ("reuse", 7, "err\n")


@pytest.mark.parametrize("other", [Sharer("a-2", "web"), Sharer("a-1", "shop")])
def test_agents_and_tenants_have_boxes_of_their_own(shared: Shared, other: Sharer) -> None:
    shared.sh("true")
    assert shared.sh("true", other).start == "cold"
    assert shared.sh("true", other).start == "reuse"


def test_a_call_that_writes_to_a_copy_has_a_box_of_its_own(shared: Shared) -> None:
    writes = {"mounts": (WRITABLE,)}
    outcomes = [shared.sh(f"ls; touch {name}", **writes) for name in ("own-1", "own-2")]
    assert [(each.start, each.exit) for each in outcomes] == [("cold", 0), ("cold", 0)]
    assert [each.kept.verdict for each in outcomes if each.kept] == ["committed", "committed"]
    assert "own-1" in outcomes[1].stdout.split()
    assert sorted(path.name for path in shared.lab.workspace.glob("own-*")) == ["own-1", "own-2"]


LEFT = {
    "files": "touch /tmp/a /dev/shm/b; mkdir -p /tmp/c/d/e; echo x > /tmp/c/d/e/f",
    "names of all kinds": "cd /tmp; touch -- -rf '*' 'a b' \"$(printf 'n\\nl')\" \"$(printf '\\377')\" .hidden 1 2",
    "folders without permission": "mkdir -p /tmp/a/b; touch /tmp/a/b/c; chmod 0 /tmp/a/b /tmp/a; chmod 0 /tmp",
    "links": "ln -s /workspace /tmp/link; ln -s /tmp /tmp/self; mkfifo /tmp/pipe",
    "deep folders": "cd /tmp; for n in $(seq 200); do mkdir aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; cd aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done",
    "many files": "cd /tmp; for n in $(seq 3000); do : > $n; done",
}
LOOK = "import os; print([sorted(os.listdir(p)) for p in ('/tmp', '/dev/shm', '/dev/mqueue')], oct(os.stat('/tmp').st_mode))"
CLEAN = "[[], [], []] 0o41777\n"


@pytest.mark.parametrize("name", LEFT)
def test_scratch_is_empty_again(shared: Shared, name: str) -> None:
    assert shared.python(LOOK).stdout == CLEAN
    shared.sh(LEFT[name])
    outcome = shared.python(LOOK)
    assert (outcome.stdout, outcome.start) == (CLEAN, "reuse")


def test_message_queues_shared_memory_and_semaphores_are_gone(shared: Shared) -> None:
    make = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print(libc.shmget(5, 4096, 0o1666) >= 0, libc.msgget(5, 0o1666) >= 0, libc.semget(5, 1, 0o1666) >= 0)
print(libc.syscall(240, b"queue", 0o102, 0o600, None) >= 0)
"""
    assert shared.python(make).stdout == "True True True\nTrue\n"
    look = "for n in ('shm', 'msg', 'sem'): print(len(open('/proc/sysvipc/' + n).readlines()))"
    outcome = shared.python(look + "\n" + LOOK)
    assert (outcome.stdout, outcome.start) == (f"1\n1\n1\n{CLEAN}", "reuse")


def test_no_process_of_a_call_outlives_it(shared: Shared) -> None:
    escape = """
import os, signal, time
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT): signal.signal(number, signal.SIG_IGN)
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.setpgid(0, 0)
            os.execv('/bin/sleep', ['/bin/sleep', '471100'])
        os._exit(0)
"""
    shared.python(escape)
    outcome = shared.python("import os; print(sum(name.isdigit() for name in os.listdir('/proc')))")
    assert (outcome.stdout, outcome.start) == ("3\n", "reuse")
    assert running("471100") == []


def test_a_call_that_changes_the_runner_s_limits_ends_the_box(shared: Shared) -> None:
    lower = """
import os, resource
runner = os.getppid()
resource.prlimit(runner, resource.RLIMIT_NOFILE, (20, 20))
"""
    assert shared.python(lower).status == "ok"
    outcome = shared.sh("ulimit -n")
    assert (outcome.stdout, outcome.start) == ("1024\n", "cold")


@pytest.mark.parametrize(
    "code", ["os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)", "os.sched_setaffinity(os.getppid(), {0})"]
)
def test_a_call_that_slows_the_runner_ends_the_box(shared: Shared, code: str) -> None:
    look = "import os; print(os.getpriority(os.PRIO_PROCESS, 0), os.sched_getaffinity(0))"
    before = shared.python(look)
    assert shared.python(f"import os; {code}").status == "ok"
    after = shared.python(look)
    assert after.stdout == before.stdout


def test_after_a_deadline_the_box_is_gone_and_the_agent_goes_on(shared: Shared) -> None:
    shared.sh("true")
    assert shared.sh("trap '' TERM; sleep 471101", timeout=300).status == "timeout"
    assert running("471101") == []
    assert shared.sh("echo on").stdout == "on\n"


def test_the_runner_is_neither_read_nor_written_by_a_call(shared: Shared) -> None:
    reach = """
import os
for process in (1, os.getppid()):
    for name in ('mem', 'environ', 'fd/0', 'fd/1', 'maps', 'oom_score_adj'):
        for flags in (os.O_RDONLY, os.O_WRONLY):
            try:
                os.close(os.open(f'/proc/{process}/{name}', flags))
                if not (name == 'oom_score_adj' and flags == os.O_RDONLY): print(process, name, flags)
            except OSError:
                pass
"""
    assert shared.python(reach).stdout == ""


def test_a_call_that_kills_its_runner_is_a_clear_outcome(shared: Shared) -> None:
    outcome = shared.python("import os; os.kill(os.getppid(), 9); import time; time.sleep(60)")
    assert (outcome.status, outcome.exit) == ("sandbox-error", None)
    assert "before its runner said how" in outcome.message
    assert shared.sh("echo on").stdout == "on\n"


def test_a_box_that_is_not_as_its_image_is_ended(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    shared.sh("true")
    monkeypatch.setattr(shared.lab.engine, "changes", lambda _: ("/etc/new",))
    until(lambda: any("/etc/new" in line for line in shared.lab.said))
    monkeypatch.undo()
    assert shared.sh("echo on").stdout == "on\n"


def test_idle_boxes_are_as_their_image(shared: Shared) -> None:
    shared.sh("touch /tmp/x /etc/y /usr/z")
    for container in shared.lab.engine.containers(f"governance.log={shared.lab.log}"):
        assert shared.lab.engine.changes(container.id) == ()
