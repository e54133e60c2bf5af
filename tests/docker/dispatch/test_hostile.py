"""Runners that say what they must not, and calls that take all they can: a clear outcome, and the neighbour lives."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from governance.policy.decision import Sharer
from governance.sandbox import Bounds
from tests.docker.dispatch.lab import Lab, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from governance.sandbox import ContainerEngine

pytestmark = pytest.mark.engine

READY = r"""frame(b"R", b'{"boot":"b","kernel":"k"}')"""
ENDED = r"""frame(b"X", b'{"cpu":0,"late":false,"memory":null,"peak":0,"status":0}')"""
RUNNERS = {
    "garbage": ("say(b'HTTP/1.1 200 OK\\r\\n\\r\\n')", "nothing was run", "not understood"),
    "an oversized length": ("say(b'R' + b'\\xff' * 4)", "nothing was run", "not understood"),
    "an end before a call": (f"say({ENDED})", "nothing was run", "out of turn"),
    "a message of its failure": ("os.write(2, b'broken')", "nothing was run", "failed: broken"),
    "an endless message of its failure": (
        "while True: os.write(2, b'broken' * 9999)",
        "nothing was run",
        "failed: ",
    ),
    "an end at once": ("sys.exit(0)", "nothing was run", "did not answer"),
    "garbage after the call": (f"say({READY}); hear(); say(b'\\0' * 9)", "is unknown", "not understood"),
    "a forged end": (
        f"say({READY}); hear(); say({ENDED}.replace(b'0,', b'9,').replace(b'null', b'-999'))",
        "is unknown",
        "not understood",
    ),
    "more than the window": (
        f"say({READY}); hear(); [say(frame(b'O', b'x' * 65536)) for _ in range(400)]; time.sleep(60)",
        "",
        "",
    ),
    "nothing after the call": (f"say({READY}); hear(); time.sleep(60)", "", "longer than"),
    "its end after the call": (f"say({READY}); hear()", "is unknown", "before its runner said how"),
}
TEXT = """#!/usr/bin/python3 -IS
import os, sys, time
def frame(kind, body): return kind + len(body).to_bytes(4, "big") + body
def say(data):
    while data: data = data[os.write(1, data):]
def hear(): os.read(0, 65536)
{code}
"""


@pytest.fixture(scope="module")
def hostile(
    engine: ContainerEngine,
    derived_image: Callable[[str, Mapping[str, tuple[int, bytes]]], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], Lab]:
    def make(name: str) -> Lab:
        text = TEXT.format(code=RUNNERS[name][0]).encode()
        image = derived_image("governance/hostile", {"/usr/lib/governance/runner": (0o555, text)})
        return Lab(engine, image, tmp_path_factory.mktemp("hostile"), f"log-{uuid4()}")

    return make


@pytest.mark.parametrize("name", RUNNERS)
def test_a_runner_that_is_not_ours_is_refused_and_removed(hostile: Callable[[str], Lab], name: str) -> None:
    lab = hostile(name)
    outcome = lab.run("/bin/true", timeout=1500, output=2**19)
    _, known, reason = RUNNERS[name]
    assert known in outcome.message
    assert reason in outcome.message
    assert lab.left() == []
    if name == "more than the window":
        assert outcome.status in ("limit", "sandbox-error")
    elif name == "nothing after the call":
        assert outcome.status == "timeout"
    else:
        assert outcome.status == "sandbox-error"


@pytest.fixture(scope="module")
def both(engine: ContainerEngine, image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(engine, image, tmp_path_factory.mktemp("both"), f"log-{uuid4()}", Bounds(2, 6))
    yield lab
    lab.dispatcher.close()
    assert lab.left() == []


GREEDY = {
    "forks without end": ("import os\nwhile True:\n  try: os.fork()\n  except OSError: pass", "timeout"),
    "takes all memory": ("x = []\nwhile True: x.append(bytearray(2**20))", "limit"),
    "takes all memory in children": (
        "import os\nfor _ in range(4): os.fork()\nx = []\nwhile True: x.append(bytearray(2**20))",
        None,
    ),
    "fills scratch": (
        "f = open('/tmp/full', 'wb')\nwhile True: f.write(b'x' * 2**16)",
        "failed",
    ),
    "makes files without end": ("n = 0\nwhile True:\n  open(f'/tmp/{n}', 'w').close(); n += 1", None),
    "writes without end": ("while True: print('x' * 2**16)", "limit"),
    "writes without end to both": (
        "import os, sys\nos.fork()\nwhile True:\n  os.write(1, b'x' * 2**16); os.write(2, b'y' * 2**16)",
        "limit",
    ),
    "opens without end": ("import os\nwhile True: os.open('/dev/null', 0)", "failed"),
    "ignores signals": (
        "import signal, time\nfor n in range(1, 65):\n  try: signal.signal(n, signal.SIG_IGN)\n  except (OSError, ValueError): pass\ntime.sleep(471102)",
        "timeout",
    ),
    "stops its runner": ("import os, signal, time\nos.kill(os.getppid(), signal.SIGSTOP)\ntime.sleep(60)", "timeout"),
    "kills all it can": ("import os, time\nos.kill(-1, 9)\ntime.sleep(60)", "sandbox-error"),
}  # fmt: skip


@pytest.mark.parametrize("reuse", [None, Sharer("a-1", "web")], ids=["once", "again"])
@pytest.mark.parametrize("name", GREEDY)
def test_a_greedy_call_ends_and_its_neighbour_does_not(both: Lab, name: str, reuse: Sharer | None) -> None:
    code, status = GREEDY[name]
    neighbours: list[str] = []
    beside = threading.Thread(
        target=lambda: neighbours.append(both.run("/bin/sh", "-c", "sleep 1; echo well").stdout)
    )
    beside.start()
    outcome = both.python(code, timeout=1200, pids=32, reuse=reuse)
    beside.join()
    assert outcome.status in ((status,) if status else ("failed", "limit", "timeout"))
    assert neighbours == ["well\n"]
    assert both.python("print('again')", reuse=reuse).stdout == "again\n"
    assert running("471102") == []


def test_more_output_than_a_window_comes_whole(both: Lab) -> None:
    begun = time.monotonic()
    outcome = both.run("/bin/sh", "-c", "head -c 3000000 /dev/zero; echo done >&2", output=2**22)
    assert (outcome.status, outcome.bytes) == ("ok", 3_000_005)
    assert time.monotonic() - begun < 10
