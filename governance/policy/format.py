"""The one layout of policy files: indentation, columns and blank lines; words and line breaks stay the author's.

No word is ever changed: what comes out is made of the same words, strings and comments in the same order, which is
made sure of before anything is returned.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from governance.errors import PolicyError
from governance.policy.parse import parse_file
from governance.text import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["format_text", "words_of"]

_WORDS: Final = re.compile(
    r'"[^"\\\n]*(?:\\.[^"\\\n]*)*+"|#[^\n]*|->|[{}\[\](),:=<>]|(?:(?!->)[^\s"#{}\[\](),:=<>])++'
)
"""Strings, comments, signs, and everything else between spaces."""

_GAPS: Final = re.compile(r'("[^"\\\n]*(?:\\.[^"\\\n]*)*+")|([ \t]+)')
_OPENING: Final = frozenset("{[(")
_CLOSING: Final = frozenset("}])")
_RULES: Final = frozenset({"permit", "forbid", "ask", "limit", "label", "declassify"})
_COLUMNS: Final = {
    **dict.fromkeys(
        _RULES,
        frozenset(
            {
                "agent", "call", "when", "unless", "sandbox", "because", "allows", "denies", "asks", "including",
                "until", "at", "for", "counting", "approver", "clears",
            }
        ),
    ),
    "sandbox": frozenset(
        {
            "image", "isolation", "root", "mount", "scratch", "network", "memory", "cpus", "pids", "timeout",
            "output", "secret", "reuse", "waive",
        }
    ),
}  # fmt: skip
"""The words that begin a line of a block, and stand in a column of their own."""

_WIDEST_LEFT: Final = 100


@dataclass(frozen=True, slots=True)
class _Line:
    """One line: its code and its comment, each without spaces around it, and how deep it begins and ends."""

    code: str
    comment: str
    before: int
    after: int

    @property
    def depth(self) -> int:
        """How deep the line itself stands: one that begins by closing stands with what it closes."""
        closing = len(self.code) - len(self.code.lstrip("}])"))
        return max(self.before - closing, 0)


def format_text(text: str, name: str = "policy") -> str:
    """Return `text` in the one layout. Raises `PolicyError` for a text that does not parse."""
    _, diagnostics = parse_file(Source(name, text))
    if diagnostics:
        raise PolicyError(*diagnostics)
    lines = [_line(line) for line in _lines(text)]
    found = "".join(f"{line}\n" for line in _spaced(_blocks(lines)))
    if words_of(found) != words_of(text):
        raise AssertionError("the layout would change a word")
    return found


def words_of(text: str) -> list[str]:
    """Return the words, signs, strings and comments of a policy in order, whatever the layout."""
    return [_comment(word) if word.startswith("#") else word for word in _WORDS.findall(text)]


def _lines(text: str) -> Iterator[tuple[str, int]]:
    """Yield each line with how deep it begins."""
    depth = 0
    for line in text.replace("\r\n", "\n").split("\n"):
        yield line, depth
        depth = max(depth + _turn(line), 0)


def _turn(line: str) -> int:
    words = _WORDS.findall(line)
    return sum((word in _OPENING) - (word in _CLOSING) for word in words)


def _line(numbered: tuple[str, int]) -> _Line:
    line, depth = numbered
    comment = next((word for word in _WORDS.findall(line) if word.startswith("#")), "")
    code = line[: len(line.rstrip()) - len(comment.rstrip())] if comment else line
    return _Line(_collapsed(code.strip(" \t")), _comment(comment), depth, depth + _turn(line))


def _comment(comment: str) -> str:
    text = comment.rstrip()
    return f"# {text[1:]}" if len(text) > 1 and text[1] not in " !#" else text


def _collapsed(code: str) -> str:
    """Return the code with gaps of one or two spaces: two part clauses on one line."""
    return _GAPS.sub(lambda gap: gap[1] or ("  " if len(gap[2]) > 1 else " "), code)


def _blocks(lines: Sequence[_Line]) -> list[list[str]]:
    """Return the laid out lines of each statement, with the comments above it; blank lines are empty blocks."""
    blocks: list[list[str]] = []
    waiting: list[_Line] = []
    for line in lines:
        waiting.append(line)
        if line.after > 0:
            continue
        if not line.code and not line.comment and len(waiting) == 1:
            blocks.append([])
            waiting = []
        elif line.code:
            blocks.append(list(_statement(waiting)))
            waiting = []
    if any(line.code or line.comment for line in waiting):  # a bracket in a word of a command line stays open
        blocks.append(list(_statement(waiting)))
    return blocks


def _statement(lines: Sequence[_Line]) -> Iterator[str]:
    """Yield the lines of one statement."""
    kind = next((line.code.split(" ")[0] for line in lines if line.code), "")
    columns = _COLUMNS.get(kind, frozenset())
    first = next((number for number, line in enumerate(lines) if line.code), 0)
    heads = [line.code.split(" ")[0] for line in lines[first + 1 :] if line.before == 1]
    width = max((len(head) for head in heads if head in columns), default=0)
    if kind == "test":
        lines = _aligned(lines)
    last = ""
    for line in lines:
        if not line.code and not line.comment:
            if last and not last.endswith("{"):
                yield ""
                last = ""
            continue
        last = _laid(line, columns, width)
        yield last


def _laid(line: _Line, columns: frozenset[str], width: int) -> str:
    """Return a line in its place: keywords of a block in one column, what goes on in the next."""
    code = line.code
    indent = "  " * line.depth
    if line.before == 1 and line.depth == 1 and columns and code:
        head, _, rest = code.partition(" ")
        if head in columns:
            code = f"{head.ljust(width)} {rest.lstrip(' ')}".rstrip(" ")
        else:
            indent = " " * (2 + width + 1)
    gap = "  " if code and line.comment else ""
    return f"{indent}{code}{gap}{line.comment}"


def _aligned(lines: Sequence[_Line]) -> list[_Line]:
    """Return the steps of a test with their arrows in one column, run by run."""
    found = list(lines)
    start = 0
    while start < len(found):
        end = start
        while end < len(found) and _arrow(found[end].code) > 0:
            end += 1
        lefts = [found[number].code[: _arrow(found[number].code)].rstrip(" ") for number in range(start, end)]
        width = max((len(left) for left in lefts), default=0)
        for number, left in zip(range(start, end), lefts, strict=True):
            right = found[number].code[_arrow(found[number].code) :]
            padded = left.ljust(width) if width <= _WIDEST_LEFT else left
            found[number] = replace(found[number], code=f"{padded} {right}")
        start = max(end, start + 1)
    return found


def _arrow(code: str) -> int:
    """Return where the one arrow of a step stands, -1 where there is none."""
    places = [found.start() for found in _WORDS.finditer(code) if found[0] == "->"]
    return places[0] if len(places) == 1 else -1


def _spaced(blocks: Sequence[list[str]]) -> Iterator[str]:
    """Yield the lines of all blocks: one blank line around each of several lines, at most one elsewhere."""
    blank = False
    before: list[str] = []
    for block in blocks:
        if not block:
            blank = True
            continue
        if before and (blank or len(before) > 1 or len(block) > 1):
            yield ""
        while block and not block[-1]:
            block.pop()
        yield from _tidy(block)
        before, blank = block, False


def _tidy(block: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a block; no blank line stands before one that closes."""
    for number, line in enumerate(block):
        closes = number + 1 < len(block) and block[number + 1].lstrip(" ")[:1] in _CLOSING
        if line or not closes:
            yield line
