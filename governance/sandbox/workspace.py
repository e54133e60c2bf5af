"""The operator's folder of workspaces, and where on the host a mount's source is.

Sources are looked up by descriptor, one component at a time, and no symbolic link is followed beneath the
root; nothing is ever created but the store of copies, `workspaces`. The engine takes paths, so a folder that is swapped after this look-up is not
seen here: `attest` compares what the engine was told, and only the host's own users can swap folders.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from governance.errors import Diagnostic, SandboxError
from governance.sandbox.workspaces.overlay import sees_our_mounts
from governance.sandbox.workspaces.store import FOLDER_NAME, Store
from governance.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from governance.sandbox.workspaces.store import Copy
    from governance.sandbox.workspaces.tree import Bounds

__all__ = ["NOBODY", "Workspace", "Workspaces"]

NOBODY: Final = 65532
"""The user and group of a sandbox whose workspace belongs to root, or that has none."""

_LOOK: Final = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder of the host, the ids of who owns it, and which folder it is: its device and its inode.

    Another folder at the same path is another workspace.
    """

    path: str
    uid: int
    gid: int
    identity: tuple[int, int]

    @property
    def user(self) -> tuple[int, int]:
        """The user and group that a sandbox runs as to work here: the owner's, but never root's."""
        return (self.uid, self.gid or NOBODY) if self.uid else (NOBODY, NOBODY)


class Workspaces:
    """The operator's root; every workspace is beneath it."""

    def __init__(self, root: Path, socket: str | None = None, bounds: Bounds | None = None) -> None:
        """Take the root as the operator wrote it; links in its own path are the operator's, and followed now.

        `socket` is that of the engine: overlays are made only where it is known to see them. `bounds` are the most
        that a workspace which is written to may hold.
        """
        self._root = Path(os.path.realpath(root))
        overlays = cache(lambda: socket is not None and os.geteuid() == 0 and sees_our_mounts(socket))
        self.store = Store(str(self._root), bounds, overlays=overlays)

    def resolve(self, source: str) -> Workspace:
        """Return the folder that `source`, such as `repos/web`, names; SandboxError `workspace` if there is none."""
        with self._opened(source) as (workspace, _):
            return workspace

    @contextmanager
    def copied(self, source: str, target: str) -> Iterator[tuple[Workspace, Copy]]:
        """Yield the folder that `source` names and a copy of it to work in at `target`; SandboxError if there is none."""
        with ExitStack() as stack:
            workspace, folder = stack.enter_context(self._opened(source))
            try:
                readable = os.open(".", os.O_RDONLY | os.O_DIRECTORY, dir_fd=folder)
            except OSError as error:
                raise _refusal(source, _reason(error)) from error
            stack.callback(os.close, readable)
            copy = stack.enter_context(self.store.copied(source, target, readable))
            yield workspace, copy

    @contextmanager
    def _opened(self, source: str) -> Iterator[tuple[Workspace, int]]:
        """Yield the folder that `source` names, and its descriptor."""
        parts = source.split("/")
        if "\0" in source or not {"", ".", "..", FOLDER_NAME}.isdisjoint(parts):
            raise _refusal(source, "is no plain relative path")
        path = "/".join((str(self._root).rstrip("/"), *parts))
        with ExitStack() as opened:
            try:
                folder = _open(str(self._root), None, opened)
                for part in parts:
                    folder = _open(part, folder, opened)
                status = os.fstat(folder)
                found = Path(f"/proc/self/fd/{folder}").readlink()
            except OSError as error:
                raise _refusal(source, _reason(error)) from error
            if str(found) != path:
                raise _refusal(source, "was moved while it was looked up")
            yield Workspace(path, status.st_uid, status.st_gid, (status.st_dev, status.st_ino)), folder


def _open(name: str, folder: int | None, opened: ExitStack) -> int:
    descriptor = os.open(name, _LOOK, dir_fd=folder)
    opened.callback(os.close, descriptor)
    return descriptor


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    if isinstance(error, NotADirectoryError):
        return "is not a folder, or has a symbolic link in its path"
    return f"cannot be opened: {error.strerror}"


def _refusal(source: str, problem: str) -> SandboxError:
    mend = "make it a real folder beneath the folder of workspaces, with no symbolic link on the way"
    return SandboxError(Diagnostic("workspace", f"the workspace `{shown(source)}` {problem}", help=mend))
