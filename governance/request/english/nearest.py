"""Sentences near one that cannot be read: as much of it as fits a phrase, in the order of the phrase.

Nothing is offered that does not have exactly one reading, and nothing that changes, runs or sends anything unless the
sentence has the word that asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from governance.capabilities.effects import Verb
from governance.capabilities.phrase import Keyword, Slot
from governance.request.english.examples import clear, sentence
from governance.request.english.machine import POLITE
from governance.request.english.values import SEVERAL, said
from governance.text import nearest, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from governance.capabilities.values import Type
    from governance.request.english.phrasebook import Phrasebook, Spoken
    from governance.request.english.words import Said
    from governance.text import Source

__all__ = ["nearest_sentences"]

_MOST: Final = 2
_MOST_WORDS: Final = 40
_MOST_TRIED: Final = 512
_MOST_LIKELY: Final = 24
_HARMLESS: Final = frozenset({Verb.READ, Verb.RECEIVE})
_LONGEST: Final = 200
_LOOSE: Final = {"String": "", "Host": ".", "Glob": "*/"}
"""The types that nearly any word is of, and the signs that make one likely."""


def nearest_sentences(book: Phrasebook, source: Source, words: Sequence[Said]) -> tuple[str, ...]:
    """Return sentences that can be said, the nearest first; without any likeness just some."""
    looked_at = words[:_MOST_WORDS]
    present = {word.folded for word in looked_at}
    meant = _meant(book, looked_at)
    likely = sorted(
        (-_worded(spoken, present, meant), place)
        for place, spoken in enumerate(book.spoken[:_MOST_TRIED])
        if _harmless(spoken) or _head(spoken) in present
    )
    ranked = sorted(
        (unlikeness - 2 * len(_fitting(book.spoken[place], looked_at)), place)
        for unlikeness, place in likely[:_MOST_LIKELY]
    )
    found: dict[str, str] = {}
    for unlikeness, place in ranked:
        if found and unlikeness >= 0:
            break
        spoken = book.spoken[place]
        text = sentence(spoken.capability, spoken.phrase.always, _given(spoken, source, looked_at))
        if text is not None and len(text) <= _LONGEST and clear(book, text):
            found.setdefault(spoken.capability.name, text)
        if len(found) == _MOST:
            break
    return tuple(found.values())


def _meant(book: Phrasebook, words: Sequence[Said]) -> frozenset[str]:
    """Return the words that phrases begin with and the sentence's first one, behind any politeness, may mean, misspelt."""
    first = next((word.folded for word in words if word.folded not in POLITE), "")
    return frozenset(nearest(first, book.root.words, 2)) if len(first) > 2 else frozenset()


def _head(spoken: Spoken) -> str:
    """Return the word that the phrase begins with."""
    return next(item.text for item in spoken.phrase.always if isinstance(item, Keyword))


def _harmless(spoken: Spoken) -> bool:
    """Whether calls only read and receive."""
    return all(form.verb in _HARMLESS for form in spoken.capability.effects)


def _worded(spoken: Spoken, present: set[str], meant: frozenset[str]) -> int:
    """Return how many words of the phrase stand in the sentence: its first one counts most."""
    always = [item.text for item in spoken.phrase.always if isinstance(item, Keyword)]
    every = {item.text for item in spoken.phrase.items if isinstance(item, Keyword)}
    head = 4 if _head(spoken) in present else 3 if _head(spoken) in meant else 0
    return head + sum(2 if word in present else -1 for word in always) + len(every & present)


def _given(spoken: Spoken, source: Source, words: Sequence[Said]) -> dict[str, str]:
    """Return the text of a word of the sentence for each value of the phrase that one fits."""
    return {name: source.text[word.start : word.end] for name, word in _fitting(spoken, words).items()}


def _fitting(spoken: Spoken, words: Sequence[Said]) -> dict[str, Said]:
    """Return a word of the sentence for each value of the phrase that one fits, none used twice."""
    keywords = {item.text for item in spoken.phrase.items if isinstance(item, Keyword)}
    left = [word for word in words if word.folded not in keywords and shown(word.text) == word.text]
    found: dict[str, Said] = {}
    for item in spoken.phrase.always:
        if isinstance(item, Slot):
            kind = next(each.type for each in spoken.capability.parameters if each.name == item.parameter)
            word = next((word for word in left if _fits(word, kind)), None)
            if word is not None:
                left.remove(word)
                found[item.parameter] = word
    return found


def _fits(word: Said, kind: Type) -> bool:
    """Whether the word says a value of the type, and of no type that nearly any word is of."""
    loose = kind.name in _LOOSE and not (word.quoted or any(sign in word.text for sign in _LOOSE[kind.name]))
    return kind.name not in SEVERAL and not loose and said(word, kind) is not None
