"""`lines`: shows the lines of files, or of standard input, from one number to another.

Runs inside the sandbox as `/usr/lib/governance/lines`, with the file tool's way of opening files.

    lines --first=N [--last=N] [-- PATH …]

Files are read one after the other as one text, as `sed` counts their lines. The first line is shown even where the
last one would be before it. Exits with 0 when done, 1 when a file cannot be read, 2 on wrong usage.
"""

from __future__ import annotations

import os
import sys

from governance.sandbox.tools import fs

TYPE_CHECKING = False  # as in `fs`
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO, Final

_PIECE: Final = 2**20


def show(first: int, last: int | None, pieces: Iterator[bytes], out: BinaryIO) -> None:
    """Write the lines from `first` to `last` of a text that comes in pieces, a line or a part of one each.

    An empty piece ends a line without a line feed; it is given one before another line is written.
    """
    number, owed = 1, False
    end = None if last is None else max(first, last)
    for piece in pieces:
        if number >= first and piece:
            out.write(b"\n" + piece if owed else piece)
            owed = False
        if not piece or piece.endswith(b"\n"):
            owed = not piece and number >= first
            number += 1
            if end is not None and number > end:
                return


def _pieces(paths: list[str], stdin: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of all files, each in pieces where it is long; nothing, where a file ends without a line feed."""
    if not paths:
        yield from iter(lambda: stdin.readline(_PIECE), b"")
    for path in paths:
        root = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with fs._regular(root, os.fsencode(path.lstrip("/")), path) as (file, _):
                stream = os.fdopen(os.dup(file), "rb", buffering=_PIECE)
                with stream:
                    piece = b""
                    for piece in iter(lambda: stream.readline(_PIECE), b""):  # noqa: B023 - used at once
                        yield piece
                    if piece and not piece.endswith(b"\n"):
                        yield b""
        finally:
            os.close(root)


def _number(text: str, name: str) -> int:
    value = text.removeprefix(f"--{name}=")
    if value == text or not (value.isascii() and value.isdigit() and len(value) < 19):
        raise ValueError
    return int(value)


def _parsed(arguments: list[str]) -> tuple[int, int | None, list[str]]:
    at = arguments.index("--") if "--" in arguments else len(arguments)
    options, paths = arguments[:at], arguments[at + 1 :]
    first = _number(options[0], "first")
    last = _number(options[1], "last") if len(options) > 1 else None
    if len(options) > 2 or first < 1 or (at < len(arguments) and not paths):
        raise ValueError
    return first, last, paths


def main(arguments: list[str], stdin: BinaryIO, stdout: BinaryIO, stderr: BinaryIO) -> int:
    """Do what the command line says and return the exit code."""
    try:
        first, last, paths = _parsed(arguments)
    except (ValueError, IndexError):
        stderr.write(b"lines: the arguments are: --first=N [--last=N] [-- PATH ...]\n")
        return 2
    try:
        show(first, last, _pieces(paths, stdin), stdout)
        stdout.flush()
    except (OSError, fs.OperationError) as problem:
        reason = fs.REASONS.get(getattr(problem, "errno", 0), str(problem))
        stderr.write(f"lines: {reason}\n".encode("utf-8", "backslashreplace"))
        return 1
    return 0


def start() -> int:
    """Do what this program's command line says and return the exit code."""
    return main(sys.argv[1:], sys.stdin.buffer, sys.stdout.buffer, sys.stderr.buffer)
