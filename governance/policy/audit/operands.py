"""Operands: which of them a fact about a program means, by where they may stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from governance.policy.audit.words import Piece

__all__ = ["PLACES", "stands", "without"]

PLACES: Final = {
    "each": "operands",
    "first": "first operand",
    "second": "second operand",
    "last": "last operand",
    "rest": "operands",
    "none": "input",
}
"""How the operands are shown that a place means."""


def stands(at: str, piece: Piece, least: int, most: int, *, last: bool) -> bool:
    """Whether an operand before which `least` to `most` others stand may be the one that `at` means."""
    match at:
        case "each":
            return True
        case "first":
            return least <= 0
        case "second":
            return least <= 1 <= most
        case "rest":
            return most >= 1
        case "last":
            return last
        case "none" | "words":
            return False
    if piece.texts:
        return any(text.startswith(at) for text in piece.texts)
    return piece.before.startswith(at) or (piece.lettered and at.startswith(piece.before))


def without(at: str, piece: Piece) -> Piece:
    """Return the value of an operand that begins with `at`."""
    if not at.endswith("="):
        return piece
    return piece._replace(
        texts=tuple(text.removeprefix(at) for text in piece.texts if text.startswith(at)),
        before=piece.before.removeprefix(at),
    )
