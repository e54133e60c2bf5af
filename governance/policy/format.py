"""The one layout of policy files: spaces, indentation, columns and blank lines; words and line breaks stay the author's.

No word is ever changed: what comes out is made of the same words and comments in the same order and reads as the same
statements, which is made sure of before anything is returned.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from itertools import chain, takewhile
from typing import TYPE_CHECKING, Final

from governance.errors import PolicyError
from governance.policy.parse import parse_file
from governance.policy.spacing import placed_words
from governance.policy.syntax import bare
from governance.text import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from governance.canonical import Json
    from governance.policy.spacing import Placed

__all__ = ["format_text"]

_COMMENT: Final = re.compile(r"#[^\n]*")
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
    """One line: its code and its comment, each without spaces around it, and how deep it begins and ends.

    `closing` is how many brackets it begins by closing. `head` is its first word where that begins a part of a
    statement. `arrow` is where the one arrow of a step stands in the code, -1 where there is none.
    """

    code: str
    comment: str
    before: int
    after: int
    closing: int
    head: str
    arrow: int

    @property
    def depth(self) -> int:
        """How deep the line itself stands: one that begins by closing stands with what it closes."""
        return max(self.before - self.closing, 0)


@dataclass(frozen=True, slots=True)
class _Read:
    """A policy as it was read: its words, its comments by where they begin, and its statements without places."""

    words: tuple[Placed, ...]
    comments: dict[int, str]
    statements: Json

    @property
    def content(self) -> tuple[object, ...]:
        """What no layout may change."""
        said = [(word.terminal, word.text) for word in self.words]
        return said, list(self.comments.values()), self.statements


def format_text(text: str, name: str = "policy") -> str:
    """Return `text` in the one layout. Raises `PolicyError` for a text that does not parse."""
    read = _read(text, name)
    found = "".join(f"{line}\n" for line in _spaced(_blocks(list(_lines(text, read)))))
    if _read(found, name).content != read.content:
        raise AssertionError("the layout would change what is said")
    return found


def _read(text: str, name: str) -> _Read:
    file, diagnostics = parse_file(Source(name, text))
    if diagnostics:
        raise PolicyError(*diagnostics)
    words = placed_words(text, file)
    ends, starts = (word.end for word in words), (word.start for word in words)
    gaps = zip(chain([0], ends), chain(starts, [len(text)]), strict=True)
    comments = {
        comment.start(): _comment(comment[0])
        for start, end in gaps
        for comment in _COMMENT.finditer(text, start, end)
    }
    return _Read(words, comments, bare(file.statements))


def _lines(text: str, read: _Read) -> Iterator[_Line]:
    """Yield the lines of `text`, without the end of the last one."""
    breaks = [-1, *(found.start() for found in re.finditer("\n", text)), len(text)]
    words: list[list[Placed]] = [[] for _ in breaks[1:]]
    comments = [""] * len(words)
    for word in read.words:
        words[bisect_right(breaks, word.start) - 1].append(word)
    for start, comment in read.comments.items():
        comments[bisect_right(breaks, start) - 1] = comment
    depth = 0
    for code, comment in zip(words, comments, strict=True):
        after = depth + sum(word.turn for word in code)
        yield _line(code, comment, depth, after)
        depth = after


def _line(words: Sequence[Placed], comment: str, before: int, after: int) -> _Line:
    code, arrows = "", []
    for word in words:
        code += word.gap * bool(code)
        if word.text == "->":
            arrows.append(len(code))
        code += word.text
    closing = sum(1 for _ in takewhile(lambda word: word.turn < 0, words))
    head = words[0].text if words and words[0].begins else ""
    return _Line(code, comment, before, after, closing, head, arrows[0] if len(arrows) == 1 else -1)


def _comment(comment: str) -> str:
    text = comment.rstrip()
    return f"# {text[1:]}" if len(text) > 1 and text[1] not in " !#" else text


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
    heads = (line.head for line in lines[first + 1 :] if line.before == 1)
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
        if line.head in columns:
            code = f"{line.head.ljust(width)} {code[len(line.head) :].lstrip(' ')}".rstrip(" ")
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
        while end < len(found) and found[end].arrow > 0:
            end += 1
        lefts = [line.code[: line.arrow].rstrip(" ") for line in found[start:end]]
        width = max((len(left) for left in lefts), default=0)
        for number, left in zip(range(start, end), lefts, strict=True):
            line = found[number]
            padded = left.ljust(width) if width <= _WIDEST_LEFT else left
            found[number] = replace(line, code=f"{padded} {line.code[line.arrow :]}")
        start = max(end, start + 1)
    return found


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
