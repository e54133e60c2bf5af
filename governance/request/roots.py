"""Folders of the host and where a sandbox has them: how a path of the host becomes one that a call can name.

Declared by the operator, never by a request. What lies under none of them has no path here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from governance.capabilities.paths import check_path
from governance.text import excerpt

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["HostRoot", "check_roots", "mapped", "parse_root", "sandbox_path"]


class HostRoot(NamedTuple):
    """A folder of the host and the path it has in the sandbox, both canonical."""

    host: str
    sandbox: str

    def __str__(self) -> str:
        return f"{self.host}={self.sandbox}"


def parse_root(text: str) -> HostRoot:
    """Return the root that `HOST=SANDBOX` declares. Raises `ValueError`."""
    host, sign, sandbox = text.rpartition("=")
    if not sign:
        raise ValueError("write HOST=SANDBOX, like /home/me/web=/workspace")
    return HostRoot(check_path(host), check_path(sandbox))


def check_roots(roots: Iterable[HostRoot]) -> tuple[HostRoot, ...]:
    """Return the roots in order of their host folders. Raises `ValueError` where a path could belong to two of them."""
    checked = tuple(sorted(HostRoot(check_path(host), check_path(sandbox)) for host, sandbox in roots))
    for place, root in enumerate(checked):
        for other in checked[:place]:
            for mine, theirs in zip(root, other, strict=True):
                if _beneath(mine, theirs) or _beneath(theirs, mine):
                    raise ValueError(f"{root} and {other} overlap: {excerpt(mine)} and {excerpt(theirs)}")
    return checked


def sandbox_path(text: str, cwd: str, roots: tuple[HostRoot, ...]) -> str:
    """Return the sandbox's path of `text`, a path of the host that is absolute or relative to `cwd`.

    Raises `ValueError` for one that is not canonical or lies under no root, and so for every one where there
    are none. Only the working directory itself is written `.`.
    """
    if text.startswith("/"):
        return mapped(check_path(text), roots)
    if not text:
        raise ValueError("a path is not empty")
    if text.startswith("~"):
        raise ValueError("`~` stands for somebody's home; write the path out")
    try:
        folder = mapped(check_path(cwd), roots)
    except ValueError as error:
        raise ValueError(f"it is relative to the event's cwd, and of that: {error}") from None
    return folder if text == "." else check_path(f"{folder.rstrip('/')}/{text}")


def mapped(path: str, roots: tuple[HostRoot, ...]) -> str:
    """Return where the sandbox has `path`, a canonical path of the host. Raises `ValueError` where it lies under no root."""
    for root in roots:
        if _beneath(path, root.host):
            rest = path.removeprefix(root.host).removeprefix("/")
            return f"{root.sandbox.rstrip('/')}/{rest}" if rest else root.sandbox
    known = ", ".join(map(str, roots)) or "none; the operator declares one with --host-root HOST=SANDBOX"
    raise ValueError(f"it is under no host root; known: {known}")


def _beneath(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")
