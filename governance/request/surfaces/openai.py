"""OpenAI: tool calls of Chat Completions, and call items of Responses; of functions, and of custom tools.

A function's arguments are a string that holds a JSON object, parsed once. A custom tool is given a text: the
one that is known here is called `call`, and its text is a call as the call syntax writes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from governance.request.surfaces.shape import OBJECT, TEXT, WHOLE, one_of, shape
from governance.request.syntax import read_text

if TYPE_CHECKING:
    from governance.request.surfaces.reader import Path, Reader
    from governance.request.syntax import CallSyntax, Plain

__all__ = ["CUSTOM_TOOL", "read_openai"]

CUSTOM_TOOL: Final = "call"
"""The custom tool whose input is in the call syntax."""

_ITEM: Final = {"id": TEXT, "call_id": TEXT, "status": TEXT}
_CALL: Final = {"id": TEXT, "index": WHOLE}
_RESPONSES: Final = shape(
    "a function_call item", {"type": one_of("function_call"), "name": TEXT, "arguments": TEXT}, _ITEM
)
_CHAT: Final = shape("a function tool call", {"type": one_of("function"), "function": OBJECT}, _CALL)
_FUNCTION: Final = shape("`function`", {"name": TEXT, "arguments": TEXT})
_CUSTOM_ITEM: Final = shape(
    "a custom_tool_call item", {"type": one_of("custom_tool_call"), "name": TEXT, "input": TEXT}, _ITEM
)
_CUSTOM_CALL: Final = shape("a custom tool call", {"type": one_of("custom"), "custom": OBJECT}, _CALL)
_CUSTOM: Final = shape("`custom`", {"name": TEXT, "input": TEXT})


def read_openai(reader: Reader) -> CallSyntax:
    """Return the call of an OpenAI tool call, whichever of the four it is."""
    members = reader.members(reader.body, (), "an OpenAI tool call")
    match members.get("type"):
        case "custom":
            inner = reader.keys(members, (), _CUSTOM_CALL)["custom"]
            return _custom(reader, reader.keys(inner, ("custom",), _CUSTOM), ("custom",))
        case "custom_tool_call":
            return _custom(reader, reader.keys(members, (), _CUSTOM_ITEM), ())
    if "function" not in members:
        return reader.embedded(reader.keys(members, (), _RESPONSES), ())
    inner = reader.keys(members, (), _CHAT)["function"]
    return reader.embedded(reader.keys(inner, ("function",), _FUNCTION), ("function",))


def _custom(reader: Reader, members: dict[str, Plain], path: Path) -> CallSyntax:
    if members["name"] != CUSTOM_TOOL:
        message = "no custom tool has this name"
        mend = f"known: {CUSTOM_TOOL}, whose input is a call like fs.read(path=…)"
        raise reader.refusal((*path, "name"), message, mend, "unknown-tool")
    return read_text("input", str(members["input"]))
