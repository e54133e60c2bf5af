"""Values of every type, and calls of the standard library's capabilities, hostile strings among them."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, assert_never

from hypothesis import strategies as st

from governance.canonical import EXACT_INTEGER
from governance.capabilities import Call
from governance.request import Syntax
from tests.policy.build import bundle_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.capabilities import Capability
    from governance.capabilities.values import Type

HOSTILE = (
    "",
    '"',
    "\\",
    '\\"',
    "\x00",
    "\n",
    "\r\n",
    "\x1b[31m",
    "\x7f\x85",
    "\u2028\u2029",
    "\u202e\u2066",
    "\ufeff",
    "\ufffe\uffff",
    "\U0001f600",
    "\U0010ffff",
    ")",
    '", path="/etc',
    "#//",
    "$path",
    "${x}`id`$(id)",
    "--",
    "-rf",
    "..",
    "../..",
    "%2e%2e%2f",
    "\\u0000",
    "\uff0e\uff0e\uff0f",
    "e\u0301",
    "[{" * 70,
)
"""Texts that parsers, terminals, shells and file systems have been misled by."""

texts = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
"""Any text that JSON can carry."""

_names = st.one_of(
    st.sampled_from(
        [".git", "..x", "...", "-", "--x", "a b", "*", "**", "~", "\\", "\U0001f600", "\u202e", "\ufeff"]
    ),
    st.text(
        st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/"), min_size=1, max_size=8
    ).filter(lambda name: name not in (".", "..")),
)
paths = st.lists(_names, max_size=5).map(lambda parts: "/" + "/".join(parts))
globs = st.lists(
    st.one_of(st.just("**"), _names.map(lambda name: name.replace("**", "*"))), min_size=1, max_size=4
).map("/".join)
_label = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
hosts = st.tuples(st.lists(_label, max_size=3), st.from_regex(r"[a-z]{2,6}", fullmatch=True)).map(
    lambda parts: ".".join([*parts[0], parts[1]])
)
argvs = st.lists(texts.filter(lambda word: "\0" not in word), min_size=1, max_size=4).filter(
    lambda words: bool(words[0])
)


def values(kind: Type) -> st.SearchStrategy[object]:
    """Return values of `kind`, as an agent would write them in JSON."""
    low, high = kind.low, kind.high
    match kind.name:
        case "Bool":
            return st.booleans()
        case "Int":
            return st.integers(
                -EXACT_INTEGER if low is None else low, EXACT_INTEGER if high is None else high
            )
        case "Size" | "Duration":
            return st.integers(low or 0, EXACT_INTEGER if high is None else high)
        case "String":
            longest = min(high if high is not None else 40, 40)
            return texts.filter(lambda text: (low or 0) <= len(text) <= longest)
        case "Enum":
            return st.sampled_from(kind.names)
        case "Path":
            return paths
        case "Glob":
            return globs
        case "Host":
            return hosts
        case "Argv":
            return argvs
        case "List":
            assert kind.item is not None
            return st.lists(values(kind.item), min_size=low or 0, max_size=min(high or 4, 4))
        case _:
            raise AssertionError(kind.name)


@cache
def standard() -> Mapping[str, Capability]:
    """Return the standard library's capabilities by every name they are called by."""
    return bundle_of("").capabilities


@st.composite
def written_calls(draw: st.DrawFn) -> tuple[str, dict[str, object]]:
    """Return the name and arguments of a call that fits, in any order, optional ones at times left out."""
    names = sorted(standard())
    capability = standard()[draw(st.sampled_from(names))]
    spoken = {"revision"}  # stands in a command line, where no NUL can
    given = {
        each.name: draw(
            values(each.type).filter(lambda value: not isinstance(value, str) or "\0" not in value)
        )
        if each.name in spoken
        else draw(values(each.type))
        for each in draw(st.permutations(capability.parameters))
        if each.required or draw(st.booleans())
    }
    name = draw(st.sampled_from([capability.name, capability.name.replace(".", "_")]))
    return name, given


def as_values(given: Mapping[str, object]) -> dict[str, object]:
    """Return arguments as binding takes them: tuples for lists."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}


calls = written_calls().map(
    lambda written: Call(
        standard()[written[0]], standard()[written[0]].model.model_validate(as_values(written[1]))
    )
)
"""Calls of the standard library."""


def on_surface(syntax: Syntax, name: str, given: Mapping[str, object], *, ascii_only: bool = False) -> str:
    """Return the call as `syntax` writes it."""

    def dumps(value: object) -> str:
        return json.dumps(value, ensure_ascii=ascii_only)

    match syntax:
        case Syntax.CALL | Syntax.AUTO:
            return f"{name}({', '.join(f'{key}={dumps(value)}' for key, value in given.items())})"
        case Syntax.MCP:
            params = {"name": name, "arguments": given}
            return dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
        case Syntax.OPENAI:
            function = {"name": name, "arguments": dumps(given)}
            return dumps({"type": "function", "id": "c", "function": function})
        case Syntax.ANTHROPIC:
            return dumps({"type": "tool_use", "id": "t", "name": name, "input": given})
        case _:
            assert_never(syntax)
