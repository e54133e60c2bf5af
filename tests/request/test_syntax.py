"""Texts to calls and values: what goes in, what comes out, and where the caret stands when it does not."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from governance.errors import RequestError
from governance.request.syntax import DEPTH, Array, CallSyntax, Literal, Node, Object, parse_call, parse_json
from governance.text import Source


def plain(node: Node) -> object:
    """Return what a node says, without places."""
    match node:
        case Literal():
            return node.value
        case Array():
            return [plain(item) for item in node.items]
        case Object():
            return {str(member.key.value): plain(member.value) for member in node.members}


def read(text: str) -> tuple[str, dict[str, object]]:
    call = parse_call(Source("request", text))
    return call.name, {argument.name: plain(argument.value) for argument in call.arguments}


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("a()", "a", {}),
        ("a.b_1.C()", "a.b_1.C", {}),
        ("_()", "_", {}),
        ("  a (  ) ", "a", {}),
        ('fs.read(path="/a", offset=0)', "fs.read", {"path": "/a", "offset": 0}),
        ("a(x = 1 , y=2)", "a", {"x": 1, "y": 2}),
        ("a(x=[1, [true], {}])", "a", {"x": [1, [True], {}]}),
        ('a(x={"k" : null, "l":[]})', "a", {"x": {"k": None, "l": []}}),
        (r'a(x="\u0061\n\"\\")', "a", {"x": 'a\n"\\'}),
        (r'a(x="\uD83D\uDE00")', "a", {"x": "\U0001f600"}),
        ('a(x="\U0001f600\u2028\x7f\u202e)")', "a", {"x": "\U0001f600\u2028\x7f\u202e)"}),
        ("a(x=-1, y=1.50, z=1e2, w=-0.0)", "a", {"x": -1, "y": Decimal("1.50"), "z": 100, "w": 0}),
        ("a(true=true, null=1)", "a", {"true": True, "null": 1}),
        ('a(x="b(y=1)", z="#//")', "a", {"x": "b(y=1)", "z": "#//"}),
    ],
)
def test_call_is_read(text: str, name: str, arguments: dict[str, object]) -> None:
    assert read(text) == (name, arguments)


def test_no_number_is_a_float() -> None:
    _, arguments = read("a(x=1.5, y=1e2, z=1)")
    assert [type(value) for value in arguments.values()] == [Decimal, Decimal, int]


def test_places_are_those_of_the_text() -> None:
    text = '  fs.read (path = "/a",x=[1, {"k":2}])'
    call = parse_call(Source("request", text))
    path, x = call.arguments
    array = x.value
    assert isinstance(array, Array)
    inner = array.items[1]
    assert isinstance(inner, Object)

    def piece(found: CallSyntax, node: Node) -> str:
        span = found.span(node)
        return text[span.start : span.end]

    assert text[call.name_span.start : call.name_span.end] == "fs.read"
    assert text[path.start : path.end] == "path"
    assert piece(call, path.value) == '"/a"'
    assert piece(call, array) == '[1, {"k":2}]'
    assert piece(call, inner) == '{"k":2}'
    assert piece(call, inner.members[0].key) == '"k"'


@pytest.mark.parametrize(
    ("text", "code", "column", "message"),
    [
        ("", "syntax", 1, "expected a call like fs.read(, not the end"),
        ("   ", "syntax", 4, "not the end"),
        ("cat /x", "syntax", 1, "expected a call like fs.read(, not `cat`"),
        ("rm -rf /", "syntax", 1, "not `rm`"),
        ("a", "syntax", 1, "not `a`"),
        ("a.()", "syntax", 1, "not `a.`"),
        (".a()", "syntax", 1, "not `.a`"),
        ("1a()", "syntax", 1, "not `1`"),
        ("a..b()", "syntax", 1, "not `a..b`"),
        ("a(", "syntax", 3, "not the end"),
        ("a(x=1", "syntax", 6, "expected `)` or `,`, not the end"),
        ("a(x=1))", "syntax", 7, "expected the end, not `)`"),
        ("a(x=1) b()", "syntax", 8, "not `b(`"),
        ("a(x=1);b()", "syntax", 7, "not `;`"),
        ("a(x=1,)", "syntax", 7, "expected an argument like name=, not `)`"),
        ("a(,x=1)", "syntax", 3, "not `,`"),
        ("a(1)", "syntax", 3, "not `1`"),
        ('a("x"=1)', "syntax", 3, 'not `"x"`'),
        ("a(x:1)", "syntax", 3, "not `x`"),
        ("a(x.y=1)", "syntax", 3, "not `x.y`"),
        ("a(**x)", "syntax", 3, "not `*`"),
        ("a(x=b())", "syntax", 5, "expected a value, not `b(`"),
        ("a(x='b')", "syntax", 5, "expected a value, not `'`"),
        ("a(x=None)", "syntax", 5, "not `None`"),
        ("a(x=NaN)", "syntax", 5, "not `NaN`"),
        ("a(x=-Infinity)", "syntax", 5, "not `-Infinity`"),
        ("a(x=01)", "syntax", 6, "not `1`"),
        ("a(x=0x10)", "syntax", 6, "not `x10`"),
        ("a(x=+1)", "syntax", 5, "not `+`"),
        ("a(x=1_0)", "syntax", 6, "not `_0`"),
        ("a(x=\uff11)", "syntax", 5, "not `\uff11`"),
        ("a(x=1 y=2)", "syntax", 7, "not `y=`"),
        ('a(x="b)', "syntax", 5, 'not `"`'),
        ('a(x="b\nc")', "syntax", 5, 'not `"`'),
        ('a(x="b\x00c")', "syntax", 5, 'not `"`'),
        (r'a(x="\x41")', "syntax", 5, 'not `"`'),
        ("a()\n", "syntax", 4, r"not `\u000a`"),
        ("a()\r", "syntax", 4, r"not `\u000d`"),
        ("a(x=1)\nb()", "syntax", 7, r"not `\u000a`"),
        ("\ta()", "syntax", 1, r"not `\u0009`"),
        ("a(\tx=1)", "syntax", 3, r"not `\u0009`"),
        ("a(x=1,\u00a0y=2)", "syntax", 7, r"not `\u00a0`"),
        ("a(\ufeffx=1)", "syntax", 3, r"not `\ufeff`"),
        ("\u200ba()", "syntax", 1, r"not `\u200b`"),
        ("a\x00()", "syntax", 1, "not `a`"),
        ("\uff46s.read()", "syntax", 1, "not `\uff46s.read`"),
        ("fs\u2024read()", "syntax", 1, "not `fs`"),
        ("fs.r\u0435ad()", "syntax", 1, "not `fs.r\u0435ad`"),
        ("a\uff08x=1\uff09", "syntax", 1, "not `a`"),
        ("a(x=1, x=1)", "duplicate-key", 8, "the argument `x` stands here twice"),
        ('a(x={"k":1,"\\u006b":2})', "duplicate-key", 12, "the key `k` stands here twice"),
        (r'a(x="\ud800")', "lone-surrogate", 5, "half a surrogate pair is no character"),
        (r'a(x="\udc00\ud800")', "lone-surrogate", 5, "half a surrogate pair"),
        (r'a(x="\udfff")', "lone-surrogate", 5, "half a surrogate pair"),
        (r'a(x={"\ud800":1})', "lone-surrogate", 6, "half a surrogate pair"),
        ("a(x=-0)", "bad-number", 5, "there is one zero, and it has no sign"),
        ("a(x=1e65)", "bad-number", 5, "the exponent is too large"),
        ("a(x=1e-400)", "bad-number", 5, "the exponent is too large"),
        ("a(x=1e" + "9" * 30 + ")", "bad-number", 5, "the exponent is too large"),
        ("a(x=" + "9" * 41 + ")", "bad-number", 5, "the number is too long"),
        ("a(x=" + "[" * 64 + "]" * 64 + ")", "too-deep", 68, "values are nested 64 deep or more"),
    ],
)
def test_other_text_is_refused_where_it_is_wrong(text: str, code: str, column: int, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_call(Source("request", text))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.span is not None
    assert (diagnostic.code, diagnostic.span.column) == (code, column)
    assert message in diagnostic.message
    assert all(line.isprintable() for line in caught.value.render().split("\n"))


@pytest.mark.parametrize(
    ("written", "mend"),
    [
        ("None", "write null, or leave the argument out"),
        ("True", "write true"),
        ("False", "write false"),
        ("NaN", "JSON has no NaN"),
        ("Infinity", "JSON has no Infinity"),
        ("-Infinity", "JSON has no Infinity"),
        ("'a'", "strings stand in double quotes"),
        ('"a', "a string ends where it began"),
        ("\t1", "a control character is never white space here"),
    ],
)
def test_frequent_slips_are_told_how_to_mend_them(written: str, mend: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_call(Source("request", f"a(x={written})"))
    assert caught.value.diagnostics[0].help.startswith(mend)


def test_brackets_in_strings_are_not_nesting() -> None:
    assert read('a(x="' + "[{" * 500 + '")') == ("a", {"x": "[{" * 500})
    assert read('a(x="\\"' + "[" * 500 + '")') == ("a", {"x": '"' + "[" * 500})
    assert read('a(x="\\\\", y=[])') == ("a", {"x": "\\", "y": []})


@pytest.mark.parametrize("pair", ["[]", "{}"])
def test_nesting_just_under_the_bound_is_read(pair: str) -> None:
    opening = pair[0] if pair == "[]" else '{"k":'
    deep = opening * (DEPTH - 2) + pair + pair[1] * (DEPTH - 2)
    assert plain(parse_json(Source("x", deep))) == json.loads(deep)
    with pytest.raises(RequestError, match="nested"):
        parse_json(Source("x", opening + deep + pair[1]))


@pytest.mark.parametrize("opening", ['["a",', '{"k":', '{"a":"[","k":', '["\\"",{"\\\\":'])
def test_strings_between_brackets_hide_no_nesting(opening: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_json(Source("x", opening * 5_000))
    assert caught.value.code == "too-deep"


def test_many_values_beside_each_other_are_not_deep() -> None:
    text = "[" + ",".join(["[]"] * 1000) + "]"
    assert plain(parse_json(Source("x", text))) == [[]] * 1000


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 100_000,
        "[" + "]" * 1_000_000,
        '"' + "a" * 1_048_000,
        '"' + "\\" * 1_048_001,
        '"' + "\\u" * 500_000,
        '"' + "\\n" * 500_000,
        '"' * 1_000_001,
        '"[' * 500_000,
        "9" * 1_000_000,
        "-" * 1_000_000,
        "0." + "0" * 1_000_000 + "e",
        " " * 1_000_000,
        "a." * 500_000,
        "a" * 1_000_000,
        "a(" + " " * 1_000_000,
        "a" + " " * 1_000_000,
        "a(" + "b " * 500_000,
        '["' + "\u202e" * 300_000 + '""]',
        '{"' + "k" * 300_000 + '":1,"' + "k" * 300_000 + '":1}',
        "a(" + "k" * 300_000 + "=1," + "k" * 300_000 + "=1)",
        'a("' + "\x7f" * 500_000 + '")',
    ],
)
def test_hostile_text_ends_in_a_short_refusal(text: str) -> None:
    for parse in (parse_json, parse_call):
        with pytest.raises(RequestError) as caught:
            parse(Source("request", text))
        (diagnostic,) = caught.value.diagnostics
        assert len(diagnostic.message) < 500
        assert len(diagnostic.render()) < 10_000


def test_megabyte_string_is_read_whole() -> None:
    assert read('a(x="' + "b" * 1_048_000 + '")') == ("a", {"x": "b" * 1_048_000})


def test_some_thousand_values_are_read_and_endless_lists_are_refused() -> None:
    value = parse_json(Source("x", "[" + ",".join(["1"] * 9_000) + "]"))
    assert isinstance(value, Array)
    assert len(value.items) == 9_000
    for text in ("[" + ",".join(["1"] * 200_000) + "]", "[" + ",".join(["[]"] * 9_000) + "]"):
        with pytest.raises(RequestError) as caught:
            parse_json(Source("x", text))
        assert caught.value.code == "too-many"


def test_signs_inside_a_string_are_no_values() -> None:
    assert read('a(x="' + ",[{" * 100_000 + '")') == ("a", {"x": ",[{" * 100_000})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fs.read(path=", "expected a value, not the end"),
        ('fs.read(path="/a", offset=', "expected a value, not the end"),
        ("fs.read(path=[", "expected a value or `]`, not the end"),
        ("fs.read(path=[1, ", "expected a value, not the end"),
        ('fs.read(path={"a": ', "expected a value, not the end"),
        ("fs.read(path={", "expected `}` or a string, not the end"),
        ("fs.read(", "expected `)` or an argument like name=, not the end"),
        ("fs.read(path=)", "expected a value, not `)`"),
        ("fs.read(path=[)", "expected a value or `]`, not `)`"),
    ],
)  # fmt: skip
def test_what_a_call_lacks_is_said_whole(text: str, expected: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_call(Source("request", text))
    assert str(caught.value) == expected
