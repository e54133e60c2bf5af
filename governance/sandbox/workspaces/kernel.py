"""What the kernel is asked beside what Python's library has: renames with flags, clones, mounts, the clock of files.

Everything is by descriptor and name, and no symbolic link is followed beneath a descriptor.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import time
from contextlib import contextmanager
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING, Final

from governance.sandbox.tools.fs import open_beneath

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "FILE",
    "FOLDER",
    "clone",
    "copy_data",
    "digest_of_file",
    "exchange",
    "folder_of",
    "mount_overlay",
    "names",
    "opened",
    "remove_tree",
    "settle_clock",
    "unmount",
]

_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_NOREPLACE: Final = 1
_EXCHANGE: Final = 2
_FICLONE: Final = 0x40049409
_NOSUID_NODEV: Final = 0x2 | 0x4
_DETACH_NOFOLLOW: Final = 0x2 | 0x8
_COARSE: Final = 5  # CLOCK_REALTIME_COARSE: what the kernel stamps files with
_PIECE: Final = 2**20

FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY
FILE: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY
"""How folders and files are opened to be read; a pipe in the place of a file is not waited for."""

_CLONE_REFUSED: Final = (errno.EOPNOTSUPP, errno.ENOTTY, errno.EINVAL, errno.EXDEV, errno.ENOSYS)
"""How a file system says that it cannot share what files hold."""


@contextmanager
def opened(folder: int, path: bytes, flags: int) -> Iterator[int]:
    """Yield the descriptor of `path` beneath `folder`, opened with no link followed in any component."""
    descriptor = open_beneath(folder, path, flags)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def folder_of(top: int, path: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the descriptor of the folder beneath `top` that the last name of `path` is in, and that name."""
    above, _, name = path.rpartition(b"/")
    with opened(top, above, FOLDER) as folder:
        yield folder, name


def names(folder: int) -> list[str]:
    """Return the names in a folder, sorted."""
    return sorted(os.listdir(folder))  # of a descriptor


def exchange(source: int, name: bytes, target: int, other: bytes, *, both: bool) -> None:
    """Let two names change places, or where not `both` move one to a name that nothing has; in one step.

    Raises OSError, FileExistsError among them.
    """
    flags = _EXCHANGE if both else _NOREPLACE
    if _LIBC.renameat2(source, name, target, other, flags) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), os.fsdecode(other))


def clone(source: int, target: int) -> bool:
    """Let `target` share what `source` holds; False where the file system cannot."""
    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError as error:
        if error.errno in _CLONE_REFUSED:
            return False
        raise
    return True


def copy_data(source: int, target: int, status: os.stat_result, counted: Callable[[int], None]) -> None:
    """Copy what a regular file holds into an empty one; where it holds nothing the other holds nothing too.

    `counted` is told the bytes before they are copied, and may raise.
    """
    os.ftruncate(target, status.st_size)
    if status.st_blocks * 512 >= status.st_size:
        _copy_piece(source, target, 0, status.st_size, counted)
        return
    end = 0
    while end < status.st_size:
        try:
            start = os.lseek(source, end, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # nothing but holes from here on
                return
            raise
        end = os.lseek(source, start, os.SEEK_HOLE)
        _copy_piece(source, target, start, end, counted)


def _copy_piece(source: int, target: int, start: int, end: int, counted: Callable[[int], None]) -> None:
    os.lseek(target, start, os.SEEK_SET)
    while start < end:
        most = min(end - start, _PIECE)
        counted(most)
        sent = os.sendfile(target, source, start, most)
        if not sent:
            return
        start += sent


def digest_of_file(file: int) -> str:
    """Return the digest of all that a regular file holds."""
    found, offset = sha256(), 0
    while piece := os.pread(file, _PIECE, offset):
        found.update(piece)
        offset += len(piece)
    return f"sha256:{found.hexdigest()}"


def settle_clock(newest: int) -> None:
    """Wait until the kernel stamps files later than `newest` (nanoseconds), a stamp that a file has.

    What changes a file from then on gives it another stamp. A stamp that lies further ahead than a tick is none that
    the kernel will soon give again.
    """
    while 0 <= newest - time.clock_gettime_ns(_COARSE) < 10**9:
        time.sleep(0.001)


def mount_overlay(lower: int, upper: int, work: int, target: int) -> None:
    """Mount the folder `lower` on `target`, with what is written going to `upper`. Raises OSError.

    A copy outlives no crash, so nothing waits for its bytes to reach the disk (`volatile`, Linux 5.10).
    """
    options = ",".join(
        (
            f"lowerdir=/proc/self/fd/{lower}", f"upperdir=/proc/self/fd/{upper}", f"workdir=/proc/self/fd/{work}",
            "redirect_dir=off", "metacopy=off", "index=off", "volatile",
        )
    )  # fmt: skip
    place = f"/proc/self/fd/{target}".encode()
    if _LIBC.mount(b"overlay", place, b"overlay", _NOSUID_NODEV, options.encode()) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def unmount(folder: int, name: str) -> bool:
    """Unmount what is mounted on `name` in `folder`, also where it is in use; False where nothing is."""
    path = f"/proc/self/fd/{folder}/{name}".encode()
    if _LIBC.umount2(path, _DETACH_NOFOLLOW) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOENT):
        return False
    raise OSError(number, os.strerror(number), name)


def remove_tree(folder: int, name: str) -> None:
    """Remove the folder `name` and all that is in it, however deep; a link is removed, never followed.

    Folders in it are moved up before they are emptied, so that no path becomes too long. Raises OSError.
    """
    pending = [name]
    numbers = count(1)
    while pending:
        top = pending.pop()
        with opened(folder, os.fsencode(top), FOLDER) as inside:
            os.fchmod(inside, 0o700)
            pending += [
                _moved_up(inside, entry, folder, name, numbers)
                for entry in names(inside)
                if not _removed(inside, entry)
            ]
        os.rmdir(top, dir_fd=folder)


def _moved_up(inside: int, entry: str, folder: int, name: str, numbers: Iterator[int]) -> str:
    """Move a folder next to the one that is removed, under a name that a removal which was cut off has not left."""
    for number in numbers:
        moved = f"{name}.{number}"
        try:
            exchange(inside, os.fsencode(entry), folder, moved.encode(), both=False)
        except FileExistsError:
            continue
        break
    return moved


def _removed(folder: int, name: str) -> bool:
    """Remove a file, a link or an empty folder; False for a folder that is not empty."""
    try:
        os.unlink(name, dir_fd=folder)
    except IsADirectoryError:
        try:
            os.rmdir(name, dir_fd=folder)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            return False
    return True
