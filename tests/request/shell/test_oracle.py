"""Bash is asked: it refuses nothing that is read here, and passes the words that the tree says."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.errors import RequestError
from governance.request.shell import Script, parse_shell, print_shell
from governance.text import Source
from tests.effort import SOAK, examples
from tests.request.shell import corpora, oracle
from tests.request.shell.strategies import lines, soups

needs_bash = pytest.mark.skipif(oracle.BASH is None, reason="there is no bash here")

_ASKED = 200
"""So many command lines of each corpus, and forty times as many in a soak run."""


def read(text: str, variables: dict[str, str] | None = None) -> Script | None:
    try:
        return parse_shell(Source("request", text), variables or {})
    except RequestError:
        return None


def sample(name: str) -> list[str]:
    found = corpora.commands(name)
    return found[:: max(1, len(found) // (_ASKED * SOAK))]


def used(text: str) -> dict[str, str]:
    """Return a value for each variable that a command line uses, and does not set."""
    names = set(re.findall(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)", text))
    mine = set(re.findall(r"(?:\bfor +|\bread .*|\b)([A-Za-z_][A-Za-z0-9_]*)(?:=| in\b)", text))
    return {**dict.fromkeys(names - mine, "value"), **corpora.HOME}


@needs_bash
@pytest.mark.parametrize("name", corpora.NAMES)
def test_nothing_is_read_that_bash_refuses(name: str) -> None:
    assert [text for text in sample(name) if read(text, used(text)) and not oracle.accepts(text)] == []


@needs_bash
@pytest.mark.parametrize("name", corpora.NAMES)
def test_words_are_those_that_bash_passes(name: str) -> None:
    parsed = [(text, script) for text in sample(name) if (script := read(text)) is not None]
    assert oracle.wrong(parsed) == []


@needs_bash
@pytest.mark.parametrize("name", corpora.NAMES)
def test_what_is_printed_means_the_same_to_bash(name: str) -> None:
    printed = [print_shell(script) for text in sample(name) if (script := read(text)) is not None]
    parsed = [(text, script) for text in printed if (script := read(text)) is not None]
    assert len(parsed) == len(printed)
    assert oracle.wrong(parsed) == []


@needs_bash
@settings(max_examples=examples(20 * SOAK), deadline=None)
@given(st.lists(lines, min_size=10, max_size=30))
def test_generated_lines_mean_to_bash_what_they_mean_here(texts: list[str]) -> None:
    parsed = [(text, script) for text in texts if (script := read(text)) is not None]
    assert oracle.wrong(parsed) == []


@needs_bash
@settings(max_examples=examples(20 * SOAK), deadline=None)
@given(st.lists(soups, min_size=10, max_size=30))
def test_signs_in_any_order_mean_to_bash_what_they_mean_here(texts: list[str]) -> None:
    parsed = [(text, script) for text in texts if (script := read(text)) is not None]
    assert [text for text, _ in parsed if not oracle.accepts(text)] == []
    assert oracle.wrong(parsed) == []


def test_most_of_what_people_and_agents_write_is_read() -> None:
    """With the variables declared that a line uses and does not set; bash refuses less than one line in a hundred."""
    for name, least in (("nl2bash", 0.90), ("agents", 0.97)):
        texts = corpora.commands(name)
        assert sum(read(text, used(text)) is not None for text in texts) >= least * len(texts), name


@needs_bash
def test_the_oracle_sees_a_wrong_word() -> None:
    script = read("a 'b c' | d")
    assert script is not None
    assert oracle.expected(script, 0) == [["a", "b c"], ["d"]]
    assert oracle.wrong([("a  'b c' | d", script)]) == []
    assert [answer for _, _, answer, _ in oracle.wrong([("a 'b  c' | d", script)])] == [
        [["a", "b  c"], ["d"]]
    ] * 4
