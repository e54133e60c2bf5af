"""What a folder holds, as its descriptor shows it: every path with what the kernel says of it, and nothing opened."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from governance.errors import Diagnostic, SandboxError
from governance.sandbox.workspaces.kernel import FOLDER, opened

if TYPE_CHECKING:
    from governance.capabilities.difference import Kind

__all__ = ["Bounds", "Entry", "Tree", "refusal", "survey"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most that is copied, compared and committed: entries, bytes that are not holes, changes, bytes of one change."""

    entries: int = 250_000
    copied: int = 16 * 2**30
    changes: int = 20_000
    length: int = 2 * 2**30


class Entry(NamedTuple):
    """One path: what it is, whose, and what changes whenever it does. Times are nanoseconds, sizes bytes."""

    kind: Kind
    mode: int
    uid: int
    gid: int
    size: int
    mtime: int
    ctime: int
    inode: int


@dataclass(frozen=True, slots=True)
class Tree:
    """All entries beneath a folder by their relative path, and the paths of what is none: special files and mounts."""

    entries: dict[bytes, Entry]
    others: frozenset[bytes]

    @property
    def newest(self) -> int:
        """When the last of the entries was changed, in nanoseconds since 1970."""
        return max((entry.ctime for entry in self.entries.values()), default=0)


_KINDS: Final[dict[int, Kind]] = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link"}

_Which: TypeAlias = Literal["workspace", "copy"]


def survey(top: int, most: int, which: _Which = "workspace") -> Tree:
    """Return what the folder of the descriptor `top` holds.

    SandboxError `workspace-size` for more than `most` entries or a path that is too long, `workspace` for what
    cannot be read.
    """
    entries: dict[bytes, Entry] = {}
    others: set[bytes] = set()
    device = os.fstat(top).st_dev
    pending = [b""]
    while pending:
        folder = pending.pop()
        for path, entry, here in _entries(top, folder, device, which):
            if entry is None:
                others.add(path)
                continue
            if entry.kind == "folder" and not here:
                others.add(path)
                continue
            entries[path] = entry
            if entry.kind == "folder":
                pending.append(path)
        if len(entries) + len(others) > most:
            raise refusal("workspace-size", f"the {which} holds more than {most} files and folders", _SMALLER)
    return Tree(entries, frozenset(others))


_SMALLER: Final = "give the agent a smaller workspace"


def _entries(top: int, folder: bytes, device: int, which: _Which) -> list[tuple[bytes, Entry | None, bool]]:
    """Return each entry of one folder, None for what is special, and whether it lies on `device`."""
    lead = folder + b"/" if folder else b""
    found: list[tuple[bytes, Entry | None, bool]] = []
    try:
        with opened(top, folder, FOLDER) as descriptor, os.scandir(descriptor) as scanned:
            for each in scanned:
                status = each.stat(follow_symlinks=False)
                path = lead + os.fsencode(each.name)
                found.append((path, _entry(status), status.st_dev == device))
    except OSError as error:
        if error.errno == 36:  # ENAMETOOLONG
            raise refusal("workspace-size", f"a path in the {which} is too long", _SMALLER) from error
        message = f"the {which} cannot be read: {os.fsdecode(folder)!r}: {error.strerror}"
        raise refusal(
            "workspace", message, "let nothing change it meanwhile, and let this user read it"
        ) from error
    return found


def _entry(status: os.stat_result) -> Entry | None:
    kind = _KINDS.get(stat.S_IFMT(status.st_mode))
    if kind is None:
        return None
    return Entry(
        kind, stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid,
        0 if kind == "folder" else status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino,
    )  # fmt: skip


def refusal(code: str, message: str, mend: str) -> SandboxError:
    """Return the error that says why no copy is made, or nothing committed."""
    return SandboxError(Diagnostic(code, message, help=mend))
