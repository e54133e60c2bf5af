from __future__ import annotations

import hashlib
import io
import json
import tarfile
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.canonical import digest
from governance.sandbox.image import build_archive, image_config
from governance.sandbox.image_layer import EPOCH, file_layer, files_layer, normalise

NAMES = st.text("abc.", min_size=1, max_size=5).filter(lambda name: set(name) != {"."})
FILES = st.dictionaries(
    NAMES, st.tuples(st.sampled_from([0o644, 0o755]), st.binary(max_size=1030)), max_size=6
)


def packed(path: Path, members: list[tuple[tarfile.TarInfo, bytes]]) -> Path:
    with tarfile.open(path, "w") as archive:
        for member, body in members:
            member.size = len(body) if member.isreg() else 0
            archive.addfile(member, io.BytesIO(body))
    return path


def entry(name: str, kind: bytes = tarfile.REGTYPE, **fields: object) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type = kind
    for field, value in fields.items():
        setattr(member, field, value)
    return member


def unpacked(path: Path) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(path) as archive:
        return {member.name: member for member in archive}


@given(FILES, st.randoms(use_true_random=False))
def test_order_times_and_owners_do_not_change_a_layer(
    files: dict[str, tuple[int, bytes]], random: st.DrawFn
) -> None:
    digests = set()
    with tempfile.TemporaryDirectory() as place:
        for _ in range(2):
            names = list(files)
            random.shuffle(names)  # type: ignore[attr-defined]
            members = [
                (
                    entry(
                        f"./{name}",
                        mode=files[name][0],
                        mtime=random.randint(0, 9**9),
                        uid=random.randint(0, 9),
                    ),  # type: ignore[attr-defined]
                    files[name][1],
                )
                for name in names
            ]
            source = packed(Path(place) / "source.tar", members)
            digests.add(normalise(source, Path(place) / "target.tar", ()))
            assert set(unpacked(Path(place) / "target.tar")) == set(files)
    assert len(digests) == 1


@given(FILES)
def test_layer_holds_the_files_it_was_given(files: dict[str, tuple[int, bytes]]) -> None:
    layer = files_layer("", {f"/{name}": file for name, file in files.items()})
    data = b"".join(layer.chunks())
    assert (digest(data), len(data)) == (layer.digest, layer.size)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        found = {member.name: (member.mode, archive.extractfile(member).read()) for member in archive}  # type: ignore[union-attr]
    assert found == files


def test_folders_above_a_file_stand_before_it() -> None:
    data = b"".join(files_layer("", {"/usr/lib/x": (0o555, b"x"), "/usr/b": (0o644, b"")}).chunks())
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert [(member.name, member.mode) for member in archive] == [
            ("usr", 0o755), ("usr/b", 0o644), ("usr/lib", 0o755), ("usr/lib/x", 0o555),
        ]  # fmt: skip
        assert {member.mtime for member in archive} == {EPOCH}


def test_rights_devices_and_extended_attributes_are_left_out(tmp_path: Path) -> None:
    capability = {"SCHILY.xattr.security.capability": "all"}
    source = packed(
        tmp_path / "source.tar",
        [
            (entry("./su", mode=0o6755, uid=0, gid=42, gname="shadow"), b"su"),
            (entry("./ping", mode=0o755, pax_headers=capability), b"ping"),
            (entry("./tmp", tarfile.DIRTYPE, mode=0o1777), b""),
            (entry("./null", tarfile.CHRTYPE, mode=0o666), b""),
            (entry("./pipe", tarfile.FIFOTYPE), b""),
        ],
    )
    normalise(source, tmp_path / "target.tar", ())
    found = unpacked(tmp_path / "target.tar")
    assert {name: member.mode for name, member in found.items()} == {
        "ping": 0o755,
        "su": 0o755,
        "tmp": 0o1777,
    }
    assert {(member.gid, member.gname) for member in found.values()} == {(0, "")}
    assert not any(member.pax_headers for member in found.values())


def test_what_is_dropped_goes_with_all_beneath_it_and_nothing_beside_it(tmp_path: Path) -> None:
    names = ["var/log", "var/log/a", "var/log/b/c", "var/logs", "usr/bin/perl5", "usr/bin/paper"]
    source = packed(tmp_path / "source.tar", [(entry(f"./{name}"), b"") for name in names])
    normalise(source, tmp_path / "target.tar", ("var/log", "usr/bin/perl*"))
    assert set(unpacked(tmp_path / "target.tar")) == {"var/logs", "usr/bin/paper"}


def test_hard_link_to_something_dropped_keeps_its_content(tmp_path: Path) -> None:
    link = entry("./kept", tarfile.LNKTYPE, linkname="./dropped")
    source = packed(tmp_path / "source.tar", [(entry("./dropped", mode=0o700), b"content"), (link, b"")])
    normalise(source, tmp_path / "target.tar", ("dropped",))
    with tarfile.open(tmp_path / "target.tar") as archive:
        [member] = archive
        assert (member.name, member.mode, member.isreg()) == ("kept", 0o700, True)
        assert archive.extractfile(member).read() == b"content"  # type: ignore[union-attr]


def test_archive_names_its_parts_and_holds_them_whole(tmp_path: Path) -> None:
    kept = tmp_path / "layer.tar"
    kept.write_bytes(b"c" * 513)
    layers = [
        files_layer("one", {"/a/b": (0o644, b"b")}),
        file_layer("two", kept, "sha256:" + hashlib.sha256(kept.read_bytes()).hexdigest()),
    ]
    with tarfile.open(fileobj=io.BytesIO(b"".join(build_archive("example/name", layers)))) as archive:
        parts = {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]
    [manifest] = json.loads(parts["manifest.json"])
    assert manifest["RepoTags"] == ["example/name:latest"]
    assert parts[manifest["Config"]] == image_config(layers)
    assert manifest["Config"] == digest(image_config(layers)).removeprefix("sha256:") + ".json"
    found = [digest(parts[name]) for name in manifest["Layers"]]
    assert found == json.loads(image_config(layers))["rootfs"]["diff_ids"] == [each.digest for each in layers]


@pytest.mark.parametrize("change", ["content", "mode", "path", "order"])
def test_any_change_of_a_layer_changes_the_id(change: str) -> None:
    one, two = files_layer("", {"/a": (0o644, b"a")}), files_layer("", {"/b": (0o644, b"b")})
    other = {
        "content": [files_layer("", {"/a": (0o644, b"A")}), two],
        "mode": [files_layer("", {"/a": (0o645, b"a")}), two],
        "path": [files_layer("", {"/c": (0o644, b"a")}), two],
        "order": [two, one],
    }[change]
    assert image_config([one, two]) != image_config(other)
