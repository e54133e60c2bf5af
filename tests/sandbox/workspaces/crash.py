"""Kills a process at each step of copying and committing, one after the other, and says what the next start leaves.

Run as `python -m tests.sandbox.workspaces.crash FOLDER overlay|plain`; prints a JSON object of counts. A step is any
call that changes files, as Python's own audit events and the doors to the kernel tell them.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import sys
from itertools import count
from pathlib import Path
from typing import Any

from governance.sandbox.workspaces import kernel
from tests.sandbox.workspaces.places import Place, file, folder, held, link, make

OLD = {
    b"kept": file(b"kept"),
    b"edited": file(b"before", 0o600),
    b"turned/into": file(b"a file"),
    b"gone/deep/file": file(b"gone"),
    b"moved": file(b"moved"),
    b"linked": link(b"kept"),
}
NEW = {
    b"kept": file(b"kept"),
    b"edited": file(b"after", 0o640),
    b"turned": file(b"file"),
    b"made/deep/moved": file(b"moved"),
    b"linked": link(b"edited"),
    b"line\nfeed\xff": file(b"name"),
}
_CHANGES = {
    "open", "os.chmod", "os.chown", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.truncate",
    "os.utime",
}  # fmt: skip


class _Ticking:
    """The C library, which counts as a step before and after each call that changes names."""

    def __init__(self, tick: Any) -> None:
        self._library = ctypes.CDLL(None, use_errno=True)
        self._tick = tick

    def __getattr__(self, name: str) -> Any:
        def called(*arguments: Any) -> Any:
            self._tick()
            found = getattr(self._library, name)(*arguments)
            number = ctypes.get_errno()
            self._tick()
            ctypes.set_errno(number)
            return found

        return called


def work(place: Place) -> None:
    """Copy, change everything in the copy, and commit it."""
    with place.copied() as copy:
        top = Path(copy.path)
        if copy.way != ("overlay" if sys.argv[2] == "overlay" else "plain"):
            os._exit(3)
        shutil.rmtree(top / "gone")
        shutil.rmtree(top / "turned")
        (top / "moved").unlink()
        (top / "linked").unlink()
        make(top, {path: what for path, what in NEW.items() if path != b"kept"})
        found = copy.difference()
        copy.commit(found.alterations)


def dying(place: Place, step: int) -> int:
    """Work in a child that dies at that step; return its exit code: 9 where it died, 0 where it came to its end."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    left = [step]

    def tick() -> None:
        left[0] -= 1
        if left[0] < 0:
            os._exit(9)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _CHANGES and not (event == "open" and not _writes(arguments)):
            tick()

    def flushing(descriptor: int, flush: Any = os.fsync) -> None:
        tick()
        flush(descriptor)

    kernel._LIBC = _Ticking(tick)  # type: ignore[misc]
    os.fsync = flushing
    sys.addaudithook(hook)
    try:
        work(place)
    except BaseException:  # noqa: BLE001  # said by the exit code
        os._exit(4)
    os._exit(0)


def _writes(arguments: tuple[Any, ...]) -> bool:
    return bool(isinstance(arguments[2], int) and arguments[2] & (os.O_CREAT | os.O_WRONLY | os.O_RDWR))


def mounts(top: Path) -> int:
    return Path("/proc/self/mountinfo").read_text().count(f" {top}/")


def main() -> None:
    found = {"steps": 0, "old": 0, "new": 0, "finished": 0}
    for step in count():
        root = Path(sys.argv[1]) / str(step)
        place = Place(root, overlays=sys.argv[2] == "overlay")
        make(place.top, OLD)
        before = held(place.top)
        code = dying(place, step)
        if code == 0:
            after = held(place.top)
            assert {path: after[path] for path in NEW} == NEW
            assert after[b"made"] == folder()
            break
        assert code == 9, code
        said = place.recover()
        now = held(place.top)
        assert not place.left, (step, said, place.left)
        assert not mounts(root)
        assert place.recover() == []
        whole = {path: what for path, what in now.items() if what[0] != "folder"}
        assert now == before or whole == NEW, (step, now)
        found["steps"] += 1
        found["old" if now == before else "new"] += 1
        found["finished"] += any("finishing" in line for line in said)
        shutil.rmtree(root)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
