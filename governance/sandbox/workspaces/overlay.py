"""Copies that nothing is copied for: an overlay of the kernel's over the workspace, for which root is needed.

Whether it works is found by trying. The engine must see the mount: it does where it lives among the same mounts. What a
call wrote lies in the folder `upper`, in the kernel's own form: what is there is new, a device 0/0 stands for what was
deleted, and a folder that is opaque has nothing beneath it of what was there (Documentation/filesystems/overlayfs.rst).
"""

from __future__ import annotations

import os
import socket
import stat
import struct
from contextlib import suppress
from pathlib import Path
from typing import Final

from governance.sandbox.workspaces.copying import own
from governance.sandbox.workspaces.kernel import FOLDER, folder_of, mount_overlay, opened
from governance.sandbox.workspaces.tree import Tree, survey

__all__ = ["MERGED", "UPPER", "as_written", "overlay", "sees_our_mounts"]

MERGED: Final = "merged"
UPPER: Final = "upper"
_OPAQUE: Final = "trusted.overlay.opaque"
_PEER: Final = struct.Struct("iII")


def sees_our_mounts(path: str) -> bool:
    """Whether the process behind the Unix socket `path` surely lives among the same mounts as this one."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
            peer.settimeout(5)
            peer.connect(path)
            pid, _, _ = _PEER.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
        return Path(f"/proc/{pid}/ns/mnt").readlink() == Path("/proc/self/ns/mnt").readlink()
    except OSError:
        return False


def overlay(source: int, call: int) -> bool:
    """Mount an overlay over the folder `source` on the folder `merged` in the folder `call`; False where it cannot be.

    The mount point itself lets nobody in: an engine that does not see the mount runs nothing in it.
    """
    for name in (UPPER, "work", MERGED):
        os.mkdir(name, 0o700, dir_fd=call)
    with (
        opened(call, UPPER.encode(), FOLDER) as upper,
        opened(call, b"work", FOLDER) as work,
        opened(call, MERGED.encode(), FOLDER) as merged,
    ):
        status = os.fstat(source)
        own(upper, status)
        os.fchmod(upper, status.st_mode & 0o7777)
        os.fchmod(merged, 0)
        with suppress(OSError):
            mount_overlay(source, upper, work, merged)
            return True
    return False


def as_written(upper: int, before: Tree, most: int) -> Tree:
    """Return what the workspace that was as `before` is with what lies in the folder `upper` over it.

    The overlay must not be mounted any more. SandboxError for more than `most` entries.
    """
    written = survey(upper, most, "copy")
    gone = {path for path in written.others if _is_whiteout(upper, path)}
    hidden = gone | {
        path
        for path, entry in written.entries.items()
        if (entry.kind == "folder" and _is_opaque(upper, path))
        or _was_folder(before, path) != (entry.kind == "folder")
    }
    left = {
        path: entry
        for path, entry in before.entries.items()
        if path not in hidden and not (hidden and _lies_in(path, hidden))
    }
    return Tree(left | written.entries, written.others - gone)


def _was_folder(before: Tree, path: bytes) -> bool:
    was = before.entries.get(path)
    return was is not None and was.kind == "folder"


def _lies_in(path: bytes, folders: set[bytes]) -> bool:
    end = path.rfind(b"/")
    while end > 0:
        if path[:end] in folders:
            return True
        end = path.rfind(b"/", 0, end)
    return False


def _is_whiteout(upper: int, path: bytes) -> bool:
    with folder_of(upper, path) as (folder, name):
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0


def _is_opaque(upper: int, path: bytes) -> bool:
    with opened(upper, path, FOLDER) as folder:
        try:
            return os.getxattr(folder, _OPAQUE) == b"y"
        except OSError:  # it has no such attribute
            return False
