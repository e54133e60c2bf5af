"""The surfaces: how a request is told to be of one protocol or another, and read as the call it asks for.

Each surface is a shape. It is chosen by shape before anything is read, never by trying one after the other;
what each of them is made of stands in `governance.request.surfaces`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, assert_never

from governance.errors import Diagnostic, RequestError
from governance.request.english import parse_sentence
from governance.request.surfaces.anthropic import read_anthropic
from governance.request.surfaces.hooks import read_hook
from governance.request.surfaces.mcp import read_mcp
from governance.request.surfaces.openai import read_openai
from governance.request.surfaces.reader import Reader
from governance.request.syntax import CommandLine, read_text
from governance.request.wire import Syntax

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.capabilities.declaration import Capability
    from governance.request.syntax import CallSyntax
    from governance.request.wire import Request

__all__ = ["read_call"]

_Told: TypeAlias = Literal[
    Syntax.MCP, Syntax.OPENAI, Syntax.ANTHROPIC, Syntax.CLAUDE_CODE, Syntax.CODEX, Syntax.GEMINI
]
_KNOWN: Final = "send a call, an MCP tools/call, an OpenAI or Anthropic tool call, or a hook event"
_NONE: Final[Mapping[str, Capability]] = MappingProxyType({})

_FOLDER: Final = "/workspace"
"""Where a command line is typed that says nothing else: what sandboxes mount the workspace at."""


def read_call(request: Request, capabilities: Mapping[str, Capability] = _NONE) -> CallSyntax | CommandLine:
    """Return the call, or the command line, that `request` asks for. Raises `RequestError` when there is none to be read.

    What a sentence can say follows from `capabilities`, which never change.
    """
    body = request.body
    if isinstance(body, RequestError):
        raise body
    if isinstance(body, str):
        return _read_text(request, body, capabilities)
    return _read_json(Reader(request), request.origin.syntax)


def _read_text(
    request: Request, body: str, capabilities: Mapping[str, Capability]
) -> CallSyntax | CommandLine:
    match request.origin.syntax:
        case Syntax.AUTO | Syntax.CALL:
            return read_text("request", body)
        case Syntax.SHELL:
            return CommandLine(request.source, _FOLDER)
        case Syntax.ENGLISH:
            return parse_sentence(request.source, capabilities)
        case syntax:
            span = request.source.span(0, len(body))
            message = f"syntax `{syntax}` is a JSON object"
            raise RequestError(Diagnostic("shape", message, span, "send the object itself"))


def _read_json(reader: Reader, syntax: Syntax) -> CallSyntax | CommandLine:
    match _told(reader) if syntax is Syntax.AUTO else syntax:
        case Syntax.CALL:
            raise reader.refusal((), "syntax `call` is a text, not JSON", 'write fs.read(path="/…")')
        case Syntax.SHELL:
            raise reader.refusal((), "syntax `shell` is a text, not JSON", "write a command line")
        case Syntax.ENGLISH:
            raise reader.refusal((), "syntax `english` is a text, not JSON", "write a sentence")
        case Syntax.MCP:
            return read_mcp(reader)
        case Syntax.OPENAI:
            return read_openai(reader)
        case Syntax.ANTHROPIC:
            return read_anthropic(reader)
        case (Syntax.CLAUDE_CODE | Syntax.CODEX | Syntax.GEMINI) as hook:
            return read_hook(reader, hook)
        case other:
            assert_never(other)


def _told(reader: Reader) -> _Told:
    """Return the surface that the body has the shape of."""
    members = reader.body if isinstance(reader.body, dict) else {}
    if "hook_event_name" in members:
        if members["hook_event_name"] == "BeforeTool":
            return Syntax.GEMINI
        return Syntax.CODEX if "model" in members or "turn_id" in members else Syntax.CLAUDE_CODE
    match members.get("type"):
        case "tool_use":
            return Syntax.ANTHROPIC
        case "function" | "function_call" | "custom" | "custom_tool_call":
            return Syntax.OPENAI
    if "type" not in members and ("method" in members or ("name" in members and "arguments" in members)):
        return Syntax.MCP
    raise reader.refusal((), "this JSON has the shape of no known request", _KNOWN)
