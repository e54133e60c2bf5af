"""Values of every type, and calls of the standard library's capabilities, hostile strings among them."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, assert_never

from hypothesis import strategies as st

from governance.canonical import EXACT_INTEGER, canonical
from governance.capabilities import Call, Capability
from governance.capabilities.call import make_model
from governance.capabilities.declaration import Parameter
from governance.capabilities.numbers import scaled, unscaled
from governance.capabilities.values import Type
from governance.request import Syntax
from tests.policy.build import bundle_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
_segments = st.lists(
    st.one_of(
        st.sampled_from(["..a", "a..", "-", "~", "a;b=c", "%E2%82%AC", "x:y@z", "(", "$id"]),
        st.from_regex(r"[a-zA-Z0-9_-]{1,6}", fullmatch=True),
    ),
    max_size=4,
)
_ports = st.one_of(
    st.just(""), st.integers(1, 65_535).filter(lambda port: port not in (80, 443)).map(":{}".format)
)
_queries = st.sampled_from(["", "?a=1&b=%26%2B", "?/?", "?%E2%80%AE", "?%2B%26%23", "?a'*()"])
urls = st.tuples(st.sampled_from(["http", "https"]), hosts, _ports, _segments, st.booleans(), _queries).map(
    lambda parts: (
        f"{parts[0]}://{parts[1]}{parts[2]}/{'/'.join(parts[3])}{'/' if parts[4] and parts[3] else ''}{parts[5]}"
    )
)
emails = st.tuples(
    st.from_regex(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,9}(?:\.[a-z-]{1,4})?", fullmatch=True), hosts
).map("@".join)
networks = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).filter(lambda address: address.ipv4_mapped is None).map(str),
    st.sampled_from(["0.0.0.0/0", "10.0.0.0/8", "192.0.2.0/31", "::/0", "2001:db8::/32", "fe80::/10"]),
)
instants = st.datetimes().map(lambda when: f"{when.isoformat(timespec='milliseconds')}Z")
_keys = st.text(st.characters(exclude_categories=["Cs"], max_codepoint=0xFFFF), max_size=6)
json_values = st.recursive(
    st.booleans() | st.integers(-EXACT_INTEGER, EXACT_INTEGER) | texts,
    lambda inner: (
        st.lists(inner | st.none(), max_size=4) | st.dictionaries(_keys, inner | st.none(), max_size=4)
    ),
    max_leaves=12,
)


def decimals(kind: Type) -> st.SearchStrategy[object]:
    """Return decimals of `kind`: as strings in their one spelling, or whole ones as numbers."""
    least = 1 - 10**32 if kind.low is None else scaled(Decimal(kind.low))
    most = 10**32 - 1 if kind.high is None else scaled(Decimal(kind.high))
    return st.one_of(
        st.integers(least, most).map(unscaled),
        st.integers(-(-least // 10**10), most // 10**10).map(lambda number: unscaled(number * 10**10)),
        st.integers(-(-least // 10**12), most // 10**12),
    )


def _distinct(kind: Type, items: Sequence[object]) -> bool:
    forms = [canonical(kind.check(_tuples(item))) for item in items]
    return len(set(forms)) == len(forms)


_ALL: Mapping[str, st.SearchStrategy[object]] = {
    "Bool": st.booleans(),
    "Path": paths,
    "PathGlob": paths | globs.map("/{}".format),
    "Glob": globs,
    "Host": hosts,
    "Argv": argvs,
    "Instant": instants,
    "Url": urls,
    "Cidr": networks,
    "Email": emails,
    "Json": json_values,
}
"""Values of the types that have no bounds."""


def values(kind: Type) -> st.SearchStrategy[object]:
    """Return values of `kind`, as an agent would write them in JSON."""
    low, high = (bound if bound is None else int(bound) for bound in (kind.low, kind.high))
    match kind.name:
        case name if name in _ALL:
            return _ALL[name]
        case "Int":
            return st.integers(
                -EXACT_INTEGER if low is None else low, EXACT_INTEGER if high is None else high
            )
        case "Size" | "Duration":
            return st.integers(low or 0, EXACT_INTEGER if high is None else high)
        case "Decimal":
            return decimals(kind)
        case "String":
            longest = min(high if high is not None else 40, 40)
            return texts.filter(lambda text: (low or 0) <= len(text) <= longest)
        case "Enum":
            return st.sampled_from(kind.names)
        case "Record":
            return st.fixed_dictionaries(
                {name: values(each) for name, each in kind.fields if not each.optional},
                optional={name: values(each) for name, each in kind.fields if each.optional},
            )
    item = kind.item
    assert item is not None, kind.name
    lists = st.lists(values(item), min_size=low or 0, max_size=min(high or 4, 4))
    return lists.filter(lambda items: kind.name == "List" or _distinct(item, items))


@cache
def standard() -> Mapping[str, Capability]:
    """Return the standard library's capabilities by every name they are called by."""
    return bundle_of("").capabilities


@st.composite
def written_calls(draw: st.DrawFn) -> tuple[str, dict[str, object]]:
    """Return the name and arguments of a call that fits, in any order, optional ones at times left out."""
    names = sorted(standard())
    capability = standard()[draw(st.sampled_from(names))]
    given = {
        each.name: draw(values(each.type).filter(_speakable))
        for each in draw(st.permutations(capability.parameters))
        if each.required or draw(st.booleans())
    }
    name = draw(st.sampled_from([capability.name, capability.name.replace(".", "_")]))
    return name, given


def _speakable(value: object) -> bool:
    """Whether a value can stand in a command line, where no NUL can."""
    return "\0" not in (
        value if isinstance(value, str) else "".join(map(str, value)) if isinstance(value, list) else ""
    )


def as_values(given: Mapping[str, object]) -> dict[str, object]:
    """Return arguments as binding takes them: tuples for lists."""
    return {name: _tuples(value) for name, value in given.items()}


def _tuples(value: object) -> object:
    if isinstance(value, list):
        return tuple(_tuples(item) for item in value)
    return as_values(value) if isinstance(value, dict) else value


_PERSON = (
    ("name", Type("String", 1, 80)),
    ("email", Type("Email")),
    ("amount", Type("Decimal", -1, Decimal("500.5"), optional=True)),
)
KINDS = (
    *(
        Type(name)
        for name in ("Bool", "Int", "Size", "Duration", "String", "Path", "Glob", "PathGlob", "Host", "Argv")
    ),
    *(Type(name) for name in ("Decimal", "Instant", "Url", "Cidr", "Email", "Json")),
    Type("Enum", names=("a", "b")),
    Type("Decimal", 0, Decimal("500.5")),
    Type("Record", fields=_PERSON),
    Type("Record", fields=(("to", Type("Record", fields=_PERSON)), ("data", Type("Json")))),
    *(Type("List", item=Type(name)) for name in ("Decimal", "Url", "Json")),
    *(Type("Set", item=Type(name)) for name in ("String", "Decimal", "Size", "Cidr", "Json")),
    Type("List", item=Type("Record", fields=_PERSON)),
    Type("Set", item=Type("Record", fields=_PERSON)),
)


@cache
def typed() -> Mapping[str, Capability]:
    """Return a capability for each type, which takes one value of it and may take another."""
    made = {}
    for number, kind in enumerate(KINDS):
        name = f"typed.t{number}"
        parameters = (Parameter("one", kind), Parameter("other", replace(kind, optional=True)))
        made[name] = Capability(name, "", parameters, (), (), (), make_model(name, parameters))
    return made


@st.composite
def typed_calls(draw: st.DrawFn) -> tuple[str, dict[str, object]]:
    """Return the name and arguments of a call of one of these that fits."""
    capability = draw(st.sampled_from(list(typed().values())))
    given = {
        each.name: draw(values(each.type))
        for each in capability.parameters
        if each.required or draw(st.booleans())
    }
    return capability.name, given


calls = written_calls().map(
    lambda written: Call(
        standard()[written[0]], standard()[written[0]].model.model_validate(as_values(written[1]))
    )
)
"""Calls of the standard library."""


SURFACES = (Syntax.AUTO, Syntax.CALL, Syntax.MCP, Syntax.OPENAI, Syntax.ANTHROPIC)
"""The syntaxes that can write any call of any capability."""


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
        case Syntax.CLAUDE_CODE | Syntax.CODEX | Syntax.GEMINI:
            raise ValueError("a hook event writes only what its agent's tools mean")
        case _:
            assert_never(syntax)
