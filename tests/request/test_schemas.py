"""Real tool calls with the schemas of their tools: each benign one is read and bound, each broken one refused.

What the whole corpora come to is shown by `python -m tests.request.test_schemas`.
"""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from governance.errors import RequestError
from governance.request import Origin, Syntax, parse_request
from governance.request.bind import bind
from governance.request.surface import read_call
from tests.schemas import CORPORA, DATA, Declared, declared, fits, records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from governance.capabilities import Call, Capability
    from governance.capabilities.values import Type

FORMATS = (Syntax.MCP, Syntax.OPENAI, Syntax.ANTHROPIC)
OTHER: dict[str, object] = {
    "String": 7,
    "Enum": "no such word",
    "Int": "7",
    "Decimal": [],
    "Bool": "true",
    "Json": None,
}
"""A value that is of no type like this one."""


_FRACTION = "a number within has a fraction"
"""Why a call is refused whose schema says nothing of a value: `Json` holds no fractions."""


class Called(NamedTuple):
    """A call with the schema of its tool."""

    tool: dict[str, Any]
    arguments: dict[str, Any]


def bfcl(calls: Path, questions: Path) -> Iterator[Called]:
    """Yield the calls whose question, of the same name, has the tool's schema."""
    tools = {each["id"]: {tool["name"]: tool for tool in each["tools"]} for each in records(questions)}
    for record in records(calls):
        block = record["anthropic"]
        tool = tools.get(record["id"].rpartition(".")[0], {}).get(block["name"])
        if tool is not None:
            yield Called(tool, block["input"])


def multiturn(calls: Path, schemas: Path) -> Iterator[Called]:
    """Yield the calls in Python's syntax whose arguments are named and whose tool has a schema."""
    tools = {tool["name"]: tool for tool in records(schemas)}
    for record in records(calls):
        call = ast.parse(record["call"], mode="eval").body
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Name)
            and call.func.id in tools
            and not call.args
        ):
            arguments = {str(each.arg): ast.literal_eval(each.value) for each in call.keywords}
            yield Called(tools[call.func.id], arguments)


def agentdojo(tasks: Path, tools: Path) -> Iterator[Called]:
    """Yield the calls of users' and of injected tasks; what is null is left out, as its tool's default is."""
    known = {tool["name"]: tool for tool in json.loads(tools.read_text())["tools"]}
    for record in records(tasks):
        for call in record["calls"]:
            given = {name: value for name, value in call["arguments"].items() if value is not None}
            yield Called(known[call["name"]], given)


def inferred(calls: Path) -> Iterator[Called]:
    """Yield calls whose schemas are nowhere, with what all calls of a tool have in common as its schema."""
    found: dict[str, list[dict[str, Any]]] = {}
    for record in records(calls):
        function = record["call"]["function"]
        found.setdefault(function["name"], []).append(json.loads(function["arguments"]))
    for name, several in found.items():
        tool = {"name": name, "parameters": common(several)}
        yield from (Called(tool, arguments) for arguments in several)


def common(values: list[Any]) -> dict[str, Any]:
    """Return the schema of values that are of one kind, of nothing where they are of several."""
    kinds = {type(value) for value in values}
    if kinds == {dict}:
        names = dict.fromkeys(name for value in values for name in value)
        properties = {name: common([value[name] for value in values if name in value]) for name in names}
        required = [name for name in names if all(name in value for value in values)]
        return {"type": "object", "properties": properties, "required": required}
    if kinds == {list}:
        items = [item for value in values for item in value]
        return {"type": "array", "items": common(items) if items else {}}
    simple = {str: "string", bool: "boolean", int: "integer", float: "number"}
    if len(kinds) == 1 and (kind := kinds.pop()) in simple:
        return {"type": simple[kind]}
    return {"type": "number"} if kinds == {int, float} else {}


SAMPLES: dict[str, Callable[[Path], Iterator[Called]]] = {
    "bfcl": lambda data: bfcl(data / "bfcl.three_formats.jsonl", data / "bfcl.schemas.jsonl"),
    "agentdojo": lambda data: agentdojo(data / "agentdojo.tasks.jsonl", data / "agentdojo.tools.json"),
    "tau-bench": lambda data: inferred(data / "taubench.openai.jsonl"),
    "swe-agent": lambda data: inferred(data / "sweagent.openai.jsonl"),
}
WHOLE: dict[str, Callable[[Path], Iterator[Called]]] = {
    "bfcl": lambda data: bfcl(data / "toolcalls/bfcl.three_formats.jsonl", data / "nl2call/bfcl.jsonl"),
    "bfcl multi-turn": lambda data: multiturn(
        data / "toolcalls/bfcl.multiturn.pythoncalls.jsonl", data / "mcp/bfcl.api_schemas.jsonl"
    ),
    "agentdojo workspace": lambda data: agentdojo(
        data / "agentdojo/workspace.tasks.jsonl", data / "agentdojo/workspace.tools.json"
    ),
    "agentdojo banking": lambda data: agentdojo(
        data / "agentdojo/banking.tasks.jsonl", data / "agentdojo/banking.tools.json"
    ),
    "tau-bench": lambda data: inferred(data / "toolcalls/taubench.airline.gpt4o.openai.jsonl"),
    "swe-agent": lambda data: inferred(data / "toolcalls/sweagent.openai.jsonl"),
}


def tools_of(calls: list[Called]) -> tuple[Declared, list[tuple[Capability, Called]]]:
    """Return what the tools of calls are declared as, and the calls of those that are; each schema is one tool."""
    names = {json.dumps(each.tool, sort_keys=True): each.tool for each in calls}
    found = declared({**tool, "name": text} for text, tool in names.items())
    known = ((found.capabilities.get(json.dumps(each.tool, sort_keys=True)), each) for each in calls)
    return found, [
        (capability, each) for capability, each in known if capability is not None and benign(each)
    ]


def benign(called: Called) -> bool:
    """Whether a call is what the schema of its tool says; some recorded ones are not."""
    schema = called.tool.get("inputSchema") or called.tool["parameters"]
    return fits({**schema, "type": "object"}, called.arguments)


def written(syntax: Syntax, name: str, arguments: str) -> bytes:
    """Return a call with `arguments`, the text of an object or of what stands for one."""
    if syntax is Syntax.OPENAI:
        function = {"name": name, "arguments": arguments}
        return json.dumps({"type": "function", "id": "c", "function": function}).encode()
    if syntax is Syntax.ANTHROPIC:
        return f'{{"type": "tool_use", "id": "t", "name": {json.dumps(name)}, "input": {arguments}}}'.encode()
    params = f'{{"name": {json.dumps(name)}, "arguments": {arguments}}}'
    return f'{{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {params}}}'.encode()


def read(syntax: Syntax, capability: Capability, called: Called, arguments: str) -> Call | RequestError:
    line = written(syntax, called.tool["name"], arguments)
    try:
        return bind(read_call(parse_request(line, Origin())), {called.tool["name"]: capability})
    except RequestError as error:
        return error


def broken(capability: Capability, called: Called) -> Iterator[str]:
    """Yield the arguments of a call, each time with one thing wrong."""
    given = called.arguments
    yield json.dumps({**given, "no_such_argument": 1})
    yield "[]"
    yield "null"
    for name, value in given.items():
        rest = {each: other for each, other in given.items() if each != name}
        parameter = capability.parameter(name)
        if parameter is None:
            continue
        yield json.dumps({**rest, name: other(parameter.type)})
        yield json.dumps({**rest, name: None})
        yield json.dumps({**rest, name: float("nan")})
        yield json.dumps({**rest, f"{name}_": value})
        yield f"{json.dumps(given)[:-1]}, {json.dumps(name)}: {json.dumps(value)}}}"
        if parameter.required:
            yield json.dumps(rest)


def other(kind: Type) -> object:
    return OTHER.get(kind.name, 7)


def refused(calls: list[tuple[Capability, Called]]) -> list[str]:
    """Return the benign calls that are refused on some surface, or say something else on one, with the reason."""
    found = []
    for capability, called in calls:
        answers = [read(syntax, capability, called, json.dumps(called.arguments)) for syntax in FORMATS]
        errors = [each for each in answers if isinstance(each, RequestError)]
        if errors and _FRACTION not in str(errors[0]):
            found.append(f"{called.tool['name']}({called.arguments}): {errors[0]}")
        elif len({str(each) for each in answers}) > 1:
            found.append(f"{called.tool['name']}: {answers}")
    return found


def with_fractions(calls: list[tuple[Capability, Called]]) -> int:
    """Return how many benign calls are refused because a value of which the schema says nothing holds a fraction."""
    answers = (
        read(Syntax.MCP, capability, called, json.dumps(called.arguments)) for capability, called in calls
    )
    return sum(isinstance(each, RequestError) and _FRACTION in str(each) for each in answers)


def taken(calls: list[tuple[Capability, Called]]) -> list[str]:
    """Return the broken calls that are taken, on the surface that the call's place chooses."""
    return [
        f"{called.tool['name']}: {text}"
        for place, (capability, called) in enumerate(calls)
        for text in broken(capability, called)
        if not isinstance(read(FORMATS[place % 3], capability, called, text), RequestError)
    ]


@pytest.mark.parametrize("name", SAMPLES)
def test_benign_calls_are_read_and_broken_ones_refused(name: str) -> None:
    found, calls = tools_of(list(SAMPLES[name](DATA)))
    assert len(calls) >= 30
    assert all(reason.startswith(("the name", "the reserved name")) for reason in found.refused.values())
    assert refused(calls) == []
    assert taken(calls) == []


@pytest.mark.slow
@pytest.mark.skipif(not CORPORA.exists(), reason="the corpora are not beside this checkout")
@pytest.mark.parametrize("name", WHOLE)
def test_benign_calls_of_the_corpora_are_read_and_broken_ones_refused(name: str) -> None:
    _, calls = tools_of(list(WHOLE[name](CORPORA)))
    assert refused(calls) == []
    assert taken(calls) == []


@pytest.mark.slow
@pytest.mark.skipif(not CORPORA.exists(), reason="the corpora are not beside this checkout")
@pytest.mark.parametrize("name", ["github.tools.jsonl", "bfcl.api_schemas.jsonl"])
def test_schemas_of_servers_are_declared_but_for_names(name: str) -> None:
    tools = records(CORPORA / "mcp" / name)
    found = declared({**tool, "name": json.dumps(tool, sort_keys=True)} for tool in tools)
    assert len(found.capabilities) > 40
    assert all(reason.startswith(("the name", "the reserved name")) for reason in found.refused.values())


def main() -> None:
    """Print for each corpus its calls, tools, those declared, and what was refused or taken wrongly."""
    for name, source in WHOLE.items():
        calls = list(source(CORPORA))
        found, known = tools_of(calls)
        unfit = sum(1 for each in calls if not benign(each))
        wrong = sum(1 for capability, called in known for _ in broken(capability, called))
        print(
            f"{name}: {len(calls)} calls of {len(found.capabilities) + len(found.refused)} tools; "
            f"{len(found.refused)} tools cannot be declared, {found.wider} only more widely; {unfit} calls do not fit "
            f"their own schema; {len(known)} asked, {len(refused(known))} refused; {wrong} broken ones, {len(taken(known))} taken"
        )
        for line in (*refused(known)[:20], *taken(known)[:20]):
            print("  ", line[:300])


if __name__ == "__main__":
    main()
