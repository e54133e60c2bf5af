from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.lark import from_lark
from lark import Lark
from lark.exceptions import UnexpectedInput

from governance import resources
from governance.capabilities.values import Type
from governance.library import load_policies
from governance.policy.check import check
from governance.policy.permissible import permissible
from governance.request.bind import bind
from governance.request.constraint import lark_grammar, openai_tool
from governance.request.constraint.patterns import json_pattern, said_pattern
from governance.request.constraint.ranges import between
from governance.request.english import parse_sentence
from governance.request.english.values import sayable, spoken
from governance.request.syntax import parse_call
from governance.text import Source

if TYPE_CHECKING:
    from governance.policy.bundle import Bundle
    from governance.request.constraint import Style

EXAMPLES = resources.folder("policies") / "examples"
AGENTS = (
    ("coder", "claude-1"),
    ("data-analyst", "analyst-1"),
    ("data-analyst", "intern-1"),
    ("release-engineer", "releaser"),
    ("research-agent", "scout"),
    ("support-agent", "support-1"),
)
TEXT = st.characters(codec="utf-8")
KINDS = (
    Type("Bool"),
    Type("Int"),
    Type("Int", -7, 1203),
    Type("Int", 5, 5),
    Type("Decimal"),
    Type("Decimal", 1, 3),
    Type("Decimal", Decimal("0.01"), Decimal("5000.5")),
    Type("Decimal", Decimal("-2.5"), Decimal("-0.5")),
    Type("Size"),
    Type("Size", 1000, 70_000),
    Type("Duration", 0, 0),
    Type("Instant"),
    Type("String"),
    Type("String", 2, 5),
    Type("Enum", names=("one", "two_three")),
    Type("Path"),
    Type("Path", within="/work/a.b"),
    Type("Glob"),
    Type("PathGlob"),
    Type("PathGlob", within="/work/a.b"),
    Type("Url"),
    Type("Url", within="example.org"),
    Type("Host"),
    Type("Host", within="example.org"),
    Type("Email"),
    Type("Email", within="example.org"),
    Type("Cidr"),
    Type("Cidr", within="10.0.0.0/8"),
    Type("Cidr", within="10.1.2.0/23"),
    Type("Cidr", within="2001:db8::/32"),
    Type("Argv"),
    Type("Argv", within=";"),
    Type("Argv", within="; + -x ]"),
    Type("Json"),
    Type("List", item=Type("Int", 0, 9)),
    Type("List", 2, 3, item=Type("Email")),
    Type("List", 1, 64, item=Type("PathGlob")),
    Type("Set", 1, 4, item=Type("Enum", names=("a", "b"))),
    Type("Record", fields=(("a", Type("Int")), ("b", Type("String", optional=True)))),
)


@cache
def bundle(example: str) -> Bundle:
    return load_policies(EXAMPLES / example)


@cache
def grammar(example: str, agent: str, style: Style) -> Lark:
    """Return the grammar as Lark reads it, with a parser that takes any grammar, as decoders have."""
    known = bundle(example)
    return Lark(lark_grammar(permissible(known, known.agents[agent]), style), parser="earley")


@pytest.mark.parametrize("style", ["call", "english"])
@pytest.mark.parametrize(("example", "agent"), AGENTS)
def test_what_is_derived_can_be_read_and_may_be_permitted(example: str, agent: str, style: Style) -> None:
    known = bundle(example)
    allowed = {each.name for each in permissible(known, known.agents[agent])}

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(from_lark(grammar(example, agent, style), alphabet=TEXT))
    def holds(text: str) -> None:
        source = Source("request", text)
        syntax = parse_call(source) if style == "call" else parse_sentence(source, known.capabilities)
        assert bind(syntax, known.capabilities).capability.name in allowed

    holds()


@pytest.mark.parametrize(("example", "agent"), AGENTS)
def test_calls_of_other_capabilities_are_not_derived(example: str, agent: str) -> None:
    known = bundle(example)
    allowed = {each.name for each in permissible(known, known.agents[agent])}
    others = {each.name: each for each in known.capabilities.values() if each.name not in allowed}
    parser = grammar(example, agent, "call")
    every = Lark(lark_grammar(tuple(others.values()), "call"), parser="earley") if others else None

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(from_lark(every, alphabet=TEXT) if every else st.just("x.y()"))
    def holds(text: str) -> None:
        with pytest.raises(UnexpectedInput):
            parser.parse(text)

    holds()


@pytest.mark.parametrize("style", ["call", "english"])
@pytest.mark.parametrize(("example", "agent"), AGENTS)
def test_grammar_keeps_to_what_decoders_know(example: str, agent: str, style: Style) -> None:
    known = bundle(example)
    lines = lark_grammar(permissible(known, known.agents[agent]), style).splitlines()
    assert lines[0].startswith("start: ")
    for line in lines:
        terminal = re.fullmatch(r"[A-Z]+_[0-9]+: /(.*)/", line)
        if terminal is not None:
            signs = re.sub(r"\\\\|\\.|\[(?:\\.|[^\]\\])*\]", "x", terminal[1])
            assert not re.search(r"[*+^$.]|\(\?|[?}]\?", signs), "nothing unbounded, lazy or looking around"
        elif not line.startswith("//"):
            assert re.fullmatch(
                r"(?:[a-z][a-z_]*:|    \|) ?(?:\"[^\"]*\"|[a-z_]+|[A-Z]+_[0-9]+|[ ()?|])+", line
            )


def test_openai_tool_holds_the_grammar() -> None:
    known = bundle("coder")
    definition = lark_grammar(permissible(known, known.agents["claude-1"]), "english")
    tool = openai_tool(definition, "english")
    assert tool["type"] == "custom"
    assert tool["format"] == {"type": "grammar", "syntax": "lark", "definition": definition}


def test_call_without_a_required_argument_is_not_derived() -> None:
    known = check(
        {
            "x.policy": 'capability x.y "s" { a: Int(0..9) = 0  b: Bool?  effects { }  argv { /bin/x $a $b } }\n'
            'capability x.z "s" { a: Set<String>(2..3)  effects { }  argv { /bin/x }  stdin { a } }'
        }
    )
    text = lark_grammar({each.name: each for each in known.capabilities.values()}.values(), "call")
    parser = Lark(text, parser="earley")
    for call in ("x.y()", "x.y(a=1)", "x.y(b=true)", "x.y(a=9, b=false)"):
        parser.parse(call)
    for call in ("x.y(b=true, a=1)", "x.y(a=10)", "x.y(a=1, )", 'x.z(a=["a", "b"])'):
        with pytest.raises(UnexpectedInput):
            parser.parse(call)


def test_nothing_to_ask_for_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing to be asked for"):
        lark_grammar((), "call")


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_pattern_matches_values_of_its_type_alone(kind: Type) -> None:
    @settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.from_regex(re.compile(json_pattern(kind)), fullmatch=True, alphabet=TEXT))
    def as_json(text: str) -> None:
        kind.check(parse_call(Source("x", f"x.y(a={text})")).values["a"])

    as_json()
    if kind.name in (
        "Bool",
        "Int",
        "Decimal",
        "Size",
        "Duration",
        "Enum",
        "Path",
        "PathGlob",
        "Url",
        "Email",
        "Cidr",
        "Instant",
    ):

        @settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.from_regex(re.compile(said_pattern(kind)), fullmatch=True, alphabet=TEXT))
        def as_word(text: str) -> None:
            kind.check(spoken(text, kind))

        as_word()


def test_every_sayable_type_has_a_pattern() -> None:
    assert all(said_pattern(kind) for kind in KINDS if sayable(kind))


@given(st.integers(-10_000, 10_000), st.integers(0, 3000), st.data())
def test_range_matches_just_its_numbers(low: int, width: int, data: st.DataObject) -> None:
    high = low + width
    pattern = re.compile(between(low, high))
    assert all(pattern.fullmatch(str(number)) for number in (low, high, data.draw(st.integers(low, high))))
    for number in (low - 1, high + 1, data.draw(st.integers(-20_000, 20_000))):
        assert bool(pattern.fullmatch(str(number))) == (low <= number <= high)
    assert not any(pattern.fullmatch(text) for text in ("-0", "00", f"0{abs(low)}", "", "+1"))


def test_ranges_of_small_numbers_are_exact() -> None:
    for low, high in pairwise([-112, -99, -10, -1, 0, 9, 10, 19, 20, 99, 100, 101, 199, 255, 1000]):
        matched = [number for number in range(-1200, 1200) if re.fullmatch(between(low, high), str(number))]
        assert matched == list(range(low, high + 1))
