"""One sentence to one call, exactly one, or why not: all its readings, or where it cannot be followed any more."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from governance.capabilities.call import Call
from governance.errors import Diagnostic, RequestError
from governance.request.english.machine import MOST, read
from governance.request.english.nearest import nearest_sentences
from governance.request.english.phrasebook import phrasebook_of
from governance.request.english.words import words_of
from governance.request.nodes import Argument, Literal, plain
from governance.request.syntax import CallSyntax, Places
from governance.text import excerpt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from governance.capabilities.declaration import Capability
    from governance.request.english.machine import Reached, Reading
    from governance.request.english.phrasebook import Phrasebook
    from governance.request.english.words import Said
    from governance.request.syntax import Plain
    from governance.text import Source

__all__ = ["parse_sentence"]

_MOST_NEXT: Final = 6
_LONGEST_CALL: Final = 200


def parse_sentence(source: Source, capabilities: Mapping[str, Capability]) -> CallSyntax:
    """Return the one call of `capabilities`, which never change, that the sentence `source` asks for.

    Raises `RequestError` for a sentence without a reading, with what could be said, and for one with several,
    which are named.
    """
    book = phrasebook_of(capabilities)
    words = words_of(source)
    reached = read(book, words)
    readings = _different(reached.readings)
    if reached.more or len(readings) > 1:
        raise _ambiguous(source, reached.more, readings)
    if not readings:
        raise _unread(source, book, words, reached)
    return _syntax(source, words, readings[0])


def _values(reading: Reading) -> dict[str, Plain]:
    said = {name: plain(value) for name, value in zip(reading.end.parameters, reading.values, strict=True)}
    return said | dict(reading.end.fixed)


def _different(readings: Sequence[Reading]) -> tuple[Reading, ...]:
    """Return one of all readings that are the same call."""
    if len(readings) < 2:
        return tuple(readings)
    found: dict[Call, Reading] = {}
    for reading in readings:
        found.setdefault(_call(reading), reading)
    return tuple(found.values())


def _call(reading: Reading) -> Call:
    """Return the call that a reading means; every value was checked when it was read."""
    values = _values(reading)
    capability = reading.end.capability
    given = {
        each.name: each.type.check(values[each.name]) if each.name in values else each.default
        for each in capability.parameters
    }
    return Call(capability, {name: value for name, value in given.items() if value is not None})


def _ambiguous(source: Source, more: bool, readings: Sequence[Reading]) -> RequestError:
    calls = [excerpt(str(_call(reading)), _LONGEST_CALL) for reading in readings]
    message = f"this can be read in {'more than ' if more else ''}{MOST if more else len(calls)} ways"
    mend = f"did you mean {' or '.join(calls)}?"
    return RequestError(Diagnostic("ambiguous", message, source.span(0, len(source.text)), mend))


def _unread(source: Source, book: Phrasebook, words: Sequence[Said], reached: Reached) -> RequestError:
    """Return why a sentence cannot be read: what could have stood at the first word that does not fit."""
    place = len(source.text)
    span, found = source.span(place, place), "the end"
    if reached.stopped < len(words):
        word = words[reached.stopped]
        span, found = (
            source.span(word.start, word.end),
            f"`{excerpt(source.text[word.start : word.end], 30)}`",
        )
    message = f"expected {_expected(reached)}, not {found}"
    if not reached.begun:
        message = "nothing is asked for" if found == "the end" else f"no sentence begins with {found}"
    near = nearest_sentences(book, source, words)
    none = "write a call" if book.spoken else "no capability has a phrase"
    mend = f"you can say: {' or: '.join(near)}" if near else none
    return RequestError(Diagnostic("syntax", message, span, mend))


def _expected(reached: Reached) -> str:
    """Return what could have stood there, keywords first."""
    words = [f"`{word}`" for word in reached.words]
    kinds = dict.fromkeys(f"a value of type {opening.kind}" for opening in reached.openings)
    every = [*words, *kinds, *(["the end"] if reached.may_end else [])]
    return " or ".join([*every[:_MOST_NEXT], *(["…"] if len(every) > _MOST_NEXT else [])])


def _syntax(source: Source, words: Sequence[Said], reading: Reading) -> CallSyntax:
    places = partial(_places, reading, words[reading.first])
    return CallSyntax(reading.end.capability.name, _values(reading), source.name, source.text, places)


def _places(reading: Reading, verb: Said, syntax: CallSyntax) -> Places:
    """Return the places of a call: it is named by its phrase's first word, and so is what goes without saying."""
    said = [
        Argument(name, value.start, value.end, value)
        for name, value in zip(reading.end.parameters, reading.values, strict=True)
    ]
    silent = [
        Argument(name, verb.start, verb.end, Literal(value, verb.start, verb.end))
        for name, value in reading.end.fixed
        if not isinstance(value, tuple | dict)
    ]
    return Places(syntax.source.span(verb.start, verb.end), (*said, *silent))
