"""`run`: carries out a plan inside a sandbox, as it was judged: programs started without a shell, and joined.

Runs as `/usr/lib/governance/run PLAN`, with the file tool's way of opening files. The plan is one JSON
object, and standard input holds what its programs read, one after the other:

    {"calls": [{"argv": [WORD, …], "folder": PATH, "environment": {…}, "reads": BYTES, "deadline": MS}, …], "do": FLOW}

A word is text, or a path to be looked at first: {"path": PATH, "before": TEXT, "glob": true}. No path that is named may
be a symbolic link or lead through one, and a glob becomes the paths it matches, sorted by their bytes; those whose
name begins with a dot only where the glob says the dot. A flow is the number of a call, or one of

    {"pipe": [FLOW, …]}  {"steps": [[";" or "&&" or "||", FLOW], …]}  {"not": FLOW}  {"if": [[FLOW, FLOW], …], "else": FLOW}
    {"run": FLOW, "in": CALL or -1, "text": TEXT, "out": WHERE, "err": WHERE}    WHERE: "out" "err" "null" or CALL

Ends as the flow ends: with the status of the program that ran last, 128 and the signal's number where one ended it,
124 after a deadline, 126 where a program cannot be started, 1 where a path cannot be used.
"""

from __future__ import annotations

import json
import os
import signal
import stat
import sys

from governance.sandbox.tools import fs
from governance.sandbox.tools.process import NOT_STARTED, RefusedError, become, forked, leave, status_of, take

TYPE_CHECKING = False  # as in `fs`
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Final

_ENVIRONMENT: Final[Mapping[str, str]] = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8"}  # noqa: S108
_PIPE_GONE: Final = 128 + signal.SIGPIPE
"""How a program ends that writes to one which is gone: where that one failed, its failure counts."""

_MOST_NAMES: Final = 4096
"""So many paths at most become of one glob."""


class Plan:
    """One plan, and what its programs read."""

    def __init__(self, plan: Mapping[str, Any], data: bytes) -> None:
        """Take up `plan`; `data` is what standard input held."""
        self._calls: Sequence[Mapping[str, Any]] = plan["calls"]
        self._read: list[bytes] = []
        for call in self._calls:
            size = call.get("reads", 0)
            self._read.append(data[:size])
            data = data[size:]

    def flow(self, flow: Any, fds: tuple[int, int, int]) -> int:
        """Carry out a flow with these descriptors for input, output and errors, and return its status."""
        if isinstance(flow, int):
            return status_of(self._started(flow, fds))
        if "pipe" in flow:
            return self._pipe(flow["pipe"], fds)
        if "steps" in flow:
            return self._steps(flow["steps"], fds)
        if "not" in flow:
            return int(self.flow(flow["not"], fds) == 0)
        if "if" in flow:
            return self._branches(flow, fds)
        return self._wired(flow, fds)

    def _steps(self, steps: Sequence[tuple[str, Any]], fds: tuple[int, int, int]) -> int:
        status = 0
        for joint, flow in steps:
            if joint == ";" or (joint == "&&") == (status == 0):
                status = self.flow(flow, fds)
        return status

    def _branches(self, flow: Mapping[str, Any], fds: tuple[int, int, int]) -> int:
        for condition, then in flow["if"]:
            if self.flow(condition, fds) == 0:
                return self.flow(then, fds)
        return 0 if flow["else"] is None else self.flow(flow["else"], fds)

    def _pipe(self, stages: Sequence[Any], fds: tuple[int, int, int]) -> int:
        source, children = fds[0], []
        for stage in stages[:-1]:
            reading, writing = os.pipe()
            children.append(self._beside(stage, (source, writing, fds[2])))
            os.close(writing)
            if source != fds[0]:
                os.close(source)
            source = reading
        status = self.flow(stages[-1], (source, fds[1], fds[2]))
        if source != fds[0]:
            os.close(source)
        for child in children:
            status_of(child)
        return status

    def _wired(self, flow: Mapping[str, Any], fds: tuple[int, int, int]) -> int:
        opened: list[int] = []
        children: list[int] = []
        source = fds[0]
        if "text" in flow:
            source = _holding(flow["text"].encode())
            opened.append(source)
        elif flow.get("in") == -1:
            source = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
            opened.append(source)
        elif "in" in flow:
            source, writing = os.pipe()
            children.append(self._beside(flow["in"], (fds[0], writing, fds[2])))
            os.close(writing)
            opened.append(source)
        sinks: dict[int, int] = {}
        outputs: list[int] = []
        waited: list[int] = []
        for name, usual in (("out", fds[1]), ("err", fds[2])):
            where = flow.get(name, name)
            if where == "null":
                outputs.append(os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC))
                opened.append(outputs[-1])
            elif isinstance(where, int):
                if where not in sinks:
                    reading, sinks[where] = os.pipe()
                    waited.append(self._beside(where, (reading, fds[1], fds[2])))
                    os.close(reading)
                    opened.append(sinks[where])
                outputs.append(sinks[where])
            else:
                outputs.append(usual if where == name else fds[1 if where == "out" else 2])
        status = self.flow(flow["run"], (source, outputs[0], outputs[1]))
        for descriptor in opened:
            os.close(descriptor)
        for child in children:
            status_of(child)
        failed = next((each for each in [status_of(child) for child in waited] if each), 0)
        return failed if failed and status in (0, _PIPE_GONE) else status

    def _beside(self, flow: Any, fds: tuple[int, int, int]) -> int:
        """Carry out a flow at the same time, in a process of its own, and return that."""
        if isinstance(flow, int):
            return self._started(flow, fds)
        return forked(lambda: self.flow(flow, fds), fds)

    def _started(self, number: int, fds: tuple[int, int, int]) -> int:
        """Start the program of a call, and return its process."""
        call = self._calls[number]
        return forked(lambda: self._program(call, self._read[number], fds), fds)

    def _program(self, call: Mapping[str, Any], read: bytes, fds: tuple[int, int, int]) -> int:
        argv = [text for word in call["argv"] for text in self._words(word)]
        source = _holding(read) if "reads" in call else fds[0]
        take((source, fds[1], fds[2]))
        return _run(argv, call)

    def _words(self, word: Any) -> list[str]:
        if isinstance(word, str):
            return [word]
        path, before = word["path"], word.get("before", "")
        paths = self._matched(path) if word.get("glob") else [path]
        for each in paths:
            self._look(each)
        return [before + each for each in paths]

    def _look(self, path: str) -> None:
        """Refuse a path that is a symbolic link, or leads through one."""
        root = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            found = fs.open_beneath(root, os.fsencode(path[1:]), os.O_PATH)
        except FileNotFoundError:
            return
        except (OSError, fs.OperationError) as error:
            reason = fs.REASONS.get(getattr(error, "errno", 0), str(error))
            raise RefusedError(f"{path}: {reason}") from error
        finally:
            os.close(root)
        link = stat.S_ISLNK(os.fstat(found).st_mode)
        os.close(found)
        if link:
            raise RefusedError(f"{path}: it is a symbolic link, and links are not followed")

    def _matched(self, pattern: str) -> list[str]:
        """Return the paths that a glob matches, sorted by their bytes; that there are none is an error, as for zsh."""
        found = [b""]
        for part in os.fsencode(pattern[1:]).split(b"/"):
            if b"*" in part:
                found = [above + b"/" + name for above in found for name in self._names(above, part)]
            else:
                found = [above + b"/" + part for above in found]
            if len(found) > _MOST_NAMES:
                raise RefusedError(f"{pattern} matches more than {_MOST_NAMES} paths")
        there = sorted(path for path in found if os.path.lexists(path))
        if not there:
            raise RefusedError(f"{pattern} matches nothing")
        return [os.fsdecode(path) for path in there]

    def _names(self, folder: bytes, part: bytes) -> list[bytes]:
        root = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            opened = fs.open_beneath(root, folder[1:], os.O_DIRECTORY | os.O_RDONLY)
        except (OSError, fs.OperationError):
            return []
        finally:
            os.close(root)
        try:
            names = [os.fsencode(name) for name in os.listdir(opened)]  # noqa: PTH208 - of a descriptor
        finally:
            os.close(opened)
        hidden = part.startswith(b".")
        return [
            name
            for name in names
            if name.startswith(b".") is hidden and (part == b"**" or fs.fits(part, name))
        ]


def _holding(data: bytes) -> int:
    """Return a descriptor that `data` is read from."""
    held = os.memfd_create("input", os.MFD_CLOEXEC)
    with os.fdopen(os.dup(held), "wb") as file:
        file.write(data)
    os.lseek(held, 0, os.SEEK_SET)
    return held


def _run(argv: list[str], call: Mapping[str, Any]) -> int:
    """Become the program, or with a deadline wait for it and end it then."""
    deadline = call.get("deadline")
    if deadline is not None:
        child = os.fork()
        if child:
            return _waited(child, deadline)
        os.setsid()
    try:
        os.chdir(call.get("folder", "."))
    except OSError as error:
        raise RefusedError(f"{argv[0]} cannot be started: {error.strerror}", NOT_STARTED) from error
    return become(argv, {**_ENVIRONMENT, **call.get("environment", {})})


def _waited(child: int, deadline: int) -> int:
    """Return the status of a process, which is killed with all it started once the deadline is over."""

    def end(*_: object) -> None:
        os.killpg(child, signal.SIGKILL)

    signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, deadline / 1000)
    status = status_of(child)
    return 124 if status == 128 + signal.SIGKILL else status


def start() -> int:
    """Carry out the plan that is the one argument."""
    plan = json.loads(sys.argv[1])
    reads = any("reads" in call for call in plan["calls"])
    flow = Plan(plan, sys.stdin.buffer.read() if reads else b"")
    leave(lambda: flow.flow(plan["do"], (0, 1, 2)))
