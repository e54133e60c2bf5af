"""Surfaces that wrap a call say what the call says, and nothing around it changes what is called."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from governance.errors import RequestError
from governance.request import Origin, Syntax, parse_request
from governance.request.bind import bind
from governance.request.surface import read_call
from tests.effort import examples
from tests.laws.strategies import HOSTILE, json_values, on_surface, standard, texts, written_calls

if TYPE_CHECKING:
    from governance.request.syntax import CallSyntax

laws = settings(max_examples=examples(200), deadline=None)
STATELESS = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}
_keys = st.sampled_from(
    [
        *(
            "progressToken",
            "io.modelcontextprotocol/related-task",
            "io.modelcontextprotocol/logLevel",
            "dev.mcp/x",
        ),
        *("com.example/x", "x", "", "/", "traceparent", *STATELESS, *HOSTILE[:8]),
    ]
)
_almost_calls = st.one_of(
    texts,
    st.lists(st.sampled_from(["fs.read(", 'path="/a"', ",", ")", " ", "offset=", "1", '"', "\n"])).map(
        "".join
    ),
)


def read(body: object, syntax: Syntax = Syntax.AUTO) -> CallSyntax | RequestError:
    line = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        return read_call(parse_request(line, Origin(syntax=syntax)))
    except RequestError as error:
        return error


def said(found: CallSyntax | RequestError) -> object:
    """Return the call, or why and where it is none."""
    if isinstance(found, RequestError):
        return [
            (each.code, each.message, each.span and (each.span.start, each.span.end))
            for each in found.diagnostics
        ]
    return found.name, repr(found.values), [argument[:3] for argument in found.arguments]


@laws
@given(_almost_calls)
def test_custom_tool_says_what_its_text_says(text: str) -> None:
    alone = said(read({"request": text}, Syntax.CALL))
    chat = {"type": "custom", "id": "c", "custom": {"name": "call", "input": text}}
    item = {"type": "custom_tool_call", "call_id": "c", "name": "call", "input": text}
    assert said(read(chat)) == said(read(item)) == alone


@laws
@given(written_calls())
def test_call_is_the_same_as_text_of_a_custom_tool_and_in_both_versions_of_mcp(
    written: tuple[str, dict[str, object]],
) -> None:
    name, given_arguments = written
    text = on_surface(Syntax.CALL, name, given_arguments)
    params = {"name": name, "arguments": given_arguments}
    bodies = [
        {"type": "custom_tool_call", "name": "call", "input": text},
        params,
        {**params, "task": {}, "_meta": {}},
        {**params, "_meta": STATELESS, "requestState": "x"},
        {"jsonrpc": "2.0", "method": "tools/call", "params": {**params, "_meta": STATELESS}},
    ]
    calls = []
    for body in bodies:
        found = read(body)
        assert not isinstance(found, RequestError)
        calls.append(bind(found, standard()).digest)
    assert len(set(calls)) == 1


@laws
@given(st.dictionaries(_keys, json_values | st.none(), max_size=4), st.booleans())
def test_nothing_in_meta_changes_what_is_called(meta: dict[str, object], stateless: bool) -> None:
    body = {
        "name": "fs.read",
        "arguments": {"path": "/a"},
        "_meta": {**meta, **(STATELESS if stateless else {})},
    }
    found = read(body)
    if isinstance(found, RequestError):
        assert found.code == "shape"
        assert found.render()
    else:
        assert (found.name, found.values) == ("fs.read", {"path": "/a"})
