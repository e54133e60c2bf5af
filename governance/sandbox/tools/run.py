#!/usr/bin/python3 -IS
"""`run`: carries out a plan inside a sandbox, as it was judged: programs started without a shell, and joined.

Runs as `/usr/lib/governance/run PLAN`, beside the file tool, whose way of opening files it uses. The plan is one JSON
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
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader

TYPE_CHECKING = False  # as in `fs`
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType
    from typing import Any, Final, NoReturn

_HERE: Final = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120  # pathlib is slow to import
_ENVIRONMENT: Final[Mapping[str, str]] = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8"}  # noqa: S108
_MOST_DESCRIPTORS: Final = 65_536
_PIPE_GONE: Final = 128 + signal.SIGPIPE
"""How a program ends that writes to one which is gone: where that one failed, its failure counts."""

_MOST_NAMES: Final = 4096
"""So many paths at most become of one glob."""


def _file_tool() -> ModuleType:
    """Return the file tool, which lies beside this program, with or without the ending of its source."""
    path = f"{_HERE}/fs"
    loader = SourceFileLoader("fs", path if os.path.exists(path) else f"{path}.py")  # noqa: PTH110
    module = module_from_spec(spec_from_loader("fs", loader))  # type: ignore[arg-type]
    loader.exec_module(module)
    return module


class RefusedError(Exception):
    """A program is not started; the text says why, the number is the status."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


class Runner:
    """One plan, and what its programs read."""

    def __init__(self, plan: Mapping[str, Any], data: bytes) -> None:
        """Take up `plan`; `data` is what standard input held."""
        self._calls: Sequence[Mapping[str, Any]] = plan["calls"]
        self._files = _file_tool()
        self._read: list[bytes] = []
        for call in self._calls:
            size = call.get("reads", 0)
            self._read.append(data[:size])
            data = data[size:]

    def flow(self, flow: Any, fds: tuple[int, int, int]) -> int:
        """Carry out a flow with these descriptors for input, output and errors, and return its status."""
        if isinstance(flow, int):
            return _status(self._started(flow, fds))
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
            _status(child)
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
            _status(child)
        failed = next((each for each in [_status(child) for child in waited] if each), 0)
        return failed if failed and status in (0, _PIPE_GONE) else status

    def _beside(self, flow: Any, fds: tuple[int, int, int]) -> int:
        """Carry out a flow at the same time, in a process of its own, and return that."""
        if isinstance(flow, int):
            return self._started(flow, fds)
        return _child(lambda: self.flow(flow, fds), fds)

    def _started(self, number: int, fds: tuple[int, int, int]) -> int:
        """Start the program of a call, and return its process."""
        call = self._calls[number]
        return _child(lambda: self._program(call, self._read[number], fds), fds)

    def _program(self, call: Mapping[str, Any], read: bytes, fds: tuple[int, int, int]) -> int:
        argv = [text for word in call["argv"] for text in self._words(word)]
        source = _holding(read) if "reads" in call else fds[0]
        # Lifted first, so that none that is still needed is overwritten.
        lifted = [os.dup(descriptor) for descriptor in (source, fds[1], fds[2])]
        for target, descriptor in enumerate(lifted):
            os.dup2(descriptor, target)
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
            found = self._files.open_beneath(root, os.fsencode(path[1:]), os.O_PATH)
        except FileNotFoundError:
            return
        except (OSError, self._files.OperationError) as error:
            reason = self._files.REASONS.get(getattr(error, "errno", 0), str(error))
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
            opened = self._files.open_beneath(root, folder[1:], os.O_DIRECTORY | os.O_RDONLY)
        except (OSError, self._files.OperationError):
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
            if name.startswith(b".") is hidden and (part == b"**" or self._files.fits(part, name))
        ]


def _holding(data: bytes) -> int:
    """Return a descriptor that `data` is read from."""
    held = os.memfd_create("input", os.MFD_CLOEXEC)
    with os.fdopen(os.dup(held), "wb") as file:
        file.write(data)
    os.lseek(held, 0, os.SEEK_SET)
    return held


def _close_others(fds: tuple[int, int, int]) -> None:
    """Close what this process has of its parent's pipes: as long as anyone holds an end, the other waits for it."""
    at = 3
    for kept in sorted({*fds, _MOST_DESCRIPTORS}):
        if at < kept:
            os.closerange(at, kept)
        at = max(kept + 1, 3)


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
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.execve(argv[0], argv, {**_ENVIRONMENT, **call.get("environment", {})})  # noqa: S606 - that is what this is for
    except OSError as error:
        raise RefusedError(f"{argv[0]} cannot be started: {error.strerror}", 126) from error


def _waited(child: int, deadline: int) -> int:
    """Return the status of a process, which is killed with all it started once the deadline is over."""

    def end(*_: object) -> None:
        os.killpg(child, signal.SIGKILL)

    signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, deadline / 1000)
    status = _status(child)
    return 124 if status == 128 + signal.SIGKILL else status


def _status(child: int) -> int:
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code if code >= 0 else 128 - code


def _child(what: Any, fds: tuple[int, int, int]) -> int:
    """Do `what` in a process of its own, which has no descriptors but these and the standard ones; return the process."""
    child = os.fork()
    if child == 0:
        _close_others(fds)
        _leave(what)
    return child


def _leave(what: Any) -> NoReturn:
    """End this process with the status that `what` returns; what cannot be done is said."""
    status = 2
    try:
        status = what()
    except RefusedError as error:
        os.write(2, f"run: {error}\n".encode("utf-8", "backslashreplace"))
        status = error.status
    except Exception as error:  # noqa: BLE001 - whatever it is, the process ends here and says so
        os.write(2, f"run: {type(error).__name__}: {error}\n".encode("utf-8", "backslashreplace"))
    finally:
        os._exit(status)


def main(arguments: list[str]) -> int:
    """Carry out the plan that is the one argument."""
    plan = json.loads(arguments[0])
    reads = any("reads" in call for call in plan["calls"])
    runner = Runner(plan, sys.stdin.buffer.read() if reads else b"")
    return runner.flow(plan["do"], (0, 1, 2))


if __name__ == "__main__":
    _leave(lambda: main(sys.argv[1:]))
