"""Sentences that can be said: of a phrase one, with values of the right types, for people to begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from governance.capabilities.numbers import UNITS
from governance.capabilities.phrase import Keyword, Slot
from governance.request.english.machine import read
from governance.request.english.values import written
from governance.request.english.words import words_of
from governance.text import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from decimal import Decimal

    from governance.capabilities.declaration import Capability
    from governance.capabilities.phrase import Item
    from governance.capabilities.values import Type, Value
    from governance.request.english.phrasebook import Phrasebook, Spoken

__all__ = ["clear", "example_of", "example_sentence", "examples_of", "sentence"]

_TEXTS: Final[dict[str, tuple[str, ...]]] = {
    "Path": ("/workspace/notes.txt", "/workspace"),
    "PathGlob": ("/workspace/notes.txt", "/workspace/*.txt"),
    "Glob": ("**/*.py",),
    "Instant": ("2026-01-31T09:00:00Z",),
    "Host": ("example.org", "example.com"),
    "Url": ("https://example.org/", "https://example.com/"),
    "Email": ("ann@example.org", "bob@example.org"),
    "Cidr": ("192.0.2.0/24", "192.0.2.1"),
    "String": ("hello", "world"),
}
"""Values that most types with the name hold, different ones."""

_NUMBERS: Final = (1, 2, 10, 100, 1000, 30_000, 65_536)


def examples_of(kind: Type) -> Iterator[object]:
    """Yield values of `kind`, different ones where there are and they are easily found."""
    for value in _guesses(kind):
        try:
            kind.check(value)
        except ValueError:
            continue
        yield value


def example_of(kind: Type) -> object | None:
    """Return a value of `kind`, None where none is easily found."""
    return next(examples_of(kind), None)


def _guesses(kind: Type) -> Iterator[object]:
    match kind.name:
        case "Bool":
            yield from (True, False)
        case "Enum":
            yield from kind.names
        case "Int" | "Decimal" | "Size" | "Duration":
            yield from _numbers(kind)
        case "Argv":
            yield ("/usr/bin/true",)
        case "List" | "Set":
            yield from _several(kind)
        case _:
            yield from _texts(kind)


def _numbers(kind: Type) -> Iterator[int | Decimal | str]:
    if kind.name in UNITS:
        yield from (text for text in ("64KiB", "30s"))
    yield from _NUMBERS
    low = kind.low if kind.low is not None else kind.high
    if low is not None:
        yield from (low, low + 1)


def _several(kind: Type) -> Iterator[tuple[object, ...]]:
    items = tuple(examples_of(kind.item)) if kind.item else ()
    least = max(int(kind.low or 0), 1)
    yield items[:least]
    yield items[:1] * least


def _texts(kind: Type) -> Iterator[str]:
    texts = _TEXTS.get(kind.name, ())
    if kind.within is not None:
        match kind.name:
            case "Path" | "PathGlob":
                yield f"{kind.within.rstrip('/')}/notes.txt"
            case "Email":
                yield f"ann@{kind.within}"
            case "Url":
                yield f"https://{kind.within}/"
            case _:
                yield kind.within
    yield from texts
    if kind.name == "String":
        yield "x" * max(int(kind.low or 0), 1)
        yield ""


def sentence(capability: Capability, items: Iterable[Item], given: Mapping[str, str]) -> str | None:
    """Return the items as they are said, with the texts that are `given` for parameters, examples for others."""
    said: list[str] = []
    for item in items:
        match item:
            case Keyword(text, article):
                said += [article, text] if article and said else [text]
            case Slot(name):
                value = given.get(name) or _example(capability, name)
                if value is None:
                    return None
                said.append(value)
    return " ".join(said).replace(" ,", ",")


def _example(capability: Capability, name: str) -> str | None:
    parameter = capability.parameter(name)
    if parameter is None:
        return None
    kind = parameter.type.item or parameter.type
    if kind.name in ("Path", "PathGlob") and kind.within is None and _spreads(capability, name):
        return "/workspace"
    value: Value | object | None = parameter.default
    if value is None:
        value = example_of(parameter.type)
    return None if value is None else written(value, parameter.type)


def _spreads(capability: Capability, name: str) -> bool:
    """Whether calls do something beneath the path, which is then a folder."""
    return any(form.parameter == name and form.spread is not None for form in capability.effects)


def clear(book: Phrasebook, text: str) -> bool:
    """Whether the sentence has one reading."""
    reached = read(book, words_of(Source("request", text)))
    return len(reached.readings) == 1 and not reached.more


def example_sentence(book: Phrasebook, spoken: Spoken) -> str | None:
    """Return a sentence that says the phrase, with all that it may say where that can be; None where none is found."""
    forms = tuple(spoken.phrase.forms())
    found = (sentence(spoken.capability, form, {}) for form in dict.fromkeys((forms[-1], forms[0])))
    return next((text for text in found if text is not None and clear(book, text)), None)
