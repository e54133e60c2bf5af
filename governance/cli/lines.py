"""Requests from a stream, one a line, without ever holding more than the limit of one."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from governance.request.wire import LIMIT, Oversize

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from governance.request.wire import Line

__all__ = ["read_lines"]


def read_lines(stream: BinaryIO) -> Iterator[Line]:
    """Yield each line without its line feed; of one over the limit only its length and digest."""
    while piece := stream.readline(LIMIT + 1):
        if piece.endswith(b"\n"):
            yield piece[:-1]
        elif len(piece) <= LIMIT:
            yield piece
        else:
            yield _rest(piece, stream)


def _rest(piece: bytes, stream: BinaryIO) -> Oversize:
    """Read a long line to its end, keeping nothing of it."""
    length, sha256 = 0, hashlib.sha256()
    while piece:
        ended = piece.endswith(b"\n")
        content = piece[:-1] if ended else piece
        length += len(content)
        sha256.update(content)
        if ended:
            break
        piece = stream.readline(LIMIT)
    return Oversize(length, "sha256:" + sha256.hexdigest())
