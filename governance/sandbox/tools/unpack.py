"""`unpack`: lists an archive, or takes regular files and folders out of it, beneath one folder and through no link.

Runs inside the sandbox as `/usr/lib/governance/unpack`, with the file tool's way of opening files. An
archive is a tar, plain or compressed by gzip, bzip2 or xz, or a zip; which it is its first bytes say.

    unpack list --most=N PATH                                         kind (f d), bytes or -, name; one entry a line
    unpack extract --most=N --bytes=N --replace=true|false --target=PATH PATH

Names are relative, without `.`, `..` or empty parts but for a leading `./`; there are no links, devices, sparse or
encrypted files; none is there twice, or in another that is a file. All this is seen before anything is written, and a
member has as many bytes as it says. Exits with 0 when done, 1 when it cannot be done, 2 on wrong usage.
"""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import stat
import sys
import tarfile
import zipfile
import zlib
from contextlib import suppress

from governance.sandbox.tools import fs

TYPE_CHECKING = False  # as in `fs`
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import IO, Any, BinaryIO, Final

_PIECE: Final = 2**20
_HEADERS: Final = 4096
"""So many bytes of headers a member has at most, on the average."""

_LONGEST_PART: Final = 255
_DEEPEST: Final = 64
_ENCRYPTED: Final = 1
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_OPENERS: Final[Mapping[bytes, Callable[[Any], Any]]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
}
"""How compressed archives begin, and what reads them."""

_BROKEN: Final = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)


class RefusedError(Exception):
    """The archive is not taken; the text says why."""


class Member:
    """One regular file or folder of an archive: its parts of a path, its size, and what opens it."""

    def __init__(
        self, parts: tuple[str, ...], size: int | None, mode: int, opened: Callable[[], IO[bytes]]
    ) -> None:
        self.parts = parts
        self.size = size
        self.mode = mode
        self.opened = opened

    @property
    def folder(self) -> bool:
        """Whether it is a folder."""
        return self.size is None


class _Bounded:
    """A stream of which no more than `left` bytes are read."""

    def __init__(self, stream: Any, left: int) -> None:
        self._stream = stream
        self._left = left

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, at most `size`."""
        if size < 0 or size > self._left:
            raise RefusedError("it holds more than it may")
        data: bytes = self._stream.read(size)
        self._left -= len(data)
        return data


def members(file: BinaryIO, most: int, most_bytes: int) -> Iterator[Member]:
    """Yield what an archive holds, in its order, each looked at by itself. Raises `RefusedError`."""
    begin = file.read(6)
    file.seek(0)
    try:
        if begin.startswith(_ZIP):
            yield from _zipped(file)
            return
        opener = next((opens for magic, opens in _OPENERS.items() if begin.startswith(magic)), None)
        stream = file if opener is None else opener(file)
        bounded = _Bounded(stream, most_bytes + (most + 16) * _HEADERS)
        with tarfile.open(fileobj=bounded, mode="r|", errorlevel=2) as archive:  # type: ignore[call-overload]
            for each in archive:
                yield _tarred(archive, each, most_bytes)
    except _BROKEN as error:
        raise RefusedError(f"it is no archive, or broken: {error}") from error


def _tarred(archive: tarfile.TarFile, each: tarfile.TarInfo, most_bytes: int) -> Member:
    parts = _parts(each.name)
    if each.isdir():
        return Member(parts, None, 0, lambda: _nothing(each.name))
    if not each.isreg() or each.issparse():
        raise RefusedError(f"{_quoted(each.name)} is neither a regular file nor a folder")
    if each.size > most_bytes:
        raise RefusedError(f"it holds more than {most_bytes} bytes")
    return Member(parts, each.size, each.mode, lambda: archive.extractfile(each) or _nothing(each.name))


def _zipped(file: BinaryIO) -> Iterator[Member]:
    with zipfile.ZipFile(file) as archive:
        for each in archive.infolist():
            mode = each.external_attr >> 16
            kind = stat.S_IFMT(mode)
            folder = each.is_dir()
            if kind not in (0, stat.S_IFDIR if folder else stat.S_IFREG):
                raise RefusedError(f"{_quoted(each.filename)} is neither a regular file nor a folder")
            if each.flag_bits & _ENCRYPTED:
                raise RefusedError(f"{_quoted(each.filename)} is encrypted")
            yield Member(
                _parts(each.filename),
                None if folder else each.file_size,
                mode,
                lambda each=each: archive.open(each),  # type: ignore[misc]
            )


def _nothing(name: str) -> IO[bytes]:
    raise RefusedError(f"{_quoted(name)} cannot be read")


def _parts(name: str) -> tuple[str, ...]:
    """Return the parts of a name, none for the folder that the archive is of. Raises `RefusedError`."""
    if name.startswith("/"):
        raise RefusedError(f"{_quoted(name)} is not relative")
    bare = name.removesuffix("/")
    while bare.startswith("./"):
        bare = bare[2:]
    if bare in ("", "."):
        return ()
    parts = tuple(bare.split("/"))
    for part in parts:
        if part in ("", ".", ".."):
            raise RefusedError(f"{_quoted(name)} has a part that leads elsewhere")
        if "\\" in part or any(sign < " " or "\x7f" <= sign <= "\x9f" for sign in part):
            raise RefusedError(f"{_quoted(name)} has a sign that no name here has")
        if len(os.fsencode(part)) > _LONGEST_PART:
            raise RefusedError(f"{_quoted(name)} is too long")
    if len(parts) > _DEEPEST:
        raise RefusedError(f"{_quoted(name)} is nested too deep")
    return parts


def _quoted(name: str) -> str:
    return json.dumps(name)


def checked(found: Iterator[Member], most: int, most_bytes: int) -> list[Member]:
    """Return all members, which fit beside each other and the limits. Raises `RefusedError`."""
    kept: list[Member] = []
    files: set[tuple[str, ...]] = set()
    folders: set[tuple[str, ...]] = {()}
    total = 0
    for each in found:
        kept.append(each)
        if len(kept) > most:
            raise RefusedError(f"it holds more than {most} files and folders")
        total += each.size or 0
        if total > most_bytes:
            raise RefusedError(f"it holds more than {most_bytes} bytes")
        if not each.folder:
            if not each.parts or each.parts in files:
                raise RefusedError(f"{_quoted('/'.join(each.parts))} is there twice")
            files.add(each.parts)
        above = len(each.parts) if each.folder else len(each.parts) - 1
        folders.update(each.parts[:count] for count in range(above + 1))
    both = files & folders
    if both:
        raise RefusedError(f"{_quoted('/'.join(min(both)))} is both a file and a folder")
    return kept


class _Target:
    """The folder that is written beneath: the descriptor of its root, and where it is from there."""

    def __init__(self, root: int, rest: bytes) -> None:
        self._root = root
        self._rest = rest

    def _path(self, parts: tuple[str, ...]) -> bytes:
        return b"/".join(filter(None, (self._rest, *map(os.fsencode, parts))))

    def look(self, each: Member, *, replace: bool) -> None:
        """Raise `RefusedError` where something is in the way of a file."""
        try:
            with fs._descriptor(self._root, self._path(each.parts), os.O_PATH) as found:
                regular = stat.S_ISREG(os.fstat(found).st_mode)
        except FileNotFoundError:
            return
        if not regular or not replace:
            raise RefusedError(f"{_quoted('/'.join(each.parts))} is there already")

    def make(self, parts: tuple[str, ...]) -> None:
        """Make a folder and those above it."""
        fs._make(self._root, self._path(parts))

    def write(self, each: Member) -> None:
        """Write one file; one that is there is removed first."""
        self.make(each.parts[:-1])
        name = os.fsencode(each.parts[-1])
        with fs._descriptor(self._root, self._path(each.parts[:-1]), os.O_DIRECTORY | os.O_RDONLY) as folder:
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(name, flags, 0o644, dir_fd=folder), "wb") as out, each.opened() as stream:
                _copy(stream, out, each)
                os.fchmod(out.fileno(), 0o755 if each.mode & 0o111 else 0o644)


def _copy(stream: IO[bytes], out: IO[bytes], each: Member) -> None:
    left = each.size or 0
    while piece := stream.read(min(left + 1, _PIECE)):
        left -= len(piece)
        if left < 0:
            break
        out.write(piece)
    if left:
        raise RefusedError(f"{_quoted('/'.join(each.parts))} has not as many bytes as it says")


def _listed(file: BinaryIO, options: Mapping[str, str], out: BinaryIO) -> None:
    most = int(options["most"])
    for number, each in enumerate(members(file, most, 2**40)):
        if number == most:
            raise RefusedError(f"it holds more than {most} files and folders")
        if each.parts:
            size = "-" if each.size is None else each.size
            name = json.dumps("/".join(each.parts), ensure_ascii=False)
            out.write(f"{'d' if each.folder else 'f'} {size} {name}\n".encode("utf-8", "backslashreplace"))


def _extracted(file: BinaryIO, options: Mapping[str, str], target: _Target) -> int:
    most, most_bytes = int(options["most"]), int(options["bytes"])
    replace = options["replace"] == "true"
    found = checked(members(file, most, most_bytes), most, most_bytes)
    for each in found:
        if not each.folder:
            target.look(each, replace=replace)
    target.make(())
    file.seek(0)
    count = 0
    # The archive is read a second time, as it comes: what was seen is what is written.
    for each, seen in zip(members(file, most, most_bytes), found, strict=True):
        if (each.parts, each.size) != (seen.parts, seen.size):
            raise RefusedError("it changed while it was read")
        if each.folder:
            target.make(each.parts)
        else:
            target.write(each)
            count += 1
    return count


_COMMANDS: Final = {"list": ("most",), "extract": ("most", "bytes", "replace", "target")}
"""The options of each command, which are given in this order."""


def _parsed(arguments: list[str]) -> tuple[str, dict[str, str], str]:
    word = arguments[0] if arguments else ""
    given = dict(each.removeprefix("--").partition("=")[::2] for each in arguments[1:-1])
    numbers = (given[name] for name in ("most", "bytes") if name in given)
    right = (
        tuple(given) == _COMMANDS.get(word)
        and len(arguments) == len(given) + 2
        and all(each.startswith("--") for each in arguments[1:-1])
        and all(text.isascii() and text.isdigit() and len(text) < 19 for text in numbers)
        and given.get("replace", "true") in ("true", "false")
    )
    if not right:
        raise ValueError
    return word, given, arguments[-1]


def main(
    arguments: list[str], stdout: BinaryIO, stderr: BinaryIO, roots: Mapping[str, str] | None = None
) -> int:
    """Do what the command line says and return the exit code."""
    try:
        word, options, path = _parsed(arguments)
    except ValueError:
        stderr.write(b"unpack: wrong usage: see the beginning of this program\n")
        return 2
    beneath = fs.ROOTS if roots is None else roots
    try:
        with (
            fs._placed(path, beneath) as place,
            fs._regular(place.root, place.rest, place.shown) as (opened, _),
            os.fdopen(os.dup(opened), "rb") as file,
        ):
            if word == "list":
                _listed(file, options, stdout)
            else:
                with fs._placed(options["target"], beneath) as into:
                    count = _extracted(file, options, _Target(into.root, into.rest))
                stdout.write(f"took out {count} files\n".encode())
        stdout.flush()
    except (OSError, RefusedError, fs.OperationError) as problem:
        reason = fs.REASONS.get(getattr(problem, "errno", None) or 0, str(problem))
        stderr.write(f"unpack: {fs._shown(path)}: {reason}\n".encode("utf-8", "backslashreplace"))
        return 1
    return 0


def start() -> int:
    """Do what this program's command line says and return the exit code."""
    return main(sys.argv[1:], sys.stdout.buffer, sys.stderr.buffer)
