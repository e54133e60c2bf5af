"""A copy holds what the workspace holds, a difference says what changed, and a commit puts it there or leaves all as it was."""

from __future__ import annotations

import os
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from governance.errors import SandboxError
from governance.sandbox.workspaces import Bounds
from tests.sandbox.workspaces.places import SOURCE, Place, file, folder, held, link, make

if TYPE_CHECKING:
    from collections.abc import Callable

    from governance.capabilities.difference import Alteration

NAMES = (b"line\nfeed", b"no \xff utf-8", b"n" * 255, b" ", b"\x1b[31m", "é".encode())
TREE = {
    b"a": file(b"one"),
    b"run": file(b"#!/bin/sh\n", 0o755),
    b"deep/er/b": file(b"two", 0o600),
    b"empty": folder(0o700),
    b"link": link(b"/etc/passwd"),
    **{b"names/" + name: file(name) for name in NAMES},
}


@pytest.fixture(params=["overlay", "plain"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    made = Place(tmp_path / "root", overlays=request.param == "overlay")
    make(made.top, TREE)
    with made.copied() as copy:
        if request.param == "overlay" and copy.way == "plain":
            pytest.skip("not proven: no overlay can be made here")
    return made


def changed(place: Place, change: Callable[[Path], None]) -> tuple[Alteration, ...]:
    with place.copied() as copy:
        change(Path(copy.path))
        found = copy.difference().alterations
        copy.commit(found)
    assert not [path for path in place.left if "/" in path]
    return found


def code(place: Place, change: Callable[[Path], None], meanwhile: Callable[[Path], None]) -> str:
    """Return the code that a commit is refused with, after which nothing is there but what came meanwhile."""
    with place.copied() as copy:
        change(Path(copy.path))
        found = copy.difference().alterations
        meanwhile(place.top)
        before = held(place.top)
        with pytest.raises(SandboxError) as caught:
            copy.commit(found)
    assert held(place.top) == before
    return caught.value.code


def test_a_copy_holds_what_the_workspace_holds_and_differs_in_nothing(place: Place) -> None:
    with place.copied() as copy:
        assert held(Path(copy.path)) == held(place.top)
        assert (Path(copy.path) / "a").stat().st_mtime_ns == (place.top / "a").stat().st_mtime_ns
        assert copy.difference().alterations == ()
    assert not [path for path in place.left if "/" in path]


def test_what_is_written_to_a_copy_is_not_in_the_workspace(place: Place) -> None:
    before = held(place.top)
    with place.copied() as copy:
        (Path(copy.path) / "a").write_bytes(b"new")
        (Path(copy.path) / "deep" / "er" / "b").unlink()
    assert held(place.top) == before


def do_nothing(top: Path) -> None:
    del top


def edit(top: Path) -> None:
    (top / "a").write_bytes(b"ONE")


def touch(top: Path) -> None:
    os.utime(top / "a", (1, 1))
    (top / "run").write_bytes((top / "run").read_bytes())


def chmod(top: Path) -> None:
    (top / "a").chmod(0o755)
    (top / "empty").chmod(0o755)


def delete(top: Path) -> None:
    (top / "deep" / "er" / "b").unlink()
    (top / "deep" / "er").rmdir()
    (top / "deep").rmdir()
    (top / "link").unlink()


def into_folder(top: Path) -> None:
    (top / "a").unlink()
    (top / "a").mkdir()
    (top / "a" / "b").write_bytes(b"three")


def into_file(top: Path) -> None:
    (top / "deep" / "er" / "b").unlink()
    (top / "deep" / "er").rmdir()
    (top / "deep").rmdir()
    (top / "deep").write_bytes(b"four")


def again(top: Path) -> None:
    """Remove a folder and make it anew with something else in it."""
    delete(top)
    (top / "deep").mkdir()
    (top / "deep" / "new").write_bytes(b"five")


def relink(top: Path) -> None:
    (top / "link").unlink()
    (top / "link").symlink_to("a")


def names(top: Path) -> None:
    for name in NAMES:
        Path(os.fsdecode(os.fsencode(top) + b"/" + name)).write_bytes(name)


CHANGES = {
    do_nothing: [],
    touch: [],
    edit: [("a", "changed", "file", "0644")],
    chmod: [("a", "mode", "file", "0755"), ("empty", "mode", "folder", "0755")],
    delete: [
        ("deep", "deleted", "folder", "0755"),
        ("deep/er", "deleted", "folder", "0755"),
        ("deep/er/b", "deleted", "file", "0600"),
        ("link", "deleted", "link", "0777"),
    ],
    into_folder: [
        ("a", "added", "folder", "0755"),
        ("a", "deleted", "file", "0644"),
        ("a/b", "added", "file", "0644"),
    ],
    into_file: [
        ("deep", "added", "file", "0644"),
        ("deep", "deleted", "folder", "0755"),
        ("deep/er", "deleted", "folder", "0755"),
        ("deep/er/b", "deleted", "file", "0600"),
    ],
    again: [
        ("deep/er", "deleted", "folder", "0755"),
        ("deep/er/b", "deleted", "file", "0600"),
        ("deep/new", "added", "file", "0644"),
        ("link", "deleted", "link", "0777"),
    ],
    relink: [("link", "changed", "link", "0777")],
    names: [(os.fsdecode(name), "added", "file", "0644") for name in sorted(NAMES)],
}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_changed_is_said_and_committed(place: Place, change: Callable[[Path], None]) -> None:
    expected = place.root / "expected"
    make(expected, TREE)
    change(expected)
    found = changed(place, change)
    assert [(os.fsdecode(each.path), each.change, each.kind, each.mode) for each in found] == CHANGES[change]
    assert held(place.top) == held(expected)


def test_only_what_is_kept_is_committed(place: Place) -> None:
    with place.copied() as copy:
        edit(Path(copy.path))
        relink(Path(copy.path))
        copy.commit([each for each in copy.difference().alterations if each.path == b"a"])
    assert held(place.top) == {**held(place.top), b"a": file(b"ONE"), b"link": link(b"/etc/passwd")}


def other(top: Path) -> None:
    (top / "run").write_bytes(b"by someone else")


def fresh(top: Path) -> None:
    (top / "fresh").write_bytes(b"")


def replaced(top: Path) -> None:
    """Put another file of the same name, size and time in place."""
    status = (top / "a").stat()
    (top / "b").write_bytes(b"two")
    os.utime(top / "b", ns=(status.st_atime_ns, status.st_mtime_ns))
    (top / "b").rename(top / "a")


@pytest.mark.parametrize("meanwhile", [other, fresh, replaced, delete, chmod])
def test_a_workspace_that_changed_meanwhile_is_left_alone(
    place: Place, meanwhile: Callable[[Path], None]
) -> None:
    assert code(place, edit, meanwhile) == "workspace-changed"


def test_a_change_after_the_last_look_is_found_by_the_step_itself(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The workspace is looked at, and then changed before the first rename: what was done is put back."""
    from governance.sandbox.workspaces import store

    before = {path: what for path, what in held(place.top).items() if path != b"deep/er/b"}
    written = store.write_intent

    def late(call: int, source: str, steps: object) -> None:
        written(call, source, steps)  # type: ignore[arg-type]
        (place.top / "deep" / "er" / "b").write_bytes(b"mine")
        (place.top / "deep" / "er" / "c").write_bytes(b"mine")
        (place.top / "deep" / "er" / "c").rename(place.top / "deep" / "er" / "b")

    monkeypatch.setattr(store, "write_intent", late)
    with place.copied() as copy:
        top = Path(copy.path)
        edit(top)
        (top / "deep" / "er" / "b").write_bytes(b"theirs")
        (top / "link").unlink()
        found = copy.difference().alterations
        with pytest.raises(SandboxError) as caught:
            copy.commit(found)
    assert caught.value.code == "workspace-changed"
    assert held(place.top) == {**before, b"deep/er/b": file(b"mine")}
    assert not [path for path in place.left if "/" in path]


def test_a_link_that_is_put_in_the_way_leads_nowhere(place: Place, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()

    def swap(top: Path) -> None:
        delete(top)
        (top / "deep").symlink_to(outside)

    def write(top: Path) -> None:
        (top / "deep" / "er" / "b").write_bytes(b"new")
        (top / "deep" / "er" / "new").write_bytes(b"new")

    assert code(place, write, swap) == "workspace-changed"
    assert list(outside.iterdir()) == []


def test_a_link_in_a_copy_is_not_followed(place: Place, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")

    def point(top: Path) -> None:
        (top / "a").unlink()
        (top / "a").symlink_to(tmp_path / "secret")
        (top / "up").symlink_to(tmp_path)

    found = changed(place, point)
    assert {each.kind for each in found if each.change == "added"} == {"link"}
    assert (place.top / "a").is_symlink()
    assert (tmp_path / "secret").read_bytes() == b"secret"


def special(top: Path) -> None:
    os.mkfifo(top / "fifo")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(top / "empty" / "s"))


def test_special_files_are_not_carried_over_and_stay(place: Place) -> None:
    special(place.top)
    with place.copied() as copy:
        assert copy.way != "overlay"
        assert not (Path(copy.path) / "fifo").exists()
        edit(Path(copy.path))
        os.mkfifo(Path(copy.path) / "made")
        found = copy.difference()
        assert found.not_carried == (b"empty/s", b"fifo", b"made")
        copy.commit(found.alterations)
    assert held(place.top)[b"a"] == file(b"ONE")
    assert (place.top / "fifo").is_fifo()
    assert not (place.top / "made").exists()


def test_nothing_takes_the_place_of_a_special_file(place: Place) -> None:
    special(place.top)
    assert code(place, lambda top: (top / "fifo").write_bytes(b""), do_nothing) == "workspace-special"
    assert code(place, lambda top: (top / "empty").rmdir(), do_nothing) == "workspace-special"


def test_holes_stay_holes(place: Place) -> None:
    with (place.top / "sparse").open("wb") as stream:
        stream.truncate(2**40)
        stream.seek(2**39)
        stream.write(b"here")
    began = time.monotonic()
    with place.copied() as copy:
        sparse = Path(copy.path) / "sparse"
        assert sparse.stat().st_size == 2**40
        assert sparse.stat().st_blocks < 1000
        edit(Path(copy.path))
        copy.commit(copy.difference().alterations)
        assert time.monotonic() - began < 60
    with place.copied() as copy:
        with (Path(copy.path) / "sparse").open("r+b") as stream:
            stream.write(b"x") if copy.way != "overlay" else stream.truncate(2**40 - 1)
        with pytest.raises(SandboxError, match="2147483648 are the most") as caught:
            copy.difference()
    assert caught.value.code == "workspace-size"


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        (Bounds(entries=3), "more than 3 files and folders"),
        (Bounds(copied=10), "more than 10 bytes"),
    ],
)
def test_a_workspace_beyond_the_bounds_is_refused(tmp_path: Path, bounds: Bounds, message: str) -> None:
    place = Place(tmp_path, overlays=False, bounds=bounds)
    make(place.top, TREE)
    with pytest.raises(SandboxError, match=message) as caught, place.copied():
        pass
    assert caught.value.code == "workspace-size"
    assert not [path for path in place.left if "/" in path]


def test_more_changes_than_are_judged_are_refused(tmp_path: Path) -> None:
    place = Place(tmp_path, overlays=False, bounds=Bounds(changes=2))
    with place.copied() as copy:
        make(Path(copy.path), {b"a": file(), b"b": file(), b"c": file()})
        with pytest.raises(SandboxError, match="changed 3 files and folders; 2 are the most"):
            copy.difference()


def test_a_folder_deeper_than_a_path_can_be_is_refused_and_removed(place: Place) -> None:
    with place.copied() as copy:
        at = os.open(copy.path, os.O_RDONLY)
        for _ in range(60):
            os.mkdir("d" * 100, dir_fd=at)
            deeper = os.open("d" * 100, os.O_RDONLY, dir_fd=at)
            os.close(at)
            at = deeper
        os.close(at)
        with pytest.raises(SandboxError, match="too long"):
            copy.difference()
    assert not [path for path in place.left if "/" in path]
    assert held(place.top) == held(place.top)


@pytest.mark.parametrize(("works", "way"), [(True, "reflink"), (False, "plain")])
def test_files_are_cloned_where_the_file_system_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, works: bool, way: str
) -> None:
    """No file system with clones can be counted on here: what one does is done by copying."""
    from governance.sandbox.workspaces import copying

    def clone(source: int, target: int) -> bool:
        while works and (piece := os.read(source, 2**20)):
            os.write(target, piece)
        return works

    monkeypatch.setattr(copying, "clone", clone)
    place = Place(tmp_path, overlays=False)
    make(place.top, TREE)
    with place.copied() as copy:
        assert copy.way == way
        assert held(Path(copy.path)) == held(place.top)
        assert copy.difference().alterations == ()


def test_those_who_write_to_one_workspace_take_turns(place: Place) -> None:
    def add() -> None:
        with place.copied() as copy:
            path = Path(copy.path) / "a"
            path.write_bytes(path.read_bytes() + b"+")
            copy.commit(copy.difference().alterations)

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (place.top / "a").read_bytes() == b"one" + 8 * b"+"


def test_the_copies_of_a_living_process_are_left_alone(place: Place) -> None:
    with place.copied() as copy:
        assert place.recover() == []
        edit(Path(copy.path))
        copy.commit(copy.difference().alterations)
    place.workspaces.store.close()
    assert list((place.root / ".governance").iterdir()) == []
    assert (place.top / "a").read_bytes() == b"ONE"


def test_the_store_is_no_workspace(place: Place) -> None:
    with pytest.raises(SandboxError, match="no plain relative path"):
        place.workspaces.resolve(".governance")


def test_another_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(tmp_path, overlays=False)
    real = os.fstat

    def elsewhere(descriptor: int) -> os.stat_result:
        found = real(descriptor)
        here = Path(f"/proc/self/fd/{descriptor}").readlink()
        return os.stat_result((*found[:2], found.st_dev + 1, *found[3:])) if here.name == "web" else found

    monkeypatch.setattr(os, "fstat", elsewhere)
    with pytest.raises(SandboxError) as caught, place.copied():
        pass
    assert caught.value.code == "workspace-device"


def test_what_cannot_be_put_back_is_kept_and_said(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step fails, and by then someone has put a file where one was deleted: what was deleted is not lost."""
    from governance.sandbox.workspaces import committing

    done = committing._do

    def failing(workspace: int, slots: int, step: committing.Step) -> None:
        if step.do == "swap":
            (place.top / "link").write_bytes(b"mine")
            raise OSError(28, "No space left on device")
        done(workspace, slots, step)

    monkeypatch.setattr(committing, "_do", failing)
    with place.copied() as copy:
        edit(Path(copy.path))
        (Path(copy.path) / "link").unlink()
        found = copy.difference().alterations
        with pytest.raises(SandboxError) as caught:
            copy.commit(found)
    assert caught.value.code == "workspace-half"
    assert (place.top / "link").read_bytes() == b"mine"
    assert any(path.endswith("slots/0") for path in place.left)


def test_a_workspace_of_this_name_is_found(place: Place) -> None:
    assert place.workspaces.resolve(SOURCE).path == str(place.top)
