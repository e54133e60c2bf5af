"""The sandbox's archive tool: what it takes out, and what it refuses before it has written anything."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.sandbox.tools import unpack

if TYPE_CHECKING:
    from pathlib import Path


class Box:
    """A workspace with an outside that must not be reached."""

    def __init__(self, folder: Path) -> None:
        self.inside = folder / "inside"
        self.outside = folder / "outside"
        self.inside.mkdir()
        self.outside.mkdir()
        self.archive = self.inside / "a"

    def run(self, *arguments: str) -> tuple[int, str]:
        out, err = io.BytesIO(), io.BytesIO()
        code = unpack.main([*arguments, "/workspace/a"], out, err, {"/workspace": str(self.inside)})
        return code, (out if code == 0 else err).getvalue().decode()

    def extract(
        self, target: str = "/workspace/out", replace: str = "false", most: int = 100, size: int = 10_000
    ) -> tuple[int, str]:
        return self.run(
            "extract", f"--most={most}", f"--bytes={size}", f"--replace={replace}", f"--target={target}"
        )

    def names(self) -> list[str]:
        found = (self.inside / "out").rglob("*") if (self.inside / "out").exists() else ()
        return sorted(str(path.relative_to(self.inside / "out")) for path in found)


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def tar(mode: str = "w", *members: tuple[str, bytes | None, dict[str, object]]) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode=mode) as archive:
        for name, content, fields in members:
            entry = tarfile.TarInfo(name)
            if content is None:
                entry.type = tarfile.DIRTYPE
            else:
                entry.size = len(content)
            for field, value in fields.items():
                setattr(entry, field, value)
            archive.addfile(entry, io.BytesIO(content or b""))
    return data.getvalue()


def zipped(*members: tuple[str, bytes, int]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content, mode in members:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, content)
    return data.getvalue()


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_files_and_folders_of_a_tar_are_taken_out(box: Box, mode: str) -> None:
    box.archive.write_bytes(
        tar(
            mode,
            ("./", None, {}),
            ("./d/", None, {}),
            ("./d/a", b"one", {"mode": 0o755}),
            ("e/b", b"two", {}),
        )
    )
    assert box.extract() == (0, "took out 2 files\n")
    assert box.names() == ["d", "d/a", "e", "e/b"]
    assert (box.inside / "out/d/a").read_bytes() == b"one"
    assert stat.S_IMODE((box.inside / "out/d/a").stat().st_mode) == 0o755
    assert box.run("list", "--most=10") == (0, 'd - "d"\nf 3 "d/a"\nf 3 "e/b"\n')


def test_files_and_folders_of_a_zip_are_taken_out(box: Box) -> None:
    box.archive.write_bytes(zipped(("d/", b"", stat.S_IFDIR | 0o755), ("d/a", b"one", stat.S_IFREG | 0o644)))
    assert box.extract() == (0, "took out 1 files\n")
    assert box.names() == ["d", "d/a"]
    assert box.run("list", "--most=10") == (0, 'd - "d"\nf 3 "d/a"\n')


BAD_NAMES = [
    "/etc/passwd",
    "../a",
    "a/../../b",
    "a//b",
    "a/./b",
    "a\\..\\b",
    "a\nb",
    "x" * 300,
    "a/" * 70 + "b",
]


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_a_name_that_leads_elsewhere_refuses_the_whole_archive(box: Box, name: str, kind: str) -> None:
    good = ("good", b"x")
    box.archive.write_bytes(
        tar("w", (*good, {}), (name, b"x", {}))
        if kind == "tar"
        else zipped((*good, 0o644), (name, b"x", 0o644))
    )
    code, said = box.extract()
    assert code == 1, said
    assert box.names() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"},
        {"type": tarfile.LNKTYPE, "linkname": "good"},
        {"type": tarfile.FIFOTYPE},
        {"type": tarfile.CHRTYPE},
        {"type": tarfile.BLKTYPE},
    ],
)
def test_links_and_devices_refuse_the_whole_archive(box: Box, fields: dict[str, object]) -> None:
    box.archive.write_bytes(tar("w", ("good", b"x", {}), ("bad", b"", fields)))
    assert box.extract() == (1, 'unpack: /workspace/a: "bad" is neither a regular file nor a folder\n')
    assert box.names() == []


def test_a_link_in_a_zip_refuses_it(box: Box) -> None:
    box.archive.write_bytes(zipped(("bad", b"/etc/passwd", stat.S_IFLNK | 0o777)))
    assert box.extract()[0] == 1


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ((("a", b"x", {}), ("a", b"y", {})), "twice"),
        ((("a", b"x", {}), ("./a", b"y", {})), "twice"),
        ((("a", b"x", {}), ("a/b", b"y", {})), "both a file and a folder"),
        ((("a/b", b"x", {}), ("a", b"y", {})), "both a file and a folder"),
    ],
)
def test_members_that_do_not_fit_beside_each_other_refuse_it(box: Box, members: tuple, why: str) -> None:
    box.archive.write_bytes(tar("w", *members))
    code, said = box.extract()
    assert code == 1
    assert why in said
    assert box.names() == []


def test_too_many_members_or_bytes_refuse_it(box: Box) -> None:
    box.archive.write_bytes(tar("w:gz", *((str(number), b"x" * 100, {}) for number in range(20))))
    assert box.extract(most=19)[0] == 1
    assert box.extract(size=1999)[0] == 1
    assert box.names() == []
    assert box.extract(most=20, size=2000)[0] == 0


def test_a_small_archive_of_much_is_refused(box: Box) -> None:
    box.archive.write_bytes(tar("w:gz", ("bomb", b"\0" * 50_000_000, {})))
    assert box.extract()[0] == 1
    box.archive.write_bytes(zipped(("bomb", b"\0" * 50_000_000, 0o644)))
    assert box.extract()[0] == 1


def test_what_is_there_stays_unless_it_is_to_be_replaced(box: Box) -> None:
    (box.inside / "out").mkdir()
    (box.inside / "out/b").write_text("old")
    box.archive.write_bytes(tar("w", ("a", b"new", {}), ("b", b"new", {})))
    assert box.extract() == (1, 'unpack: /workspace/a: "b" is there already\n')
    assert box.names() == ["b"]
    assert box.extract(replace="true")[0] == 0
    assert (box.inside / "out/b").read_text() == "new"


def test_no_link_is_followed_on_the_way(box: Box) -> None:
    (box.inside / "out").mkdir()
    (box.inside / "out/d").symlink_to(box.outside)
    (box.inside / "out/f").symlink_to(box.outside / "f")
    box.archive.write_bytes(tar("w", ("d/a", b"x", {})))
    assert box.extract(replace="true")[0] == 1
    box.archive.write_bytes(tar("w", ("f", b"x", {})))
    assert box.extract(replace="true")[0] == 1
    assert list(box.outside.iterdir()) == []


def test_a_target_that_is_not_beneath_a_root_is_refused(box: Box) -> None:
    box.archive.write_bytes(tar("w", ("a", b"x", {})))
    assert box.extract(target="/etc")[0] == 1
    assert box.extract(target="/workspace/../x")[0] == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["list"],
        ["list", "--most=x", "a"],
        ["extract", "--most=1", "a"],
        ["extract", "--bytes=1", "--most=1", "--replace=true", "--target=/workspace", "a"],
        ["extract", "--most=1", "--bytes=1", "--replace=maybe", "--target=/workspace", "a"],
    ],
)
def test_other_arguments_are_wrong_usage(arguments: list[str]) -> None:
    assert unpack.main(arguments, io.BytesIO(), io.BytesIO()) == 2


@given(
    data=st.binary(max_size=2000),
    head=st.sampled_from([b"", b"PK\x03\x04", b"\x1f\x8b", b"BZh9", b"\xfd7zXZ\x00"]),
)
def test_any_bytes_are_taken_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, head: bytes
) -> None:
    box = Box(tmp_path_factory.mktemp("box"))
    box.archive.write_bytes(head + data)
    assert box.extract()[0] in (0, 1)
