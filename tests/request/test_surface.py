"""The JSON surfaces: shapes that are calls, shapes that are not, and where they go wrong."""

from __future__ import annotations

import json

import pytest

from governance.errors import RequestError
from governance.request import Origin, Syntax, parse_request
from governance.request.surface import read_call

ARGUMENTS = {"path": "/a", "offset": 0}
INNER = json.dumps(ARGUMENTS)
SHAPES: list[tuple[Syntax, object]] = [
    (Syntax.MCP, {"name": "fs.read", "arguments": ARGUMENTS}),
    (Syntax.MCP, {"arguments": ARGUMENTS, "name": "fs.read", "_meta": {"progressToken": 1}}),
    (
        Syntax.MCP,
        {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": "fs.read", "arguments": ARGUMENTS},
        },
    ),
    (Syntax.OPENAI, {"type": "function_call", "name": "fs.read", "arguments": INNER}),
    (
        Syntax.OPENAI,
        {
            "type": "function_call",
            "id": "f",
            "call_id": "c",
            "status": "completed",
            "name": "fs.read",
            "arguments": INNER,
        },
    ),
    (Syntax.OPENAI, {"type": "function", "id": "c", "function": {"name": "fs.read", "arguments": INNER}}),
    (
        Syntax.OPENAI,
        {
            "type": "function",
            "index": 0,
            "id": "c",
            "function": {"name": "fs.read", "arguments": f" {INNER}\n"},
        },
    ),
    (Syntax.ANTHROPIC, {"type": "tool_use", "id": "t", "name": "fs.read", "input": ARGUMENTS}),
]


@pytest.mark.parametrize(("syntax", "body"), SHAPES)
@pytest.mark.parametrize("told", [True, False])
def test_every_shape_is_read_told_or_not(syntax: Syntax, body: object, told: bool) -> None:
    origin = Origin(syntax=syntax if told else Syntax.AUTO)
    call = read_call(parse_request(json.dumps(body).encode(), origin))
    assert call.name == "fs.read"
    assert [argument.name for argument in call.arguments] == ["path", "offset"]


@pytest.mark.parametrize(("syntax", "body"), SHAPES)
@pytest.mark.parametrize("other", Syntax)
def test_shape_of_one_surface_is_never_read_as_another(syntax: Syntax, body: object, other: Syntax) -> None:
    request = parse_request(json.dumps(body).encode(), Origin(syntax=other))
    if other in (syntax, Syntax.AUTO):
        assert read_call(request).name == "fs.read"
    else:
        with pytest.raises(RequestError) as caught:
            read_call(request)
        assert caught.value.code == "shape"


def test_mcp_without_arguments_has_none() -> None:
    call = read_call(parse_request(b'{"name":"a"}', Origin(syntax=Syntax.MCP)))
    assert call.arguments == ()


@pytest.mark.parametrize(
    ("text", "code", "where", "message"),
    [
        ("[]", "shape", "request:1:1", "this JSON has the shape of no known request"),
        ("{}", "shape", "request:1:1", "no known request"),
        ('{"name":"a"}', "shape", "request:1:1", "no known request"),
        ('{"type":null,"name":"a","arguments":{}}', "shape", "request:1:1", "no known request"),
        ('{"type":{},"name":"a","arguments":{}}', "shape", "request:1:1", "no known request"),
        ('{"type":"Tool_use","name":"a","input":{}}', "shape", "request:1:1", "no known request"),
        ('{"type":"tool_use\\u0000","name":"a","input":{}}', "shape", "request:1:1", "no known request"),
        ('{"name":1,"arguments":{}}', "shape", "request:1:9", "`name` must be a string"),
        ('{"name":"","arguments":{}}', "shape", "request:1:9", "a name has 1 to 128 characters"),
        (f'{{"name":"{"a" * 129}","arguments":{{}}}}', "shape", "request:1:9", "a name has 1 to 128"),
        ('{"name":"a","arguments":null}', "shape", "request:1:25", "the arguments must be an object"),
        ('{"name":"a","arguments":[]}', "shape", "request:1:25", "the arguments must be an object"),
        ('{"name":"a","arguments":"{}"}', "shape", "request:1:25", "the arguments must be an object"),
        ('{"name":"a","arguments":{},"x":1}', "shape", "request:1:28", "has no key `x`"),
        ('{"name":"a","arguments":{},"\\u001b[2J":1}', "shape", "request:1:28", r"has no key `\u001b[2J`"),
        ('{"method":"tools/call","params":{}}', "shape", "request:1:1", "an MCP request lacks `jsonrpc`"),
        (
            '{"jsonrpc":"2.0","method":"tools/list","params":{"name":"a"}}',
            "shape",
            "request:1:27",
            '`method` must be "tools/call"',
        ),
        (
            '{"jsonrpc":2.0,"method":"tools/call","params":{"name":"a"}}',
            "shape",
            "request:1:12",
            '`jsonrpc` must be "2.0"',
        ),
        ('{"jsonrpc":"2.0","method":"tools/call","params":[]}', "shape", "request:1:49", "must be an object"),
        (
            '{"jsonrpc":"2.0","method":"tools/call","params":{"arguments":{}}}',
            "shape",
            "request:1:49",
            "lacks `name`",
        ),
        ('{"type":"tool_use","name":"a"}', "shape", "request:1:1", "a tool_use block lacks `input`"),
        ('{"type":"tool_use","name":"a","input":"{}"}', "shape", "request:1:39", "must be an object"),
        ('{"type":"function"}', "shape", "request:1:1", "lacks `arguments`"),
        ('{"type":"function","function":[]}', "shape", "request:1:31", "`function` must be an object"),
        ('{"type":"function","function":{"name":"a"}}', "shape", "request:1:31", "lacks `arguments`"),
        (
            '{"type":"function","function":{"name":"a","arguments":"{}"},"name":"b"}',
            "shape",
            "request:1:61",
            "has no key `name`",
        ),
        (
            '{"type":"function_call","function":{"name":"a","arguments":"{}"}}',
            "shape",
            "request:1:9",
            '`type` must be "function"',
        ),
        (
            '{"type":"function_call","name":"a","arguments":{}}',
            "shape",
            "request:1:48",
            "`arguments` must be a string",
        ),
        ('{"type":"function_call","name":"a","arguments":""}', "syntax", "arguments:1:1", "not the end"),
        (
            '{"type":"function_call","name":"a","arguments":"[]"}',
            "shape",
            "arguments:1:1",
            "must be an object",
        ),
        (
            '{"type":"function_call","name":"a","arguments":"null"}',
            "shape",
            "arguments:1:1",
            "must be an object",
        ),
        (
            '{"type":"function_call","name":"a","arguments":"{\\"x\\":1,\\"\\\\u0078\\":2}"}',
            "duplicate-key",
            "arguments:1:8",
            "the key `x` stands here twice",
        ),
        (
            '{"type":"function_call","name":"a","arguments":"{\\"x\\":\\"\\\\ud800\\"}"}',
            "lone-surrogate",
            "arguments:1:6",
            "half a surrogate pair",
        ),
        (
            '{"type":"function_call","name":"a","arguments":"\\ufeff{}"}',
            "syntax",
            "arguments:1:1",
            r"`\ufeff`",
        ),
        ('{"type":"function_call","name":"a","arguments":"{} {}"}', "syntax", "arguments:1:4", "not `{`"),
        (
            '{"type":"function_call","name":"a","arguments":"{\\n\\"x\\": 01}"}',
            "syntax",
            "arguments:2:7",
            "not `1`",
        ),
    ],
)
def test_other_shape_is_refused_where_it_is_wrong(text: str, code: str, where: str, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        read_call(parse_request(text.encode(), Origin()))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.span is not None
    assert (diagnostic.code, diagnostic.span.place) == (code, where)
    assert message in diagnostic.message


def test_depth_is_bounded_within_the_string_of_openai_too() -> None:
    inner = '{"x":' + "[" * 63 + "]" * 63 + "}"
    body = {"type": "function_call", "name": "a", "arguments": inner}
    with pytest.raises(RequestError) as caught:
        read_call(parse_request(json.dumps(body).encode(), Origin()))
    assert caught.value.code == "too-deep"
    body["arguments"] = inner.replace("[[", "[", 1).replace("]]", "]", 1)
    assert read_call(parse_request(json.dumps(body).encode(), Origin())).name == "a"


@pytest.mark.parametrize("syntax", [Syntax.MCP, Syntax.OPENAI, Syntax.ANTHROPIC])
def test_text_is_no_json_surface(syntax: Syntax) -> None:
    with pytest.raises(RequestError, match=f"syntax `{syntax}` is a JSON object"):
        read_call(parse_request(b'fs.read(path="/a")', Origin(syntax=syntax)))


def test_refusal_of_the_line_is_the_refusal_of_the_call() -> None:
    request = parse_request(b"\xff", Origin())
    with pytest.raises(RequestError) as caught:
        read_call(request)
    assert caught.value is request.body
