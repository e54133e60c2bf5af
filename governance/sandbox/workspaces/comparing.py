"""What is not as it was: of the original, so that nothing is committed over it; of the copy, so that it is judged.

The kernel stamps whatever changes, and no program in a sandbox can set that stamp; so what has the stamp it had is
the same, and what has not is looked into.
"""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from governance.capabilities.difference import Alteration
from governance.sandbox.workspaces.kernel import FILE, digest_of_file, folder_of, opened
from governance.sandbox.workspaces.tree import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from governance.capabilities.difference import Altered
    from governance.sandbox.workspaces.tree import Bounds, Entry, Tree

__all__ = ["alterations", "changed_underneath"]

_FEWER: Final = "let the call change less, or give it a workspace of its own"


def changed_underneath(before: Tree, now: Tree) -> bytes | None:
    """Return a path of the workspace that is not as it was before, None where everything is."""
    if before.others != now.others:
        return min(before.others ^ now.others)
    if before.entries.keys() != now.entries.keys():
        return min(before.entries.keys() ^ now.entries.keys())
    for path, entry in now.entries.items():
        was = before.entries[path]
        if entry == was:
            continue
        # Of a folder the times say only that something in it changed, which is found there.
        if entry.kind != "folder" or entry._replace(mtime=was.mtime, ctime=was.ctime) != was:
            return path
    return None


def alterations(
    original: int, before: Tree, copy: int, copied: Tree, now: Tree, bounds: Bounds
) -> tuple[Alteration, ...]:
    """Return what a call changed: the copy is as `now`, was as `copied`, and was made of the original as `before`.

    SandboxError `workspace-size` where it is more than `bounds`.
    """
    suspects = [
        path
        for path in before.entries.keys() | now.entries.keys()
        if (was := copied.entries.get(path)) is not (entry := now.entries.get(path)) and not _same(was, entry)
    ]
    found = sorted(
        alteration
        for path in suspects
        for alteration in _altered(
            original, before.entries.get(path), copy, now.entries.get(path), path, bounds
        )
    )
    if len(found) > bounds.changes:
        message = f"the call changed {len(found)} files and folders; {bounds.changes} are the most"
        raise refusal("workspace-size", message, _FEWER)
    return tuple(found)


def _same(was: Entry | None, now: Entry | None) -> bool:
    """Whether a path of the copy is as it was; folders are told by their mode."""
    if was is None or now is None or was.kind != now.kind or was.mode != now.mode:
        return False
    return now.kind == "folder" or (was.size, was.mtime, was.ctime) == (now.size, now.mtime, now.ctime)


def _altered(
    original: int, was: Entry | None, copy: int, now: Entry | None, path: bytes, bounds: Bounds
) -> Iterator[Alteration]:
    if was is None or now is None or was.kind != now.kind:
        if was is not None:
            yield _alteration(path, "deleted", was, None, _digest(original, path, was, bounds, gone=True))
        if now is not None:
            yield _alteration(path, "added", now, _digest(copy, path, now, bounds), None)
        return
    before, after = _digest(original, path, was, bounds, gone=True), _digest(copy, path, now, bounds)
    if was.mode != now.mode and now.kind != "link":
        yield _alteration(path, "mode", now, after, before)
    elif before != after:
        yield _alteration(path, "changed", now, after, before)


def _alteration(
    path: bytes, change: Altered, entry: Entry, digest: str | None, before: str | None
) -> Alteration:
    return Alteration(path, change, entry.kind, entry.mode, entry.size, digest, before)


def _digest(top: int, path: bytes, entry: Entry, bounds: Bounds, *, gone: bool = False) -> str | None:
    """Return the digest of what a file holds or where a link leads; None for a folder.

    A file that is too long is refused, and where it is `gone` has none.
    """
    if entry.kind == "folder":
        return None
    if entry.kind == "link":
        with folder_of(top, path) as (folder, name):
            return f"sha256:{sha256(os.fsencode(os.readlink(name, dir_fd=folder))).hexdigest()}"
    if entry.size > bounds.length:
        if gone:
            return None
        message = (
            f"{os.fsdecode(path)!r} was changed and has {entry.size} bytes; {bounds.length} are the most"
        )
        raise refusal("workspace-size", message, _FEWER)
    with opened(top, path, FILE) as file:
        return digest_of_file(file)
