"""Where a command of a line stands, and the words of it as far as they are known there, before anything runs."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from governance.request.shell.tree import Glob, Text, Variable
from governance.request.shell.unbound import refuse, refuse_misfit
from governance.request.typed import MisfitError, TypedWord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.request.folder import Folder
    from governance.request.shell.tree import Piece, Word
    from governance.text import Source

__all__ = ["Where", "assigns", "passed_words", "placed_word", "typed_word"]


class Where(NamedTuple):
    """Where a command stands: its folder, the values of loops around it, what is in its environment, its deadline."""

    folder: Folder
    values: Mapping[str, str] = {}
    environment: tuple[tuple[str, str], ...] = ()
    deadline: int | None = None

    @property
    def variables(self) -> dict[str, str]:
        """The variables whose values a shell that is started here is given."""
        return {**self.folder.variables, **dict(self.environment)}

    def entered(self, path: str) -> Where:
        """Return the same in another folder."""
        return self._replace(folder=self.folder._replace(path=path))


def typed_word(source: Source, word: Word, where: Where) -> TypedWord:
    """Return a word of `source` as far as it is known. Raises `RequestError` for a glob that is not read."""
    texts: list[str] = []
    glob = any(isinstance(piece, Glob) for piece in word.pieces)
    for piece in word.pieces:
        text = _known(source, piece, word, where)
        if text is None:
            return TypedWord(None, glob, word.start, word.end)
        if glob and "*" in text and not isinstance(piece, Glob):
            refuse(source, word, "glob-among-stars")
        if not (text == "*" and texts and texts[-1] == "*" and isinstance(piece, Glob)):
            texts.append(text)
    return TypedWord("".join(texts), glob, word.start, word.end)


def _known(source: Source, piece: Piece, word: Word, where: Where) -> str | None:
    match piece:
        case Text(text):
            return text
        case Variable(name):
            return where.values.get(name)
        case Glob("*"):
            return "*"
        case Glob(pattern):
            refuse(source, word, "glob-pattern", pattern)
    return None


def passed_words(words: tuple[str, ...]) -> tuple[TypedWord, ...]:
    """Return words that nothing is left to be done to, at their places in their line, where a blank parts them."""
    ends = accumulate(len(word) + 1 for word in words)
    return tuple(
        TypedWord(word, glob=False, start=end - 1 - len(word), end=end - 1)
        for word, end in zip(words, ends, strict=True)
    )


def placed_word(source: Source, text: str, word: TypedWord, where: Where) -> str:
    """Return the path that `text`, which is what `word` of `source` says, names there. Raises `RequestError`."""
    try:
        return where.folder.placed(text, word)
    except MisfitError as error:
        refuse_misfit(source, word, error)


def assigns(word: TypedWord) -> bool:
    """Whether a word in the words of `env` gives a variable a value."""
    return word.text is not None and "=" in word.text and not word.text.startswith("-")
