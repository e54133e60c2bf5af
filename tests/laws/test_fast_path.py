"""What is read and bound fast is what the whole way gives: Lark for texts, the models for arguments.

The whole way is had by taking the fast one away, so every law holds both against each other: values, places,
and the words of every refusal.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, NoReturn
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from governance.capabilities import Call
from governance.capabilities.call import fitting_of, make_model
from governance.capabilities.declaration import Capability, Parameter
from governance.capabilities.values import Type
from governance.errors import RequestError
from governance.request import Origin, Syntax, parse_request
from governance.request import bind as binding
from governance.request import syntax as reading
from governance.request.bind import bind
from governance.request.nodes import plain
from governance.request.placed import read_call as placed_call
from governance.request.placed import read_json
from governance.request.quick import quick_call, quick_json
from governance.request.surface import read_call
from governance.text import Source
from tests.effort import examples
from tests.laws.strategies import SURFACES, on_surface, standard, texts, written_calls
from tests.laws.test_fuzz import ROOTS, broken, recorded, repeatable, samples
from tests.laws.test_request_laws import json_texts, lines_of_pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from governance.request.nodes import Plain

laws = settings(max_examples=examples(300), deadline=None)
REFUSED = object()


def unsure(_: str) -> NoReturn:
    raise ValueError


@contextmanager
def whole_way() -> Iterator[None]:
    """Take the fast way away: Lark reads everything, and models take all arguments."""
    with (
        patch.object(reading, "quick_json", unsure),
        patch.object(reading, "quick_call", unsure),
        patch.object(binding, "fitting_of", lambda _: lambda _: None),
    ):
        yield


def found(line: bytes, syntax: Syntax = Syntax.AUTO) -> object:
    """Return all there is to know of a request: its origin, what it says and where, its call, or why it is refused."""
    request = parse_request(line, Origin("ann", syntax=syntax, roots=ROOTS))
    told: list[object] = [request.origin, request.text, request.digest]
    try:
        written = read_call(request)
        told += [written.name, repr(written.values), written.source, *written.places]
        call = bind(written, standard())
        told += [list(call.arguments.items()), repr(call.arguments), call.digest, call.argv, call.stdin]
    except RequestError as error:
        told += [type(error), error.diagnostics]
    return told


def agree(line: bytes, syntax: Syntax = Syntax.AUTO) -> None:
    fast = found(line, syntax)
    with whole_way():
        assert found(line, syntax) == fast


@settings(max_examples=examples(600), deadline=None)
@given(
    st.one_of(st.binary(max_size=80), lines_of_pieces), st.sampled_from(sorted(set(Syntax) - {Syntax.SHELL}))
)
@example(b'\xef\xbb\xbf{"name":"a","arguments":{}}', Syntax.AUTO)
@example(b'{"request":null}', Syntax.AUTO)
@example(b'{"request":{"name":"fs.read","arguments":{"path":"/a"}},"at":"2026-01-31T09:00:00Z"}', Syntax.AUTO)
@example(b'{"request":{"name":"fs.read","arguments":{"path":1}}}', Syntax.AUTO)
@example(b'{"request":{"name":"fs.read","arguments":{"path":"/a"},"x":1}}', Syntax.AUTO)
@example(b'{"request":{"type":"function_call","name":"a","arguments":"[]"}}', Syntax.AUTO)
def test_any_line_is_the_same_both_ways(line: bytes, syntax: Syntax) -> None:
    agree(line, syntax)


@laws
@given(written_calls(), st.sampled_from(SURFACES), st.booleans(), st.booleans())
def test_calls_are_the_same_both_ways_on_every_surface(
    written: tuple[str, dict[str, object]], syntax: Syntax, ascii_only: bool, enveloped: bool
) -> None:
    line = on_surface(syntax, *written, ascii_only=ascii_only)
    if enveloped:
        inner = line if syntax in (Syntax.CALL, Syntax.AUTO) else json.loads(line)
        line = json.dumps({"agent": "bob", "session": "s", "syntax": syntax.value, "request": inner})
    agree(line.encode())


@pytest.mark.parametrize("seed", range(3))
def test_broken_requests_are_the_same_both_ways(seed: int) -> None:
    chance, lines = repeatable(seed), samples()
    lines += 40 * [
        on_surface(syntax, "fs.read", {"path": "/a", "offset": 1, "limit": "2KiB"}).encode()
        for syntax in SURFACES
    ]
    for _ in range(300):
        agree(broken(chance.choice(lines), chance.choice(lines), chance))


def test_what_agents_really_sent_is_the_same_both_ways() -> None:
    for line in recorded():
        agree(line)


def quickly(read: Callable[[str], object], text: str) -> object:
    try:
        return repr(read(text))
    except ValueError:
        return REFUSED


def slowly(read: Callable[[Source], object], text: str) -> object:
    try:
        return repr(read(Source("x", text)))
    except RequestError:
        return REFUSED


def values_of(source: Source) -> Plain:
    return plain(read_json(source))


@settings(max_examples=examples(1_000), deadline=None)
@given(json_texts)
@example('"\\ud83d\\ude00"')
@example('"\\\\ud83d\\ude00"')
@example('"\\ud83d\\\\ude00"')
@example('["\\uD800"]')
@example('{"\\udfff":1}')
@example('"\\u0000"')
@example("[-0]")
@example("[-0.0,-0e1,1E64,1e-65]")
@example("[" + "9" * 41 + "]")
@example("9" * 5_000)
@example('{"a":1,"\\u0061":2}')
@example('{"a":{"b":[{"c":1,"c":2}]}}')
@example("[NaN]")
@example("[Infinity]")
@example("[-Infinity]")
@example("\x0b[]")
@example("\u00a0[]")
@example("\ufeff[]")
@example("\n\t\r [] \n\t\r ")
@example("[]\x0c")
@example("[]\u2028")
@example('"\x7f\x80\u2028"')
@example('"\t"')
@example("[1,]")
@example('{"a":1,}')
@example('{"a" :1 , "b": [ ] }')
@example("\uff11")
@example("[1\u0661]")
@example("[" * 63 + "]" * 63)
@example("[" * 64 + "]" * 64)
@example("[" + "1," * 9_000 + "1]")
@example("[" + "1," * 10_000 + "1]")
@example("[" + "[]," * 9_000 + "1]")
def test_json_is_read_fast_exactly_where_it_is_read(text: str) -> None:
    assert quickly(quick_json, text) == slowly(values_of, text)


@laws
@given(json_texts, st.integers(0, 2**32))
def test_broken_json_is_read_fast_exactly_where_it_is_read(text: str, seed: int) -> None:
    mangled = broken(text.encode(), text.encode(), repeatable(seed)).decode(errors="replace")
    assert quickly(quick_json, mangled) == slowly(values_of, mangled)


def call_of(source: Source) -> tuple[str, dict[str, Plain]]:
    placed = placed_call(source)
    return placed.name, {argument.name: plain(argument.value) for argument in placed.arguments}


flat = st.one_of(
    texts.map(json.dumps),
    texts.map(lambda text: json.dumps(text, ensure_ascii=False)),
    st.integers(-(10**18), 10**18).map(str),
    st.sampled_from(["true", "false", "null", "1.50", "-1e3", "0", "-0.0", "[]", "[ ]", "[1 , true]"]),
    st.lists(texts.map(json.dumps), max_size=3).map(lambda items: f"[{', '.join(items)}]"),
)
spaces = st.sampled_from(["", "", " ", "  "])


@st.composite
def flat_calls(draw: st.DrawFn) -> str:
    """Return calls of the regular subset, with spaces wherever they may stand."""
    keys = draw(
        st.lists(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,3}", fullmatch=True), max_size=6, unique=True)
    )
    arguments = [
        "".join([draw(spaces), key, draw(spaces), "=", draw(spaces), draw(flat), draw(spaces)])
        for key in keys
    ]
    name = draw(st.sampled_from(["a", "fs.read", "_.B_1.c"]))
    return "".join(
        [draw(spaces), name, draw(spaces), "(", ",".join(arguments) or draw(spaces), ")", draw(spaces)]
    )


@laws
@given(flat_calls())
@example("a(" + ",".join(f"k{number}={number}" for number in range(16)) + ")")
@example('a(x="' + "\\n" * 50_000 + '")')
def test_flat_calls_are_read_fast(text: str) -> None:
    assert quickly(quick_call, text) == slowly(call_of, text) != REFUSED


@laws
@given(flat_calls(), st.integers(0, 2**32))
@example("a(x=1, x=2)", 0)
@example("a(x=-0)", 0)
@example('a(x="\\ud800")', 0)
@example("a(x=[" + "1," * 10_000 + "1])", 0)
@example("a(" + ", ".join(f"k{number}=[{'1,' * 1_000}1]" for number in range(12)) + ")", 0)
def test_what_is_read_fast_of_broken_calls_is_what_they_say(text: str, seed: int) -> None:
    for each in (text, broken(text.encode(), text.encode(), repeatable(seed)).decode(errors="replace")):
        fast = quickly(quick_call, each)
        assert fast in (slowly(call_of, each), REFUSED)


@pytest.mark.parametrize(
    "text",
    [
        "a(" + ",".join(f"k{number}={number}" for number in range(17)) + ")",
        "a(x={})",
        "a(x=[[]])",
        "a(x=1, x=1)",
        "a(x=1)\n",
        "a(x=\t1)",
        "a(x=1\u00a0)",
        "a(x=\uff11)",
        "\uff41(x=1)",
        "a(x=True)",
        "a(x=[1,])",
        'a(x="\n")',
    ],
)
def test_what_does_not_surely_fit_is_not_read_fast(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(no call|an argument)"):
        quick_call(text)


EVERY_TYPE = (
    Type("Bool"),
    Type("Int"),
    Type("Int", low=-3, high=7),
    Type("Decimal"),
    Type("Size"),
    Type("Size", low=1, high=4096),
    Type("Duration", high=1000),
    Type("Instant"),
    Type("String"),
    Type("String", low=1, high=3),
    Type("Enum", names=("a", "b")),
    Type("Path"),
    Type("Path", within="/"),
    Type("Path", within="/a/b"),
    Type("Glob"),
    Type("PathGlob"),
    Type("PathGlob", within="/a/b"),
    Type("Url"),
    Type("Host"),
    Type("Cidr"),
    Type("Email"),
    Type("Argv"),
    Type("Json"),
    Type("List", item=Type("Int", low=0)),
    Type("Set", item=Type("String")),
    Type("Record", fields=(("k", Type("Int")), ("l", Type("Path", optional=True)))),
)


def declared(kinds: tuple[Type, ...]) -> Capability:
    """Return a capability with parameters of `kinds`: required, with a default, and optional ones."""
    defaults = {"Int": 0, "String": "x", "Path": "/a/b", "Bool": False}
    parameters = tuple(
        Parameter(
            f"p{place}", kind, defaults.get(kind.name) if place % 3 == 1 and not kind.optional else None
        )
        for place, kind in enumerate(kinds)
    )
    return Capability("x.y", "", parameters, (), (), (), make_model("x.y", parameters))


odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 10),
    st.sampled_from([2**53 - 1, 2**53, -(2**53), 10**39]),
    st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-9, max_value=9),
    texts,
    st.sampled_from(
        [
            "a",
            "b",
            "1KiB",
            "1s",
            "2026-01-31T09:00:00Z",
            "a@b.example",
            "10.0.0.0/8",
            "https://a.example/",
            "1.5",
        ]
    ),
    st.lists(
        st.sampled_from(["", "/", ".", "..", "a", "b", ".x", "..x", "...", "b" * 255, "b" * 256, "é" * 128])
    ).map("/".join),
    st.lists(st.sampled_from(["a", "b", "..a", "c d", "~"]), max_size=4).map(
        lambda parts: "/" + "/".join(parts)
    ),
    st.sampled_from(
        ["/a/b", "/a/bc", "/a/b/", "/a/b/c", "/" + "a/" * 2047 + "bb", "/" + "a/" * 2047 + "bbb"]
    ),
    st.tuples(st.sampled_from(["a", 1, "", None])),
    st.just(()),
    st.fixed_dictionaries({"k": st.sampled_from([1, None, "x"])}),
    st.just({}),
)


def as_model(capability: Capability, given_: dict[str, object]) -> object:
    if None in given_.values():
        return REFUSED
    try:
        return repr(Call(capability, capability.model.model_validate(given_)).arguments)
    except ValueError:
        return REFUSED


@settings(max_examples=examples(1_500), deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(EVERY_TYPE), st.booleans(), odd, st.sampled_from([True, True, True, False])
        ),
        max_size=4,
    ),
    st.sampled_from([False, False, False, True]),
)
def test_arguments_fit_fast_exactly_where_the_model_takes_them(
    written: list[tuple[Type, bool, object, bool]], stranger: bool
) -> None:
    capability = declared(tuple(replace(kind, optional=optional) for kind, optional, _, _ in written))
    given_ = {f"p{place}": value for place, (_, _, value, there) in enumerate(written) if there}
    if stranger:
        given_["stranger"] = 1
    fast = fitting_of(capability.model)(given_)
    assert (REFUSED if fast is None else repr(fast)) == as_model(capability, given_)


EDGES: dict[Type, tuple[object, ...]] = {
    Type("Path"): (
        *(
            "/",
            "/a",
            "/.",
            "/..",
            "/...",
            "/.a",
            "/..a",
            "/a/",
            "//a",
            "/a/.",
            "/a/../b",
            "a",
            "",
            "/a\n",
            "/a\x7f",
        ),
        *(
            "/" + "b" * 255,
            "/" + "b" * 256,
            "/." + "b" * 254,
            "/." + "b" * 255,
            "/.." + "b" * 253,
            "/.." + "b" * 254,
        ),
        *(
            "/a" * 2047 + "/b",
            "/a" * 2047 + "/bb",
            "/a" * 2048,
            "/\u00e9",
            "/\u00e9" * 1365,
            "/\u00e9" * 1366,
        ),
    ),
    Type("Path", within="/a/b"): ("/a/b", "/a/b/c", "/a/bc", "/a/b/", "/a", "/"),
    Type("Path", within="/"): ("/", "/a", "//"),
    Type("String"): ("", "x" * 65_536, "x" * 65_537, "\U0001f600" * 65_536, "\0", 1, True),
    Type("String", low=2, high=3): ("x", "xx", "xxx", "xxxx"),
    Type("Int"): (2**53 - 1, 2**53, 1 - 2**53, -(2**53), True, "1", Decimal(1)),
    Type("Int", low=-3, high=7): (-4, -3, 7, 8),
    Type("Size"): (-1, 0, 2**53 - 1, 2**53, "0B", "1KiB", "1s", True),
    Type("Duration", low=1, high=1000): (0, 1, 1000, 1001, "1s", "2s"),
    Type("Bool"): (True, False, 0, 1, "true"),
    Type("Enum", names=("a", "b")): ("a", "c", "", 1, ("a",)),
}


@pytest.mark.parametrize("kind", EDGES, ids=str)
def test_edges_of_a_type_are_the_same_fast(kind: Type) -> None:
    capability = declared((kind,))
    fitted = set()
    for value in EDGES[kind]:
        fast = fitting_of(capability.model)({"p0": value})
        assert (REFUSED if fast is None else repr(fast)) == as_model(capability, {"p0": value}), repr(value)[
            :80
        ]
        fitted.add(fast is not None)
    assert fitted == {True, False}


@laws
@given(written_calls())
def test_arguments_of_the_standard_library_fit_fast(written: tuple[str, dict[str, object]]) -> None:
    capability = standard()[written[0]]
    given_ = {name: tuple(value) if isinstance(value, list) else value for name, value in written[1].items()}
    fast = fitting_of(capability.model)(given_)
    assert repr(fast) == as_model(capability, given_) != REFUSED
