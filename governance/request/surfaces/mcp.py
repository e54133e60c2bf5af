"""MCP `tools/call`, of 2025-11-25 and of 2026-07-28: the JSON-RPC request, or its params alone.

Which version it is stands in the request: the later one names itself in `_meta` of each, the earlier one
settled it when the session began and does not. `_meta` is open to other names, but not to those that MCP keeps
for itself. What a request says beside name and arguments (a task to answer later, answers to questions that
nobody here asks) changes nothing of what is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from governance.request.surfaces.shape import IDENTIFIER, OBJECT, TEXT, WHOLE, one_of, shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.request.surfaces.reader import Path, Reader
    from governance.request.surfaces.shape import Shape
    from governance.request.syntax import CallSyntax, Plain

__all__ = ["read_mcp"]

_OWN: Final = "io.modelcontextprotocol/"
_VERSION: Final = f"{_OWN}protocolVersion"
_KEPT: Final = ("modelcontextprotocol", "mcp")
"""What the second label of a prefix of `_meta` keys is, where MCP keeps it for itself."""

_LEVELS: Final = one_of("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")
_RPC: Final = shape(
    "an MCP request",
    {"jsonrpc": one_of("2.0"), "method": one_of("tools/call"), "params": OBJECT},
    {"id": IDENTIFIER},
)
_PARAMS: Final = shape(
    "the params of tools/call", {"name": TEXT}, {"arguments": OBJECT, "_meta": OBJECT, "task": OBJECT}
)
_TASK: Final = shape("`task`", {}, {"ttl": WHOLE})
_META: Final = shape("`_meta`", {}, {"progressToken": IDENTIFIER, f"{_OWN}related-task": OBJECT})
_STATELESS_PARAMS: Final = shape(
    "the params of tools/call (2026-07-28)",
    {"name": TEXT, "_meta": OBJECT},
    {"arguments": OBJECT, "inputResponses": OBJECT, "requestState": TEXT},
)
_STATELESS_META: Final = shape(
    "`_meta` (2026-07-28)",
    {_VERSION: one_of("2026-07-28"), f"{_OWN}clientCapabilities": OBJECT},
    {
        f"{_OWN}clientInfo": OBJECT,
        f"{_OWN}logLevel": _LEVELS,
        "progressToken": IDENTIFIER,
        "traceparent": TEXT,
        "tracestate": TEXT,
        "baggage": TEXT,
    },
)


def read_mcp(reader: Reader) -> CallSyntax:
    """Return the call of a `tools/call` request, or of its params."""
    members = reader.members(reader.body, (), _RPC.what)
    if "method" not in members:
        return _call(reader, members, ())
    return _call(reader, reader.keys(members, (), _RPC)["params"], ("params",))


def _call(reader: Reader, params: object, path: Path) -> CallSyntax:
    members = reader.members(params, path, _PARAMS.what)
    meta = members.get("_meta")
    if isinstance(meta, dict) and _VERSION in meta:
        reader.keys(members, path, _STATELESS_PARAMS)
        _check_meta(reader, path, meta, _STATELESS_META)
    else:
        reader.keys(members, path, _PARAMS)
        if isinstance(meta, dict):
            _check_meta(reader, path, meta, _META)
        if "task" in members:
            reader.keys(members["task"], (*path, "task"), _TASK)
    return reader.call(members, path, "arguments")


def _check_meta(reader: Reader, path: Path, meta: Mapping[str, Plain], shape: Shape) -> None:
    """Check the keys of `_meta` that are MCP's own; what others put there is theirs."""
    at = (*path, "_meta")
    for key in shape.required:
        if key not in meta:
            raise reader.refusal(at, f"{shape.what} lacks `{key}`", shape.mend)
    for key, value in meta.items():
        kind = shape.kinds.get(key)
        if kind is None and _kept(key):
            raise reader.stranger(at, key, shape)
        if kind is not None and not kind.fits(value):
            raise reader.misfit(at, key, kind)


def _kept(key: str) -> bool:
    """Whether MCP keeps the key's prefix for itself; a name without one is anybody's."""
    prefix, slash, _ = key.rpartition("/")
    return bool(slash) and prefix.split(".")[1:2] in ([each] for each in _KEPT)
