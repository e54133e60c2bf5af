"""The JSON surfaces: shapes that are calls, shapes that are not, and where they go wrong."""

from __future__ import annotations

import json

import pytest

from governance.errors import RequestError
from governance.request import Origin, Syntax, parse_request
from governance.request.surface import read_call

ARGUMENTS = {"path": "/a", "offset": 0}
INNER = json.dumps(ARGUMENTS)
CALL = 'fs.read(path="/a", offset=0)'
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
    (Syntax.OPENAI, {"type": "custom", "id": "c", "custom": {"name": "call", "input": CALL}}),
    (Syntax.OPENAI, {"type": "custom", "index": 0, "id": "c", "custom": {"name": "call", "input": CALL}}),
    (Syntax.OPENAI, {"type": "custom_tool_call", "call_id": "c", "name": "call", "input": CALL}),
    (
        Syntax.OPENAI,
        {
            "type": "custom_tool_call",
            "id": "i",
            "call_id": "c",
            "status": "completed",
            "name": "call",
            "input": CALL,
        },
    ),
    (
        Syntax.MCP,
        {
            "jsonrpc": "2.0",
            "id": "7",
            "method": "tools/call",
            "params": {
                "name": "fs.read",
                "arguments": ARGUMENTS,
                "task": {"ttl": 60_000},
                "_meta": {
                    "progressToken": "p",
                    "io.modelcontextprotocol/related-task": {"taskId": "t"},
                    "com.example.mcp/trace": [1],
                    "claudecode/toolUseId": "toolu_1",
                },
            },
        },
    ),
    (
        Syntax.MCP,
        {
            "jsonrpc": "2.0",
            "id": 7,
            "method": "tools/call",
            "params": {
                "name": "fs.read",
                "arguments": ARGUMENTS,
                "inputResponses": {"q": {"action": "accept"}},
                "requestState": "opaque",
                "_meta": {
                    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                    "io.modelcontextprotocol/clientCapabilities": {},
                    "io.modelcontextprotocol/clientInfo": {"name": "c", "version": "1"},
                    "io.modelcontextprotocol/logLevel": "info",
                    "progressToken": 1,
                    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                    "tracestate": "a=1",
                    "baggage": "b=2",
                    "com.example/x": None,
                },
            },
        },
    ),
    (
        Syntax.MCP,
        {
            "name": "fs.read",
            "arguments": ARGUMENTS,
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {"extensions": {}},
            },
        },
    ),
]
V = '"io.modelcontextprotocol/protocolVersion":"2026-07-28"'
C = '"io.modelcontextprotocol/clientCapabilities":{}'


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


MISSHAPEN = [
    ("[]", "request:1:1", "this JSON has the shape of no known request"),
    ("{}", "request:1:1", "no known request"),
    ('{"name":"a"}', "request:1:1", "no known request"),
    ('{"type":null,"name":"a","arguments":{}}', "request:1:1", "no known request"),
    ('{"type":{},"name":"a","arguments":{}}', "request:1:1", "no known request"),
    ('{"type":"Tool_use","name":"a","input":{}}', "request:1:1", "no known request"),
    ('{"type":"tool_use\\u0000","name":"a","input":{}}', "request:1:1", "no known request"),
    ('{"name":1,"arguments":{}}', "request:1:9", "`name` must be a string"),
    ('{"name":"","arguments":{}}', "request:1:9", "a name has 1 to 128 characters"),
    (f'{{"name":"{"a" * 129}","arguments":{{}}}}', "request:1:9", "a name has 1 to 128"),
    ('{"name":"a","arguments":null}', "request:1:25", "`arguments` must be an object"),
    ('{"name":"a","arguments":[]}', "request:1:25", "`arguments` must be an object"),
    ('{"name":"a","arguments":"{}"}', "request:1:25", "`arguments` must be an object"),
    ('{"name":"a","arguments":{},"x":1}', "request:1:28", "has no key `x`"),
    ('{"name":"a","arguments":{},"\\u001b[2J":1}', "request:1:28", r"has no key `\u001b[2J`"),
    (f'{{"name":"a","arguments":{{}},"_meta":{{{V}}}}}', "request:1:36", "lacks `io.modelcontextprotocol/cl"),
    (f'{{"name":"a","arguments":{{}},"_meta":{{{V},{C}}},"task":{{}}}}',
     "request:1:141", "the params of tools/call (2026-07-28) has no key `task`"),
    ('{"name":"a","arguments":{},"requestState":"s"}', "request:1:28", "has no key `requestState`"),
    ('{"name":"a","arguments":{},"inputResponses":{}}', "request:1:28", "no key `inputResponses`"),
    ('{"name":"a","arguments":{},"task":{"ttl":1.5}}', "request:1:42", "`ttl` must be a whole number"),
    ('{"name":"a","arguments":{},"task":{"x":1}}', "request:1:36", "`task` has no key `x`"),
    ('{"name":"a","arguments":{},"task":1}', "request:1:35", "`task` must be an object"),
    ('{"name":"a","arguments":{},"_meta":[]}', "request:1:36", "`_meta` must be an object"),
    ('{"name":"a","arguments":{},"_meta":{"progressToken":true}}',
     "request:1:53", "`progressToken` must be a string or a whole number"),
    ('{"name":"a","arguments":{},"_meta":{"io.modelcontextprotocol/protocolVersion":"2025-11-25"}}',
     "request:1:36", "lacks"),
    (f'{{"name":"a","arguments":{{}},"_meta":{{{V.replace("2026-07-28", "2027-01-01")},{C}}}}}',
     "request:1:79", 'must be "2026-07-28"'),
    (f'{{"name":"a","arguments":{{}},"_meta":{{{V},{C},"io.modelcontextprotocol/logLevel":"loud"}}}}',
     "request:1:175", '`io.modelcontextprotocol/logLevel` must be "debug"'),
    (f'{{"name":"a","arguments":{{}},"_meta":{{{V},{C},"io.modelcontextprotocol/tasks":1}}}}',
     "request:1:140", "has no key `io.modelcontextprotocol/tasks`"),
    ('{"name":"a","arguments":{},"_meta":{"dev.mcp/x":1}}', "request:1:37", "`_meta` has no key `dev.mcp/x`"),
    ('{"jsonrpc":"2.0","id":{},"method":"tools/call","params":{"name":"a"}}', "request:1:23", "`id` must"),
    ('{"type":"custom"}', "request:1:1", "lacks `custom`"),
    ('{"type":"custom","custom":{"name":"call"}}', "request:1:27", "lacks `input`"),
    ('{"type":"custom_tool_call","name":"call","input":{}}', "request:1:50", "`input` must be a string"),
    ('{"type":"custom_tool_call","name":"call","input":"a()","namespace":"n"}',
     "request:1:56", "has no key `namespace`"),
    ('{"type":"function_call","name":"a","arguments":"{}","id":1}', "request:1:58", "`id` must be a string"),
    ('{"method":"tools/call","params":{}}', "request:1:1", "an MCP request lacks `jsonrpc`"),
    ('{"jsonrpc":"2.0","method":"tools/list","params":{"name":"a"}}', "request:1:27", '`method` must be "tools/call"'),
    ('{"jsonrpc":2.0,"method":"tools/call","params":{"name":"a"}}', "request:1:12", '`jsonrpc` must be "2.0"'),
    ('{"jsonrpc":"2.0","method":"tools/call","params":[]}', "request:1:49", "must be an object"),
    ('{"jsonrpc":"2.0","method":"tools/call","params":{"arguments":{}}}', "request:1:49", "lacks `name`"),
    ('{"type":"tool_use","name":"a"}', "request:1:1", "a tool_use block lacks `input`"),
    ('{"type":"tool_use","name":"a","input":"{}"}', "request:1:39", "must be an object"),
    ('{"type":"function"}', "request:1:1", "lacks `arguments`"),
    ('{"type":"function","function":[]}', "request:1:31", "`function` must be an object"),
    ('{"type":"function","function":{"name":"a"}}', "request:1:31", "lacks `arguments`"),
    ('{"type":"function","function":{"name":"a","arguments":"{}"},"name":"b"}', "request:1:61", "has no key `name`"),
    ('{"type":"function_call","function":{"name":"a","arguments":"{}"}}', "request:1:9", '`type` must be "function"'),
    ('{"type":"function_call","name":"a","arguments":{}}', "request:1:48", "`arguments` must be a string"),
    ('{"type":"function_call","name":"a","arguments":"[]"}', "arguments:1:1", "must be an object"),
    ('{"type":"function_call","name":"a","arguments":"null"}', "arguments:1:1", "must be an object"),
]  # fmt: skip
"""What is of no shape, where that is seen, and what is said of it."""

UNREAD = [
    ('{"type":"custom","custom":{"name":"fs_read","input":"fs.read()"}}',
     "unknown-tool", "request:1:35", "no custom tool has this name"),
    ('{"type":"custom_tool_call","name":"apply_patch","input":"*** Begin Patch"}',
     "unknown-tool", "request:1:35", "no custom tool has this name"),
    ('{"type":"custom_tool_call","name":"call","input":"fs.read(path=1"}', "syntax", "input:1:15", "not the end"),
    ('{"type":"custom_tool_call","name":"call","input":"a()\\nb()"}', "syntax", "input:1:4", "not"),
    ('{"type":"function_call","name":"a","arguments":""}', "syntax", "arguments:1:1", "not the end"),
    ('{"type":"function_call","name":"a","arguments":"{\\"x\\":1,\\"\\\\u0078\\":2}"}',
     "duplicate-key", "arguments:1:8", "the key `x` stands here twice"),
    ('{"type":"function_call","name":"a","arguments":"{\\"x\\":\\"\\\\ud800\\"}"}',
     "lone-surrogate", "arguments:1:6", "half a surrogate pair"),
    ('{"type":"function_call","name":"a","arguments":"\\ufeff{}"}', "syntax", "arguments:1:1", r"`\ufeff`"),
    ('{"type":"function_call","name":"a","arguments":"{} {}"}', "syntax", "arguments:1:4", "not `{`"),
    ('{"type":"function_call","name":"a","arguments":"{\\n\\"x\\": 01}"}', "syntax", "arguments:2:7", "not `1`"),
]  # fmt: skip
"""What has a shape and is wrong within: text, code, place, message."""


@pytest.mark.parametrize(
    ("text", "code", "where", "message"),
    [*((text, "shape", where, message) for text, where, message in MISSHAPEN), *UNREAD],
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


@pytest.mark.parametrize(
    "syntax", sorted(set(Syntax) - {Syntax.AUTO, Syntax.CALL, Syntax.SHELL, Syntax.ENGLISH})
)
def test_text_is_no_json_surface(syntax: Syntax) -> None:
    with pytest.raises(RequestError, match=f"syntax `{syntax}` is a JSON object"):
        read_call(parse_request(b'fs.read(path="/a")', Origin(syntax=syntax)))


def test_refusal_of_the_line_is_the_refusal_of_the_call() -> None:
    request = parse_request(b"\xff", Origin())
    with pytest.raises(RequestError) as caught:
        read_call(request)
    assert caught.value is request.body
