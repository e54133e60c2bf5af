"""What a word is made of once its quotes are read: text in quotes or not, and what is known only while it runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from governance.request.shell.tree import Substitution, Variable

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Atom", "Bare", "Quoted", "Reference", "double_atoms", "static_atoms"]


class Bare(NamedTuple):
    """Text that is not quoted."""

    text: str
    start: int
    end: int


class Quoted(NamedTuple):
    """Text that stands for itself, perhaps none."""

    text: str
    start: int
    end: int


class Reference(NamedTuple):
    """`$name`, in double quotes or not."""

    name: str
    quoted: bool
    start: int
    end: int


Atom: TypeAlias = Bare | Quoted | Substitution | Variable

_NAME: Final = r"\$(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)|\{(?P<braced>[A-Za-z_][A-Za-z0-9_]*)\})"
_STATIC: Final = re.compile(
    r"(?P<bare>[^'\"\\$]+)"
    r"|'(?P<single>[^']*)'"
    r'|"(?P<double>[^"\\]*(?:\\.[^"\\]*)*)"'
    r"|\\(?P<escaped>.)"
    rf"|{_NAME}|(?P<dollar>\$)",
    re.DOTALL,
)
_DOUBLE: Final = re.compile(
    rf"(?P<plain>[^\\$]+)|\\(?P<escaped>[\"\\$`])|(?P<joined>\\\n)|(?P<kept>\\)|{_NAME}|(?P<dollar>\$)",
    re.DOTALL,
)
_ESCAPED: Final = re.compile(r"\\(?:([\"\\$`])|\n)")
"""A backslash in double quotes stands for itself before anything but these (POSIX, 2.2.3)."""


def static_atoms(text: str, offset: int) -> Iterator[Bare | Quoted | Reference]:
    """Give the atoms of the static word `text`, which stands at `offset`."""
    for found in _STATIC.finditer(text):
        start, end = found.start() + offset, found.end() + offset
        match found.lastgroup:
            case "bare" | "dollar":
                yield Bare(found[0], start, end)
            case "single":
                yield Quoted(found["single"], start, end)
            case "escaped":
                yield Quoted(found["escaped"], start, end)
            case "double":
                yield Quoted("", start, start + 1)
                yield from double_atoms(found["double"], start + 1)
                yield Quoted("", end - 1, end)
            case _:
                yield Reference(found["name"] or found["braced"], False, start, end)  # noqa: FBT003 - not quoted


def double_atoms(text: str, offset: int) -> Iterator[Quoted | Reference]:
    """Give the atoms of `text`, which stands in double quotes at `offset`."""
    if "$" not in text:
        yield Quoted(_ESCAPED.sub(r"\1", text), offset, offset + len(text))
        return
    for found in _DOUBLE.finditer(text):
        start, end = found.start() + offset, found.end() + offset
        match found.lastgroup:
            case "plain" | "kept" | "dollar":
                yield Quoted(found[0], start, end)
            case "escaped":
                yield Quoted(found["escaped"], start, end)
            case "joined":
                pass
            case _:
                yield Reference(found["name"] or found["braced"], True, start, end)  # noqa: FBT003 - quoted
