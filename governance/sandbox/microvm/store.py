"""The sandbox image as a disk: its layers unpacked, and the engine's own notes of them, as the guest's engine keeps both.

Loading an archive takes an emulated processor minutes; this takes the host a second, and needs no right. The
layout is that of Docker's `overlay2` driver (moby, `layer/filestore.go`, `daemon/graphdriver/overlay2`,
`image/fs.go`); an engine that knows another finds no image, which is seen when the guest has booted.
"""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING, Final

from governance.canonical import canonical, digest
from governance.sandbox.image import image_config
from governance.sandbox.image_layer import EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from governance.sandbox.image_layer import Layer

__all__ = ["write_store"]

_LAYERS: Final = "layers"
_NOTES: Final = "notes"
"""What stays on the disk, and what the guest copies to where its engine keeps its data."""

_HEX: Final = 64
_LINK: Final = 26
"""Letters of the short name by which the driver names a layer in a mount's options."""


def write_store(target: Path, name: str, layers: Sequence[Layer]) -> None:
    """Write the tar of a disk that holds the image `name` of these layers, lowest first."""
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(_folder(_LAYERS))
        for number, layer in enumerate(layers):
            _unpack(archive, f"{_LAYERS}/{number}", layer)
        seen: set[str] = set()
        for path, member in _notes(name, layers):
            _add(archive, f"{_NOTES}/{path}", member, seen)


def _unpack(archive: tarfile.TarFile, folder: str, layer: Layer) -> None:
    archive.addfile(_folder(folder))
    with layer.open() as file, tarfile.open(fileobj=file) as source:
        for member in source:
            content = source.extractfile(member) if member.isreg() else None
            member.name = f"{folder}/{member.name}"
            archive.addfile(member, content)


def _notes(name: str, layers: Sequence[Layer]) -> Iterator[tuple[str, bytes | str]]:
    """Yield the engine's notes: a path, and a file's bytes or a symbolic link's target."""
    config = image_config(layers)
    image = digest(config)
    tagged = {name: {f"{name}:latest": image}}
    yield "image/overlay2/repositories.json", canonical({"Repositories": tagged})
    yield f"image/overlay2/imagedb/content/sha256/{_bare(image)}", config
    chain, below = "", ""
    for number, layer in enumerate(layers):
        parent, chain = chain, digest(f"{chain} {layer.digest}".encode()) if chain else layer.digest
        cache, link = _bare(chain), _short(chain)
        entry = f"image/overlay2/layerdb/sha256/{_bare(chain)}"
        yield f"{entry}/diff", layer.digest.encode()
        yield f"{entry}/size", str(layer.size).encode()
        yield f"{entry}/cache-id", cache.encode()
        if parent:
            yield f"{entry}/parent", parent.encode()
            yield f"overlay2/{cache}/lower", below.encode()
        yield f"overlay2/{cache}/link", link.encode()
        yield f"overlay2/{cache}/committed", b""
        yield f"overlay2/{cache}/diff", f"/image/{_LAYERS}/{number}"
        yield f"overlay2/l/{link}", f"../{cache}/diff"
        below = ":".join(filter(None, (f"l/{link}", below)))


def _bare(hashed: str) -> str:
    return hashed.removeprefix("sha256:")[:_HEX]


def _short(hashed: str) -> str:
    """Return capital letters that follow from a digest."""
    return "".join(chr(ord("A") + byte % 26) for byte in bytes.fromhex(_bare(hashed))[:_LINK])


def _add(archive: tarfile.TarFile, path: str, member: bytes | str, seen: set[str]) -> None:
    """Add a file or a link, after the folders above it that are not there yet."""
    for end, letter in enumerate(path):
        if letter == "/" and path[:end] not in seen:
            seen.add(path[:end])
            archive.addfile(_folder(path[:end]))
    entry = tarfile.TarInfo(path)
    entry.mtime, entry.mode = EPOCH, 0o600
    if isinstance(member, str):
        entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, member, 0o777
        archive.addfile(entry)
    else:
        entry.size = len(member)
        archive.addfile(entry, io.BytesIO(member))


def _folder(path: str) -> tarfile.TarInfo:
    folder = tarfile.TarInfo(path)
    folder.type, folder.mode, folder.mtime = tarfile.DIRTYPE, 0o755, EPOCH
    return folder
