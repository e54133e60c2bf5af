"""Read-only file systems made from tars: the same bytes for the same tar, and not compressed, for emulated processors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from governance.errors import Diagnostic, SandboxError
from governance.sandbox.image_layer import EPOCH
from governance.sandbox.provision import install

if TYPE_CHECKING:
    from pathlib import Path

    from governance.sandbox.provision import Host, Say

__all__ = ["squash"]

_HELP: Final = """\
type this as root, then the same command again:
    apt-get install squashfs-tools"""
_PLAIN: Final = (
    "-noI",
    "-noD",
    "-noF",
    "-noX",
    "-mkfs-time",
    str(EPOCH),
    "-all-time",
    str(EPOCH),
    "-processors",
    "1",
)


def squash(what: str, source: Path, target: Path, say: Say, host: Host) -> None:
    """Make the file system `target` of the tar `source`. Raises SandboxError `no-image-builder`, `set-up-failed`."""
    if host.find("sqfstar") is None and not install(host, ["squashfs-tools"], say):
        raise SandboxError(Diagnostic("no-image-builder", "this host has no squashfs-tools", help=_HELP))
    line = 'target=$1; source=$2; shift 2; exec sqfstar "$@" "$target" <"$source"'
    host.run(what, ["sh", "-c", line, "sh", str(target), str(source), *_PLAIN], say, None)
    target.chmod(0o444)
