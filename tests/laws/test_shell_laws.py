"""Any text is a script or refused; what is read fast is what the whole way gives; work grows with the text alone."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from governance.errors import RequestError
from governance.request.shell import Script, parse_shell
from governance.request.shell.parse import read_shell
from governance.request.shell.quick import quick_shell
from governance.text import Source
from tests.effort import examples
from tests.laws.strategies import texts
from tests.laws.test_fuzz import broken, repeatable
from tests.request.shell import corpora
from tests.request.shell.strategies import lines, soups

if TYPE_CHECKING:
    from collections.abc import Callable

laws = settings(max_examples=examples(400), deadline=None)
ROUNDS = 1_500

simple = st.lists(
    st.one_of(
        st.sampled_from(
            ["a", "-b", "c/d.py", "'e f'", '"g h"', "''", "if", "eval", "x=1", " ", "|", "| ", "export"]
        ),
        st.text(st.sampled_from("ab-=' \"|"), max_size=5),
    ),
    max_size=8,
).map(" ".join)

HOSTILE: dict[str, Callable[[int], str]] = {
    "a word": lambda size: "a" * size,
    "words": lambda size: "a " * (size // 2),
    "commands": lambda size: "a;" * (size // 2),
    "pipes": lambda size: "a|" * (size // 2),
    "blanks": lambda size: "a" + " " * size,
    "newlines": lambda size: "\n" * size,
    "an open quote": lambda size: 'a "' + "b" * size,
    "quotes": lambda size: '"' * size + "'" * size,
    "escapes": lambda size: "a" + "\\b" * (size // 2),
    "escapes in quotes": lambda size: 'a "' + "\\b" * (size // 2) + '"',
    "joined lines": lambda size: "a " + "\\\n" * (size // 2),
    "substitutions": lambda size: "a " + "$(b " * (size // 4),
    "substitutions in quotes": lambda size: 'a "' + "$(b)" * (size // 4) + '"',
    "backticks": lambda size: "a " + "`b` " * (size // 4),
    "parentheses": lambda size: "( " * (size // 2),
    "braces": lambda size: "a " + "{" * size + "}" * size,
    "alternatives": lambda size: "a " + "{b,c}" * (size // 5),
    "conditions": lambda size: "if a; then " * (size // 11),
    "loops": lambda size: "while a; do " * (size // 12),
    "here-documents": lambda size: "a " + "<<E " * (size // 4) + "\n",
    "here-documents on lines": lambda size: "a <<E\n" * (size // 6),
    "stars": lambda size: "a " + "*" * size,
    "sets": lambda size: "a " + "[b" * (size // 2) + "]",
    "variables": lambda size: "a " + "$b" * (size // 2),
    "assignments": lambda size: "a=b " * (size // 4),
    "redirections": lambda size: "a" + " >b" * (size // 3),
    "hidden characters": lambda size: "a " + "\u202e" * (size // 3),
    "a quote in a comment": lambda size: "a # '\n" + "a " * (size // 2) + "'",
    "a quote behind quotes": lambda size: '"$(a)\'"' + " a" * (size // 2) + "'",
}


def read(text: str) -> Script | RequestError:
    try:
        return parse_shell(Source("request", text))
    except RequestError as error:
        return checked(error)


def checked(error: RequestError) -> RequestError:
    assert error.render()
    assert len(str(error)) < 1_000
    return error


def agree(text: str) -> bool:
    """Check that the fast way gives what the whole one does, and say whether it took the text."""
    try:
        quick = quick_shell(text)
    except ValueError:
        return False
    assert read_shell(Source("request", text)) == quick
    return True


@laws
@given(st.one_of(simple, lines, soups, texts))
@example("a")
@example("a ''")
@example("'' a")
@example("a'b' c")
@example("a|'if'|b")
@example("time a")
@example("a |b")
@example("a | ")
@example("a\n")
def test_fast_way_gives_what_the_whole_one_does(text: str) -> None:
    agree(text)


def test_most_real_lines_are_read_fast() -> None:
    found = [agree(text) for name in corpora.NAMES for text in corpora.commands(name)]
    assert sum(found) > len(found) // 2


@laws
@given(st.one_of(texts, soups, st.text(max_size=60)))
def test_any_text_is_a_script_or_refused(text: str) -> None:
    read(text)


@pytest.mark.parametrize("seed", range(2))
def test_broken_lines_are_scripts_or_refused(seed: int) -> None:
    chance = repeatable(seed)
    found = [text.encode() for name in corpora.NAMES for text in corpora.commands(name)]
    kept = 0
    for _ in range(ROUNDS):
        text = broken(chance.choice(found), chance.choice(found), chance).decode(errors="surrogateescape")
        kept += isinstance(read(text), Script)
    assert 0 < kept < ROUNDS


def work(text: str) -> int:
    """Return how many functions are called to read `text`."""
    count = 0

    def called(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        read(text)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_work_grows_with_the_text_and_no_faster(name: str) -> None:
    """Fifty times the text may take some fifty times the work; were it quadratic, it would be thousands."""
    read("a $(b)")
    small, large = (work(HOSTILE[name](size)) for size in (20_000, 1_000_000))
    assert large < 50 * 2 * max(small, 2_000)
