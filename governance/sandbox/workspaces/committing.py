"""Puts what is kept of a copy in its place in the workspace: all of it or none, also where this process is cut off.

What is new is staged in slots beside the copy and made durable, then what will be done with it, the intent. From then
on each step is one rename between a slot and its place, and the slots tell which steps were done: the next start does
the rest (`finish`), or where that cannot be done any more, puts back what was done (`undo`).
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from governance.canonical import canonical
from governance.capabilities.difference import path_from_json, path_to_json
from governance.errors import SandboxError
from governance.sandbox.workspaces.copying import own
from governance.sandbox.workspaces.kernel import (
    FILE,
    FOLDER,
    clone,
    copy_data,
    digest_of_file,
    exchange,
    folder_of,
    opened,
)
from governance.sandbox.workspaces.tree import refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from governance.capabilities.difference import Alteration
    from governance.sandbox.workspaces.tree import Tree

__all__ = ["INTENT", "SLOTS", "Step", "finish", "read_intent", "stage", "undo", "write_intent"]

INTENT: Final = "intent"
SLOTS: Final = "slots"

_NEW: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_AGAIN: Final = "nothing was kept; send the request again"

_Doing: TypeAlias = Literal["remove", "add", "swap", "permit"]


class Step(NamedTuple):
    """One step of a commit: what is done to `path` with the slot of that number.

    `old` is the inode that is there before, `new` the one that comes there; 0 for none. `permit` sets a folder's
    permissions to `new`, from `old`, without a slot.
    """

    do: _Doing
    slot: int
    path: bytes
    old: int
    new: int


def stage(copy: int, call: int, kept: Sequence[Alteration], before: Tree) -> tuple[Step, ...]:
    """Make the slots in the folder `call` of what is kept of `copy`, durably, and return the steps in their order.

    First goes what is deleted, a folder as a whole; then comes what is new, a folder before what is in it.
    SandboxError `workspace-changed` where the copy is not what was judged any more.
    """
    os.mkdir(SLOTS, 0o700, dir_fd=call)
    steps: list[Step] = []
    with opened(call, SLOTS.encode(), FOLDER) as slots:
        for alteration in sorted(kept, key=lambda each: each.path):
            if alteration.change == "deleted" and not _within(alteration.path, steps):
                steps.append(
                    Step("remove", len(steps), alteration.path, before.entries[alteration.path].inode, 0)
                )
        for alteration in sorted(kept, key=lambda each: each.path):
            if alteration.change != "deleted":
                steps.append(_staged(copy, slots, alteration, len(steps), before))
        os.fsync(slots)
    permits = [step for step in steps if step.do == "permit"]
    return (*(step for step in steps if step.do != "permit"), *reversed(permits))


def _within(path: bytes, steps: Sequence[Step]) -> bool:
    """Whether `path` lies in what the last step removes already; they come sorted."""
    return bool(steps) and path.startswith(steps[-1].path + b"/")


def _staged(copy: int, slots: int, alteration: Alteration, slot: int, before: Tree) -> Step:
    path, was = alteration.path, before.entries.get(alteration.path)
    name = str(slot)
    if alteration.kind == "folder":
        if alteration.change == "mode" and was is not None:
            return Step("permit", slot, path, was.mode, alteration.permissions)
        os.mkdir(name, 0o700, dir_fd=slots)
        with opened(copy, path, FOLDER) as made, opened(slots, name.encode(), FOLDER) as folder:
            own(folder, os.fstat(made))
            os.fchmod(folder, alteration.permissions)
            os.fsync(folder)
    elif alteration.kind == "link":
        _link(copy, slots, alteration, name)
    else:
        _file(copy, slots, alteration, name)
    new = os.stat(name, dir_fd=slots, follow_symlinks=False).st_ino
    if alteration.change == "added" or was is None:
        return Step("add", slot, path, 0, new)
    return Step("swap", slot, path, was.inode, new)


def _link(copy: int, slots: int, alteration: Alteration, name: str) -> None:
    with folder_of(copy, alteration.path) as (folder, last):
        target = os.fsencode(os.readlink(last, dir_fd=folder))
        status = os.stat(last, dir_fd=folder, follow_symlinks=False)
    _check(alteration, f"sha256:{sha256(target).hexdigest()}")
    os.symlink(target, name, dir_fd=slots)
    if os.geteuid() == 0:
        os.chown(name, status.st_uid, status.st_gid, dir_fd=slots, follow_symlinks=False)


def _file(copy: int, slots: int, alteration: Alteration, name: str) -> None:
    """Stage a file: its bytes are copied once more, so that what is kept is what was hashed, whoever has it open."""
    file = os.open(name, _NEW, 0o600, dir_fd=slots)
    try:
        with opened(copy, alteration.path, FILE) as source:
            status = os.fstat(source)
            if status.st_size and not clone(source, file):
                copy_data(source, file, status, lambda _: None)
        _check(alteration, digest_of_file(file))
        own(file, status)
        os.fchmod(file, alteration.permissions)
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
        os.fsync(file)
    finally:
        os.close(file)


def _check(alteration: Alteration, digest: str) -> None:
    if digest != alteration.digest:
        message = f"{os.fsdecode(alteration.path)!r} was changed after it was judged"
        raise refusal("workspace-changed", message, _AGAIN)


def write_intent(call: int, source: str, steps: Iterable[Step]) -> None:
    """Make durable what will be done; from here on the workspace becomes the new one, whatever happens."""
    data = canonical(
        {
            "workspace": source,
            "steps": [[step.do, step.slot, path_to_json(step.path), step.old, step.new] for step in steps],
        }
    )
    file = os.open(f"{INTENT}.new", _NEW, 0o600, dir_fd=call)
    try:
        while data:
            data = data[os.write(file, data) :]
        os.fsync(file)
    finally:
        os.close(file)
    os.rename(f"{INTENT}.new", INTENT, src_dir_fd=call, dst_dir_fd=call)
    os.fsync(call)


def read_intent(call: int) -> tuple[str, tuple[Step, ...]] | None:
    """Return the workspace and the steps that were going to be done, None where nothing was."""
    with suppress(FileNotFoundError), opened(call, INTENT.encode(), FILE) as file:
        with os.fdopen(os.dup(file), "rb") as stream:
            found = json.load(stream)
        steps = (
            Step(do, slot, path_from_json(path), old, new) for do, slot, path, old, new in found["steps"]
        )
        return found["workspace"], tuple(steps)
    return None


def finish(workspace: int, call: int, steps: Sequence[Step]) -> None:
    """Do those of the steps that are not done, durably; or undo all and raise SandboxError.

    `workspace-changed` is raised where a place is not as it was, `workspace-refused` where the kernel refuses.
    """
    with opened(call, SLOTS.encode(), FOLDER) as slots:
        try:
            for step in steps:
                _do(workspace, slots, step)
            _flush(workspace, slots, steps)
        except (SandboxError, OSError) as error:
            undo(workspace, slots, steps)
            _done(call)
            if isinstance(error, SandboxError):
                raise
            message = f"the host refused to write what is kept: {error.strerror}"
            raise refusal("workspace-refused", message, _AGAIN) from error
    with suppress(OSError):  # an intent that is done is found done, and does nothing more
        _done(call)


def _done(call: int) -> None:
    """Let the intent be no more; the workspace is one or the other."""
    os.unlink(INTENT, dir_fd=call)
    os.fsync(call)


def _flush(workspace: int, slots: int, steps: Sequence[Step]) -> None:
    """Make the names durable: of each folder that a step was in, and of the slots."""
    for above in {step.path.rpartition(b"/")[0] for step in steps}:
        with suppress(FileNotFoundError), opened(workspace, above, FOLDER) as folder:
            os.fsync(folder)
    os.fsync(slots)


def _inode(folder: int, name: bytes) -> int:
    """Return the inode that has a name, 0 for none."""
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False).st_ino
    except FileNotFoundError:
        return 0


def _do(workspace: int, slots: int, step: Step) -> None:
    """Do one step, unless it is done. What turns out not to be what was there before is put back at once."""
    slot = str(step.slot).encode()
    if step.do == "permit":
        with opened(workspace, step.path, FOLDER) as folder:
            os.fchmod(folder, step.new)
            os.fsync(folder)
        return
    held = _inode(slots, slot)
    if held == step.old:  # of an addition: the slot is empty
        return
    with folder_of(workspace, step.path) as (folder, name):
        if _inode(folder, name) != step.old:
            raise _changed(step)
        if step.do == "remove":
            exchange(folder, name, slots, slot, both=False)
        else:
            exchange(slots, slot, folder, name, both=step.do == "swap")
        if step.old and _inode(slots, slot) != step.old:
            exchange(slots, slot, folder, name, both=step.do == "swap")
            raise _changed(step)


def undo(workspace: int, slots: int, steps: Sequence[Step]) -> None:
    """Put back what was done of the steps, the last one first.

    SandboxError `workspace-half` where someone has changed it meanwhile: what was there is then still in its slot.
    """
    stuck = []
    for step in reversed(steps):
        try:
            _put_back(workspace, slots, step)
        except OSError:
            stuck.append(step.path)
    with suppress(OSError):
        _flush(workspace, slots, steps)
    if stuck:
        message = f"{os.fsdecode(stuck[-1])!r} could not be put back as it was"
        mend = (
            "what it was lies in the folder `.governance` of the workspaces, in `slots`; put it back by hand"
        )
        raise refusal("workspace-half", message, mend)


def _put_back(workspace: int, slots: int, step: Step) -> None:
    slot = str(step.slot).encode()
    if step.do == "permit":
        with suppress(FileNotFoundError), opened(workspace, step.path, FOLDER) as folder:
            os.fchmod(folder, step.old)
        return
    if _inode(slots, slot) != step.old:
        return
    with folder_of(workspace, step.path) as (folder, name):
        there = _inode(folder, name)
        if step.do == "remove":
            exchange(slots, slot, folder, name, both=False)
        elif there == step.new:
            exchange(folder, name, slots, slot, both=step.do == "swap")
        elif step.do == "swap":
            raise FileExistsError


def _changed(step: Step) -> SandboxError:
    message = f"{os.fsdecode(step.path)!r} of the workspace was changed while the call ran"
    return refusal("workspace-changed", message, _AGAIN)
