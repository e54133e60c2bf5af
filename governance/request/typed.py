"""The words of a typed command, what they say, and why some say nothing. Nothing here reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from governance.request.nodes import Plain

__all__ = ["HostPathError", "MisfitError", "Said", "TypedWord"]


class TypedWord(NamedTuple):
    """A word of a typed command. With `glob` its `*` stand for any text; no `text` where only running it would tell."""

    text: str | None
    glob: bool
    start: int
    end: int


class MisfitError(ValueError):
    """A command is not typed in this form: what is wrong, where, and what to write instead."""

    code = "path"
    """What it is where no other form is tried."""

    def __init__(self, message: str, mend: str, word: TypedWord | None = None) -> None:
        super().__init__(message)
        self.mend = mend
        self.word = word


class HostPathError(MisfitError):
    """A word names, or may name, a path of the host that is none here. No other form would mend that."""

    code = "host-path"


class Said(NamedTuple):
    """What a command says: values by parameter, and the words that each stands in."""

    values: dict[str, Plain]
    words: dict[str, TypedWord]
