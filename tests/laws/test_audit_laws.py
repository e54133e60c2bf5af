"""Laws of the audit: what is free is at least as much as anything that is fixed, and what is behind `--` is no option."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from governance.library import known_programs
from governance.policy.audit.reading import ANY, Found, read_line
from governance.policy.audit.words import Piece
from tests.laws.test_compiled_laws import EXAMPLES

pytestmark = pytest.mark.slow

law = settings(max_examples=EXAMPLES, deadline=None)

PROGRAMS = known_programs()
NAMES = sorted(PROGRAMS.by_name)


@st.composite
def command_lines(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Draw a program that is known and words for it: its own options and commands, and others."""
    name = draw(st.sampled_from(NAMES))
    program = PROGRAMS.by_name[name]
    scopes = [program, *program.commands.values()]
    own = [option for scope in scopes for fact in scope.options for option in fact.names]
    own += [option for scope in scopes for option in scope.valued]
    own += [
        key.replace("*", "x") + "=y" for fact in program.options for each in fact.keys for key in each.names
    ]
    word = st.sampled_from(["--", "-", "a", "a=b", "/a", ";", "-x", "--xy", *program.commands, *own])
    value = st.sampled_from(["", "=/a", "=x", "/a", "x"])
    words = st.lists(st.builds(str.__add__, word, st.one_of(st.just(""), value)), max_size=6)
    return name, draw(words)


def found(*pieces: Piece) -> set[Found]:
    return {each._replace(by="", parameter="") for each in read_line(PROGRAMS, pieces) if each.can}


@law
@given(command_lines())
def test_free_words_can_do_whatever_fixed_words_can(line: tuple[str, list[str]]) -> None:
    name, words = line
    free = found(Piece((name,)), Piece(kind="Argv", parameter="argv", many=True, optional=True))
    fixed = found(*(Piece((word,)) for word in (name, *words)))
    anything = any(each.program.endswith(ANY) for each in free)
    assert {each for each in fixed if each.program == name or not anything} <= free


@law
@given(command_lines(), st.integers(0, 5))
def test_one_free_word_can_do_whatever_it_can_stand_for(line: tuple[str, list[str]], at: int) -> None:
    name, words = line
    fixed = [Piece((word,)) for word in (name, *words)]
    place = min(at, len(words) - 1) + 1
    if not words:
        return
    free = found(*fixed[:place], Piece(kind="Argv", parameter="argv", many=True, optional=True))
    anything = any(each.program.endswith(ANY) for each in free)
    assert {each for each in found(*fixed) if each.program == name or not anything} <= free


@law
@given(command_lines())
@example(("openssl", ["--=/a", "s_client"]))
@example(("/usr/lib/governance/fs", ["-x", "put", "a"]))
@example(("timeout", ["-v", "5", "sh"]))
def test_more_ways_to_fix_a_word_find_what_each_finds(line: tuple[str, list[str]]) -> None:
    name, words = line
    # Whether options end is read once for all that a word may be, so where it may be `--` less is said of each.
    assume("--" not in words)
    pieces = [Piece((word,)) for word in (name, *words)]
    for place, piece in enumerate(pieces):
        either = [*pieces[:place], piece._replace(texts=(*piece.texts, "true")), *pieces[place + 1 :]]
        ways = {each for each in found(*pieces) if each.program == name}
        assert ways <= found(*either) or place == 0
