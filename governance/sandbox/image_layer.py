"""Layers of an image: tar archives whose bytes follow from their content alone.

Members are sorted, times fixed, names of owners left out, set-user-id bits, devices and extended attributes
removed. So the same files give the same digest on every host and on every day.
"""

from __future__ import annotations

import fnmatch
import hashlib
import io
import re
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from governance.canonical import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["EPOCH", "Layer", "file_layer", "files_layer", "normalise"]

EPOCH: Final = 1_640_995_200
"""The time of every file and of the image: 2022-01-01T00:00:00Z (SOURCE_DATE_EPOCH)."""

_CHUNK: Final = 2**20
_MODES: Final = 0o1777
"""All mode bits but set-user-id and set-group-id."""

_FOLDER: Final = 0o755
_NEVER: Final = "(?!)"
"""The pattern that nothing matches."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: what it is, the digest and the size of its tar, and how to read it."""

    comment: str
    digest: str
    size: int
    open: Callable[[], BinaryIO]

    def chunks(self) -> Iterator[bytes]:
        """Yield the layer's bytes."""
        with self.open() as file:
            while chunk := file.read(_CHUNK):
                yield chunk


def file_layer(comment: str, path: Path, known: str) -> Layer:
    """Return the layer whose tar lies at `path` and has the digest `known`."""
    return Layer(comment, known, path.stat().st_size, lambda: path.open("rb"))


def files_layer(comment: str, files: Mapping[str, tuple[int, bytes]]) -> Layer:
    """Return a layer of regular files, from absolute path to mode and content, and of the folders above them."""
    folders = {path[:end] for path in files for end, letter in enumerate(path) if letter == "/" and end}
    members = {path[1:]: _member(path[1:], tarfile.DIRTYPE, _FOLDER) for path in folders}
    for path, (mode, body) in files.items():
        members[path[1:]] = _member(path[1:], tarfile.REGTYPE, mode, size=len(body))
    buffer = io.BytesIO()
    _write(buffer, members, lambda name: io.BytesIO(files["/" + name][1]))
    data = buffer.getvalue()
    return Layer(comment, digest(data), len(data), lambda: io.BytesIO(data))


def normalise(source: Path, target: Path, dropped: Sequence[str]) -> str:
    """Write the tar at `source` in the one form it can have, to `target`; return its digest.

    `dropped` are patterns of paths without a leading slash (as of fnmatch, so `*` is any text, slashes too);
    what lies beneath a dropped folder goes with it. A hard link becomes a file of its own.
    """
    patterns = (fnmatch.translate(pattern) for each in dropped for pattern in (each, f"{each}/*"))
    drop = re.compile("|".join(patterns) or _NEVER)
    members: dict[str, tarfile.TarInfo] = {}
    contents: dict[str, tarfile.TarInfo] = {}
    with tarfile.open(source) as archive:
        for found in archive:
            name = found.name.removeprefix("./")
            file = archive.getmember(found.linkname) if found.islnk() else found
            if name == "." or drop.match(name) or not (file.isreg() or file.isdir() or file.issym()):
                continue
            size = file.size if file.isreg() else 0
            members[name] = _member(name, file.type, file.mode, size=size, link=file.linkname)
            contents[name] = file
        with target.open("wb") as out:
            _write(out, members, lambda name: cast("BinaryIO", archive.extractfile(contents[name])))
    with target.open("rb") as written:
        return "sha256:" + hashlib.file_digest(written, "sha256").hexdigest()


def _member(name: str, kind: bytes, mode: int, *, size: int = 0, link: str = "") -> tarfile.TarInfo:
    """Return a header that says nothing but this: root's, and of one fixed time."""
    member = tarfile.TarInfo(name)
    member.type, member.mode, member.size, member.linkname, member.mtime = (
        kind,
        mode & _MODES,
        size,
        link,
        EPOCH,
    )
    return member


def _write(
    target: BinaryIO, members: Mapping[str, tarfile.TarInfo], content: Callable[[str], BinaryIO]
) -> None:
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(members):
            if members[name].isreg():
                with content(name) as file:
                    archive.addfile(members[name], file)
            else:
                archive.addfile(members[name])
