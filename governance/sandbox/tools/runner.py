"""`runner`: waits in a sandbox for a judged call, starts it without a shell, and tells how it went.

Runs as `/usr/lib/governance/runner`, the program of every container, and is spoken to in frames (`frames`) over its
standard input and output. The first process only reaps what is left to it, and ends with the runner, its child. What
the runner starts has descriptors of its own alone, and neither of the two can be looked into or changed by it: they
are not dumpable, so the kernel gives no other process of the same user their memory or descriptors.

A call ends when its program ends, or at its deadline: all that it started is killed, whatever it did to get away,
as descendants are left to the runner alone; only then is the end told. After that the runner ends, and the
container with it, or, where the same agent may call again, it puts all back as it was (`reset`) and is ready.
A kernel that leaves descendants to the first process alone (gVisor's) lets the runner wait for none of them, so there it
answers one call, and whoever ends the container ends them.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import select
import signal
import sys
import time
from contextlib import suppress
from importlib import import_module

from governance.sandbox.tools import frames
from governance.sandbox.tools.hearing import Call, Gateway, ProtocolError
from governance.sandbox.tools.process import close_others, leave, own_tool, read, shown, take

TYPE_CHECKING = False  # as in `fs`
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Final, NoReturn

    from governance.sandbox.tools.reset import Original

_SET_DUMPABLE: Final = 4
_SET_CHILD_SUBREAPER: Final = 36  # linux/prctl.h

_KILLS: Final = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")
"""Where the kernel counts the processes that it ended for their memory: control groups of version 2, and of 1."""

_KINDS: Final = {1: frames.OUT, 2: frames.ERR}


class Used:
    """What processes used, as they were reaped: processor time in microseconds, the largest of them in bytes."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.cpu = 0
        self.peak = 0
        self.status: int | None = None

    def reap(self, leader: int, *, wait: bool = False) -> bool:
        """Take the processes that have ended, `wait` for all others; return whether any is left."""
        while True:
            try:
                process, status, usage = os.wait4(-1, 0 if wait else os.WNOHANG)
            except ChildProcessError:
                return False
            if not process:
                return True
            self.cpu += int((usage.ru_utime + usage.ru_stime) * 1e6)
            self.peak = max(self.peak, usage.ru_maxrss * 1024)
            if process == leader:
                self.status = shown(status)


class Running:
    """A call's program, from its start to its end."""

    def __init__(self, runner: Runner, call: Call, leader: int, outputs: Mapping[int, int]) -> None:
        """Watch process `leader`, whose outputs come by these descriptors."""
        self._gateway = runner.gateway
        self._kill = runner.kill
        self._reaper = runner.reaper
        self._call = call
        self._leader = leader
        self._outputs = dict(outputs)
        self._woken = runner.woken
        self._window = frames.FIRST_WINDOW
        self._poll = select.poll()
        for descriptor in (0, self._woken):
            self._poll.register(descriptor, select.POLLIN)
        self._open = False
        self.used = Used()
        self.late = False

    def watch(self) -> bool:
        """Carry outputs until all has ended; False where the gateway is gone."""
        while True:
            self._listen_to_outputs()
            if self.used.status is not None and not self._outputs:
                return True
            left = 0 if self.used.status is not None else self._call.deadline - time.monotonic()
            if left < 0:
                self.late, left = True, 0
                self._end()
            for descriptor, _ in self._poll.poll(None if self.used.status is not None else left * 1000 + 1):
                if descriptor == self._woken:
                    os.read(self._woken, 512)
                    self.used.reap(self._leader)
                elif descriptor:
                    self._carry(descriptor)
                elif not self._gateway.listen():
                    return False
            self._window += self._gateway.opened()
            if self.used.status is not None:
                self._end()

    def _listen_to_outputs(self) -> None:
        """Look at the outputs only while the window is open: a program whose output nobody takes waits."""
        wanted = self._window > 0
        if wanted is not self._open:
            self._open = wanted
            for descriptor in self._outputs:
                if wanted:
                    self._poll.register(descriptor, select.POLLIN)
                else:
                    self._poll.unregister(descriptor)

    def _carry(self, descriptor: int) -> None:
        if self._window <= 0:
            return
        data = os.read(descriptor, min(frames.PIECE, self._window))
        if data:
            self._window -= len(data)
            self._gateway.say(_KINDS[self._outputs[descriptor]], data)
            return
        self._poll.unregister(descriptor)
        del self._outputs[descriptor]
        os.close(descriptor)

    def _end(self) -> None:
        """Kill all that is left of the call, and wait until all is gone that is left to the runner."""
        if not self._reaper:
            with suppress(ProcessLookupError, PermissionError):  # nothing is left: kernels say either
                self._kill()
        while self.used.reap(self._leader):
            self._kill()
            self.used.reap(self._leader, wait=True)


class Runner:
    """What waits for calls and answers them."""

    def __init__(self, kill: Callable[[], None], *, reaper: bool) -> None:
        """Speak with the gateway; everything of the sandbox is still as it was made.

        `kill` kills all but this; `reaper` says that descendants are left to this process.
        """
        self.gateway = Gateway()
        self.kill = kill
        self.reaper = reaper
        self._kills = _kills()
        self._as_made: Original | None = None
        self.woken, waking = os.pipe()
        for descriptor in (self.woken, waking):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> int:
        """Answer calls until no more may come, or the gateway is gone."""
        self._ready()
        self._prepare()
        while (came := self.gateway.next()) is not None:
            kind, body = came
            if kind == frames.WINDOW:  # for the outputs of a call that has ended meanwhile
                continue
            if kind != frames.CALL:
                raise ProtocolError
            call = Call(body)
            original = self._original() if call.again and self.reaper else None
            if not self._answer(call) or original is None:
                break
            original.restore()
            self._ready()
        return 0

    def _ready(self) -> None:
        boot = None
        with (
            suppress(FileNotFoundError),  # not every kernel tells it
            open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file,  # noqa: PTH123 - pathlib is slow to import
        ):
            boot = file.read().strip()
        self.gateway.say(frames.READY, json.dumps({"boot": boot, "kernel": os.uname().release}).encode())

    def _prepare(self) -> None:
        """Load what calls will need, if none has come yet."""
        come = select.poll()
        come.register(0, select.POLLIN)
        if not come.poll(0):
            import_module("governance.sandbox.tools.fs")
            import_module("governance.sandbox.tools.reset")

    def _original(self) -> Original:
        """Return how the sandbox was before its first call."""
        from governance.sandbox.tools.reset import Original  # noqa: PLC0415 - loaded when there is time

        self._as_made = self._as_made or Original()
        return self._as_made

    def _answer(self, call: Call) -> bool:
        """Run a call and tell its end; False where the gateway is gone."""
        source = self._input(call)
        if source is None:
            return False
        outputs, ends = {}, []
        for number in (1, 2):
            reading, writing = os.pipe()
            with suppress(OSError):  # then it holds less
                fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, frames.FIRST_WINDOW)
            outputs[reading] = number
            ends.append(writing)
        fds = (source, ends[0], ends[1])
        try:
            leader = _started(call.argv, fds)
        except OSError as error:
            self.gateway.say(frames.UNSTARTED, json.dumps({"reason": error.strerror or str(error)}).encode())
            for descriptor in outputs:
                os.close(descriptor)
            return True
        finally:
            for descriptor in fds:
                os.close(descriptor)
        running = Running(self, call, leader, outputs)
        if not running.watch():
            return False
        self.gateway.say(frames.ENDED, json.dumps(self._report(running)).encode())
        return True

    def _input(self, call: Call) -> int | None:
        """Return what the program reads, None where the gateway is gone."""
        if call.input is None:
            return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        held = os.memfd_create("input", os.MFD_CLOEXEC)
        left = call.input
        while left:
            came = self.gateway.next()
            if came is None:
                return None
            kind, body = came
            if kind != frames.INPUT or not 0 < len(body) <= left:
                raise ProtocolError
            left -= os.write(held, body)
        os.lseek(held, 0, os.SEEK_SET)
        return held

    def _report(self, running: Running) -> dict[str, Any]:
        before, self._kills = self._kills, _kills()
        killed = None if before is None or self._kills is None else self._kills > before
        used = running.used
        return {
            "cpu": used.cpu,
            "late": running.late,
            "memory": killed,
            "peak": used.peak,
            "status": used.status,
        }


def _started(argv: list[str], fds: tuple[int, int, int]) -> int:
    """Start a program in a session of its own, and return its process. Raises OSError where it cannot be."""
    source = own_tool(argv[0])
    if source is None:
        actions = [(os.POSIX_SPAWN_DUP2, descriptor, target) for target, descriptor in enumerate(fds)]
        return os.posix_spawnp(
            argv[0], argv, os.environ, file_actions=actions, setsid=True,
            setsigdef=(signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD),
        )  # fmt: skip
    process = os.fork()
    if process == 0:
        leave(lambda: _tool(source, argv, fds))
    return process


def _tool(source: bytes, argv: list[str], fds: tuple[int, int, int]) -> int:
    """Be the tool, with nothing of the runner's but the interpreter and what it has loaded."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    take(fds)
    close_others((0, 1, 2))
    return read(source, argv)


def _kills() -> int | None:
    """Return how many processes of this sandbox the kernel ended for their memory, None where it does not say."""
    for path in _KILLS:
        try:
            with open(path, encoding="ascii") as file:  # noqa: PTH123 - pathlib is slow to import
                counts = dict(line.split() for line in file)
            return int(counts["oom_kill"])
        except (OSError, KeyError, ValueError):
            continue
    return None


def _first_process(runner: int) -> NoReturn:
    """Reap whatever is left to the first process, and end as the runner does."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    while True:
        process, status = os.wait()
        if process == runner:
            os._exit(shown(status) & 0xFF)


def start() -> int:
    """Be the first process of a container, and its runner."""
    control = ctypes.CDLL(None, use_errno=True).prctl
    if os.getpid() != 1 or control(_SET_DUMPABLE, 0, 0, 0, 0):
        return 3
    runner = os.fork()
    if runner:
        _first_process(runner)
    reaper = control(_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    try:
        # To -1 is to all but the first process and this one, in the container's own name space of processes.
        return Runner(lambda: os.kill(-1, signal.SIGKILL), reaper=reaper).serve()
    except BrokenPipeError:  # the gateway is gone
        return 0
    except (ProtocolError, RecursionError, ValueError, OSError) as error:
        sys.stderr.write(f"runner: {type(error).__name__}: {error}\n")
        return 2
