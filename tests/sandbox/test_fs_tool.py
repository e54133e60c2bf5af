"""The sandbox's file tool: what it does, what it refuses, and that no link ever leads it out of its root."""

from __future__ import annotations

import ctypes
import io
import json
import os
import re
import subprocess
import threading
from fnmatch import translate
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from governance.sandbox.tools import fs


class Said(NamedTuple):
    code: int
    out: str
    err: str


class Box:
    """A workspace with an outside that must not be reached."""

    def __init__(self, folder: Path) -> None:
        self.outside = folder / "outside"
        self.inside = folder / "inside"
        self.outside.mkdir()
        self.inside.mkdir()
        (self.outside / "secret").write_text("secret\n")

    def fs(self, *arguments: str, **stdin: object) -> Said:
        out, err = io.BytesIO(), io.BytesIO()
        streams = fs.Streams(io.BytesIO(json.dumps(stdin).encode()), out, err)
        code = fs.main(list(arguments), streams, {"/workspace": str(self.inside)})
        return Said(code, out.getvalue().decode(), err.getvalue().decode())

    def read(self, path: str) -> Said:
        return self.fs("read", "--offset=0", "--limit=100", path)

    def search(self, text: str, glob: str = "**", most: int = 100, path: str = "/workspace") -> Said:
        return self.fs("search", f"--glob={glob}", f"--most={most}", path, text=text)

    def write(self, path: str, content: str, exists: str = "replace", parents: str = "false") -> Said:
        return self.fs("write", f"--exists={exists}", f"--parents={parents}", path, content=content)

    def edit(self, path: str, old: str, new: str, every: str = "false") -> Said:
        return self.fs("edit", f"--every={every}", path, old=old, new=new)

    def put(self, path: str, data: bytes, append: str = "false") -> Said:
        out, err = io.BytesIO(), io.BytesIO()
        streams = fs.Streams(io.BytesIO(data), out, err)
        code = fs.main(["put", f"--append={append}", path], streams, {"/workspace": str(self.inside)})
        return Said(code, out.getvalue().decode(), err.getvalue().decode())

    def names(self) -> list[str]:
        return sorted(entry.name for entry in self.inside.iterdir())


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


ALL_ON = [
    ("read", "--offset=0", "--limit=9"),
    ("list",),
    ("glob", "--glob=**", "--most=9"),
    ("search", "--glob=**", "--most=9"),
    ("write", "--exists=replace", "--parents=true"),
    ("edit", "--every=true"),
    ("delete",),
]
INPUT: dict[str, dict[str, str]] = {
    "search": {"text": "secret"},
    "write": {"content": "new"},
    "edit": {"new": "new", "old": "secret"},
}


def refusal(box: Box, command: tuple[str, ...], path: str) -> str:
    """Run a command that must be refused in one line, changing nothing outside."""
    before = sorted(entry.name for entry in box.outside.iterdir())
    said = box.fs(*command, path, **INPUT.get(command[0], {}))
    assert (said.code, said.out, said.err.count("\n")) == (1, "", 1)
    assert said.err.startswith("fs: ")
    assert (box.outside / "secret").read_text() == "secret\n"
    assert sorted(entry.name for entry in box.outside.iterdir()) == before
    return said.err


# --- no way out ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ALL_ON, ids=lambda command: command[0])
@pytest.mark.parametrize("target", ["../outside/secret", "here", "missing"])
def test_a_link_is_refused_by_every_command(box: Box, command: tuple[str, ...], target: str) -> None:
    (box.inside / "here").write_text("secret\n")
    (box.inside / "link").symlink_to(target)
    assert "link" in refusal(box, command, "/workspace/link")
    assert (box.inside / "link").is_symlink()
    assert (box.inside / "here").read_text() == "secret\n"


@pytest.mark.parametrize("command", ALL_ON, ids=lambda command: command[0])
def test_a_link_on_the_way_is_refused_by_every_command(box: Box, command: tuple[str, ...]) -> None:
    (box.inside / "way").symlink_to(box.outside)
    refusal(box, command, "/workspace/way/secret")
    refusal(box, command, "/workspace/way/new/file")


@pytest.mark.parametrize("command", ALL_ON, ids=lambda command: command[0])
@pytest.mark.parametrize(
    "path",
    [
        "/workspace/../outside/secret", "/workspace/./secret", "/workspace//secret", "/workspace/", "/outside/secret",
        "/workspaces/secret", "secret", "", "../outside/secret", "/", "/proc/self/root/etc/passwd",
    ],
)  # fmt: skip
def test_a_path_elsewhere_or_not_plain_is_refused(box: Box, command: tuple[str, ...], path: str) -> None:
    refusal(box, command, path)


@pytest.mark.parametrize("command", ALL_ON, ids=lambda command: command[0])
def test_a_root_that_is_a_link_is_refused(box: Box, command: tuple[str, ...]) -> None:
    box.inside.rmdir()
    box.inside.symlink_to(box.outside)
    refusal(box, command, "/workspace/secret")


def test_a_folder_swapped_for_a_link_never_leads_out(box: Box) -> None:
    """One thread exchanges a folder and a link to the outside while another works through the name."""
    (box.inside / "way").mkdir()
    (box.inside / "link").symlink_to(box.outside)
    names = [os.fsencode(box.inside / name) for name in ("way", "link")]
    stop, exchanges = threading.Event(), []

    def swap() -> None:
        here, both_ways = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
        while not stop.is_set():
            exchanges.append(ctypes.CDLL(None).renameat2(here, names[0], here, names[1], both_ways))

    thread = threading.Thread(target=swap)
    thread.start()
    codes = set()
    try:
        for _ in range(300):
            assert "secret" not in box.read("/workspace/way/secret").out
            codes.add(box.write("/workspace/way/secret", "inside\n").code)
            box.write("/workspace/way/new/file", "x", parents="true")
            box.edit("/workspace/way/secret", "secret", "changed")
            assert box.search("secret", path="/workspace/way").out == ""
            box.fs("delete", "/workspace/way/secret")
    finally:
        stop.set()
        thread.join()
    assert (codes, set(exchanges)) == ({0, 1}, {0})
    assert (box.outside / "secret").read_text() == "secret\n"
    assert [entry.name for entry in box.outside.iterdir()] == ["secret"]


def test_without_openat2_nothing_is_opened(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> int:
        ctypes.set_errno(38)
        return -1

    monkeypatch.setattr(fs, "_SYSCALL", missing)
    (box.inside / "a").write_text("a")
    assert box.read("/workspace/a") == Said(
        1, "", "fs: the kernel or its filter has no openat2, and without it no file is opened\n"
    )


def test_no_descriptor_stays_open(box: Box) -> None:
    (box.inside / "a").write_text("secret\n")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for command in ALL_ON:
        for path in ("/workspace/a", "/workspace", "/workspace/none"):
            box.fs(*command, path, **INPUT.get(command[0], {}))
    assert len(list(Path("/proc/self/fd").iterdir())) == before


# --- read and list ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offset", "limit", "text"), [(0, 100, "0123456789"), (2, 3, "234"), (8, 5, "89"), (10, 1, ""), (99, 1, ""), (0, 0, "")]
)  # fmt: skip
def test_read_gives_the_bytes_asked_for(box: Box, offset: int, limit: int, text: str) -> None:
    (box.inside / "a").write_text("0123456789")
    assert box.fs("read", f"--offset={offset}", f"--limit={limit}", "/workspace/a") == Said(0, text, "")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--first-line=1",), "one\ntwo\r\n\nfour"),
        (("--first-line=2",), "two\r\n\nfour"),
        (("--first-line=2", "--lines=2"), "two\r\n\n"),
        (("--first-line=4", "--lines=9"), "four"),
        (("--first-line=5",), ""),
        (("--lines=1",), "one\n"),
        (("--lines=4",), "one\ntwo\r\n\nfour"),
        (("--lines=0",), ""),
    ],
)
def test_read_gives_the_lines_asked_for(box: Box, options: tuple[str, ...], text: str) -> None:
    (box.inside / "a").write_bytes(b"one\ntwo\r\n\nfour")
    assert box.fs("read", "--offset=0", "--limit=100", *options, "/workspace/a") == Said(0, text, "")


def test_read_counts_lines_from_the_offset_and_keeps_the_limit(box: Box) -> None:
    (box.inside / "a").write_text("one\ntwo\nthree\n")
    words = ("--first-line=2", "--lines=1", "/workspace/a")
    assert box.fs("read", "--offset=4", "--limit=100", *words).out == "three\n"
    assert box.fs("read", "--offset=4", "--limit=3", *words).out == "thr"


@given(st.binary(max_size=40), st.integers(1, 9), st.integers(0, 9), st.integers(1, 7))
def test_lines_are_those_that_line_feeds_end(data: bytes, first: int, lines: int, piece: int) -> None:
    pieces = [data[at : at + piece] for at in range(0, len(data), piece)]
    found, passed, left = b"", first - 1, lines
    for each in pieces:
        end = fs._end_of_lines(each, passed)
        passed -= each.count(b"\n", 0, end)
        rest = each[end:]
        end = fs._end_of_lines(rest, left) if not passed else 0
        found, left = found + rest[:end], left - rest.count(b"\n", 0, end)
    assert found == b"".join(_lines(data)[first - 1 : first - 1 + lines])


def _lines(data: bytes) -> list[bytes]:
    return list(io.BytesIO(data))


def test_read_reaches_into_a_huge_file(box: Box) -> None:
    with (box.inside / "huge").open("wb") as file:
        file.seek(2**40)
        file.write(b"end")
    assert box.fs("read", f"--offset={2**40}", f"--limit={2**40}", "/workspace/huge").out == "end"


def test_what_is_no_regular_file_is_not_read_nor_waited_for(box: Box) -> None:
    os.mkfifo(box.inside / "pipe")
    assert "a special file, not a regular file" in box.read("/workspace/pipe").err
    assert "a folder, not a regular file" in box.read("/workspace").err
    assert "no such file" in box.read("/workspace/none").err
    assert "not a folder" in box.read("/workspace/pipe/x").err


def test_a_refusal_names_the_path_on_one_line(box: Box) -> None:
    assert box.read("/workspace/a\nb").err == (
        'fs: cannot read "/workspace/a\\nb": there is no such file or folder\n'
    )


def test_list_is_sorted_by_bytes_and_follows_nothing(box: Box) -> None:
    (box.inside / "b").write_text("12345")
    (box.inside / "Z").mkdir()
    (box.inside / "é").touch()
    (box.inside / "a\nb").touch()
    (box.inside / "link").symlink_to(box.outside / "secret")
    os.mkfifo(box.inside / "pipe")
    (Path(os.fsdecode(os.fsencode(box.inside) + b"/\xff"))).touch()
    lines = [line.split(" ", 2) for line in box.fs("list", "/workspace").out.splitlines()]
    assert [(kind, name) for kind, _, name in lines] == [
        ("d", '"Z"'), ("f", '"a\\nb"'), ("f", '"b"'), ("l", '"link"'), ("o", '"pipe"'), ("f", '"é"'),
        ("f", '"\\udcff"'),
    ]  # fmt: skip
    assert [size for _, size, _ in lines] == ["-", "0", "5", "-", "-", "0", "0"]


def test_list_refuses_a_file(box: Box) -> None:
    (box.inside / "a").touch()
    assert "not a folder" in box.fs("list", "/workspace/a").err


# --- glob and search -------------------------------------------------------------------------------------------------


def test_search_prints_path_line_and_text_in_order(box: Box) -> None:
    (box.inside / "b.py").write_text("one\nneedle two\r\n")
    (box.inside / "a").mkdir()
    (box.inside / "a" / "z.py").write_text("needle")
    (box.inside / "a" / "z.txt").write_text("needle")
    assert box.search("needle", "**/*.py").out == "a/z.py:1:needle\nb.py:2:needle two\n"
    assert box.search("needle", "*.py").out == "b.py:2:needle two\n"
    assert box.search("needle", "a/**").out == "a/z.py:1:needle\na/z.txt:1:needle\n"
    assert box.search("needle", path="/workspace/a/z.txt").out == "z.txt:1:needle\n"


def test_glob_names_the_files_that_match_in_order(box: Box) -> None:
    (box.inside / "b.py").touch()
    (box.inside / "a").mkdir()
    (box.inside / "a" / "z.py").touch()
    (box.inside / "a" / "z\n.txt").touch()
    (box.inside / ".git").mkdir()
    (box.inside / ".git" / "x.py").touch()
    (box.inside / "link.py").symlink_to("b.py")
    assert box.fs("glob", "--glob=**/*.py", "--most=9", "/workspace") == Said(0, "a/z.py\nb.py\n", "")
    assert box.fs("glob", "--glob=*.py", "--most=9", "/workspace").out == "b.py\n"
    assert box.fs("glob", "--glob=*", "--most=9", "/workspace/a").out == '"z\\n.txt"\nz.py\n'
    said = box.fs("glob", "--glob=**", "--most=2", "/workspace")
    assert said.out == '"a/z\\n.txt"\na/z.py\n'
    assert "more than 2 files" in said.err


@pytest.mark.parametrize(
    ("glob", "found"), [("**", "a:1:x\n"), ("**/**", "a:1:x\n"), ("*", ""), ("a", ""), ("**/a", "")]
)
def test_a_file_is_named_by_nothing_beneath_it(box: Box, glob: str, found: str) -> None:
    """A call is judged by what the glob names beneath its path, and a file lies not beneath itself."""
    (box.inside / "a").write_text("x")
    assert box.search("x", glob, path="/workspace/a").out == found
    assert box.fs("glob", f"--glob={glob}", "--most=9", "/workspace/a").out == ("a\n" if found else "")


def test_search_names_files_only_where_told(box: Box) -> None:
    (box.inside / "a").write_text("x\nx\n")
    (box.inside / "b").write_text("y\n")
    (box.inside / "c").write_text("x\n")
    words = ("search", "--glob=**", "--most=9")
    assert box.fs(*words, "--names-only=true", "/workspace", text="x") == Said(0, "a\nc\n", "")
    assert box.fs(*words, "--names-only=false", "/workspace", text="y").out == "b:1:y\n"
    said = box.fs("search", "--glob=**", "--most=1", "--names-only=true", "/workspace", text="x")
    assert (said.out, "more than 1 such files" in said.err) == ("a\n", True)


def test_search_takes_its_text_literally(box: Box) -> None:
    (box.inside / "a").write_text("axc\na.c\na[c\n")
    assert box.search("a.c").out == "a:2:a.c\n"
    assert box.search("a[").out == "a:3:a[c\n"


def test_search_skips_what_is_not_text_of_the_workspace(box: Box) -> None:
    (box.inside / ".git").mkdir()
    (box.inside / ".git" / "config").write_text("secret\n")
    (box.inside / "binary").write_bytes(b"\0secret\n")
    (box.inside / "link").symlink_to(box.outside / "secret")
    (box.inside / "folder").symlink_to(box.outside)
    os.mkfifo(box.inside / "pipe")
    assert box.search("secret") == Said(0, "", "")


def test_search_stops_at_as_many_lines_as_asked_and_says_so(box: Box) -> None:
    (box.inside / "a").write_text("x\n" * 5)
    said = box.search("x", most=3)
    assert (said.code, said.out) == (0, "a:1:x\na:2:x\na:3:x\n")
    assert "more than 3" in said.err
    assert box.search("x", most=5).err == ""


def test_search_clips_long_lines_around_the_hit(box: Box) -> None:
    (box.inside / "a").write_text("." * 1000 + "needle" + "." * 1000 + "\nneedle" + "." * 1000)
    first, second = box.search("needle").out.splitlines()
    assert first.startswith("a:1:…") and "needle" in first  # noqa: PT018
    assert second.startswith("a:2:needle.")
    assert all(len(line) <= 410 for line in (first, second))


def test_search_finds_a_hit_across_the_pieces_of_a_very_long_line(box: Box) -> None:
    for before in range(2**20 - 6, 2**20 + 2):
        (box.inside / "a").write_text("." * before + "needle" + "." * 2**20 + "needle\nneedle")
        lines = box.search("needle").out.splitlines()
        assert [line.split(":")[1] for line in lines] == ["1", "2"]
        assert "needle" in lines[0]


def test_search_shows_names_that_would_forge_a_line_quoted(box: Box) -> None:
    (box.inside / "a:1:x\nb").write_text("x")
    assert box.search("x").out == '"a:1:x\\nb":1:x\n'


@pytest.mark.parametrize("text", ["", "a\nb"])
def test_search_refuses_a_text_that_no_line_can_hold(box: Box, text: str) -> None:
    assert box.search(text).code == 1


def test_search_goes_deeper_than_descriptors_and_recursion_would_allow(box: Box) -> None:
    folder = os.open(box.inside, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=folder)
        below = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    os.write(needle := os.open("needle", os.O_WRONLY | os.O_CREAT, dir_fd=folder), b"needle")
    os.close(needle)
    os.close(folder)
    try:
        assert box.search("needle", "**/needle").out == "d/" * 1500 + "needle:1:needle\n"
    finally:
        subprocess.run(["rm", "-rf", box.inside], check=True)


COMPONENT = st.text("ab*", min_size=1, max_size=5)


@given(COMPONENT.filter(lambda text: "**" not in text), st.text("ab", min_size=1, max_size=6))
def test_a_star_is_any_text_within_a_component(pattern: str, name: str) -> None:
    assert fs.fits(pattern.encode(), name.encode()) == bool(re.match(translate(pattern), name))


def naive(pattern: tuple[str, ...], path: tuple[str, ...]) -> bool:
    if not pattern:
        return not path
    if pattern[0] == "**":
        return any(naive(pattern[1:], path[start:]) for start in range(len(path) + 1))
    return bool(path) and bool(re.match(translate(pattern[0]), path[0])) and naive(pattern[1:], path[1:])


@given(
    st.lists(st.sampled_from(["**", "a", "b", "*", "a*"]), min_size=1, max_size=5),
    st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=5),
)
@example(["**"], ["a"])
@example(["**", "a"], ["a"])
@example(["a", "**"], ["a"])
def test_two_stars_are_any_number_of_components(pattern: list[str], path: list[str]) -> None:
    found = fs._matches([part.encode() for part in pattern], [part.encode() for part in path])
    assert found == naive(tuple(pattern), tuple(path))


def test_a_hostile_glob_takes_no_long_time() -> None:
    assert not fs.fits(b"*a" * 2000 + b"b", b"a" * 4000)
    assert not fs._matches([b"**", b"a"] * 200 + [b"b"], [b"a"] * 400)


# --- write, edit, delete ------------------------------------------------------------------------------------


def test_write_makes_a_file(box: Box) -> None:
    assert box.write("/workspace/a", "héllo") == Said(0, "wrote 6 bytes to /workspace/a\n", "")
    assert (box.inside / "a").read_text() == "héllo"
    assert (box.inside / "a").stat().st_mode & 0o777 == 0o644
    assert box.names() == ["a"]


def test_write_replaces_and_keeps_the_mode_but_no_set_user_bit(box: Box) -> None:
    (box.inside / "a").write_text("old")
    (box.inside / "a").chmod(0o4750)
    assert box.write("/workspace/a", "new").code == 0
    assert (box.inside / "a").read_text() == "new"
    assert (box.inside / "a").stat().st_mode & 0o7777 == 0o750


def test_write_refuses_to_replace_where_told(box: Box) -> None:
    (box.inside / "a").write_text("old")
    said = box.write("/workspace/a", "new", exists="refuse")
    assert (said.code, (box.inside / "a").read_text(), box.names()) == (1, "old", ["a"])
    assert "exists already" in said.err
    assert box.write("/workspace/b", "new", exists="refuse").code == 0
    assert box.names() == ["a", "b"]


def test_write_makes_parents_only_where_told(box: Box) -> None:
    assert "no such file" in box.write("/workspace/a/b/c", "x").err
    assert box.write("/workspace/a/b/c", "x", parents="true").code == 0
    assert box.write("/workspace/a/b/d", "x", parents="true").code == 0
    assert (box.inside / "a" / "b" / "c").read_text() == "x"


def test_write_does_not_touch_the_other_name_of_a_file(box: Box) -> None:
    (box.inside / "a").write_text("old")
    os.link(box.inside / "a", box.outside / "a")
    box.write("/workspace/a", "new")
    assert (box.outside / "a").read_text() == "old"


def test_write_replaces_regular_files_only(box: Box) -> None:
    os.mkfifo(box.inside / "pipe")
    (box.inside / "folder").mkdir()
    assert "a special file" in box.write("/workspace/pipe", "x").err
    assert "a folder" in box.write("/workspace/folder", "x").err
    assert "is a root" in box.write("/workspace", "x").err
    assert box.names() == ["folder", "pipe"]


def test_edit_replaces_the_one_place(box: Box) -> None:
    (box.inside / "a").write_bytes(b"one two\r\n\xff three")
    assert box.edit("/workspace/a", "two", "2").out == "edited 1 place in /workspace/a\n"
    assert (box.inside / "a").read_bytes() == b"one 2\r\n\xff three"


@pytest.mark.parametrize(
    ("text", "old", "told"),
    [
        ("aXbX", "X", "2 times"),
        ("ab", "X", "0 times"),
        ("XXX", "XX", "more than once"),
        ("a", "", "not be empty"),
    ],
)
def test_edit_changes_nothing_where_the_place_is_not_clear(box: Box, text: str, old: str, told: str) -> None:
    (box.inside / "a").write_text(text)
    said = box.edit("/workspace/a", old, "new")
    assert (said.code, (box.inside / "a").read_text()) == (1, text)
    assert told in said.err


def test_edit_replaces_every_place_where_told(box: Box) -> None:
    (box.inside / "a").write_text("X-X")
    assert box.edit("/workspace/a", "X", "yy", every="true").out == "edited 2 places in /workspace/a\n"
    assert (box.inside / "a").read_text() == "yy-yy"
    assert box.edit("/workspace/a", "none", "x", every="true").code == 1


@pytest.mark.parametrize(
    ("before", "old", "new", "after"),
    [
        ("a\nb\n", "a\n", "x\n", "x\nb\n"),
        ("xa\nb\na\n", "a\n", "c\n", "xa\nb\nc\n"),
        ("a\nb\nc", "b\n", "", "a\nc"),
        ("a\n", "a\n", "", ""),
        ("a\n\nb\n", "\nb\n", "c\n", "a\nc\n"),
    ],
)
def test_edit_replaces_whole_lines_where_told(box: Box, before: str, old: str, new: str, after: str) -> None:
    (box.inside / "a").write_text(before)
    assert box.fs("edit", "--every=false", "--whole-lines=true", "/workspace/a", old=old, new=new).code == 0
    assert (box.inside / "a").read_text() == after


@pytest.mark.parametrize(
    ("before", "old", "new", "every"),
    [
        ("xa\n", "a\n", "b\n", "false"),
        ("a\na\n", "a\n", "b\n", "false"),
        ("a", "a\n", "b\n", "false"),
        ("a\n", "a", "b\n", "false"),
        ("a\n", "a\n", "b", "false"),
        ("a\n", "a\n", "b\n", "true"),
    ],
)
def test_edit_changes_nothing_where_no_whole_lines_are_meant(
    box: Box, before: str, old: str, new: str, every: str
) -> None:
    (box.inside / "a").write_text(before)
    said = box.fs("edit", f"--every={every}", "--whole-lines=true", "/workspace/a", old=old, new=new)
    assert (said.code, (box.inside / "a").read_text()) == (1, before)


def test_edit_refuses_a_file_too_large_to_hold(box: Box) -> None:
    with (box.inside / "huge").open("wb") as file:
        file.truncate(2**40)
    assert "bytes are edited" in box.edit("/workspace/huge", "a", "b").err


def test_delete_removes_files_and_empty_folders_only(box: Box) -> None:
    (box.inside / "full").mkdir()
    (box.inside / "full" / "a").touch()
    os.mkfifo(box.inside / "pipe")
    assert "not empty" in box.fs("delete", "/workspace/full").err
    assert box.fs("delete", "/workspace/full/a").out == "deleted /workspace/full/a\n"
    assert box.fs("delete", "/workspace/full").code == 0
    assert "a special file" in box.fs("delete", "/workspace/pipe").err
    assert "is a root" in box.fs("delete", "/workspace").err
    assert "no such file" in box.fs("delete", "/workspace/none").err
    assert box.names() == ["pipe"]


# --- usage --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        (), ("paint", "/workspace/a"), ("read", "/workspace/a"), ("read", "--limit=1", "--offset=0", "/workspace/a"),
        ("read", "--offset=0", "--limit=1"), ("read", "--offset=0", "--limit=1", "/workspace/a", "b"),
        ("read", "--offset=-1", "--limit=1", "/workspace/a"), ("read", "--offset=0", "--limit=\u0661", "/workspace/a"),
        ("list", "--all", "/workspace"),
        ("write", "--parents=true", "/workspace/a"),
        ("write", "--parents=true", "--exists=replace", "/workspace/a"),
        ("write", "--exists=replace", "--exists=replace", "/workspace/a"), ("write", "--exists=maybe", "--parents=true", "/workspace/a"),
        ("write", "--exists=replace", "--parents=yes", "/workspace/a"), ("edit", "--every=TRUE", "/workspace/a"),
        ("read", "--offset=0", "--limit=1", "--lines=1", "--first-line=1", "/workspace/a"),
        ("read", "--offset=0", "--limit=1", "--lines=x", "/workspace/a"), ("glob", "--glob=a", "/workspace"),
        ("search", "--glob=a", "--most=1", "--names-only=1", "/workspace"), ("edit", "--whole-lines=true", "/workspace/a"),
        ("search", "--glob=/a", "--most=1", "/workspace"), ("search", "--glob=", "--most=1", "/workspace"),
    ],
)  # fmt: skip
def test_a_wrong_command_line_is_told_apart(box: Box, arguments: tuple[str, ...]) -> None:
    (box.inside / "a").write_text("a")
    said = box.fs(*arguments, **INPUT.get(arguments[0] if arguments else "", {}))
    assert (said.code, said.out) == (2, "")


@pytest.mark.parametrize(
    "stdin",
    [
        b"",
        b"[]",
        b"{}",
        b'{"content": 1}',
        b'{"content": "a", "more": "b"}',
        b'{"content": "\\ud800"}',
        b"\xff",
    ],
)
def test_input_of_another_form_is_refused(box: Box, stdin: bytes) -> None:
    err = io.BytesIO()
    streams = fs.Streams(io.BytesIO(stdin), io.BytesIO(), err)
    arguments = ["write", "--exists=replace", "--parents=true", "/workspace/a"]
    assert fs.main(arguments, streams, {"/workspace": str(box.inside)}) == 2
    assert err.getvalue().startswith(b"fs: standard input")
    assert box.names() == []


def test_a_path_that_looks_like_an_option_is_a_path(box: Box) -> None:
    assert box.fs("list", "--glob=**").err == "fs: --glob=** is not in /workspace\n"


def test_what_is_put_is_the_files_content_or_stands_behind_it(box: Box) -> None:
    assert box.put("/workspace/a", b"one\x00\xff\n") == Said(0, "", "")
    assert box.put("/workspace/a", b"two\n", append="true") == Said(0, "", "")
    assert (box.inside / "a").read_bytes() == b"one\x00\xff\ntwo\n"
    assert box.put("/workspace/a", b"") == Said(0, "", "")
    assert (box.inside / "a").read_bytes() == b""
    assert box.put("/workspace/b", b"x", append="true") == Said(0, "", "")
    assert (box.inside / "b").read_bytes() == b"x"


def test_nothing_is_put_through_a_link_or_into_what_is_no_file(box: Box) -> None:
    (box.inside / "file").symlink_to(box.outside / "secret")
    (box.inside / "folder").symlink_to(box.outside)
    (box.inside / "real").mkdir()
    os.mkfifo(box.inside / "pipe")
    for path in ("file", "folder/secret", "real", "pipe", "none/a"):
        assert box.put(f"/workspace/{path}", b"x").code == 1
    assert box.put("/etc/passwd", b"x").code == 1
    assert box.put("/workspace/../a", b"x").code == 1
    assert box.put("/workspace/a", b"x", append="yes").code == 2
    assert (box.outside / "secret").read_text() == "secret\n"
