"""The first file system of a guest: an archive of the form that Linux unpacks, always the same bytes for the same files.

Form: `newc` of cpio(5), as in Linux's Documentation/driver-api/early-userspace/buffer-format.rst.
"""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Final

from governance.sandbox.image_layer import EPOCH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["initramfs"]

_MAGIC: Final = b"070701"
_END: Final = "TRAILER!!!"


def initramfs(folders: Sequence[str], programs: Mapping[str, bytes]) -> bytes:
    """Return an archive of empty `folders` and of `programs`, which all may run, by path without a leading slash."""
    entries = [(path, stat.S_IFDIR | 0o755, b"") for path in folders]
    entries += [(path, stat.S_IFREG | 0o755, body) for path, body in programs.items()]
    numbered = enumerate([*sorted(entries), (_END, 0, b"")], start=1)
    return b"".join(_entry(number, *entry) for number, entry in numbered)


def _entry(number: int, path: str, mode: int, body: bytes) -> bytes:
    """Return one member: magic, thirteen numbers of eight hexadecimal digits, name, content; both padded to four."""
    name = path.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, EPOCH, len(body), 0, 0, 0, 0, len(name), 0)
    head = _MAGIC + b"".join(b"%08x" % field for field in fields) + name
    return _padded(head) + _padded(body)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
