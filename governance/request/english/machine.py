"""Reads a sentence along the tree of phrases: all places that it can have reached, word by word, and how.

Nothing is tried and taken back: after each word there is a set of places, and the ways that lead to each. So the
time is that of the words, and every reading is found.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from governance.capabilities.phrase import ARTICLES
from governance.request.english.values import said, word_of_argv
from governance.request.nodes import Array, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from governance.request.english.phrasebook import End, Node, Opening, Phrasebook
    from governance.request.english.words import Said
    from governance.request.nodes import Literal as Value
    from governance.request.nodes import Node as Written

__all__ = ["MOST", "POLITE", "Reached", "Reading", "read"]

MOST: Final = 8
"""So many ways to one place are kept; where there were more, the sentence is not understood."""

_MOST_ITEMS: Final = 64
_ASKED: Final = tuple((verb, "you") for verb in ("can", "could", "will", "would"))
_OPENINGS: Final = (
    ("please",),
    ("please", ","),
    *_ASKED,
    *((*asked, "please") for asked in _ASKED),
    *(("please", *asked) for asked in _ASKED),
)
"""What may stand before a phrase and means nothing."""

POLITE: Final = frozenset(word for words in _OPENINGS for word in words)
"""The words of which that is made."""

_CLOSINGS: Final = tuple(
    (*comma, *words) for words in (("please",), ("thanks",), ("thank", "you")) for comma in ((), (",",))
)
"""What may stand behind it."""

_FREE: Final = ("String", "Argv", "Glob", "Host")
"""The types that hold nearly any word: one that goes on with a phrase is their value only in quotes."""

_Stage: TypeAlias = Literal["said", "article", "item", "comma", "and"]
"""What was said last: a word or a value of the phrase; an article; of several values one, or what parts them."""


class _Place(NamedTuple):
    """A place in the tree, or within the several values of `opening`, after which its tree goes on."""

    node: Node
    stage: _Stage = "said"
    opening: Opening | None = None


class _Way(NamedTuple):
    """How a place was reached: the values that were said, and those of the several that are being said."""

    values: tuple[Written, ...] = ()
    items: tuple[Value, ...] = ()


class _Ways(NamedTuple):
    """Ways to one place, different ones, and whether there were more than are kept."""

    ways: tuple[_Way, ...]
    more: bool


_Places: TypeAlias = "dict[_Place, _Ways]"


class Reading(NamedTuple):
    """A whole phrase and the values that were said in it, beginning with the word at `first`."""

    end: End
    values: tuple[Written, ...]
    first: int


@dataclass(slots=True)
class Reached:
    """What became of a sentence: its readings, whether there are more of them, and how far it could be followed.

    `stopped` is the number of words that could be followed, in a phrase that has `begun`; `words` and `openings`
    could have stood next.
    """

    readings: list[Reading] = field(default_factory=list)
    more: bool = False
    stopped: int = 0
    begun: bool = False
    words: tuple[str, ...] = ()
    openings: tuple[Opening, ...] = ()
    may_end: bool = False


def read(book: Phrasebook, words: Sequence[Said]) -> Reached:
    """Return what `words` can mean by the phrases of `book`."""
    reached = Reached()
    stops = {len(words), *_stops(words)}
    for first in _starts(words):
        _follow(book, words, first, stops, reached)
    return reached


def _starts(words: Sequence[Said]) -> Iterator[int]:
    """Yield where a phrase may begin: at the first word, and behind each politeness."""
    heads = [word.folded for word in words[:3]]
    yield 0
    yield from sorted({len(each) for each in _OPENINGS if tuple(heads[: len(each)]) == each})


def _stops(words: Sequence[Said]) -> Iterator[int]:
    tails = [word.folded for word in words[-3:]]
    for closing in _CLOSINGS:
        if tuple(tails[-len(closing) :]) == closing:
            yield len(words) - len(closing)


def _follow(book: Phrasebook, words: Sequence[Said], first: int, stops: set[int], reached: Reached) -> None:
    places: _Places = {_Place(book.root): _Ways((_Way(),), more=False)}
    for number in range(first, len(words) + 1):
        if number in stops and number > first:
            _gather(places, first, reached)
        if number > reached.stopped or not (reached.words or reached.openings):
            _note(places, number, reached, begun=number > first)
        if number == len(words):
            return
        places = _after(places, words[number])
        if not places:
            return


def _gather(places: _Places, first: int, reached: Reached) -> None:
    """Note every phrase that is whole."""
    for place, (ways, more) in places.items():
        if place.stage == "said" and place.node.ends:
            reached.more = reached.more or more
            for end in place.node.ends:
                reached.readings += (Reading(end, way.values, first) for way in ways)
    if len(reached.readings) > MOST:
        reached.more = True
        del reached.readings[MOST:]


def _note(places: _Places, number: int, reached: Reached, *, begun: bool) -> None:
    """Note how far the sentence could be followed, and what could stand there."""
    words: set[str] = set()
    openings: list[Opening] = []
    for place in places:
        if place.opening is None:
            words.update(place.node.words)
            openings += place.node.openings
        elif place.stage == "item" and place.opening.kind.name != "Argv":
            words.update((",", "and"))
        else:
            openings.append(place.opening)
    reached.stopped = number
    reached.begun = begun
    reached.words = tuple(sorted(words))
    reached.openings = tuple(openings)
    reached.may_end = any(place.stage == "said" and place.node.ends for place in places)


def _after(places: _Places, word: Said) -> _Places:
    """Return the places that are reached by one word more."""
    found: dict[_Place, dict[_Way, None]] = {}
    overfull: set[_Place] = set()
    values: dict[int, Value | None] = {}
    for place, (ways, more) in places.items():
        for then, reached in _steps(place, ways, word, values):
            ways_there = found.setdefault(then, {})
            ways_there.update(dict.fromkeys(reached))
            if more or len(ways_there) > MOST:
                overfull.add(then)
    return {place: _Ways(tuple(ways)[:MOST], place in overfull) for place, ways in found.items() if ways}


def _steps(
    place: _Place, ways: tuple[_Way, ...], word: Said, values: dict[int, Value | None]
) -> Iterator[tuple[_Place, Iterable[_Way]]]:
    """Yield each place that `word` leads to from `place`, with the ways there."""
    folded, node, opening = word.folded, place.node, place.opening
    if opening is not None:
        argv = opening.kind.name == "Argv"
        if place.stage == "item" and folded == "," and not argv:
            yield place._replace(stage="comma"), ways
        elif place.stage in ("item", "comma") and folded == "and" and not argv:
            yield place._replace(stage="and"), ways
        elif place.stage != "item" or argv:
            yield from _items(node, opening, ways, word, values)
        return
    if folded in node.words:
        yield _Place(node.words[folded]), ways
    if place.stage == "said" and folded in ARTICLES:
        yield place._replace(stage="article"), ways
    for each in node.openings:
        if each.kind.name in _FREE and folded in node.words:
            continue
        if each.several:
            yield from _items(node, each, ways, word, values)
        elif (value := _value(each, word, values)) is not None:
            yield _Place(each.then), [_Way((*way.values, value)) for way in ways]


def _items(
    node: Node, opening: Opening, ways: tuple[_Way, ...], word: Said, values: dict[int, Value | None]
) -> Iterator[tuple[_Place, Iterable[_Way]]]:
    """Yield where one more of several values leads: to the next of them, and out of them where they are enough."""
    value = _value(opening, word, values)
    if value is None:
        return
    longer = [_Way(way.values, (*way.items, value)) for way in ways if len(way.items) < _MOST_ITEMS]
    yield _Place(node, "item", opening), longer
    whole = [Array(way.items, way.items[0].start, value.end) for way in longer]
    yield (
        _Place(opening.then),
        [
            _Way((*way.values, array))
            for way, array in zip(longer, whole, strict=True)
            if _fits(opening, array)
        ],
    )


def _fits(opening: Opening, array: Array) -> bool:
    try:
        opening.kind.check(plain(array))
    except ValueError:
        return False
    return True


def _value(opening: Opening, word: Said, values: dict[int, Value | None]) -> Value | None:
    """Return the value, or the one of several, that `word` says, looked up once a word."""
    if opening.number not in values:
        kind = opening.kind
        values[opening.number] = word_of_argv(word) if kind.name == "Argv" else said(word, kind.item or kind)
    return values[opening.number]
