"""Law 6: printing and reading a call gives the same call; the same call is the same on every surface.

And what bytes can do: be a call or be refused by a `RequestError`, nothing else; JSON is read exactly where a
strict reading of it by the standard library succeeds.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING

from hypothesis import example, given, settings
from hypothesis import strategies as st

from governance.canonical import canonical
from governance.errors import RequestError
from governance.request import Origin, Syntax, parse_request
from governance.request.bind import bind
from governance.request.surface import read_call
from governance.request.syntax import Array, Literal, Node, parse_call, parse_json
from governance.text import Source
from tests.effort import examples
from tests.laws.strategies import (
    HOSTILE,
    KINDS,
    SURFACES,
    calls,
    emails,
    globs,
    hosts,
    instants,
    networks,
    on_surface,
    paths,
    standard,
    texts,
    typed,
    typed_calls,
    urls,
    written_calls,
)

if TYPE_CHECKING:
    from governance.capabilities import Call
    from governance.capabilities.values import Type

laws = settings(max_examples=examples(200), deadline=None)


def read(line: bytes, syntax: Syntax = Syntax.AUTO) -> Call:
    return bind(read_call(parse_request(line, Origin(syntax=syntax))), standard())


@laws
@given(calls)
def test_printed_call_is_read_as_the_same_call(call: Call) -> None:
    again = bind(parse_call(Source("request", str(call))), standard())
    assert again == call
    assert str(again) == str(call)
    assert (again.digest, again.argv, again.stdin) == (call.digest, call.argv, call.stdin)
    assert str(call).isascii()
    assert str(call).isprintable()


@laws
@given(typed_calls(), st.booleans())
def test_value_of_every_type_is_read_as_itself_from_all_that_writes_it(
    written: tuple[str, dict[str, object]], ascii_only: bool
) -> None:
    name, arguments = written
    lines = [on_surface(syntax, name, arguments, ascii_only=ascii_only) for syntax in SURFACES]
    bound = [bind(read_call(parse_request(line.encode(), Origin())), typed()) for line in lines]
    printed = str(bound[0])
    assert printed.isascii()
    assert printed.isprintable()
    again = bind(parse_call(Source("request", printed)), typed())
    assert {(call.digest, str(call)) for call in bound} == {(again.digest, printed)}
    assert again.arguments == bound[0].arguments
    assert json.loads(canonical(again.to_json()))["arguments"].keys() == arguments.keys()


@laws
@given(texts)
def test_hostile_text_in_a_call_comes_back_as_it_was(text: str) -> None:
    call = read(on_surface(Syntax.CALL, "fs.write", {"path": "/a", "content": text}).encode())
    assert call.arguments["content"] == text
    assert read(str(call).encode()).arguments["content"] == text
    assert call.stdin is not None
    assert json.loads(call.stdin) == {"content": text}


@laws
@given(written_calls(), st.booleans())
def test_same_call_is_the_same_on_every_surface(
    written: tuple[str, dict[str, object]], ascii_only: bool
) -> None:
    name, arguments = written
    lines = [on_surface(syntax, name, arguments, ascii_only=ascii_only) for syntax in SURFACES]
    enveloped = [json.dumps({"agent": "ann", "request": line}) for line in lines[:2]]
    enveloped += [json.dumps({"agent": "ann", "request": json.loads(line)}) for line in lines[2:]]
    bound = [read(line.encode()) for line in lines + enveloped]
    bound += [read(line.encode(), syntax) for line, syntax in zip(lines, SURFACES, strict=True)]
    assert len({call.digest for call in bound}) == 1
    assert len({(call.argv, call.stdin, str(call)) for call in bound}) == 1


def answer(line: bytes, syntax: Syntax) -> Call | RequestError:
    try:
        return read(line, syntax)
    except RequestError as error:
        return error


pieces = st.one_of(
    st.sampled_from(
        [
            *(
                '{"type":',
                '"tool_use"',
                '"function"',
                '"name":',
                '"fs.read"',
                '"arguments":',
                '"input":',
                '"request":',
            ),
            *(
                "fs.read(",
                "path=",
                '"/a"',
                "{",
                "}",
                "[",
                "]",
                ",",
                ":",
                ")",
                "(",
                '"',
                "\\",
                "\\u",
                "\\ud800",
                " ",
            ),
            *(
                "0",
                "-",
                "1e9",
                ".",
                "true",
                "null",
                "NaN",
                "\t",
                "\n",
                "\r",
                "\x00",
                "\x7f",
                "\ufeff",
                "\u2028",
            ),
            *HOSTILE,
        ]
    ),
    st.text(max_size=3, alphabet=st.characters(exclude_categories=["Cs"])),
)
lines_of_pieces = st.lists(pieces, max_size=25).map(lambda parts: "".join(parts).encode())


@settings(max_examples=examples(600), deadline=None)
@given(
    st.one_of(st.binary(max_size=80), lines_of_pieces), st.sampled_from(sorted(set(Syntax) - {Syntax.SHELL}))
)
def test_bytes_are_a_call_or_a_request_error(line: bytes, syntax: Syntax) -> None:
    found = answer(line, syntax)
    if isinstance(found, RequestError):
        assert found.diagnostics
        for diagnostic in found.diagnostics:
            assert diagnostic.code
            assert diagnostic.message.isprintable()
            assert all(text.isprintable() for text in diagnostic.render().split("\n"))
            json.dumps(diagnostic.to_json()).encode()
    else:
        assert read(str(found).encode()) == found


@laws
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_text_that_is_not_a_call_never_becomes_two(text: str) -> None:
    source = Source("request", f'a(x="1"){text}')
    try:
        call = parse_call(source)
    except RequestError:
        assert text.strip(" ")
    else:
        assert not text.strip(" ")
        assert call.name == "a"


class StrictError(ValueError):
    """What the reference reader refuses."""


_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE]([+-]?[0-9]+))?")


def reference(text: str) -> object:
    """Read JSON by the standard library, strictly. Raises `ValueError`."""

    def pairs(members: list[tuple[str, object]]) -> dict[str, object]:
        if len({key for key, _ in members}) < len(members):
            raise StrictError("a key stands twice")
        for key, _ in members:
            key.encode()
        return dict(members)

    def number(digits: str) -> object:
        exponent = _NUMBER.fullmatch(digits)
        if len(digits) > 40 or digits == "-0" or exponent is None or abs(int(exponent[1] or 0)) > 64:
            raise StrictError("a number is out of bounds")
        return int(digits) if digits.lstrip("-").isdigit() else Decimal(digits)

    def constant(name: str) -> object:
        raise StrictError(name)

    value = json.loads(
        text, object_pairs_hook=pairs, parse_int=number, parse_float=number, parse_constant=constant
    )
    if depth(value) >= 64:
        raise StrictError("it is too deep")
    json.dumps(value, ensure_ascii=False, default=str).encode()
    return value


def depth(value: object) -> int:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if items is None else 1 + max(map(depth, items), default=0)


def plain(node: Node) -> object:
    if isinstance(node, Literal):
        return node.value
    if isinstance(node, Array):
        return [plain(item) for item in node.items]
    return {str(member.key.value): plain(member.value) for member in node.members}


json_texts = st.one_of(
    lines_of_pieces.map(lambda line: line.decode()),
    st.recursive(
        st.one_of(
            texts.map(json.dumps),
            texts.map(lambda text: json.dumps(text, ensure_ascii=False)),
            st.from_regex(r"-?[0-9]{1,45}(\.[0-9]{1,5})?([eE][+-]?[0-9]{1,3})?", fullmatch=True),
            st.sampled_from(
                [
                    "true",
                    "false",
                    "null",
                    "NaN",
                    "-Infinity",
                    "-0",
                    "-0.0",
                    "1e-400",
                    "1E64",
                    "01",
                    '"\\ud800"',
                    '"\\ud83d\\ude00"',
                    '"\\ude00\\ud83d"',
                    '"\\uD83D\\u0041"',
                    "[" * 63 + "]" * 63,
                    "[" * 62 + "]" * 62,
                ]
            ),
        ),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4).map(lambda items: f"[{' , '.join(items)}]"),
            st.lists(
                st.tuples(st.sampled_from(['"a"', '"\\u0061"', '"b"', '"\\ud800"', '""', '"["']), inner),
                max_size=3,
            ).map(lambda members: "{" + ",".join(f"{key} : {value}" for key, value in members) + "}"),
        ),
        max_leaves=12,
    ),
)


@settings(max_examples=examples(600), deadline=None)
@given(json_texts)
@example("[" * 63 + "]" * 63)
@example("[" * 64 + "]" * 64)
@example('{"[":' * 63 + "1" + "}" * 63)
@example('{"k":' * 64 + "1" + "}" * 64)
@example('{"a":1,"\\u0061":2}')
@example('"\\ud83d\\ude00"')
@example("1E-64")
@example("1E-65")
def test_json_is_read_exactly_where_a_strict_reading_succeeds(text: str) -> None:
    try:
        expected = reference(text)
    except ValueError:
        expected = StrictError
    try:
        found = plain(parse_json(Source("x", text)))
    except RequestError:
        assert expected is StrictError
    else:
        assert repr(found) == repr(expected)


foreign = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.decimals(), texts, st.sampled_from(HOSTILE)),
    lambda inner: st.lists(inner, max_size=4).map(tuple) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)
mangled = st.tuples(
    st.one_of(paths, globs, hosts, urls, emails, networks, instants),
    st.integers(0, 30),
    st.sampled_from(HOSTILE),
).map(lambda parts: parts[0][: parts[1]] + parts[2] + parts[0][parts[1] :])


@settings(max_examples=examples(600), deadline=None)
@given(st.sampled_from(KINDS), st.one_of(foreign, mangled))
def test_foreign_value_is_refused_or_is_its_own_canonical_form(kind: Type, value: object) -> None:
    try:
        found = kind.check(value)
    except ValueError as error:
        reason = str(error)
    else:
        reason = ""
        assert canonical(kind.check(found)) == canonical(found)
        if kind.name in ("Url", "Email", "Cidr", "Host", "Instant"):
            assert found in (value, f"{str(value)[:-1]}.000Z")
            assert str(found).isascii()
            assert str(found).isprintable()
    assert reason.isprintable()
    assert len(reason) < 400
