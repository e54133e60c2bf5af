"""Real tool calls are read, told or not, and the formats of one call say the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from governance.request import Origin, Syntax, parse_request
from governance.request.surface import read_call
from governance.request.syntax import Array, Literal

if TYPE_CHECKING:
    from governance.request.syntax import CallSyntax, Node

DATA = Path(__file__).parent.parent / "data"
FORMATS = {"openai": Syntax.OPENAI, "anthropic": Syntax.ANTHROPIC, "mcp": Syntax.MCP}


def records(name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (DATA / name).read_text().splitlines()]


def plain(node: Node) -> object:
    if isinstance(node, Literal):
        return node.value
    if isinstance(node, Array):
        return [plain(item) for item in node.items]
    return {str(member.key.value): plain(member.value) for member in node.members}


def said(call: CallSyntax) -> tuple[str, dict[str, str]]:
    return call.name, {argument.name: repr(plain(argument.value)) for argument in call.arguments}


def read(body: object, syntax: Syntax) -> CallSyntax:
    return read_call(parse_request(json.dumps(body).encode(), Origin(syntax=syntax)))


@pytest.mark.parametrize("record", records("bfcl.three_formats.jsonl"), ids=lambda record: record["id"])
def test_three_formats_of_one_call_say_the_same(record: dict[str, object]) -> None:
    calls = [read(record[name], told) for name, syntax in FORMATS.items() for told in (syntax, Syntax.AUTO)]
    first = said(calls[0])
    assert all(said(call) == first for call in calls)
    block = record["anthropic"]
    assert isinstance(block, dict)
    assert first[0] == block["name"]
    assert list(first[1]) == list(block["input"])


@pytest.mark.parametrize("record", records("sweagent.openai.jsonl"), ids=lambda record: record["call"]["id"])
def test_calls_of_a_coding_agent_are_read(record: dict[str, object]) -> None:
    body = record["call"]
    assert isinstance(body, dict)
    told, told_apart = read(body, Syntax.OPENAI), read(body, Syntax.AUTO)
    assert said(told) == said(told_apart)
    arguments = json.loads(body["function"]["arguments"])
    assert said(told) == (body["function"]["name"], {key: repr(value) for key, value in arguments.items()})


def test_samples_are_there() -> None:
    assert len(records("bfcl.three_formats.jsonl")) == 60
    assert len(records("sweagent.openai.jsonl")) == 39
