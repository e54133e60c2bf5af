from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

import pytest

from governance.canonical import digest
from governance.sandbox.image import image_config
from governance.sandbox.image_layer import EPOCH, files_layer
from governance.sandbox.microvm.initramfs import initramfs
from governance.sandbox.microvm.store import write_store

if TYPE_CHECKING:
    from pathlib import Path

LAYERS = (
    files_layer("lower", {"/usr/bin/one": (0o555, b"1")}),
    files_layer("upper", {"/usr/bin/two": (0o555, b"22")}),
)


def test_an_initramfs_is_the_same_bytes_for_the_same_files_in_any_order() -> None:
    made = initramfs(["bin", "dev"], {"init": b"#!/bin/sh\n", "bin/busybox": b"\x7fELF"})
    assert made == initramfs(["dev", "bin"], {"bin/busybox": b"\x7fELF", "init": b"#!/bin/sh\n"})
    assert made[:6] == b"070701"
    assert made.count(b"070701") == 5
    assert b"%08x" % EPOCH in made
    assert len(made) % 4 == 0
    assert b"TRAILER!!!" in made


def test_a_disk_has_the_layers_and_the_engines_notes_of_them(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_store(tmp_path / name, "governance/base", LAYERS)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    with tarfile.open(tmp_path / "one") as archive:
        members = {member.name: member for member in archive}
        image = digest(image_config(LAYERS))
        config = archive.extractfile(f"notes/image/overlay2/imagedb/content/sha256/{image[7:]}")
        assert config is not None
        assert config.read() == image_config(LAYERS)
        links = {member.linkname for member in members.values() if member.issym()}
        assert {"/image/layers/0", "/image/layers/1"} <= links
        chain = digest(f"{LAYERS[0].digest} {LAYERS[1].digest}".encode())
        below = archive.extractfile(f"notes/overlay2/{chain[7:]}/lower")
        assert below is not None
        lower = f"notes/overlay2/{below.read().decode()}"
        assert members[lower].linkname == f"../{LAYERS[0].digest[7:]}/diff"
    assert {"layers/0/usr/bin/one", "layers/1/usr/bin/two"} <= set(members)
    assert all(member.mtime == EPOCH and member.uid == 0 for member in members.values())


@pytest.mark.parametrize("count", [1, 2])
def test_folders_stand_before_what_is_in_them(tmp_path: Path, count: int) -> None:
    write_store(tmp_path / "disk", "governance/base", LAYERS[:count])
    seen: set[str] = set()
    with tarfile.open(tmp_path / "disk") as archive:
        for member in archive:
            above = member.name.rpartition("/")[0]
            assert not above or above in seen
            seen.add(member.name)
