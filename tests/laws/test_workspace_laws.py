"""Laws of workspaces: the difference applied to the old tree gives the new one, and after a commit there is none."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.capabilities.difference import ALTERED, KINDS, Alteration, Difference
from tests.effort import examples
from tests.sandbox.workspaces.places import Place, file, folder, held, link, make

if TYPE_CHECKING:
    from tests.sandbox.workspaces.places import Held

names = st.sampled_from((b"a", b"b", b"\n", b"\xff", b"x" * 255, b"-rf"))
paths = st.lists(names, min_size=1, max_size=3).map(b"/".join)
files = st.builds(
    file, st.sampled_from((b"", b"1", b"2", b"\0" * 5000)), st.sampled_from((0o644, 0o600, 0o755))
)
things = st.one_of(
    files,
    st.builds(folder, st.sampled_from((0o755, 0o700))),
    st.builds(link, st.sampled_from((b"a", b"/etc/passwd"))),
)
many = st.dictionaries(paths, things, max_size=6)


def whole(tree: dict[bytes, Held]) -> dict[bytes, Held]:
    """Return a tree that can be: what lies in something that is no folder is left out."""
    return {
        path: what
        for path, what in tree.items()
        if not any(path.startswith(other + b"/") and kind != "folder" for other, (kind, _, _) in tree.items())
    }


trees = many.map(whole)


def applied(
    old: dict[bytes, Held], new: dict[bytes, Held], found: tuple[Alteration, ...]
) -> dict[bytes, Held]:
    """Return the old tree with each change made to it, what is new being taken from the new one."""
    result = dict(old)
    for each in found:
        if each.change == "deleted":
            assert result.pop(each.path)[:2] == (each.kind, each.permissions)
    for each in found:
        if each.change != "deleted":
            assert (each.path in result) == (each.change != "added")
            result[each.path] = new[each.path]
            assert new[each.path][:2] == (each.kind, each.permissions)
    return result


@pytest.mark.parametrize("way", ["overlay", "plain"])
@given(old=trees, new=trees)
@settings(max_examples=examples(60), deadline=None)
def test_the_difference_makes_the_old_tree_the_new_one(
    way: str, old: dict[bytes, Held], new: dict[bytes, Held]
) -> None:
    root = Path(tempfile.mkdtemp())
    try:
        place = Place(root, overlays=way == "overlay")
        make(place.top, old)
        before = held(place.top)
        with place.copied() as copy:
            top = Path(copy.path)
            for entry in sorted(os.fsencode(each) for each in top.iterdir()):
                known = Path(os.fsdecode(entry))
                shutil.rmtree(known) if known.is_dir() and not known.is_symlink() else known.unlink()
            make(top, new)
            after = held(top)
            difference = copy.difference()
            assert applied(before, after, difference.alterations) == after
            copy.commit(difference.alterations)
        assert held(place.top) == after
        with place.copied() as copy:
            assert copy.difference().alterations == ()
        assert not [path for path in place.left if "/" in path]
        place.workspaces.store.close()
    finally:
        shutil.rmtree(root)


alterations = st.builds(
    Alteration,
    st.binary(min_size=1, max_size=12),
    st.sampled_from(ALTERED),
    st.sampled_from(KINDS),
    st.integers(0, 0o7777),
    st.integers(0, 2**40),
    st.none() | st.just("sha256:00"),
    st.none() | st.just("sha256:11"),
)


@given(st.lists(alterations, max_size=4), st.lists(st.binary(max_size=12), max_size=3))
def test_a_difference_is_read_back_as_it_was_written(found: list[Alteration], skipped: list[bytes]) -> None:
    difference = Difference("web", "/workspace", tuple(found), tuple(skipped))
    assert Difference.from_json(difference.to_json()) == difference  # type: ignore[arg-type]
