"""`fs`: the file operations of a sandbox, beneath its workspace and with no symbolic link followed.

Runs inside the sandbox as `/usr/lib/governance/fs`, so it stands alone: standard library only. Every path is
opened by the kernel's own rule (`openat2`, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)
relative to a fixed root, and what is changed is changed through the descriptor of its folder. What may be
read or written is decided elsewhere; nothing here asks.

    fs read --offset=N --limit=N [--first-line=N] [--lines=N] PATH    bytes to standard output
    fs list PATH                                      kind (f d l o), bytes or -, name; one entry a line
    fs glob --glob=G --most=N PATH                    the files that the glob names, one a line
    fs search --glob=G --most=N [--names-only=true|false] PATH    {"text": …} on standard input
    fs write --exists=replace|refuse --parents=true|false PATH    {"content": …}
    fs edit --every=true|false [--whole-lines=true|false] PATH    {"new": …, "old": …}
    fs put --append=true|false PATH                   what standard input holds, whatever it is
    fs delete PATH                                    a regular file or an empty folder

Exits with 0 when done, 1 when it cannot be done (one line on standard error says why), 2 on wrong usage.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import stat
import sys
from contextlib import contextmanager, suppress
from itertools import islice

TYPE_CHECKING = False  # importing `typing` for the real one would be a fifth of this program's start
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import BinaryIO, Final, TypeAlias

ROOTS: Final[Mapping[str, str]] = {"/workspace": "/workspace", "/tmp": "/tmp"}  # noqa: S108  # the sandbox's own
"""The folders that paths may lie in, as calls name them, and where they are."""

_OPENAT2: Final = 437
_RESOLVE: Final = 0x08 | 0x04 | 0x02  # BENEATH, NO_SYMLINKS, NO_MAGICLINKS: linux/openat2.h
_PIECE: Final = 2**20
_SNIFF: Final = 8 * 2**10
_WIDEST: Final = 400
_LEAD: Final = 80
_EDITABLE: Final = 32 * 2**20
_FOLDER: Final = os.O_DIRECTORY | os.O_RDONLY
_FILE: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY


class OperationError(Exception):
    """The operation cannot be done; the text is for the agent."""


class UsageError(Exception):
    """The command line or the input is not one of this program's."""


class Streams:
    """Where input comes from, and where results and what is said of them go."""

    def __init__(self, stdin: BinaryIO, stdout: BinaryIO, stderr: BinaryIO) -> None:
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr


class Place:
    """A path as the agent wrote it, the descriptor of its root, and what follows the root."""

    def __init__(self, path: str, root: int, rest: bytes) -> None:
        self.path = path
        self.root = root
        self.rest = rest

    @property
    def shown(self) -> str:
        """The path on one line."""
        return _shown(self.path)


if TYPE_CHECKING:
    _Command: TypeAlias = Callable[[Place, Mapping[str, str], Streams], None]


class _How(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


_SYSCALL: Final = ctypes.CDLL(None, use_errno=True).syscall


def open_beneath(folder: int, path: bytes, flags: int) -> int:
    """Open `path` beneath `folder` as the kernel's openat2 does, with no link followed in any component."""
    how = _How(flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0, _RESOLVE)
    found: int = _SYSCALL(_OPENAT2, folder, path or b".", ctypes.byref(how), ctypes.sizeof(how))
    if found >= 0:
        return found
    number = ctypes.get_errno()
    if number == errno.ENOSYS:
        raise OperationError("the kernel or its filter has no openat2, and without it no file is opened")
    raise OSError(number, os.strerror(number))


REASONS: Final[Mapping[int, str]] = {
    errno.ENOENT: "there is no such file or folder",
    errno.ELOOP: "it is a symbolic link or has one in its path, and links are not followed",
    errno.EXDEV: "it leads out of its root",
    errno.ENOTDIR: "a part of its path is not a folder",
    errno.EISDIR: "it is a folder",
    errno.EACCES: "the sandbox's user may not",
    errno.EPERM: "the sandbox's user may not",
    errno.EROFS: "the sandbox has it read-only",
    errno.ENOSPC: "there is no space left",
    errno.EFBIG: "it would be larger than the sandbox allows",
    errno.EEXIST: "it exists already",
    errno.ENOTEMPTY: "the folder is not empty",
    errno.ENXIO: "it is not a regular file",
    errno.ENAMETOOLONG: "its name is too long",
}


@contextmanager
def _doing(what: str) -> Iterator[None]:
    """Turn the kernel's refusals into a sentence for the agent."""
    try:
        yield
    except OSError as error:
        raise OperationError(f"cannot {what}: {REASONS.get(error.errno or 0, error.strerror)}") from error


def _shown(text: str) -> str:
    """Return a path on one line: as it is, or quoted as JSON does if that would be unclear."""
    return text if text.isprintable() and '"' not in text else json.dumps(text, ensure_ascii=False)


def _encoded(text: str) -> bytes:
    """Return text as UTF-8; bytes of a name that were none become JSON's escapes."""
    return text.encode("utf-8", "backslashreplace")


@contextmanager
def _descriptor(folder: int, path: bytes, flags: int) -> Iterator[int]:
    opened = open_beneath(folder, path, flags)
    try:
        yield opened
    finally:
        os.close(opened)


@contextmanager
def _regular(folder: int, path: bytes, shown: str) -> Iterator[tuple[int, os.stat_result]]:
    """Open a regular file to read it; nothing else is ever waited for."""
    with _descriptor(folder, path, _FILE) as file:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise OperationError(f"{shown} is {_kind(status)[1]}, not a regular file")
        yield file, status


def _kind(status: os.stat_result) -> tuple[str, str]:
    if stat.S_ISREG(status.st_mode):
        return "f", "a regular file"
    if stat.S_ISDIR(status.st_mode):
        return "d", "a folder"
    return ("l", "a symbolic link") if stat.S_ISLNK(status.st_mode) else ("o", "a special file")


# --- read, list ---------------------------------------------------------------------------------------------


def read(place: Place, options: Mapping[str, str], streams: Streams) -> None:
    """Write `limit` bytes from `offset` on, or fewer: from its `first-line` on, and as many `lines`."""
    offset, left = _count(options, "offset"), _count(options, "limit")
    passed = _count(options, "first-line") - 1 if "first-line" in options else 0
    lines = _count(options, "lines") if "lines" in options else None
    with _doing(f"read {place.shown}"), _regular(place.root, place.rest, place.shown) as (file, _):
        offset = _after_lines(file, offset, passed)
        while left and lines != 0 and (piece := os.pread(file, min(left, _PIECE), offset)):
            if lines is not None:
                end = _end_of_lines(piece, lines)
                piece, lines = piece[:end], lines - piece.count(b"\n", 0, end)
            streams.stdout.write(piece)
            offset, left = offset + len(piece), left - len(piece)


def _after_lines(file: int, offset: int, count: int) -> int:
    """Return the offset that so many lines from `offset` on end at, that of the end where there are fewer."""
    while count > 0 and (piece := os.pread(file, _PIECE, offset)):
        end = _end_of_lines(piece, count)
        offset, count = offset + end, count - piece.count(b"\n", 0, end)
    return offset


def _end_of_lines(piece: bytes, count: int) -> int:
    """Return where the first `count` lines of a piece end, its length where there are fewer."""
    end = 0
    for _ in range(min(count, len(piece))):
        end = piece.find(b"\n", end) + 1
        if not end:
            return len(piece)
    return end


def listing(place: Place, options: Mapping[str, str], streams: Streams) -> None:
    """Write one line for each entry of a folder: kind, the bytes of a file, and the name as a JSON string."""
    del options
    with _doing(f"list {place.shown}"), _descriptor(place.root, place.rest, _FOLDER) as folder:
        for name in _names(folder):
            with suppress(FileNotFoundError):
                status = os.stat(name, dir_fd=folder, follow_symlinks=False)
                quoted = json.dumps(name.decode("utf-8", "surrogateescape"), ensure_ascii=False)
                size = status.st_size if stat.S_ISREG(status.st_mode) else "-"
                streams.stdout.write(_encoded(f"{_kind(status)[0]} {size} {quoted}\n"))


def _names(folder: int) -> list[bytes]:
    return sorted(os.fsencode(name) for name in os.listdir(folder))


# --- glob and search ----------------------------------------------------------------------------------------


def globbing(place: Place, options: Mapping[str, str], streams: Streams) -> None:
    """Write the path of each file beneath a folder that matches the glob."""
    pattern, most = _glob(options["glob"]), _count(options, "most")
    with _doing(f"look through {place.shown}"), _top(place, pattern) as (_, files):
        _tell(streams, (_label(path) for path in files), most, "files; narrow the glob")


def search(place: Place, options: Mapping[str, str], streams: Streams) -> None:
    """Write `path:line:text` for each line that holds the text, in files whose path matches the glob.

    With `names-only`, write just the path of each file that has such a line.
    """
    pattern, most = _glob(options["glob"]), _count(options, "most")
    names_only = (
        _choice(options, "names-only", ("true", "false")) == "true" if "names-only" in options else False
    )
    needle = _input(streams, "text")[0]
    if not needle or b"\n" in needle:
        raise OperationError("the text to find must be one line, or a part of one, and not empty")
    with _doing(f"search {place.shown}"), _top(place, pattern) as (folder, files):
        if names_only:
            found = (_label(path) for path in files if next(_hits(folder, path, needle), None))
            _tell(streams, found, most, "such files; narrow the glob or the text")
            return
        hits = (
            f"{_label(path)}:{number}:{line}"
            for path in files
            for number, line in _hits(folder, path, needle)
        )
        _tell(streams, hits, most, "such lines; narrow the glob or the text")


def _label(path: bytes) -> str:
    return _shown(path.decode("utf-8", "surrogateescape"))


def _tell(streams: Streams, lines: Iterator[str], most: int, more: str) -> None:
    """Write the first `most` lines, and say so where there are more."""
    for line in islice(lines, most):
        streams.stdout.write(_encoded(f"{line}\n"))
    if next(lines, None) is not None:
        streams.stderr.write(_encoded(f"fs: there are more than {most} {more} to see the others\n"))


@contextmanager
def _top(place: Place, pattern: list[bytes]) -> Iterator[tuple[int, Iterator[bytes]]]:
    """Yield a folder and the files beneath it that match, in order; for a file, its folder and itself.

    A file lies nowhere beneath itself, so that only `**`, which stands for nothing too, names it: what a call
    is judged by is what the glob names beneath its path.
    """
    with _descriptor(place.root, place.rest, os.O_PATH) as top:
        kind, what = _kind(os.fstat(top))
        if kind not in "fd":
            raise OperationError(f"{place.shown} is {what}, not a file or folder")
        if kind == "d":
            with _descriptor(top, b"", _FOLDER) as folder:
                yield folder, (path for path in _walk(folder) if _matches(pattern, path.split(b"/")))
            return
    above, _, name = place.rest.rpartition(b"/")
    with _descriptor(place.root, above, _FOLDER) as folder:
        yield folder, iter((name,) if _matches(pattern, []) else ())


def _walk(top: int) -> Iterator[bytes]:
    """Yield the relative paths of all regular files beneath `top`, without `.git`, and one folder open at a time."""
    pending = [b""]
    while pending:
        path = pending.pop()
        try:
            with _descriptor(top, path, os.O_PATH) as entry:
                kind = _kind(os.fstat(entry))[0]
                names = []
                if kind == "d":
                    with _descriptor(entry, b"", _FOLDER) as folder:
                        names = _names(folder)
        except OSError:  # gone meanwhile, unreadable, or a link: none of them is searched
            continue
        if kind == "f":
            yield path
        pending += [path + b"/" + name if path else name for name in reversed(names) if name != b".git"]


def _hits(top: int, path: bytes, needle: bytes) -> Iterator[tuple[int, str]]:
    """Yield number and text of each line of a file that holds `needle`; a binary file has none."""
    try:
        with (
            _regular(top, path, "") as (file, _),
            os.fdopen(os.dup(file), "rb", buffering=_PIECE) as stream,
        ):
            if b"\0" not in os.pread(file, _SNIFF, 0):
                yield from _lines(stream, needle)
    except (OSError, OperationError):  # gone meanwhile, unreadable, or no regular file any more
        return


def _lines(stream: BinaryIO, needle: bytes) -> Iterator[tuple[int, str]]:
    """Search line by line, a very long line piece by piece: `tail` is what a hit could have begun in."""
    number, tail, shown = 1, b"", False
    while piece := stream.readline(_PIECE):
        held = tail + piece
        at = -1 if shown else held.find(needle)
        if at >= 0:
            yield number, _clipped(held.rstrip(b"\r\n"), at, cut=bool(tail))
        if piece.endswith(b"\n"):
            number, tail, shown = number + 1, b"", False
        else:
            tail, shown = held[-_WIDEST - len(needle) :], shown or at >= 0


def _clipped(line: bytes, at: int, *, cut: bool) -> str:
    """Return the part of a line that is shown: its beginning, or what is around the hit if that is far in."""
    begin = max(0, at - _LEAD) if at > _WIDEST - _LEAD else 0
    text = line[begin : begin + 4 * _WIDEST].decode("utf-8", "backslashreplace")
    lead = "…" if begin or cut else ""
    return lead + text[:_WIDEST] + ("…" if len(text) > _WIDEST or begin + 4 * _WIDEST < len(line) else "")


def _glob(text: str) -> list[bytes]:
    parts = os.fsencode(text).split(b"/")
    if b"" in parts:
        raise UsageError("--glob is relative, with no empty component")
    return parts


def _matches(pattern: list[bytes], path: list[bytes]) -> bool:
    """Match by whole components: `**` is any number of them. `open_at` holds all places the pattern can be at."""
    open_at = _skipped(pattern, {0})
    for component in path:
        step = {place if pattern[place] == b"**" else place + 1
                for place in open_at
                if place < len(pattern) and (pattern[place] == b"**" or fits(pattern[place], component))}  # fmt: skip
        open_at = _skipped(pattern, step)
    return len(pattern) in open_at


def _skipped(pattern: list[bytes], places: set[int]) -> set[int]:
    """Add the places that are reached when `**` stands for nothing."""
    reached = set(places)
    for place in range(len(pattern)):
        if place in reached and pattern[place] == b"**":
            reached.add(place + 1)
    return reached


def fits(pattern: bytes, component: bytes) -> bool:
    """Match one component: `*` is any text. Leftmost pieces suffice, as every star can take the rest."""
    first, *others = pattern.split(b"*")
    if not others:
        return pattern == component
    *middle, last = others
    if not (component.startswith(first) and component.endswith(last)):
        return False
    at, end = len(first), len(component) - len(last)
    for piece in middle:
        at = component.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return at <= end


# --- write, edit, delete ------------------------------------------------------------------------------------


def write(place: Place, options: Mapping[str, str], streams: Streams) -> None:
    """Put content into a file, whole or not at all."""
    replace = _choice(options, "exists", ("replace", "refuse")) == "replace"
    parents = _choice(options, "parents", ("true", "false")) == "true"
    content = _input(streams, "content")[0]
    with _doing(f"write {place.shown}"), _folder_of(place, make=parents) as (folder, name):
        status = _existing(folder, name, place.shown)
        if status is not None and not replace:
            raise OperationError(f"{place.shown} exists already; use exists=replace to replace it")
        _put(folder, name, content, status, replace=replace)
    streams.stdout.write(_encoded(f"wrote {len(content)} bytes to {place.shown}\n"))


def put(place: Place, options: Mapping[str, str], streams: Streams) -> None:
    """Write standard input into a file as it comes, over what the file held or behind it."""
    append = _choice(options, "append", ("true", "false")) == "true"
    with _doing(f"write {place.shown}"), _folder_of(place, make=False) as (folder, name):
        if _existing(folder, name, place.shown) is None:
            made = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            file = os.open(name, made, 0o644, dir_fd=folder)
        else:
            file = open_beneath(folder, name, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise OperationError(f"{place.shown} is not a regular file")
            if append:
                os.lseek(file, 0, os.SEEK_END)
            else:
                os.ftruncate(file, 0)
            while piece := streams.stdin.read(_PIECE):
                _write_all(file, piece)
        finally:
            os.close(file)


def _write_all(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]


def edit(place: Place, options: Mapping[str, str], streams: Streams) -> None:
    """Replace one text by another, where it stands exactly once, or everywhere.

    With `whole-lines` both are lines, and the old ones are looked for at the beginning of a line only.
    """
    every = _choice(options, "every", ("true", "false")) == "true"
    whole = (
        _choice(options, "whole-lines", ("true", "false")) == "true" if "whole-lines" in options else False
    )
    new, old = _input(streams, "new", "old")
    if not old:
        raise OperationError("the text to replace must not be empty")
    if whole and every:
        raise OperationError("whole lines are replaced in one place; use every=false")
    if whole and not (old.endswith(b"\n") and (not new or new.endswith(b"\n"))):
        raise OperationError("whole lines end with a line feed")
    with _doing(f"edit {place.shown}"), _folder_of(place, make=False) as (folder, name):
        with _regular(folder, name, place.shown) as (file, status):
            before = _whole(file, status, place.shown)
        # A line begins after a line feed, or where the file does: one more, put in front, makes these alike.
        lead = b"\n" if whole else b""
        before, old, new = lead + before, lead + old, lead + new
        count = before.count(old)
        again = before.find(old, before.find(old) + 1) >= 0
        if not count or (again and not every):
            raise OperationError(
                f"nothing changed: the old text is in {place.shown} {_times(count, again=again)}"
            )
        _put(folder, name, before.replace(old, new).removeprefix(lead), status, replace=True)
    streams.stdout.write(_encoded(f"edited {count} place{'s' * (count != 1)} in {place.shown}\n"))


def _times(count: int, *, again: bool) -> str:
    if not count:
        return "0 times; read the file and give the text exactly as it stands there"
    told = f"{count} times" if count > 1 or not again else "more than once, overlapping itself"
    return f"{told}; give more of what surrounds the right place, or use every=true"


def delete(place: Place, options: Mapping[str, str], streams: Streams) -> None:
    """Remove a regular file or an empty folder."""
    del options
    with _doing(f"delete {place.shown}"), _folder_of(place, make=False) as (folder, name):
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            os.rmdir(name, dir_fd=folder)
        elif stat.S_ISREG(status.st_mode):
            os.unlink(name, dir_fd=folder)
        else:
            raise OperationError(
                f"{place.shown} is {_kind(status)[1]}; only regular files and empty folders are deleted"
            )
    streams.stdout.write(_encoded(f"deleted {place.shown}\n"))


@contextmanager
def _folder_of(place: Place, *, make: bool) -> Iterator[tuple[int, bytes]]:
    """Yield the descriptor of the folder that a path's last name is in, made first if it may be, and that name."""
    above, _, name = place.rest.rpartition(b"/")
    if not name:
        raise OperationError(f"{place.shown} is a root, and cannot be changed itself")
    if make:
        _make(place.root, above)
    with _descriptor(place.root, above, _FOLDER) as folder:
        yield folder, name


def _make(root: int, path: bytes) -> None:
    """Make the folders of `path`, each beneath the one before, and none through a link."""
    made = b""
    for name in path.split(b"/") if path else ():
        with _descriptor(root, made, _FOLDER) as folder, suppress(FileExistsError):
            os.mkdir(name, dir_fd=folder)
        made = made + b"/" + name if made else name


def _existing(folder: int, name: bytes, shown: str) -> os.stat_result | None:
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise OperationError(f"{shown} is {_kind(status)[1]}; only a regular file is replaced")
    return status


def _put(folder: int, name: bytes, content: bytes, status: os.stat_result | None, *, replace: bool) -> None:
    """Write a new file beside the old one and give it the name; a link in its place is replaced, not followed."""
    mode = 0o644 if status is None else stat.S_IMODE(status.st_mode) & 0o777
    beside, file = _beside(folder)
    try:
        with os.fdopen(file, "wb") as stream:
            stream.write(content)
            os.fchmod(file, mode)
        if replace:
            os.rename(beside, name, src_dir_fd=folder, dst_dir_fd=folder)
        else:
            os.link(beside, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(beside, dir_fd=folder)


def _beside(folder: int) -> tuple[str, int]:
    """Return the name and descriptor of a new file; names left by a run that was killed are passed over."""
    for number in range(1000):
        with suppress(FileExistsError):
            name = f".fs-{os.getpid()}-{number}"
            return name, os.open(
                name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=folder
            )
    raise OperationError(
        "the folder is full of files left by writes that were cut short: delete `.fs-*` there"
    )


def _whole(file: int, status: os.stat_result, shown: str) -> bytes:
    if status.st_size > _EDITABLE:
        raise OperationError(
            f"{shown} has {status.st_size} bytes; files of up to {_EDITABLE} bytes are edited"
        )
    with os.fdopen(os.dup(file), "rb") as stream:
        return stream.read(_EDITABLE)


# --- the command line ---------------------------------------------------------------------------------------


_COMMANDS: Final[Mapping[str, tuple[_Command, tuple[str, ...], tuple[str, ...]]]] = {
    "read": (read, ("offset", "limit"), ("first-line", "lines")),
    "list": (listing, (), ()),
    "glob": (globbing, ("glob", "most"), ()),
    "search": (search, ("glob", "most"), ("names-only",)),
    "write": (write, ("exists", "parents"), ()),
    "put": (put, ("append",), ()),
    "edit": (edit, ("every",), ("whole-lines",)),
    "delete": (delete, (), ()),
}
"""Each command, its options, and those that may be left out; they are given in this order."""


def _count(options: Mapping[str, str], name: str) -> int:
    text = options[name]
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise UsageError(f"--{name} is a number of digits, not {_shown(text)}")
    return int(text)


def _choice(options: Mapping[str, str], name: str, words: tuple[str, ...]) -> str:
    if options[name] not in words:
        raise UsageError(f"--{name} is {' or '.join(words)}, not {_shown(options[name])}")
    return options[name]


def _input(streams: Streams, *names: str) -> list[bytes]:
    """Read the JSON object on standard input, which has exactly the texts `names`."""
    try:
        value = json.loads(streams.stdin.read())
        if isinstance(value, dict) and sorted(value) == sorted(names):
            return [value[name].encode() for name in names]
    except (ValueError, AttributeError) as error:
        raise UsageError("standard input is not the JSON object of texts that this command reads") from error
    raise UsageError(f"standard input is a JSON object with exactly {' and '.join(names)}")


def _parsed(arguments: list[str]) -> tuple[_Command, dict[str, str], str]:
    word = arguments[0] if arguments else ""
    if word not in _COMMANDS:
        raise UsageError(f"the first argument is one of {', '.join(_COMMANDS)}")
    run, names, more = _COMMANDS[word]
    given = {option: value for option, _, value in (argument.partition("=") for argument in arguments[1:-1])}
    wanted = [*names, *(name for name in more if f"--{name}" in given)]
    if list(given) != [f"--{name}" for name in wanted] or len(arguments) != len(given) + 2:
        raise _usage(word, names, more)
    return run, {name: given[f"--{name}"] for name in wanted}, arguments[-1]


def _usage(word: str, names: tuple[str, ...], more: tuple[str, ...]) -> UsageError:
    options = (*(f"--{name}=…" for name in names), *(f"[--{name}=…]" for name in more))
    return UsageError(f"the arguments are: {' '.join((word, *options, 'PATH'))}")


@contextmanager
def _placed(path: str, roots: Mapping[str, str]) -> Iterator[Place]:
    """Find the root a path is in, and open it; `..` and the like are refused before the kernel sees them."""
    for name, folder in roots.items():
        if path == name or path.startswith(f"{name}/"):
            rest = path.removeprefix(name).removeprefix("/")
            if path != name and not {"", ".", ".."}.isdisjoint(rest.split("/")):
                raise OperationError(
                    f"{_shown(path)} is not a plain path: it may have no `.`, `..` or empty part"
                )
            with _doing(f"open {name}"):
                root = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                yield Place(path, root, os.fsencode(rest))
            finally:
                os.close(root)
            return
    raise OperationError(f"{_shown(path)} is not in {' or '.join(roots)}")


def main(arguments: list[str], streams: Streams, roots: Mapping[str, str] = ROOTS) -> int:
    """Do what the command line says and return the exit code."""
    code = 0
    try:
        command, options, path = _parsed(arguments)
        with _placed(path, roots) as place:
            command(place, options, streams)
    except (OperationError, UsageError) as problem:
        streams.stderr.write(_encoded(f"fs: {problem}\n"))
        code = 1 if isinstance(problem, OperationError) else 2
    streams.stdout.flush()
    return code


def start() -> int:
    """Do what this program's command line says and return the exit code."""
    return main(sys.argv[1:], Streams(sys.stdin.buffer, sys.stdout.buffer, sys.stderr.buffer))
