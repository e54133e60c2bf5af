"""Sets of paths against brute force: every path over a small alphabet, one by one, by a definition of its own.

`contains` and `meets` are exact; `within` is right whenever it says yes.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.capabilities.glob import PathSet
from tests.effort import examples

WORDS = ["".join(letters) for size in range(1, 3) for letters in product("ab", repeat=size)]
PATHS = [parts for depth in range(4) for parts in product(WORDS, repeat=depth)]

components = st.sampled_from(
    [
        "**",
        *(
            text
            for size in range(1, 4)
            for letters in product("ab*", repeat=size)
            if "**" not in (text := "".join(letters))
        ),
    ]
)
patterns = st.lists(components, max_size=4).map(lambda parts: "/" + "/".join(parts))


def matches(pattern: str, parts: tuple[str, ...]) -> bool:
    """The definition: `**` is any number of components, `*` any text within one."""

    def rest(wanted: list[str], given: tuple[str, ...]) -> bool:
        if not wanted:
            return not given
        if wanted[0] == "**":
            return any(rest(wanted[1:], given[skip:]) for skip in range(len(given) + 1))
        return bool(given) and fits(wanted[0], given[0]) and rest(wanted[1:], given[1:])

    return rest([part for part in pattern.split("/") if part], parts)


@cache
def fits(component: str, word: str) -> bool:
    return re.fullmatch(re.escape(component).replace(r"\*", ".*"), word) is not None


def members(pattern: str, most: int) -> set[tuple[str, ...]]:
    return {parts for parts in PATHS if len(parts) <= most and matches(pattern, parts)}


@given(patterns, st.sampled_from(PATHS))
@settings(max_examples=examples(500))
def test_contains_is_the_definition(pattern: str, parts: tuple[str, ...]) -> None:
    assert PathSet.glob(pattern).contains(parts) is matches(pattern, parts)


@given(patterns, st.lists(st.sampled_from(["a", "b", "ab", "ba"]), max_size=8).map(tuple))
@settings(max_examples=examples(500))
def test_contains_is_the_definition_for_long_paths(pattern: str, parts: tuple[str, ...]) -> None:
    assert PathSet.glob(pattern).contains(parts) is matches(pattern, parts)


@st.composite
def widened(draw: st.DrawFn) -> tuple[str, str]:
    """Return a pattern and another that is likely wider."""
    parts = draw(st.lists(components, max_size=4))
    wide = [draw(st.sampled_from([part, part, "*", "**", f"{part[0]}*", "*" + part[-1:]])) for part in parts]
    return "/" + "/".join(parts), "/" + "/".join("**" if "**" in part else part for part in wide)


short = st.lists(
    st.one_of(st.just("**"), st.sampled_from(["a", "b", "*", "a*", "*a", "ab", "*b*", "b*a"])), max_size=3
).map(lambda parts: "/" + "/".join(parts))


@given(short, short)
@settings(max_examples=examples(250), deadline=None)
def test_sets_meet_exactly_when_a_path_is_in_both(left: str, right: str) -> None:
    # Where two of these sets meet at all, they meet in a path that fills each star from a few words.
    found = any(
        matches(left, parts) and matches(right, parts)
        for parts in witnesses(left) | witnesses(right) | set(PATHS)
    )
    assert PathSet.glob(left).meets(PathSet.glob(right)) is found
    assert PathSet.glob(right).meets(PathSet.glob(left)) is found


def witnesses(pattern: str) -> set[tuple[str, ...]]:
    """Return paths of the pattern that hold one of each kind of those that it matches."""
    choices: list[list[tuple[str, ...]]] = []
    fills = ("", "a", "b", "ab", "ba")
    for part in [part for part in pattern.split("/") if part]:
        if part == "**":
            some = ["a", "b", "ab", "ba", "bab"]
            choices.append([(), *((x,) for x in some), *product(some, repeat=2)])
        else:
            pieces = part.split("*")
            filled = {
                "".join(a + b for a, b in zip(pieces, (*fill, ""), strict=True))
                for fill in product(fills, repeat=len(pieces) - 1)
            }
            choices.append([(word,) for word in sorted(filled) if word])
    return {tuple(word for part in parts for word in part) for parts in product(*choices)}


@given(st.one_of(widened(), st.tuples(patterns, patterns)))
@settings(max_examples=examples(400), deadline=None)
def test_within_is_never_wrong_when_it_says_yes(pair: tuple[str, str]) -> None:
    left, right = pair
    if PathSet.glob(left).within(PathSet.glob(right)):
        assert members(left, 3) <= members(right, 3)
        assert PathSet.glob(left).meets(PathSet.glob(right))


@given(patterns)
def test_every_set_is_within_itself_and_within_everything(pattern: str) -> None:
    paths = PathSet.glob(pattern)
    assert paths.within(paths)
    assert paths.within(PathSet.tree("/"))


@given(st.sampled_from(PATHS), patterns)
def test_single_path_is_within_and_meets_exactly_what_contains_it(
    parts: tuple[str, ...], pattern: str
) -> None:
    one, other = PathSet.one("/" + "/".join(parts)), PathSet.glob(pattern)
    assert one.single
    assert one.within(other) is one.meets(other) is other.contains(parts)


@given(st.one_of(widened(), st.tuples(patterns, patterns)), patterns)
def test_what_meets_a_set_meets_all_that_hold_it(pair: tuple[str, str], other: str) -> None:
    inner, outer = (PathSet.glob(pattern) for pattern in pair)
    if inner.within(outer):
        assert inner.meets(PathSet.glob(other)) <= outer.meets(PathSet.glob(other))


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        ("/workspace/src", "/workspace/**"),
        ("/workspace", "/workspace/**"),
        ("/workspace/**", "/workspace/**"),
        ("/workspace/*.py", "/workspace/*"),
        ("/workspace/**/*.py", "/workspace/**"),
        ("/a*b*c", "/a*c"),
        ("/abc*bcd", "/*bc*cd"),
        ("/*/**", "/**"),
    ],
)
def test_what_lies_inside_is_within(narrow: str, wide: str) -> None:
    assert PathSet.glob(narrow).within(PathSet.glob(wide))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("/workspaces", "/workspace/**"),
        ("/work", "/workspace/**"),
        ("/", "/workspace/**"),
        ("/**", "/workspace/**"),
        ("/workspace/*", "/workspace/*.py"),
        ("/a*a", "/a"),
        ("/*a*", "/a*"),
        ("/*aaa*", "/*aa*aa*"),
        ("/aaa", "/*aa*aa*"),
        ("/a/*", "/a"),
        ("/a/*", "/a/*/*"),
    ],
)
def test_what_reaches_beyond_is_not_within(left: str, right: str) -> None:
    assert not PathSet.glob(left).within(PathSet.glob(right))


def test_star_of_a_path_is_only_itself() -> None:
    path = PathSet.one("/a/*/**")
    assert path.single
    assert path.contains(("a", "*", "**"))
    assert not path.contains(("a", "b", "c"))
    assert not path.meets(PathSet.one("/a/b/c"))


def test_glob_is_beneath_its_folder_unless_it_begins_at_the_root() -> None:
    assert str(PathSet.glob("*.py", "/w")) == "/w/*.py"
    assert str(PathSet.glob("/x/*", "/w")) == "/x/*"
    assert str(PathSet.glob("**", "/w*")) == "/w*/**"
    assert not PathSet.glob("**", "/w*").contains(("workspace", "x"))
    assert str(PathSet.one("/")) == "/"


def test_component_boundaries_hold() -> None:
    tree = PathSet.tree("/workspace")
    assert tree.contains(("workspace",))
    assert tree.contains(("workspace", "a", "b"))
    assert not tree.contains(("workspace.evil",))
    assert not tree.contains(())


class Counted(str):
    """A component that counts how often any is compared."""

    __slots__ = ()
    looks = 0

    def __eq__(self, other: object) -> bool:
        Counted.looks += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__

    def startswith(self, *arguments: object) -> bool:
        Counted.looks += 1
        return str.startswith(self, *arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("pattern", ["/**/a", "/**/*/**/*/**/b", "/**/a*/**/b*/**/c*", "/**/*b"])
def test_work_grows_no_faster_than_pattern_times_path(pattern: str) -> None:
    looks = []
    for size in (200, 400):
        Counted.looks = 0
        PathSet.glob(pattern).contains((Counted("a"),) * size)
        looks.append(Counted.looks)
    assert looks[1] <= 2.5 * looks[0] + 20
    assert looks[1] <= 400 * 8


def test_stars_within_a_component_do_not_backtrack() -> None:
    pattern = PathSet.glob("/" + "a*" * 120 + "b")
    assert not pattern.contains(("a" * 255,))
    assert pattern.meets(PathSet.glob("/" + "*a" * 120 + "*"))
    assert not pattern.within(PathSet.glob("/" + "*a" * 125))


def test_longest_sets_are_compared_step_by_step() -> None:
    deep, other = "/**/a" * 600, "/**/b" * 600
    assert not PathSet.glob(deep).meets(PathSet.glob(other))
    assert PathSet.glob(deep).meets(PathSet.glob(other + "/**"))
    assert not PathSet.glob(deep).within(PathSet.glob(other))
