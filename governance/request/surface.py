"""The surfaces: how each protocol writes a call of a tool, and how they are told apart.

Each surface is a shape: the keys it must have and those it may have. The surface is chosen by shape before
anything is read, never by trying one after the other. Values are read here; where one of them stands is
looked up only when something is to be shown.
"""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias, assert_never

from governance.errors import Diagnostic, RequestError
from governance.request.english import parse_sentence
from governance.request.syntax import (
    Argument,
    CallSyntax,
    Object,
    Places,
    parse_json,
    parse_values,
    read_text,
)
from governance.request.wire import Syntax
from governance.text import Source, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.capabilities.declaration import Capability
    from governance.request.syntax import Member, Node, Plain
    from governance.request.wire import Request

__all__ = ["read_call"]

_Told: TypeAlias = Literal[Syntax.CALL, Syntax.MCP, Syntax.OPENAI, Syntax.ANTHROPIC]
_Path: TypeAlias = tuple[str, ...]
"""The keys that lead to a value of the body."""

_LONGEST_NAME: Final = 128
_TEXTS: Final = (Syntax.AUTO, Syntax.CALL)
_OBJECT: Final = "send { … }"
_NONE: Final[Mapping[str, Capability]] = MappingProxyType({})


class _Shape(NamedTuple):
    """An object of a protocol: what it is called, the keys it must have, and those it may have."""

    what: str
    required: tuple[str, ...]
    known: frozenset[str]
    mend: str


def _shape_of(what: str, required: str, allowed: str = "") -> _Shape:
    must, may = required.split(), allowed.split()
    known = sorted({*must, *may})
    return _Shape(what, tuple(sorted(must)), frozenset(known), f"keys: {', '.join(known)}")


_RPC: Final = _shape_of("an MCP request", "jsonrpc method params", "id")
_PARAMS: Final = _shape_of("the params of tools/call", "name", "arguments _meta")
_RESPONSES: Final = _shape_of("a function_call item", "type name arguments", "id call_id status")
_CHAT: Final = _shape_of("a function tool call", "type function", "id index")
_FUNCTION: Final = _shape_of("`function`", "name arguments")
_TOOL_USE: Final = _shape_of("a tool_use block", "type name input", "id")


def read_call(request: Request, capabilities: Mapping[str, Capability] = _NONE) -> CallSyntax:
    """Return the call that `request` asks for. Raises `RequestError` when there is none to be read.

    What a sentence can say follows from `capabilities`, which never change.
    """
    body = request.body
    syntax = request.origin.syntax
    if isinstance(body, str):
        if syntax is Syntax.ENGLISH:
            return parse_sentence(request.source, capabilities)
        if syntax in _TEXTS:
            return read_text("request", body)
        span = request.source.span(0, len(body))
        message = f"syntax `{syntax}` is a JSON object"
        raise RequestError(Diagnostic("shape", message, span, "send the object itself"))
    if isinstance(body, RequestError):
        raise body
    reader = _Reader(request)
    match reader.shape() if syntax is Syntax.AUTO else syntax:
        case Syntax.CALL:
            raise reader.refusal((), "syntax `call` is a text, not JSON", 'write fs.read(path="/…")')
        case Syntax.ENGLISH:
            raise reader.refusal((), "syntax `english` is a text, not JSON", "write a sentence")
        case Syntax.MCP:
            return reader.mcp(body)
        case Syntax.OPENAI:
            return reader.openai(body)
        case Syntax.ANTHROPIC:
            return reader.anthropic(body)
        case other:
            assert_never(other)


class _Reader:
    """Reads the JSON surfaces of one request."""

    def __init__(self, request: Request) -> None:
        self._request = request

    def shape(self) -> _Told:
        """Return the surface that the body has the shape of."""
        body = self._request.body
        members = body if isinstance(body, dict) else {}
        match members.get("type"):
            case "tool_use":
                return Syntax.ANTHROPIC
            case "function" | "function_call":
                return Syntax.OPENAI
        if "type" not in members and ("method" in members or ("name" in members and "arguments" in members)):
            return Syntax.MCP
        mend = "send a call, an MCP tools/call, an OpenAI function call or an Anthropic tool_use"
        raise self.refusal((), "this JSON has the shape of no known request", mend)

    def mcp(self, body: Plain) -> CallSyntax:
        """MCP `tools/call`: the JSON-RPC request, or its params alone."""
        members = self._object(body, (), _RPC.what)
        if "method" not in members:
            return self._mcp_params(members, ())
        self._keys(members, (), _RPC)
        self._constant(members, "jsonrpc", "2.0")
        self._constant(members, "method", "tools/call")
        return self._mcp_params(members["params"], ("params",))

    def _mcp_params(self, params: Plain, path: _Path) -> CallSyntax:
        members = self._keys(params, path, _PARAMS)
        return self._call(members, path, "arguments")

    def openai(self, body: Plain) -> CallSyntax:
        """OpenAI: a `function` tool call of Chat Completions, or a `function_call` item of Responses."""
        members = self._object(body, (), "an OpenAI tool call")
        if "function" not in members:
            self._keys(body, (), _RESPONSES)
            self._constant(members, "type", "function_call")
            return self._embedded(members, ())
        self._keys(body, (), _CHAT)
        self._constant(members, "type", "function")
        return self._embedded(self._keys(members["function"], ("function",), _FUNCTION), ("function",))

    def anthropic(self, body: Plain) -> CallSyntax:
        """Anthropic: a `tool_use` block."""
        members = self._keys(body, (), _TOOL_USE)
        self._constant(members, "type", "tool_use")
        return self._call(members, (), "input")

    def _embedded(self, members: dict[str, Plain], path: _Path) -> CallSyntax:
        """Read arguments that are a string holding an object, in a source of their own."""
        text = members["arguments"]
        if not isinstance(text, str):
            raise self.refusal((*path, "arguments"), "`arguments` must be a string", "write a string")
        values = parse_values("arguments", text)
        if not isinstance(values, dict):
            inner = Source("arguments", text)
            raise _unfit(inner, parse_json(inner), "the arguments must be an object", _OBJECT)
        places = partial(_placed, self._request, path, "arguments")
        return CallSyntax(self._name(members, path), values, "arguments", text, places)

    def _call(self, members: dict[str, Plain], path: _Path, key: str) -> CallSyntax:
        """Read the call whose name and arguments are members of the object at `path`."""
        values = self._object(members[key], (*path, key), "the arguments") if key in members else {}
        name = self._name(members, path)
        places = partial(_placed, self._request, path, key)
        return CallSyntax(name, values, "request", self._request.text, places)

    def _name(self, members: dict[str, Plain], path: _Path) -> str:
        name = members["name"]
        if not isinstance(name, str):
            raise self.refusal((*path, "name"), "`name` must be a string", "write a string")
        if not 0 < len(name) <= _LONGEST_NAME:
            raise self.refusal(
                (*path, "name"), f"a name has 1 to {_LONGEST_NAME} characters", "name the capability"
            )
        return name

    def _object(self, value: Plain, path: _Path, what: str) -> dict[str, Plain]:
        if not isinstance(value, dict):
            raise self.refusal(path, f"{what} must be an object", _OBJECT)
        return value

    def _keys(self, value: Plain, path: _Path, shape: _Shape) -> dict[str, Plain]:
        members = self._object(value, path, shape.what)
        for key in shape.required:
            if key not in members:
                raise self.refusal(path, f"{shape.what} lacks `{key}`", shape.mend)
        for key in members:
            if key not in shape.known:
                raise self._stranger(path, key, shape)
        return members

    def _constant(self, members: dict[str, Plain], key: str, value: str) -> None:
        if members[key] != value:
            raise self.refusal((key,), f'`{key}` must be "{value}"', f'write "{value}"')

    def refusal(self, path: _Path, message: str, mend: str) -> RequestError:
        """Return the error about what stands at `path`."""
        return _unfit(self._request.source, self._request.node(*path), message, mend)

    def _stranger(self, path: _Path, key: str, shape: _Shape) -> RequestError:
        node = next(member.key for member in _members(self._request.node(*path)) if member.key.value == key)
        return _unfit(self._request.source, node, f"{shape.what} has no key `{shown(key[:40])}`", shape.mend)


def _unfit(source: Source, node: Node, message: str, mend: str) -> RequestError:
    return RequestError(Diagnostic("shape", message, source.span(node.start, node.end), mend))


def _members(node: Node) -> tuple[Member, ...]:
    return node.members if isinstance(node, Object) else ()


def _placed(request: Request, path: _Path, key: str, syntax: CallSyntax) -> Places:
    """Return the places of a call whose name and arguments are members of the object at `path`."""
    members = {str(member.key.value): member.value for member in _members(request.node(*path))}
    name = members["name"]
    arguments = members.get(key)
    if arguments is not None and not isinstance(arguments, Object):
        arguments = parse_json(syntax.source)
    given = () if arguments is None else _members(arguments)
    return Places(
        request.source.span(name.start, name.end),
        tuple(Argument(str(each.value), each.start, each.end, value) for each, value in given),
    )
