"""What the host lays out to be found or not: two workspaces, a file beside them, and listeners that nobody may reach."""

from __future__ import annotations

import os
import platform
import socket
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from governance.sandbox.host import boot_id, kernel_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from governance.canonical import Json

__all__ = ["FILES", "Stage", "staged"]

FILES: Final = ("out", "seen", "up")
"""What a workspace holds: two links that lead out of it, and a file."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The folders and listeners; `secret` stands in the file beside the workspaces."""

    root: Path
    secret: str
    listeners: tuple[socket.socket, socket.socket]
    abstract: str

    @property
    def canary(self) -> Path:
        """The file beside the workspaces that no sandbox may reach."""
        return self.root / "canary"

    def told(self, engine_socket: str, name: str) -> dict[str, Json]:
        """Return what probes are told to look for; `name` is the container's."""
        return {
            "secret": name,
            "canary": str(self.canary),
            "other": "b",
            "socket": engine_socket,
            "port": self.listeners[0].getsockname()[1],
            "abstract": self.abstract,
            "kernel": kernel_text(),
            "boot": boot_id(),
            "machine": _machine(),
            "host": platform.node(),
            "pid": os.getpid(),
        }

    def reached(self) -> bool:
        """Tell whether anybody connected to a listener."""
        for listener in self.listeners:
            with suppress(BlockingIOError):
                listener.accept()[0].close()
                return True
        return False

    def changed(self) -> bool:
        """Tell whether anything laid out is not as it was."""
        names = sorted(entry.name for entry in (self.root / "a").iterdir())
        return names != list(FILES) or self.canary.read_text() != self.secret


@contextmanager
def staged() -> Iterator[Stage]:
    """Lay everything out, and clear it away afterwards."""
    with tempfile.TemporaryDirectory(prefix="governance-doctor-") as name, ExitStack() as held:
        root = Path(name).resolve()
        root.chmod(0o755)
        secret, abstract = uuid4().hex, f"governance-{uuid4().hex}"
        (root / "canary").write_text(secret)
        for folder in (root / "a", root / "b"):
            folder.mkdir(mode=0o755)
            (folder / "out").symlink_to(root / "canary")
            (folder / "up").symlink_to("../canary")
            (folder / "seen").write_text("seen")
        local = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        named = held.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        local.bind(("127.0.0.1", 0))
        named.bind(f"\0{abstract}")
        for listener in (local, named):
            listener.listen()
            listener.setblocking(False)  # noqa: FBT003 - the library has no keyword for it
        yield Stage(root, secret, (local, named), abstract)


def _machine() -> str:
    with suppress(OSError):
        return Path("/etc/machine-id").read_text().strip()
    return ""
