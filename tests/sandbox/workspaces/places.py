"""Workspaces for tests: small trees made of a mapping, and what a folder holds as such a mapping."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from governance.sandbox.workspace import Workspaces
from governance.sandbox.workspaces import Bounds, Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from governance.sandbox.workspaces.store import Copy

Held: TypeAlias = "tuple[str, int, bytes]"
"""A kind, permissions, and what a file holds or where a link leads."""

SOURCE = "repos/web"


def file(content: bytes = b"", mode: int = 0o644) -> Held:
    return ("file", mode, content)


def folder(mode: int = 0o755) -> Held:
    return ("folder", mode, b"")


def link(target: bytes) -> Held:
    return ("link", 0o777, target)


def make(top: Path, tree: Mapping[bytes, Held]) -> None:
    """Make what `tree` says, with the folders above it."""
    for path, (kind, mode, content) in sorted(tree.items()):
        place = os.fsencode(top) + b"/" + path
        os.makedirs(os.path.dirname(place), exist_ok=True)  # noqa: PTH103, PTH120  # names are bytes
        if kind == "folder":
            os.makedirs(place, exist_ok=True)  # noqa: PTH103
        elif kind == "link":
            os.symlink(content, place)  # noqa: PTH211
            continue
        else:
            descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.write(descriptor, content)
            os.close(descriptor)
        os.chmod(place, mode)  # noqa: PTH101


def held(top: Path) -> dict[bytes, Held]:
    """Return what a folder holds."""
    found: dict[bytes, Held] = {}
    for above, folders, files in os.walk(os.fsencode(top)):
        for name in (*folders, *files):
            place = above + b"/" + name
            path = place[len(os.fsencode(top)) + 1 :]
            mode = os.lstat(place).st_mode & 0o7777
            if os.path.islink(place):  # noqa: PTH114
                found[path] = link(os.readlink(place))  # noqa: PTH115
            elif os.path.isdir(place):  # noqa: PTH112
                found[path] = folder(mode)
            elif os.path.isfile(place):  # noqa: PTH113
                with open(place, "rb") as stream:  # noqa: PTH123
                    found[path] = file(stream.read(), mode)
            else:
                found[path] = ("special", mode, b"")
    return found


class Place:
    """A root with one workspace, and a store of copies that are made the given way."""

    def __init__(self, root: Path, *, overlays: bool, bounds: Bounds | None = None) -> None:
        self.root = root
        self.top = root / SOURCE
        self.top.mkdir(parents=True, exist_ok=True)
        self.workspaces = Workspaces(root)
        self.workspaces.store = Store(str(root), bounds, overlays=lambda: overlays)

    @contextmanager
    def copied(self) -> Iterator[Copy]:
        with self.workspaces.copied(SOURCE, "/workspace") as (_, copy):
            yield copy

    @property
    def left(self) -> list[str]:
        """What lies in the store of copies beside the locks of this process."""
        store = self.root / ".governance"
        found = [path for path in store.rglob("*") if path.name != "lock"] if store.exists() else []
        return sorted(str(path.relative_to(store)) for path in found if path.parent != store)

    def recover(self) -> list[str]:
        """Recover as the next start does, and return what is said."""
        said: list[str] = []
        Store(str(self.root)).recover(said.append)
        return said
