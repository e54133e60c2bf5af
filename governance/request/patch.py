"""Patches as Codex writes them: `*** Begin Patch`, files to add, delete or update, `*** End Patch`.

What a patch says, line by line and strictly, with a place for everything; nothing is trimmed or matched
loosely. What one means as a call is `governance.request.surfaces`.

    patch:   "*** Begin Patch" LF file+ "*** End Patch" LF?
    file:    "*** Add File: " path LF ("+" text LF)+
           | "*** Delete File: " path LF
           | "*** Update File: " path LF ("*** Move to: " path LF)? change ("@@" (" " text)? LF change)*
    change:  ((" " | "-" | "+") text LF)+ ("*** End of File" LF)?

The first change of an update may begin with `@@` too, and only the last one ends with the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from governance.errors import Diagnostic, RequestError
from governance.text import excerpt

if TYPE_CHECKING:
    from governance.text import Source

__all__ = ["Add", "Change", "Delete", "FileOperation", "Update", "parse_patch"]

_BEGIN: Final = "*** Begin Patch"
_END: Final = "*** End Patch"
_ADD: Final = "*** Add File: "
_DELETE: Final = "*** Delete File: "
_UPDATE: Final = "*** Update File: "
_MOVE: Final = "*** Move to: "
_LAST: Final = "*** End of File"
_HEADERS: Final = f"`{_ADD}path`, `{_DELETE}path`, `{_UPDATE}path` or `{_END}`"
_LINES: Final = "a line of a change begins with ` `, `-` or `+`"


class Change(NamedTuple):
    """Lines that stand together and what stands there afterwards, without line feeds.

    `header` is the text after `@@`, `last` whether the lines are the file's last ones.
    """

    header: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    last: bool
    start: int


class Add(NamedTuple):
    """A file to make, with its lines."""

    path: str
    lines: tuple[str, ...]
    start: int


class Delete(NamedTuple):
    """A file to remove."""

    path: str
    start: int


class Update(NamedTuple):
    """A file to change, and the path it is moved to, if it is."""

    path: str
    moved: str | None
    changes: tuple[Change, ...]
    start: int


FileOperation: TypeAlias = Add | Delete | Update
"""What is done with one file; `start` is where it begins in the patch."""


def parse_patch(source: Source) -> tuple[FileOperation, ...]:
    """Return what is done with each file, in order. Raises `RequestError` for anything that is no patch."""
    lines = _Lines(source)
    lines.exactly(_BEGIN)
    found = [_file(lines)]
    while lines.now != _END:
        found.append(_file(lines))
    lines.exactly(_END)
    lines.finish()
    return tuple(found)


class _Lines:
    """The lines of a patch, one after the other; `now` is the one that comes, None after the last."""

    def __init__(self, source: Source) -> None:
        self._source = source
        if (at := source.text.find("\r")) >= 0:
            raise self._wrong(
                at, at + 1, "a line ends with a line feed alone", "leave the carriage return out"
            )
        self._lines = source.text.split("\n")
        self._next = 0
        self.start = 0

    @property
    def now(self) -> str | None:
        return self._lines[self._next] if self._next < len(self._lines) else None

    def take(self) -> str:
        """Return the line that comes, and go on to the next."""
        line = self._lines[self._next]
        self._next += 1
        self.start += len(line) + 1
        return line

    def exactly(self, line: str) -> None:
        if self.now != line:
            raise self.unexpected(f"`{line}`")
        self.take()

    def path(self, header: str) -> str:
        """Take a line that begins with `header`, and return the path that follows."""
        start = self.start + len(header)
        path = self.take().removeprefix(header)
        if not path or path != path.strip():
            end = start + max(1, len(path))
            raise self._wrong(
                start, end, "a path is not empty and has no white space around it", "write the path"
            )
        return path

    def begins(self, header: str) -> bool:
        return self.now is not None and self.now.startswith(header)

    def finish(self) -> None:
        """Refuse what follows the end, but for the line feed that ends the last line."""
        if self.now == "" and self._next == len(self._lines) - 1:
            self.take()
        if self.now is not None:
            raise self.unexpected("the end of the text")

    def unexpected(self, expected: str, mend: str = "") -> RequestError:
        """Return the error that another line stands where `expected` should."""
        line = "the end" if self.now is None else f"`{excerpt(self.now)}`"
        start = min(self.start, len(self._source.text))
        end = start + max(1, len(self.now or ""))
        return self._wrong(start, end, f"expected {expected}, not {line}", mend)

    def _wrong(self, start: int, end: int, message: str, mend: str) -> RequestError:
        return RequestError(Diagnostic("patch", message, self._source.span(start, end), mend))


def _file(lines: _Lines) -> FileOperation:
    start = lines.start
    if lines.begins(_ADD):
        path = lines.path(_ADD)
        added = []
        while lines.begins("+"):
            added.append(lines.take()[1:])
        if not added:
            raise lines.unexpected("a line that begins with `+`", "an empty file is written with fs.write")
        return Add(path, tuple(added), start)
    if lines.begins(_DELETE):
        return Delete(lines.path(_DELETE), start)
    if lines.begins(_UPDATE):
        path = lines.path(_UPDATE)
        moved = lines.path(_MOVE) if lines.begins(_MOVE) else None
        return Update(path, moved, _changes(lines), start)
    raise lines.unexpected(_HEADERS)


def _changes(lines: _Lines) -> tuple[Change, ...]:
    found = [_change(lines)]
    while lines.begins("@@") and not found[-1].last:
        found.append(_change(lines))
    return tuple(found)


def _change(lines: _Lines) -> Change:
    start, header = lines.start, ""
    if lines.begins("@@"):
        if lines.now != "@@" and not lines.begins("@@ "):
            raise lines.unexpected("`@@`, or `@@ ` and a line of the file")
        header = lines.take()[3:]
    old, new = [], []
    before = lines.start
    while lines.now and lines.now[0] in " -+":
        line = lines.take()
        if line[0] != "+":
            old.append(line[1:])
        if line[0] != "-":
            new.append(line[1:])
    if lines.start == before or lines.now == "":
        raise lines.unexpected("a line of a change", f"{_LINES}; an empty one is written as just that sign")
    last = lines.now == _LAST
    if last:
        lines.take()
    return Change(header, tuple(old), tuple(new), last, start)
