"""The surfaces: how each protocol writes a call of a tool, and how they are told apart.

Each surface is a shape: the keys it must have and those it may have. The surface is chosen by shape before
anything is read, never by trying one after the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NoReturn, TypeAlias, assert_never

from governance.errors import Diagnostic, RequestError
from governance.request.syntax import Argument, CallSyntax, Object, parse_call, parse_json
from governance.request.syntax import Literal as LiteralNode
from governance.request.wire import Syntax
from governance.text import Source, shown

if TYPE_CHECKING:
    from governance.request.syntax import Node
    from governance.request.wire import Request

__all__ = ["read_call"]

_Told: TypeAlias = Literal[Syntax.CALL, Syntax.MCP, Syntax.OPENAI, Syntax.ANTHROPIC]

_LONGEST_NAME: Final = 128


def read_call(request: Request) -> CallSyntax:
    """Return the call that `request` asks for. Raises `RequestError` when there is none to be read."""
    if isinstance(request.body, RequestError):
        raise request.body
    syntax = request.origin.syntax
    if syntax is Syntax.AUTO:
        syntax = _shape(request.source, request.body)
    if isinstance(request.body, str):
        if syntax is not Syntax.CALL:
            raise _unfit(
                request.source, None, f"syntax `{syntax}` is a JSON object", "send the object itself"
            )
        return parse_call(request.source)
    reader = _Reader(request.source)
    match syntax:
        case Syntax.CALL:
            raise _unfit(
                request.source, request.body, "syntax `call` is a text, not JSON", 'write fs.read(path="/…")'
            )
        case Syntax.MCP:
            return reader.mcp(request.body)
        case Syntax.OPENAI:
            return reader.openai(request.body)
        case Syntax.ANTHROPIC:
            return reader.anthropic(request.body)
        case _:
            assert_never(syntax)


def _shape(source: Source, body: Node | str) -> _Told:
    """Return the surface that `body` has the shape of."""
    if isinstance(body, str):
        return Syntax.CALL
    members = body.items() if isinstance(body, Object) else {}
    kind = members.get("type")
    match kind.value if isinstance(kind, LiteralNode) else None:
        case "tool_use":
            return Syntax.ANTHROPIC
        case "function" | "function_call":
            return Syntax.OPENAI
    if kind is None and ("method" in members or {"name", "arguments"} <= members.keys()):
        return Syntax.MCP
    mend = "send a call, an MCP tools/call, an OpenAI function call or an Anthropic tool_use"
    raise _unfit(source, body, "this JSON has the shape of no known request", mend)


class _Reader:
    """Reads the JSON surfaces of one source."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def mcp(self, body: Node) -> CallSyntax:
        """MCP `tools/call`: the JSON-RPC request, or its params alone."""
        members = self.object(body, "an MCP request")
        if "method" not in members:
            return self._mcp_params(body)
        self._keys(body, {"jsonrpc", "method", "params"}, {"id"}, "an MCP request")
        self._constant(members["jsonrpc"], "jsonrpc", "2.0")
        self._constant(members["method"], "method", "tools/call")
        return self._mcp_params(members["params"])

    def _mcp_params(self, params: Node) -> CallSyntax:
        members = self._keys(params, {"name"}, {"arguments", "_meta"}, "the params of tools/call")
        return self._call(members["name"], members.get("arguments"))

    def openai(self, body: Node) -> CallSyntax:
        """OpenAI: a `function` tool call of Chat Completions, or a `function_call` item of Responses."""
        members = self.object(body, "an OpenAI tool call")
        if "function" not in members:
            self._keys(
                body, {"type", "name", "arguments"}, {"id", "call_id", "status"}, "a function_call item"
            )
            self._constant(members["type"], "type", "function_call")
            return self._embedded(members["name"], members["arguments"])
        self._keys(body, {"type", "function"}, {"id", "index"}, "a function tool call")
        self._constant(members["type"], "type", "function")
        function = self._keys(members["function"], {"name", "arguments"}, set(), "`function`")
        return self._embedded(function["name"], function["arguments"])

    def anthropic(self, body: Node) -> CallSyntax:
        """Anthropic: a `tool_use` block."""
        members = self._keys(body, {"type", "name", "input"}, {"id"}, "a tool_use block")
        self._constant(members["type"], "type", "tool_use")
        return self._call(members["name"], members["input"])

    def _embedded(self, name: Node, arguments: Node) -> CallSyntax:
        """Read arguments that are a string holding an object, in a source of their own."""
        text = self._string(arguments, "arguments")
        inner = Source("arguments", text)
        return self._call(name, parse_json(inner), inner)

    def _call(self, name: Node, arguments: Node | None, source: Source | None = None) -> CallSyntax:
        inner = source or self._source
        if arguments is not None:
            _Reader(inner).object(arguments, "the arguments")
        members = arguments.members if isinstance(arguments, Object) else ()
        text = self._string(name, "name")
        if not 0 < len(text) <= _LONGEST_NAME:
            self._refuse(name, f"a name has 1 to {_LONGEST_NAME} characters", "name the capability")
        given = tuple(Argument(str(key.value), key.start, key.end, value) for key, value in members)
        return CallSyntax(text, self._source.span(name.start, name.end), given, inner)

    def object(self, node: Node, what: str) -> dict[str, Node]:
        if not isinstance(node, Object):
            self._refuse(node, f"{what} must be an object", "send { … }")
        return node.items()

    def _keys(self, node: Node, required: set[str], allowed: set[str], what: str) -> dict[str, Node]:
        members = self.object(node, what)
        for key in sorted(required - members.keys()):
            self._refuse(node, f"{what} lacks `{key}`", f"keys: {', '.join(sorted(required | allowed))}")
        for member in node.members if isinstance(node, Object) else ():
            if member.key.value not in required | allowed:
                mend = f"keys: {', '.join(sorted(required | allowed))}"
                self._refuse(member.key, f"{what} has no key `{shown(str(member.key.value)[:40])}`", mend)
        return members

    def _constant(self, node: Node, key: str, value: str) -> None:
        if not isinstance(node, LiteralNode) or node.value != value:
            self._refuse(node, f'`{key}` must be "{value}"', f'write "{value}"')

    def _string(self, node: Node, key: str) -> str:
        if not isinstance(node, LiteralNode) or not isinstance(node.value, str):
            self._refuse(node, f"`{key}` must be a string", "write a string")
        return node.value

    def _refuse(self, node: Node, message: str, mend: str) -> NoReturn:
        raise _unfit(self._source, node, message, mend)


def _unfit(source: Source, node: Node | None, message: str, mend: str) -> RequestError:
    span = source.span(0, len(source.text)) if node is None else source.span(node.start, node.end)
    return RequestError(Diagnostic("shape", message, span, mend))
