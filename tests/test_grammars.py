"""Every grammar is LALR(1) without a conflict and without colliding terminals; JSON is exactly RFC 8259."""

from __future__ import annotations

import json
import re
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lark import Lark
from lark.load_grammar import load_grammar

from governance import grammar, resources
from governance.errors import RequestError
from governance.grammar import Grammar, Misfit
from governance.request.syntax import parse_json
from governance.text import Source
from tests.effort import examples

GRAMMARS = sorted(path.stem for path in resources.folder("grammars").glob("*.lark"))

RFC_8259_EXAMPLES = [
    """{
        "Image": {
            "Width":  800,
            "Height": 600,
            "Title":  "View from 15th Floor",
            "Thumbnail": {
                "Url":    "http://www.example.com/image/481989943",
                "Height": 125,
                "Width":  100
            },
            "Animated" : false,
            "IDs": [116, 943, 234, 38793]
          }
      }""",
    """[
        {
           "precision": "zip",
           "Latitude":  37.7668,
           "Longitude": -122.3959,
           "Address":   "",
           "City":      "SAN FRANCISCO",
           "State":     "CA",
           "Zip":       "94107",
           "Country":   "US"
        },
        {
           "precision": "zip",
           "Latitude":  37.371991,
           "Longitude": -122.026020,
           "Address":   "",
           "City":      "SUNNYVALE",
           "State":     "CA",
           "Zip":       "94085",
           "Country":   "US"
        }
      ]""",
    '"Hello world!"',
    "42",
    "true",
    r'"\uD834\uDD1E"',
    "[1E2, -0.5, 0, 1e+3, 10.25e-2]",
    " \t\r\n[ ] \t\r\n",
    r'"\"\\\/\b\f\n\r\t\u0000"',
    '"\x7f\u2028\u2029"',
]

NO_JSON = [
    "",
    " ",
    "01",
    "-01",
    "+1",
    "1.",
    ".5",
    "-",
    "- 1",
    "1e",
    "1e+",
    "0x10",
    "1_000",
    "\uff11",
    "NaN",
    "Infinity",
    "-Infinity",
    "True",
    "nul",
    "nulll",
    "'a'",
    '"a',
    '"\t"',
    '"\x00"',
    r'"\x41"',
    r'"\u12g4"',
    r'"\u123"',
    r'"\"',
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1",
    "[1}",
    "{1:1}",
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{"a":1 "b":2}',
    "{a:1}",
    "[1]]",
    "1 1",
    "[1]\u00a0",
    "\ufeff[1]",
    "[1]\ufeff",
    "\x0c[]",
    "[1] // one",
    "/* */ [1]",
]


def test_there_are_grammars() -> None:
    assert {"call", "json", "policy"} <= set(GRAMMARS)


# The terminals of the shell are many, and each is held against each.
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name == "shell")) for name in GRAMMARS]
)
def test_grammar_is_lalr_without_conflict_and_its_terminals_do_not_collide(name: str) -> None:
    folder = resources.folder("grammars")
    Lark(grammar.text(name), parser="lalr", strict=True, import_paths=[str(folder)])


@cache
def terminals() -> list[tuple[re.Pattern[str], re.Pattern[str]]]:
    """Return each terminal with a repeated group, as the grammars write it and as it is read."""
    folder = resources.folder("grammars")
    found: list[tuple[re.Pattern[str], re.Pattern[str]]] = []
    for name in GRAMMARS:
        written, _ = load_grammar(grammar.text(name), name, [str(folder)], global_keep_all_tokens=False)
        read = {each.name: each.pattern.to_regexp() for each in Grammar(name, object())._lark.terminals}
        both = [(each.pattern.to_regexp(), read[each.name]) for each in written.compile(["start"], set())[0]]
        found += [(re.compile(one), re.compile(other)) for one, other in both if one != other]
    return found


@settings(max_examples=examples(1_000), deadline=None)
@given(st.data())
def test_what_a_repeated_group_took_it_never_had_to_give_back(data: st.DataObject) -> None:
    written, read = data.draw(st.sampled_from(terminals()))
    pieces = [
        '"',
        "\\",
        '\\"',
        "\\\\",
        "\\u00e9",
        "\\u00",
        "a",
        "A1",
        ".",
        ".b",
        "..",
        "*",
        ".*",
        "/**",
        "/$a",
        " ",
        "(",
    ]
    text = "".join(data.draw(st.lists(st.sampled_from(pieces), max_size=12)))
    one, other = written.match(text), read.match(text)
    assert (one and one.span()) == (other and other.span())


def test_terminals_with_repeated_groups_are_found() -> None:
    assert len(terminals()) >= 8


@pytest.mark.parametrize("text", RFC_8259_EXAMPLES)
def test_json_of_the_standard_is_read(text: str) -> None:
    json.loads(text)
    assert (parse_json(Source("x", text)).start, parse_json(Source("x", text)).end) == (
        len(text) - len(text.lstrip(" \t\r\n")),
        len(text.rstrip(" \t\r\n")),
    )


@pytest.mark.parametrize("text", NO_JSON)
def test_what_the_standard_has_no_rule_for_is_refused(text: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_json(Source("x", text))
    assert caught.value.code == "syntax"


@pytest.mark.parametrize(
    ("text", "found", "column"),
    [
        ("cat /workspace/x", "`cat`", 1),
        ("a-b.c_d e", "`a-b.c_d`", 1),
        ("[x", "`x`", 2),
        ("[" + "y" * 40, f"`{'y' * 30}`", 2),
        ("[\u00e9t\u00e9 ]", "`\u00e9t\u00e9`", 2),
        ("[1 ?x", "`?`", 4),
        ("[1", "the end", 3),
        ("[\x1b[0m", r"`\u001b`", 2),
        ('{} "' + "a" * 50 + '"', '`"' + "a" * 29 + "…`", 4),
    ],
)
def test_misfit_shows_the_word_that_stands_there(text: str, found: str, column: int) -> None:
    with pytest.raises(Misfit) as caught:
        Grammar("json", object()).parse(Source("x", text))
    assert (caught.value.found, caught.value.span.column) == (found, column)


def test_misfit_says_what_could_have_stood_there() -> None:
    with pytest.raises(Misfit) as caught:
        Grammar("json", object()).parse(Source("x", '{"a" 1}'))
    assert caught.value.expected == ("`:`",)


def test_digest_of_grammars_depends_on_each_and_on_their_order() -> None:
    digests = {
        grammar.text_digest("call", "json"),
        grammar.text_digest("json", "call"),
        grammar.text_digest("call"),
        grammar.text_digest("json"),
    }
    assert len(digests) == 4
