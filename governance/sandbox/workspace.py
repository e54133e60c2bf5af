"""The operator's folder of workspaces, and where on the host a mount's source is.

Sources are looked up by descriptor, one component at a time, and no symbolic link is followed beneath the
root; nothing is ever created. The engine takes paths, so a folder that is swapped after this look-up is not
seen here: `attest` compares what the engine was told, and only the host's own users can swap folders.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from governance.errors import Diagnostic, SandboxError
from governance.text import shown

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

    def __init__(self, root: Path) -> None:
        """Take the root as the operator wrote it; links in its own path are the operator's, and followed now."""
        self._root = Path(os.path.realpath(root))

    def resolve(self, source: str) -> Workspace:
        """Return the folder that `source`, such as `repos/web`, names; SandboxError `workspace` if there is none."""
        parts = source.split("/")
        if "\0" in source or not {"", ".", ".."}.isdisjoint(parts):
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
        return Workspace(path, status.st_uid, status.st_gid, (status.st_dev, status.st_ino))


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
