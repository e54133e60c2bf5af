"""Copies a workspace file by file: sharing what files hold where the file system can, else byte by byte.

Holes stay holes. Special files and mounted folders are left out; what changes while it is copied ends the copy.
"""

from __future__ import annotations

import os
from collections import defaultdict
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from governance.sandbox.workspaces.kernel import FILE, FOLDER, clone, copy_data, opened
from governance.sandbox.workspaces.tree import refusal

if TYPE_CHECKING:
    from governance.sandbox.workspaces.tree import Bounds, Entry, Tree

__all__ = ["Way", "copy_tree", "own"]

Way: TypeAlias = Literal["overlay", "reflink", "plain"]
"""How a copy was made: nothing copied, what files hold shared until it is written, or all of it copied."""

_NEW: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_AGAIN: Final = "send the request again"


def copy_tree(source: int, tree: Tree, target: int, bounds: Bounds) -> Way:
    """Copy what `tree` says of the folder `source` into the empty folder `target`, and return how.

    SandboxError `workspace-size` where there is more than `bounds`, `workspace-changed` for a workspace that does not
    stay as it is; OSError where there is no room.
    """
    copier = _Copier(bounds)
    children: dict[bytes, list[bytes]] = defaultdict(list)
    for path in tree.entries:
        children[path.rpartition(b"/")[0]].append(path)
    folders = sorted(children)  # each before those in it
    for folder in folders:
        with opened(source, folder, FOLDER) as origin, opened(target, folder, FOLDER) as copy:
            for path in children[folder]:
                copier.put(origin, copy, path.rpartition(b"/")[2], tree.entries[path])
    for path in sorted(tree.entries, reverse=True):
        entry = tree.entries[path]
        if entry.kind == "folder":
            with opened(target, path, FOLDER) as copy:
                own(copy, entry)
                os.fchmod(copy, entry.mode)
    return "plain" if copier.plain or not copier.cloned else "reflink"


def own(descriptor: int, entry: Entry | os.stat_result) -> None:
    """Give what is copied the owner that it has, if this process may: any other user's files are its own already."""
    if os.geteuid() == 0:
        uid, gid = (
            (entry.st_uid, entry.st_gid) if isinstance(entry, os.stat_result) else (entry.uid, entry.gid)
        )
        os.fchown(descriptor, uid, gid)


class _Copier:
    """Puts entries into a copy, and counts what that takes."""

    def __init__(self, bounds: Bounds) -> None:
        self.plain = False
        self.cloned = False
        self._bounds = bounds
        self._copied = 0

    def put(self, origin: int, copy: int, name: bytes, entry: Entry) -> None:
        """Copy the entry `name` of one folder into another; a folder is made empty, for its owner to fill."""
        if entry.kind == "folder":
            os.mkdir(name, 0o700, dir_fd=copy)
        elif entry.kind == "link":
            os.symlink(os.readlink(name, dir_fd=origin), name, dir_fd=copy)
            if os.geteuid() == 0:
                os.chown(name, entry.uid, entry.gid, dir_fd=copy, follow_symlinks=False)
        else:
            self._file(origin, copy, name, entry)

    def _file(self, origin: int, copy: int, name: bytes, entry: Entry) -> None:
        with opened(origin, name, FILE) as source:
            status = os.fstat(source)
            if (status.st_ino, status.st_ctime_ns, status.st_size) != (entry.inode, entry.ctime, entry.size):
                message = f"{os.fsdecode(name)!r} of the workspace was changed while it was copied"
                raise refusal("workspace-changed", message, _AGAIN)
            target = os.open(name, _NEW, 0o600, dir_fd=copy)
            try:
                self._data(source, target, status)
                own(target, entry)
                os.fchmod(target, entry.mode)
                os.utime(target, ns=(status.st_atime_ns, entry.mtime))
            finally:
                os.close(target)

    def _data(self, source: int, target: int, status: os.stat_result) -> None:
        if not status.st_size:
            return
        if not self.plain and clone(source, target):
            self.cloned = True
            return
        self.plain = True
        copy_data(source, target, status, self._count)

    def _count(self, length: int) -> None:
        self._copied += length
        if self._copied > self._bounds.copied:
            message = f"the workspace holds more than {self._bounds.copied} bytes"
            mend = "give the agent a smaller workspace, or one on a file system that shares what files hold"
            raise refusal("workspace-size", message, mend)
