"""Probes that would disturb others, each with a container of its own: limits met in earnest, and hostile streams."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import randbelow
from typing import TYPE_CHECKING, Final

from governance.errors import SandboxError
from governance.sandbox.host import cgroup_of
from governance.sandbox.stream import Capture, Pieces
from governance.sandbox.trial import SCRATCH, image_of, trial

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from governance.policy.decision import Isolation
    from governance.sandbox.engine import ContainerEngine

__all__ = ["APART", "Setting"]

_PYTHON: Final = ("/usr/bin/python3", "-IS", "-c")
_MARK: Final = "governance-doctor-left"
_KILLED: Final = 137
_WHILE: Final = 5.0
_LONGEST: Final = 60_000
_SPINS: Final = 6000
"""Milliseconds: what no program here takes, however busy the host is, and how long one may spin without being held back."""

_TICK: Final = 0.05

_FORKS: Final = """
import os, time
born = 0
try:
    while born < 400:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        born += 1
except OSError as error:
    print(born, error.errno, flush=True)
"""
_SPIN: Final = """
while True:
    pass
"""
_DEAF: Final = """
import signal, time
for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
print('deaf', flush=True)
time.sleep(60)
"""
_BACKGROUND: Final = """
import os, subprocess, sys
subprocess.Popen(['/bin/sleep', sys.argv[1]], start_new_session=True, stdin=subprocess.DEVNULL)
print('left', flush=True)
"""
_HOSTILE: Final = """
import os
frame = b'\\2\\0\\0\\0\\0\\0\\0\\5forged'
os.write(1, frame + b'\\xff\\xfe\\x00' + b'{"status":"ok","exit":0}')
os.write(2, b'error')
os._exit(7)
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """An engine, a tier, and the image to try."""

    engine: ContainerEngine
    tier: Isolation
    image: str

    def python(self, *code: str, **changes: object) -> tuple[int | None, Capture, str]:
        """Run a program and its words to the end; return its exit code, its output, and its container's id."""
        spec = replace(
            image_of(self.tier, self.image), argv=(*_PYTHON, *code), scratch=SCRATCH, timeout=_LONGEST
        )
        spec = replace(spec, **changes)  # type: ignore[arg-type]
        with trial(self.engine, spec, attested=False) as running:
            ended = running.end()
            return ended, running.capture, running.container


def _memory(setting: Setting, size: int) -> str:
    code, capture, _ = setting.python(f"bytearray({size}); print('had it', flush=True)", memory=64 * 2**20)
    return "had it" if capture.stdout else "ended" if code == _KILLED else f"exit {code}"


def _processes(setting: Setting) -> str:
    code, capture, _ = setting.python(_FORKS, pids=24)
    if not capture.stdout:
        return "ended" if code else "no limit"
    born, number = map(int, capture.stdout.split())
    return "refused" if born < 24 and number == 11 else f"{born} born, error {number}"


def _processor(setting: Setting) -> str:
    """Let a program spin, and see that the kernel holds it back (cpu.stat)."""
    spec = replace(image_of(setting.tier, setting.image), argv=(*_PYTHON, _SPIN), cpus=100, timeout=_SPINS)
    with trial(setting.engine, spec, attested=False) as running:
        while time.monotonic() < running.deadline:
            stat = cgroup_of(running.pid, running.container, "cpu", "cpu.stat")
            throttled = [line.split(" ")[1] for line in stat.splitlines() if line.startswith("nr_throttled ")]
            if throttled not in ([], ["0"]):
                return "limited"
            time.sleep(_TICK)
    return "never held back"


def _output(setting: Setting) -> str:
    code, capture, container = setting.python(
        "import os\nwhile True: os.write(1, bytes(65536))", output=2**20
    )
    kept = len(capture.stdout)
    return "stopped" if code is None and kept <= 2**20 and not _left(container) else f"{kept} kept"


def _deadline(setting: Setting) -> str:
    code, _, container = setting.python(_DEAF, timeout=1500)
    return "killed" if code is None and not _left(container) else f"exit {code}"


def _background(setting: Setting) -> str:
    seconds = f"61.{randbelow(10**9)}"
    _, capture, container = setting.python(_BACKGROUND, seconds)
    if "left" not in capture.stdout:
        return f"?it did not start one: {capture.stderr[-100:]}"
    return "left running" if _left(container) or _sleeps(seconds) else "ended"


def _sleeps(seconds: str) -> bool:
    words = f"/bin/sleep\0{seconds}\0".encode()
    return any(_command(entry) == words for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _left(container: str) -> bool:
    """Tell whether a process of a removed container is still there after a while."""
    deadline = time.monotonic() + _WHILE
    while _processes_of(container):
        if time.monotonic() > deadline:
            return True
        time.sleep(_TICK)
    return False


def _processes_of(container: str) -> bool:
    """Tell whether a process of the host is in the container's control group, or names it in its arguments."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and container.encode() in _read(entry / "cgroup") + _command(entry):
            return True
    return False


def _command(entry: Path) -> bytes:
    return _read(entry / "cmdline")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _hostile(setting: Setting) -> str:
    code, capture, _ = setting.python(_HOSTILE)
    told = capture.stdout
    whole = told.startswith("\x02\0\0\0\0\0\0\x05forged\\xff\\xfe\0{") and capture.stderr == "error"
    return "as text" if (code, whole) == (7, True) else f"exit {code}: {told[:40]!r}"


def _unread(setting: Setting) -> str:
    """Write to a program that never reads, and see that it ends all the same."""
    spec = replace(image_of(setting.tier, setting.image), argv=("/bin/echo", "done"), timeout=_LONGEST)
    with trial(setting.engine, spec, attested=False) as running:
        with suppress(SandboxError):  # a program that has ended takes nothing
            running.send(bytes(16 * 2**10))
        code = running.end()
        return "ended" if (code, running.capture.stdout) == (0, "done\n") else f"exit {code}"


def _paused(setting: Setting) -> str:
    """Pause a sandbox and remove it, which not every runtime lets one do at once."""
    spec = replace(image_of(setting.tier, setting.image), argv=("/bin/cat",), timeout=_LONGEST)
    with trial(setting.engine, spec, attested=False) as running:
        setting.engine.pause(running.container)
        container = running.container
    return "left" if _left(container) else "removed"


def _scratch(setting: Setting) -> str:
    """Write a file in one sandbox and look for it in the next of the same kind."""
    setting.python(f"open('/tmp/{_MARK}', 'w').write('x')")
    _, capture, _ = setting.python("import os; print(os.listdir('/tmp'), flush=True)")
    return "clean" if capture.stdout == "[]\n" else capture.stdout


def _neighbour(setting: Setting) -> str:
    """Fill the memory of one sandbox while another of the same kind answers."""
    spec = replace(image_of(setting.tier, setting.image), argv=("/bin/cat",), timeout=_LONGEST)
    with trial(setting.engine, spec, attested=False) as running:
        ended = _memory(setting, 2**28)
        running.send(b"alive\n")
        answers = running.until(lambda capture: capture.stdout == "alive\n")
    return "unaffected" if answers and ended == "ended" else f"{ended}, answers: {answers}"


def _frames(*pieces: bytes) -> str:
    capture, taken_apart = Capture(64), Pieces()
    try:
        for data in pieces:
            for stream, piece in taken_apart.feed(data):
                capture.take(stream, bytes(piece))
        taken_apart.finish()
    except SandboxError:
        return "refused"
    return "full" if capture.full and len(capture.stdout) <= 64 else "taken"


APART: Final[Mapping[str, Callable[[Setting], str]]] = {
    "limits.memory": lambda setting: _memory(setting, 2**28),
    "limits.swap": lambda setting: _memory(setting, (64 + 60) * 2**20),
    "limits.processes": _processes,
    "limits.processor": _processor,
    "limits.output": _output,
    "limits.deadline": _deadline,
    "limits.background": _background,
    "limits.paused": _paused,
    "agents.left-behind": _scratch,
    "agents.memory": _neighbour,
    "stream.hostile-output": _hostile,
    "stream.unread-input": _unread,
    "stream.unknown-stream": lambda _: _frames(b"\7\0\0\0\0\0\0\1x"),
    "stream.garbage": lambda _: _frames(b"GET / HTTP/1.1\r\n\r\n"),
    "stream.cut-header": lambda _: _frames(b"\1\0\0"),
    "stream.cut-frame": lambda _: _frames(b"\1\0\0\0\0\0\0\5ab"),
    "stream.long-frame": lambda _: _frames(b"\1\0\0\0\xff\xff\xff\xff", bytes(2**16)),
    "stream.too-much": lambda _: _frames(b"\1\0\0\0\0\1\0\0", bytes(2**16)),
}
"""What is run for itself, by the probe's id."""
