"""Bytes to a request: what arrived on a line, whose it is, and the text in it that asks for something.

Bytes come first: UTF-8, no byte order mark, under the size limit. An envelope on a trusted input may say
whose request it is and when it was made; the request's own text never does.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from governance.canonical import digest
from governance.errors import Diagnostic, RequestError
from governance.instant import check_instant
from governance.request.syntax import Object, parse_json, parse_values
from governance.text import Source

if TYPE_CHECKING:
    from governance.request.roots import HostRoot
    from governance.request.syntax import Node, Plain
    from governance.text import Span

__all__ = ["LIMIT", "Line", "Origin", "Oversize", "Request", "Syntax", "parse_request"]

LIMIT: Final = 1 << 20
"""A request has at most this many bytes."""

_new: Final = tuple.__new__
"""Makes a named tuple at the price of a tuple."""

_ENVELOPE: Final = frozenset({"agent", "session", "at", "syntax", "request"})


class Syntax(StrEnum):
    """The surfaces a request may be written in."""

    AUTO = "auto"
    CALL = "call"
    MCP = "mcp"
    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    SHELL = "shell"
    ENGLISH = "english"
    CLAUDE_CODE = "claude-code"
    CODEX = "codex"
    GEMINI = "gemini"


_JSON_BEGINS: Final = {Syntax.SHELL: ('{"',)}
"""What a line begins with that is JSON, where that is not any brace or bracket: to a shell those mean something else."""


@dataclass(frozen=True, slots=True)
class Oversize:
    """What is kept of a line over the limit: its length in bytes and its digest."""

    length: int
    digest: str


Line: TypeAlias = bytes | Oversize
"""One line of input without its line feed."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose request it is, in which session and syntax; an envelope may overrule each.

    `at` is the instant an envelope gives (RFC 3339, UTC), None where it gives none. `roots` are the host folders
    that the sandbox sees, which nothing but the operator says.
    """

    agent: str | None = None
    session: str = ""
    syntax: Syntax = Syntax.AUTO
    at: str | None = None
    roots: tuple[HostRoot, ...] = ()


class Request(NamedTuple):
    """One request: the line as it came, its origin, and what it asks for.

    `text` is the line's, or what its envelope holds where that is a text. `body` is the JSON value in it, the
    text itself where it is no JSON, or the reason it cannot be read.
    """

    line: Line
    origin: Origin
    text: str
    body: Plain | RequestError
    enveloped: bool = False
    """Whether the JSON value stands under `request` in an envelope."""

    @property
    def source(self) -> Source:
        """The text as people know it."""
        return Source("request", self.text)

    @property
    def digest(self) -> str:
        """The digest of the line's bytes."""
        return self.line.digest if isinstance(self.line, Oversize) else digest(self.line)

    def node(self, *path: str) -> Node:
        """Return what the JSON body holds at `path`, key by key, with its place."""
        node = parse_json(self.source)
        for key in ("request", *path) if self.enveloped else path:
            node = _members(node)[key]
        return node


def _members(node: Node) -> dict[str, Node]:
    return node.items() if isinstance(node, Object) else {}


def parse_request(line: Line, origin: Origin) -> Request:
    """Return the request that `line` is. Never raises: what cannot be read is a request that says why."""
    text = ""
    try:
        text = _text(line)
        if not text.lstrip(" ").startswith(_JSON_BEGINS.get(origin.syntax, ("{", "["))):
            return _new(Request, (line, origin, text, text, False))
        body = parse_values("request", text)
        if isinstance(body, dict) and "request" in body:
            return _unwrapped(line, origin, text, body)
        return _new(Request, (line, origin, text, body, False))
    except RequestError as error:
        return Request(line, origin, text, error)


def _text(line: Line) -> str:
    if isinstance(line, Oversize) or len(line) > LIMIT:
        length = line.length if isinstance(line, Oversize) else len(line)
        raise _refused("too-long", f"the request has {length} bytes", f"send at most {LIMIT}")
    if line.startswith(b"\xef\xbb\xbf"):
        raise _refused(
            "byte-order-mark", "the request begins with a byte order mark", "leave it out (RFC 8259, 8.1)"
        )
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        # The text before the fault is shown up to the fault, which is one column further.
        before = line[: error.start].decode()
        span = Source("request", before + "\ufffd").span(len(before))
        message = f"byte {error.start + 1} is no UTF-8: 0x{line[error.start]:02x}"
        raise RequestError(Diagnostic("not-utf-8", message, span, "send UTF-8")) from None


def _refused(code: str, message: str, mend: str) -> RequestError:
    return RequestError(Diagnostic(code, message, None, mend))


def _unwrapped(line: Line, origin: Origin, text: str, members: dict[str, Plain]) -> Request:
    read = _Envelope(text, members)
    found = Origin(
        agent=read.text("agent", origin.agent),
        session=read.text("session", origin.session) or "",
        syntax=read.syntax(origin.syntax),
        at=read.instant(origin.at),
        roots=origin.roots,
    )
    body = members["request"]
    if isinstance(body, str):
        return Request(line, found, body, body)
    return Request(line, found, text, body, enveloped=True)


class _Envelope:
    """Reads the keys of an envelope, which has no others."""

    def __init__(self, text: str, members: dict[str, Plain]) -> None:
        self._text = text
        self._members = members
        for key in members:
            if key not in _ENVELOPE:
                known = f"keys: {', '.join(sorted(_ENVELOPE))}"
                raise self._misplaced(key, "an envelope has no such key", known, at_key=True)

    def text(self, key: str, default: str | None) -> str | None:
        if key not in self._members:
            return default
        value = self._members[key]
        if not isinstance(value, str) or not 0 < len(value) <= 256:
            raise self._misplaced(key, f"`{key}` is no string of 1 to 256 characters", f"name the {key}")
        return value

    def syntax(self, default: Syntax) -> Syntax:
        name = self.text("syntax", default.value)
        if name not in list(Syntax):
            raise self._misplaced("syntax", "unknown syntax", f"one of {', '.join(Syntax)}")
        return Syntax(name)

    def instant(self, default: str | None) -> str | None:
        text = self.text("at", None)
        if text is None:
            return default
        try:
            return check_instant(text)
        except ValueError as error:
            raise self._misplaced("at", "`at` is no instant", str(error)) from None

    def _misplaced(self, key: str, message: str, mend: str, *, at_key: bool = False) -> RequestError:
        source = Source("request", self._text)
        envelope = parse_json(source)
        member = next(
            each
            for each in (envelope.members if isinstance(envelope, Object) else ())
            if each.key.value == key
        )
        node: Node = member.key if at_key else member.value
        span: Span = source.span(node.start, node.end)
        return RequestError(Diagnostic("envelope", message, span, mend))
