from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.errors import Diagnostic, GovernanceError, RequestError
from governance.text import Source, excerpt, nearest, shown

LINES = Source("file.policy", "one\ntwo three\r\n\nlast")


@pytest.mark.parametrize(
    ("start", "place"),
    [(0, "1:1"), (3, "1:4"), (4, "2:1"), (8, "2:5"), (14, "2:11"), (15, "3:1"), (16, "4:1"), (20, "4:5")],
)
def test_place_counts_lines_and_columns_from_one(start: int, place: str) -> None:
    assert LINES.span(start).place == f"file.policy:{place}"


@pytest.mark.parametrize(
    ("span", "caret"),
    [
        (LINES.span(0, 3), "one\n^^^"),
        (LINES.span(8, 13), "two three\\u000d\n    ^^^^^"),
        (LINES.span(20, 20), "last\n    ^"),
        (LINES.span(0, 16), "one\n^^^"),
        (Source("x", "").span(0, 0), "\n^"),
        (Source("x", "a\tb").span(2), "a\\u0009b\n       ^"),
        (Source("x", "a\tb").span(1), "a\\u0009b\n ^^^^^^"),
    ],
)
def test_caret_stands_under_what_is_meant(span: object, caret: str) -> None:
    assert span.caret() == caret  # type: ignore[attr-defined]


def test_caret_of_a_long_line_shows_a_window_around_the_place() -> None:
    line, mark = Source("x", "a" * 500_000 + "!" + "b" * 500_000).span(500_000).caret().split("\n")
    assert len(line) <= 170
    assert line[mark.index("^")] == "!"
    assert line.startswith("…a")
    assert line.endswith("b…")


@given(st.text(max_size=300), st.integers(0, 300), st.integers(0, 40))
def test_caret_is_two_lines_of_bounded_length_for_any_text(text: str, start: int, length: int) -> None:
    begin = min(start, len(text))
    lines = Source("x", text).span(begin, min(begin + length, len(text))).caret().split("\n")
    assert len(lines) == 2
    assert set(lines[1]) <= {" ", "^"}
    assert "^" in lines[1]
    assert len(lines[1]) <= 162 * 10


@pytest.mark.parametrize(
    ("text", "visible"),
    [
        ("plain text", "plain text"),
        ("\u00e9\u4e2d\U0001f600", "\u00e9\u4e2d\U0001f600"),
        ("\x1b[31m", "\\u001b[31m"),
        ("\x00\x7f\x85", "\\u0000\\u007f\\u0085"),
        ("\u202e\u2066\ufeff\u200b", "\\u202e\\u2066\\ufeff\\u200b"),
        ("a\u00a0b\u3000c\u2028d", "a\\u00a0b\\u3000c\\u2028d"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_a_terminal_could_obey_is_shown_as_an_escape(text: str, visible: str) -> None:
    assert shown(text) == visible


@given(st.text())
def test_shown_text_shows_as_itself(text: str) -> None:
    assert shown(shown(text)) == shown(text)
    assert shown(text).isprintable()


def test_excerpt_is_bounded_and_says_that_it_is_cut() -> None:
    assert excerpt("a" * 40) == "a" * 40
    assert excerpt("a" * 41) == "a" * 40 + "…"
    assert excerpt("\x1b" * 1_000_000, 2) == "\\u001b\\u001b…"


@pytest.mark.parametrize(
    ("word", "names", "near"),
    [
        ("fs.raed", ("fs.read", "fs.write", "git.log"), ("fs.read",)),
        ("fs.reads", ("fs.list", "fs.read", "fs.reader"), ("fs.read", "fs.reader")),
        ("zzz", ("fs.read",), ()),
        ("", ("ab", "abc"), ("ab",)),
        ("x" * 161, ("x" * 160,), ()),
        ("a", (), ()),
        ("b", ("a", "c", "a"), ("a", "c")),
    ],
)
def test_nearest_names_come_first_and_far_ones_not_at_all(
    word: str, names: tuple[str, ...], near: tuple[str, ...]
) -> None:
    assert nearest(word, names)[: len(near)] == near
    assert bool(nearest(word, names)) is bool(near)


def test_nearest_returns_no_more_than_asked_for() -> None:
    assert nearest("aa", ["ab", "ac", "ad", "ae"], 2) == ("ab", "ac")


def test_diagnostic_renders_place_caret_and_help() -> None:
    diagnostic = Diagnostic("code", "it is wrong", LINES.span(4, 7), "mend it")
    assert diagnostic.render() == (
        "error[code]: it is wrong\n --> file.policy:2:1\n  | two three\\u000d\n  | ^^^\n  = mend it"
    )
    assert diagnostic.to_json() == {
        "code": "code",
        "severity": "error",
        "message": "it is wrong",
        "file": "file.policy",
        "line": 2,
        "column": 1,
        "help": "mend it",
    }


def test_diagnostic_without_a_place_has_none() -> None:
    diagnostic = Diagnostic("code", "it is odd", warning=True)
    assert diagnostic.render() == "warning[code]: it is odd"
    assert diagnostic.to_json()["line"] is None
    assert diagnostic.to_json()["severity"] == "warning"


def test_error_speaks_for_all_its_diagnostics_and_is_named_by_the_first() -> None:
    error = RequestError(Diagnostic("first", "one"), Diagnostic("second", "two"))
    assert isinstance(error, GovernanceError)
    assert (error.code, str(error)) == ("first", "one; two")
    assert error.render() == "error[first]: one\nerror[second]: two"
