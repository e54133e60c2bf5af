"""Any text is a script or refused; what is read fast is what the whole way gives."""

from __future__ import annotations

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
