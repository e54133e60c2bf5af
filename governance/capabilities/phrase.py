"""How plain English asks for a capability: the words of a phrase, its parameters, and what may be left out.

A phrase is written in a declaration: `read [the file] $path [from byte $offset]`. What a sentence is, and how one
is read, is a request's business.
"""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ARTICLES", "Fixed", "Group", "Keyword", "Phrase", "PhraseError", "Slot", "parse_phrase"]

ARTICLES: Final = frozenset({"a", "an", "the"})
"""Words that mean nothing: a sentence may have one before any word or value of a phrase but the first."""

_MOST_GROUPS: Final = 6
_LONGEST: Final = 1024
_PIECE: Final = re.compile(
    r"\$([a-z][a-z0-9_]*)(?:=([!-Z\\^-~]+))?(?=[ ,\[\]]|\Z)|([a-z0-9][a-z0-9_-]*(?=[ ,\[\]]|\Z)|,)|(\[)|(\])"
)
_REST: Final = re.compile(r"[^ ]+")


class PhraseError(ValueError):
    """A text is no phrase: what is wrong from `start` up to `end` of it, and the mend."""

    def __init__(self, start: int, end: int, message: str, mend: str) -> None:
        super().__init__(message)
        self.start = start
        self.end = end
        self.mend = mend


class Keyword(NamedTuple):
    """A word that is said as it stands, or a comma; `article` is the one that the phrase has before it."""

    text: str
    article: str = ""


class Slot(NamedTuple):
    """The value of a parameter, whose name stands at `start` of the phrase, behind a `$`."""

    parameter: str
    start: int


class Fixed(NamedTuple):
    """`$name=value`: nothing is said, and the parameter has this value, written as a sentence would have it."""

    parameter: str
    text: str
    start: int


Item: TypeAlias = Keyword | Slot | Fixed


class Group(NamedTuple):
    """`[ … ]`: items that are all said or all left out."""

    items: tuple[Item, ...]


class Phrase(NamedTuple):
    """One way to ask for a capability. It begins with a word; articles are no items of it."""

    parts: tuple[Item | Group, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        """Everything in it, in groups or not."""
        return tuple(
            item for part in self.parts for item in (part.items if isinstance(part, Group) else (part,))
        )

    @property
    def always(self) -> tuple[Item, ...]:
        """What no sentence leaves out."""
        return tuple(part for part in self.parts if not isinstance(part, Group))

    def forms(self) -> Iterator[tuple[Item, ...]]:
        """Yield what a sentence can be made of, first the shortest: with and without each group."""
        choices = [((), part.items) if isinstance(part, Group) else ((part,),) for part in self.parts]
        for chosen in product(*choices):
            yield tuple(item for items in chosen for item in items)


def parse_phrase(text: str) -> Phrase:
    """Return the phrase that `text` is. Raises `PhraseError`."""
    if len(text) > _LONGEST:
        raise PhraseError(0, len(text), f"a phrase has at most {_LONGEST} characters", "say less")
    reader = _Reader(text)
    place = 0
    while (place := _spaces(text, place)) < len(text):
        match = _PIECE.match(text, place)
        if match is None:
            found = _REST.match(text, place)
            end = found.end() if found else place + 1
            message = f"`{text[place:end]}` is no word of a phrase"
            raise PhraseError(place, end, message, "write lower-case words, commas, $names and [ … ]")
        reader.take(match)
        place = match.end()
    return reader.phrase()


def _spaces(text: str, place: int) -> int:
    while place < len(text) and text[place] == " ":
        place += 1
    return place


class _Reader:
    """Gathers the parts of one phrase."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._parts: list[Item | Group] = []
        self._group: list[Item] | None = None
        self._opened = 0
        self._article = ""
        self._seen: set[str] = set()

    def take(self, match: re.Match[str]) -> None:
        name, value, word, opening, _ = match.groups()
        start, end = match.span()
        if name is not None:
            if name in self._seen:
                raise PhraseError(start, end, f"`{name}` stands in the phrase twice", "keep one of them")
            self._seen.add(name)
            self._add(Slot(name, start + 1) if value is None else Fixed(name, value, start + 1))
        elif word is not None:
            if word in ARTICLES:
                self._article = word
            else:
                self._add(Keyword(word, self._article))
        elif opening is not None:
            if self._group is not None:
                raise PhraseError(start, end, "a group stands in a group", "close the first one before it")
            self._group, self._opened = [], start
        elif self._group is None:
            raise PhraseError(start, end, "this closes nothing", "leave it out")
        else:
            self._parts += [Group(tuple(self._group))] if self._group else []
            self._group = None

    def _add(self, item: Item) -> None:
        self._article = ""
        if self._group is not None:
            self._group.append(item)
        else:
            self._parts.append(item)

    def phrase(self) -> Phrase:
        whole = (0, len(self._text))
        if self._group is not None:
            raise PhraseError(self._opened, self._opened + 1, "this group has no end", "close it with ]")
        if not self._parts or not isinstance(self._parts[0], Keyword) or self._parts[0].text == ",":
            mend = "let it begin with a word, like read $path"
            raise PhraseError(*whole, "a phrase begins with a word that is always said", mend)
        if sum(isinstance(part, Group) for part in self._parts) > _MOST_GROUPS:
            mend = "write several phrases"
            raise PhraseError(*whole, f"a phrase has at most {_MOST_GROUPS} groups", mend)
        return Phrase(tuple(self._parts))
