"""Hook events: what Claude Code, Codex and Gemini CLI ask before they run a tool of their own.

An event names a tool, its input and a working directory, in the host's paths; the table in
`governance.request.native` says what that means as a call, the operator's host roots where the paths lie.
Sessions, models and identifiers in an event are its sender's words: they say nothing of whose request it is.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, assert_never, cast

from governance.request.native import TOOLS, Command, Mapped, Patch, Refused
from governance.request.surfaces.commands import read_command
from governance.request.surfaces.conversions import Event, NoCounterpartError
from governance.request.surfaces.patches import patch_call
from governance.request.surfaces.shape import OBJECT, TEXT, TEXT_OR_NULL, one_of, shape
from governance.request.wire import Syntax
from governance.text import Source, excerpt, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.request.native import Field, Tool
    from governance.request.surfaces.reader import Reader
    from governance.request.surfaces.shape import Shape
    from governance.request.syntax import CallSyntax, CommandLine, Plain

__all__ = ["read_hook"]

_COMMON: Final = {"session_id": TEXT, "cwd": TEXT, "tool_name": TEXT, "tool_input": OBJECT}
_EVENTS: Final[Mapping[Syntax, Shape]] = {
    Syntax.CLAUDE_CODE: shape(
        "a Claude Code event",
        {**_COMMON, "hook_event_name": one_of("PreToolUse"), "transcript_path": TEXT},
        {
            "permission_mode": TEXT,
            "tool_use_id": TEXT,
            "prompt_id": TEXT,
            "scratchpad_dir": TEXT,
            "effort": OBJECT,
            "agent_id": TEXT,
            "agent_type": TEXT,
        },
    ),
    Syntax.CODEX: shape(
        "a Codex event",
        {
            **_COMMON,
            "hook_event_name": one_of("PreToolUse"),
            "transcript_path": TEXT_OR_NULL,
            "model": TEXT,
            "permission_mode": TEXT,
            "tool_use_id": TEXT,
        },
        {"turn_id": TEXT, "agent_id": TEXT, "agent_type": TEXT},
    ),
    Syntax.GEMINI: shape(
        "a Gemini CLI event",
        {**_COMMON, "hook_event_name": one_of("BeforeTool"), "transcript_path": TEXT, "timestamp": TEXT},
        {"mcp_context": OBJECT, "original_request_name": TEXT},
    ),
}
_INPUT: Final = ("tool_input",)


def read_hook(reader: Reader, syntax: Syntax) -> CallSyntax | CommandLine:
    """Return the call, or the command line, that the tool of a hook event means. Raises `RequestError` where there is none."""
    members = reader.keys(reader.body, (), _EVENTS[syntax])
    name = str(members["tool_name"])
    if "mcp_context" in members:
        message = "this tool is an MCP server's, and known by its name there only"
        raise reader.refusal(("mcp_context",), message, "send it as an MCP tools/call", "unknown-tool")
    tool = _tool(reader, TOOLS[syntax], name)
    given = reader.keys(members["tool_input"], _INPUT, _shape(syntax, name))
    cwd, roots = str(members["cwd"]), reader.origin.roots
    defaults = {key: field.default for key, field in tool.fields.items() if field.default is not None}
    event = Event({**defaults, **given}, cwd, roots)
    converted = {
        key: _converted(reader, key, tool.fields[key], event) for key in tool.fields if key in event.fields
    }
    match tool:
        case Mapped():
            return _mapped(reader, tool, converted)
        case Patch():
            return _patched(reader, tool, event)
        case Command():
            folder = str(given.get(tool.folder, "."))
            return read_command(given[tool.field], folder, event, reader.span((*_INPUT, tool.field)))
        case _:
            assert_never(tool)


def _tool(reader: Reader, tools: Mapping[str, Tool], name: str) -> Mapped | Command | Patch:
    """Return the tool of this name. Raises `RequestError` for one that is not known, or that nothing here says."""
    tool = tools.get(name)
    if tool is None:
        near = ", ".join(nearest(name, tools))
        mend = f"did you mean {near}?" if near else f"known: {', '.join(tools)}"
        raise reader.refusal(("tool_name",), f"no tool is called `{excerpt(name)}`", mend, "unknown-tool")
    if isinstance(tool, Refused):
        message = f"nothing here does what {name} does"
        raise reader.refusal(("tool_name",), message, tool.instead, "no-counterpart")
    return tool


def _mapped(reader: Reader, tool: Mapped, converted: Mapping[str, Plain]) -> CallSyntax:
    values: dict[str, Plain] = {}
    fields = {}
    for key, value in converted.items():
        parameter = tool.fields[key].parameter
        if parameter and value is not None:
            values[parameter], fields[parameter] = value, key
    return reader.mapped(tool.capability, {**values, **tool.fixed}, fields)


def _patched(reader: Reader, tool: Patch, event: Event) -> CallSyntax:
    call = patch_call(Source("patch", str(event.fields[tool.field])))
    try:
        path = event.path(call.path)
    except NoCounterpartError as error:
        message = f"`{excerpt(call.path)}`: {error}"
        raise reader.refusal((*_INPUT, tool.field), message, error.mend, error.code) from None
    values: dict[str, Plain] = {"path": path, **call.arguments}
    return reader.mapped(call.capability, values, dict.fromkeys(values, tool.field))


def _converted(reader: Reader, key: str, field: Field, event: Event) -> Plain:
    try:
        return field.convert.apply(event.fields[key], event)
    except NoCounterpartError as error:
        stands = key in cast("dict[str, Plain]", cast("dict[str, Plain]", reader.body)["tool_input"])
        place = (*_INPUT, key) if stands else _INPUT
        raise reader.refusal(place, f"`{key}`: {error}", error.mend, error.code) from None


@cache
def _shape(syntax: Syntax, name: str) -> Shape:
    """Return the shape of a tool's input."""
    tool = TOOLS[syntax][name]
    fields = {} if isinstance(tool, Refused) else tool.fields
    required = {key: field.kind for key, field in fields.items() if field.required}
    optional = {key: field.kind for key, field in fields.items() if not field.required}
    return shape(f"the input of {name}", required, optional)
