"""The folder `.governance` beneath the operator's root: the copies of this process, and what others left behind.

Each process has a folder of its own there, locked as long as it lives; what is found unlocked is the rest of one that
died: what it had begun to commit is finished, and everything else removed.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections import defaultdict
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final

from governance.capabilities.difference import Difference
from governance.errors import SandboxError
from governance.sandbox.workspaces.committing import INTENT, finish, read_intent, stage, write_intent
from governance.sandbox.workspaces.comparing import alterations, changed_underneath
from governance.sandbox.workspaces.copying import copy_tree, own
from governance.sandbox.workspaces.kernel import FOLDER, names, opened, remove_tree, settle_clock, unmount
from governance.sandbox.workspaces.overlay import MERGED, UPPER, as_written, overlay
from governance.sandbox.workspaces.tree import Bounds, refusal, survey
from governance.text import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from governance.capabilities.difference import Alteration
    from governance.sandbox.workspaces.copying import Way
    from governance.sandbox.workspaces.tree import Tree

__all__ = ["FOLDER_NAME", "Copy", "Store"]

FOLDER_NAME: Final = ".governance"
"""Where copies lie beneath the root; no workspace has this name."""

_LOCK: Final = "lock"
_TREE: Final = "tree"
_COPY: Final = {"overlay": MERGED, "reflink": _TREE, "plain": _TREE}


@dataclass(slots=True)
class Copy:
    """One call's copy of a workspace. `path` is where the engine finds it, `way` how it was made."""

    source: str
    target: str
    path: str
    way: Way
    _workspace: int
    _call: int
    _before: Tree
    _copied: Tree
    _bounds: Bounds

    def difference(self) -> Difference:
        """Return what the call changed, once nothing runs in the copy any more; nothing can run in it afterwards.

        SandboxError `workspace-size` where that is more than is compared.
        """
        if self.way == "overlay":
            unmount(self._call, MERGED)
        with self._written() as copy:
            if self.way == "overlay":
                now = as_written(copy, self._before, self._bounds.entries)
            else:
                now = survey(copy, self._bounds.entries, "copy")
            found = alterations(self._workspace, self._before, copy, self._copied, now, self._bounds)
        return Difference(self.source, self.target, found, tuple(sorted(self._before.others | now.others)))

    def commit(self, kept: Sequence[Alteration]) -> None:
        """Give the workspace what is kept of the difference, all of it or none.

        SandboxError `workspace-changed` where the workspace is not as it was when it was copied.
        """
        self._check_special(kept)
        with self._written() as copy:
            steps = stage(copy, self._call, kept, self._before)
        changed = changed_underneath(self._before, survey(self._workspace, self._bounds.entries))
        if changed is not None:
            message = f"{os.fsdecode(changed)!r} of the workspace was changed while the call ran"
            raise refusal("workspace-changed", message, "nothing was kept; send the request again")
        write_intent(self._call, self.source, steps)
        finish(self._workspace, self._call, steps)

    def _written(self) -> AbstractContextManager[int]:
        """Open the folder that what the call wrote lies in, and of a plain copy all else too."""
        return opened(self._call, (UPPER if self.way == "overlay" else _TREE).encode(), FOLDER)

    def _check_special(self, kept: Sequence[Alteration]) -> None:
        """Refuse to put anything in the place of what the copy does not have, or to delete it with its folder."""
        for each in kept:
            for special in self._before.others:
                if each.path == special or (
                    each.change == "deleted" and special.startswith(each.path + b"/")
                ):
                    message = f"{os.fsdecode(special)!r} of the workspace is a special file, and stays"
                    raise refusal("workspace-special", message, "let a person remove it first")


class Store:
    """The copies of one process beneath one root; its methods may be called from any thread.

    Those who write to the same workspace take turns, so that no call of ours finds it changed by another.
    """

    def __init__(
        self, root: str, bounds: Bounds | None = None, *, overlays: Callable[[], bool] = lambda: False
    ) -> None:
        """Take the operator's root, a path without links; `overlays` says whether the engine would see one."""
        self._root = root
        self._bounds = bounds or Bounds()
        self._overlays = overlays
        self._numbers = count()
        self._lock = threading.Lock()
        self._turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._session: tuple[str, int, int] | None = None

    @contextmanager
    def copied(self, source: str, target: str, workspace: int) -> Iterator[Copy]:
        """Yield a copy of the folder `workspace`, which `source` names, and remove it afterwards.

        SandboxError says why there can be none: `workspace-size`, `workspace-changed`, `workspace-device`,
        `workspace-store`. What could not be removed is left to the next start.
        """
        with self._lock:
            turn = self._turns[source]
        with turn, ExitStack() as stack:
            name, session = self._opened()
            number = str(next(self._numbers))
            try:
                os.mkdir(number, 0o700, dir_fd=session)
                stack.callback(_removed, session, number)
                call = stack.enter_context(opened(session, number.encode(), FOLDER))
                copy = self._made(source, target, workspace, call)
                copy.path = f"{self._root.rstrip('/')}/{FOLDER_NAME}/{name}/{number}/{_COPY[copy.way]}"
            except OSError as error:
                message = f"no copy of the workspace could be made: {error.strerror}"
                raise refusal(
                    "workspace-store", message, "nothing was run; see to the disk, then send it again"
                ) from error
            yield copy

    def _made(self, source: str, target: str, workspace: int, call: int) -> Copy:
        if os.fstat(workspace).st_dev != os.fstat(call).st_dev:
            message = "the workspace lies on another file system than the folder of workspaces"
            raise refusal("workspace-device", message, "give --workspaces a folder of the same file system")
        before = survey(workspace, self._bounds.entries)
        settle_clock(before.newest)
        way: Way = "overlay"
        if before.others or not self._overlays() or not overlay(workspace, call):
            way, copied = self._copied(workspace, call, before)
        else:
            copied = before
        return Copy(source, target, "", way, workspace, call, before, copied, self._bounds)

    def _copied(self, workspace: int, call: int, before: Tree) -> tuple[Way, Tree]:
        os.mkdir(_TREE, 0o700, dir_fd=call)
        with opened(call, _TREE.encode(), FOLDER) as tree:
            way = copy_tree(workspace, before, tree, self._bounds)
            status = os.fstat(workspace)
            own(tree, status)
            os.fchmod(tree, status.st_mode & 0o7777)
            copied = survey(tree, self._bounds.entries, "copy")
        settle_clock(copied.newest)
        return way, copied

    def _opened(self) -> tuple[str, int]:
        """Return name and descriptor of this process's folder, made and locked when it is first asked for."""
        with self._lock:
            if self._session is None:
                self._session = self._begun()
            return self._session[:2]

    def _begun(self) -> tuple[str, int, int]:
        try:
            with self._folder(make=True) as store:
                name = f"{os.getpid()}-{time.time_ns()}"
                os.mkdir(name, 0o700, dir_fd=store)
                with ExitStack() as stack:
                    session = os.open(name, FOLDER | os.O_NOFOLLOW, dir_fd=store)
                    stack.callback(os.close, session)
                    lock = os.open(_LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=session)
                    stack.callback(os.close, lock)
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    os.fsync(session)
                    os.fsync(store)
                    stack.pop_all()
                    return name, session, lock
        except OSError as error:
            message = f"the folder {FOLDER_NAME} of the workspaces cannot be used: {error.strerror}"
            raise refusal(
                "workspace-store", message, "let this user write to the folder of workspaces"
            ) from error

    @contextmanager
    def _folder(self, *, make: bool = False) -> Iterator[int]:
        """Yield the folder of all processes, alone: nobody begins while another looks for what is left."""
        root = os.open(self._root, FOLDER)
        try:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(FOLDER_NAME, 0o700, dir_fd=root)
                os.fsync(root)
            with opened(root, FOLDER_NAME.encode(), FOLDER) as store:
                fcntl.flock(store, fcntl.LOCK_EX)
                yield store
        finally:
            os.close(root)

    def recover(self, say: Callable[[str], None]) -> None:
        """Finish or remove what processes that died left of their copies; `say` is told what is done."""
        with suppress(FileNotFoundError), self._folder() as store:
            for name in names(store):
                with opened(store, os.fsencode(name), FOLDER) as session, _unlocked(session) as free:
                    over = free and self._swept(session, say)
                if over:
                    remove_tree(store, name)

    def _swept(self, session: int, say: Callable[[str], None]) -> bool:
        """Finish and remove the calls of a folder; False where one must be kept for a person to look at."""
        over = True
        for number in names(session):
            if number == _LOCK:
                continue
            try:
                with opened(session, os.fsencode(number), FOLDER) as call:
                    self._finished(call, say)
                _removed(session, number)
            except (SandboxError, OSError) as error:
                say(f"a commit that an earlier run began is not finished: {error}")
            over = over and number not in names(session)
        return over

    def _finished(self, call: int, say: Callable[[str], None]) -> None:
        """Finish what a call had begun to commit; where that cannot be done any more, it is put back as it was."""
        intent = read_intent(call)
        if intent is None:
            say("removing the copy of a workspace that an earlier run left behind")
            return
        source, steps = intent
        say(f"finishing the commit to the workspace {shown(source)} that an earlier run began")
        with ExitStack() as stack:
            root = os.open(self._root, FOLDER)
            stack.callback(os.close, root)
            try:
                finish(stack.enter_context(opened(root, os.fsencode(source), FOLDER)), call, steps)
            except SandboxError as error:
                if error.code == "workspace-half":
                    raise
                say(f"the workspace {shown(source)} is as it was before that call: {error}")

    def close(self) -> None:
        """Give up this process's folder."""
        with self._lock:
            session, self._session = self._session, None
        if session is None:
            return
        name, descriptor, lock = session
        with suppress(OSError), self._folder() as store:
            if names(descriptor) == [_LOCK]:
                remove_tree(store, name)
        os.close(descriptor)
        os.close(lock)


@contextmanager
def _unlocked(session: int) -> Iterator[bool]:
    """Yield whether the process that a folder belongs to is gone; its lock is then held."""
    lock = os.open(_LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600, dir_fd=session)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(lock)


def _removed(session: int, number: str) -> None:
    """Remove the folder of a call, but where it has begun to commit and not finished: that is for the next start."""
    with suppress(OSError):
        with opened(session, number.encode(), FOLDER) as call:
            while unmount(call, MERGED):
                continue
            if INTENT in names(call):
                return
        remove_tree(session, number)
