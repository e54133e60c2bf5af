"""What a request says, before anyone asks what it means: JSON values and calls.

Values are read fast where they surely fit; the whole reading, with a place for everything, decides all else
and says what is wrong. It is also what is asked for places, of a call that was read fast, once one is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from governance.request.nodes import Argument, Array, Literal, Member, Node, Object, Plain, plain
from governance.request.placed import DEPTH, VALUES, PlacedCall, read_call, read_json
from governance.request.quick import quick_call, quick_json
from governance.text import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from governance.request.roots import HostRoot
    from governance.text import Span

__all__ = [
    "DEPTH",
    "VALUES",
    "Argument",
    "Array",
    "CallSyntax",
    "CommandLine",
    "Literal",
    "Member",
    "Node",
    "Object",
    "Places",
    "Plain",
    "parse_call",
    "parse_json",
    "parse_values",
    "read_text",
]


_new: Final = tuple.__new__
"""Makes a named tuple at the price of a tuple."""


class Places(NamedTuple):
    """Where a call's name stands, and its arguments in the order they stand in, with their places."""

    name: Span
    arguments: tuple[Argument, ...]


class CallSyntax(NamedTuple):
    """A call as it was written: the capability's name and its arguments by name, none twice.

    Arguments may stand in a text of their own (OpenAI sends them as a string inside the request): `text` is
    the one they stand in, `title` the name people know it by. Places are found when they are asked for.
    """

    name: str
    values: dict[str, Plain]
    title: str
    text: str
    find: Callable[[CallSyntax], Places]

    @property
    def source(self) -> Source:
        """The text that the arguments' offsets refer to."""
        return Source(self.title, self.text)

    @property
    def places(self) -> Places:
        """Where the name and the arguments stand. Reads the text again: for what is shown, not for what is decided."""
        return self.find(self)

    @property
    def name_span(self) -> Span:
        """Where the name stands."""
        return self.places.name

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """The arguments in the order they stand in, with their places."""
        return self.places.arguments

    def span(self, node: Node | Argument) -> Span:
        """Return the place of an argument or a value of this call."""
        return self.source.span(node.start, node.end)


class CommandLine(NamedTuple):
    """A command line as it was typed in `folder`, a path of the sandbox; with `words` it is those, and no shell's text.

    With `roots` it was typed on the host, and so are its absolute paths.
    """

    source: Source
    folder: str
    words: tuple[str, ...] | None = None
    roots: tuple[HostRoot, ...] = ()


def parse_json(source: Source) -> Node:
    """Return the one JSON value that `source` is (RFC 8259), with its places.

    Raises `RequestError` for anything else, a duplicate key, a lone surrogate, a number or a depth out of bounds.
    """
    return read_json(source)


def parse_values(title: str, text: str) -> Plain:
    """Return the one JSON value that `text` is, without places. Raises `RequestError` as `parse_json` does."""
    try:
        return quick_json(text)
    except ValueError:
        return plain(read_json(Source(title, text)))


def parse_call(source: Source) -> CallSyntax:
    """Return the one call that `source` is: `fs.read(path="/workspace/a.py")`.

    Raises `RequestError` for anything else.
    """
    return read_text(source.name, source.text)


def read_text(title: str, text: str) -> CallSyntax:
    """Return the one call that `text` is; people know the text as `title`."""
    try:
        name, values = quick_call(text)
    except ValueError:
        placed = read_call(Source(title, text))
        values = {argument.name: plain(argument.value) for argument in placed.arguments}
        return CallSyntax(placed.name, values, title, text, lambda syntax: _places(syntax, placed))
    return _new(CallSyntax, (name, values, title, text, _found))


def _found(syntax: CallSyntax) -> Places:
    return _places(syntax, read_call(syntax.source))


def _places(syntax: CallSyntax, placed: PlacedCall) -> Places:
    return Places(syntax.source.span(placed.start, placed.end), placed.arguments)
