"""How long it takes to read a request and to bind it, against `json.loads` and against Lark, and how that grows.

Run as `python bench/parsing.py [--json]`. Lark is the whole reading, with a place for everything; it decides
whatever is not surely read fast.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from governance.request import Origin, parse_request
from governance.request.bind import bind
from governance.request.placed import read_call as lark_call
from governance.request.placed import read_json as lark_json
from governance.request.surface import read_call
from governance.text import Source
from policies import bundle_of
from report import Goal, report, row, time_us

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.capabilities import Call, Capability
    from governance.request.syntax import CallSyntax
    from report import Row

CALL = b'fs.read(path="/workspace/src/app.py", offset=0)'
MCP = b'{"name":"fs.read","arguments":{"path":"/workspace/src/app.py","offset":0}}'
RPC = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":' + MCP + b"}"
INNER = json.dumps(json.dumps({"path": "/workspace/src/app.py", "offset": 0})).encode()
OPENAI = b'{"type":"function","id":"c","function":{"name":"fs.read","arguments":' + INNER + b"}}"
FORMS = {"call": CALL, "MCP params": MCP, "MCP JSON-RPC": RPC, "OpenAI": OPENAI}
SIZES = (1 << 10, 1 << 15, 1 << 20)
REPEATS = 20_000
ORIGIN = Origin("claude-1")


def read(line: bytes) -> CallSyntax:
    return read_call(parse_request(line, ORIGIN))


def bound(line: bytes, capabilities: Mapping[str, Capability]) -> Call:
    return bind(read(line), capabilities)


def by_lark(line: bytes) -> object:
    source = Source("request", line.decode())
    return lark_json(source) if line.startswith(b"{") else lark_call(source)


def growth(size: int) -> list[Row]:
    """Return how long a call and a JSON request of nearly `size` bytes take."""
    text = ("lines of code\n" * size)[: size * 7 // 8]  # each line feed is two bytes in JSON
    call = f'fs.write(path="/workspace/a.py", content={json.dumps(text)})'.encode()
    as_json = json.dumps(
        {"name": "fs.write", "arguments": {"path": "/workspace/a.py", "content": text}}
    ).encode()
    floor = row(f"json.loads, {size >> 10} KiB", time_us(partial(json.loads, as_json), 30))
    return [
        floor,
        row(f"call, {size >> 10} KiB", time_us(partial(read, call), 30), floor),
        row(f"MCP params, {size >> 10} KiB", time_us(partial(read, as_json), 30), floor),
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        capabilities = bundle_of(10, Path(folder)).capabilities
    floor = row("json.loads of the MCP params", time_us(partial(json.loads, MCP), REPEATS))
    rows, reading, binding = [floor], {}, {}
    for name, line in FORMS.items():
        lark = row(f"{name}: Lark", time_us(partial(by_lark, line), REPEATS // 20))
        reading[name] = row(f"{name}: read", time_us(partial(read, line), REPEATS), floor)
        against = row(f"{name}: read", time_us(partial(read, line), REPEATS), lark)
        binding[name] = row(f"{name}: bound", time_us(partial(bound, line, capabilities), REPEATS), floor)
        rows += [lark, reading[name], against, binding[name]]
    for size in SIZES:
        rows += growth(size)
    goals = [
        _goal("p50 of bytes to a call as written, in µs", 2.5, reading["call"]),
        _goal("the same of MCP params", 6, reading["MCP params"]),
        _goal("the same of MCP JSON-RPC", 6, reading["MCP JSON-RPC"]),
        _goal("p50 of bytes to a typed call, in µs", 4.5, binding["call"]),
        _goal("the same of MCP params", 9, binding["MCP params"]),
        _goal("the same of MCP JSON-RPC", 9, binding["MCP JSON-RPC"]),
    ]
    report("parsing", rows, goals, json=arguments.json)


def _goal(what: str, most: float, measured: Row) -> Goal:
    return Goal(what, f"at most {most}", measured.median_us, measured.median_us <= most)


if __name__ == "__main__":
    main()
