"""Values as a sentence says them: a quoted text, or one word that is exactly of the parameter's type.

What a word says is what the call syntax would say: numbers are exact, all else is the text itself.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Final

from governance.capabilities.numbers import decimal_text
from governance.request.english.words import Said
from governance.request.nodes import Literal
from governance.request.placed import call_grammar, number
from governance.text import shown

if TYPE_CHECKING:
    from governance.capabilities.values import Type

__all__ = ["RESERVED", "SEVERAL", "said", "sayable", "spoken", "written"]

_SPEAK_OF_OTHERS: Final = """
    a all an and another any anything but each either every everything except he her him his i it its me my
    neither no nor not nothing one or other others our please same she some something such thank thanks that
    the their them these they this those us we what whatever which who you your
"""
RESERVED: Final = frozenset(_SPEAK_OF_OTHERS.split())
"""Words that speak of something else, or of nothing: none is a value unless it is quoted."""

SEVERAL: Final = ("List", "Set", "Argv")
"""The types whose values are said as several words."""

_UNSAID: Final = ("Json", "Record", "List", "Set", "Argv")
_NUMBERS: Final = ("Int", "Decimal", "Size", "Duration")
_TRUTHS: Final = {"true": True, "false": False}
_PLAIN: Final = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")
"""What no shell would read as anything but itself."""


def sayable(kind: Type) -> bool:
    """Whether values of the type can be said in a sentence."""
    if kind.name in SEVERAL:
        return kind.item is None or kind.item.name not in _UNSAID
    return kind.name not in _UNSAID


def said(word: Said, kind: Type) -> Literal | None:
    """Return the value of `kind`, no several, that `word` says; None where it says none."""
    value: str | int | bool | Decimal = word.text
    if not word.quoted:
        try:
            value = spoken(word.text, kind)
        except ValueError:
            return None
    try:
        kind.check(value)
    except ValueError:
        return None
    return Literal(value, word.start, word.end)


def spoken(text: str, kind: Type) -> str | int | bool | Decimal:
    """Return what a word without quotes says where a value of `kind` is to stand. Raises `ValueError`."""
    if kind.name in _NUMBERS and _number().fullmatch(text):
        return number(text)
    if kind.name == "Bool":
        if text not in _TRUTHS:
            raise ValueError("write true or false")
        return _TRUTHS[text]
    if kind.name == "Decimal" or text[-1:] in (".", ",", ";", ":", "?", "!", ""):
        raise ValueError("no value without quotes ends in a mark")
    if (
        (kind.name != "Enum" and text.lower() in RESERVED)
        or shown(text) != text
        or any(sign in text for sign in " \"'`\\")
    ):
        raise ValueError("this has to stand in quotes")
    return text


def word_of_argv(word: Said) -> Literal | None:
    """Return the word of a command line that `word` says; what a shell might read otherwise has to be quoted."""
    fits = word.quoted or (
        _PLAIN.fullmatch(word.text) and word.text[-1] not in ".,:" and word.folded not in RESERVED
    )
    return Literal(word.text, word.start, word.end) if fits else None


def written(value: object, kind: Type) -> str:
    """Return how a sentence says `value`, of the type `kind`, as shortly as it can."""
    match value:
        case bool():
            return "true" if value else "false"
        case tuple() if kind.name == "Argv":
            return " ".join(_quoted_if_needed(str(each), kind) for each in value)
        case tuple():
            item = kind.item or kind
            return " and ".join(written(each, item) for each in value)
        case int():
            return str(value)
        case Decimal():
            return decimal_text(value)
    return _quoted_if_needed(str(value), kind)


def _quoted_if_needed(text: str, kind: Type) -> str:
    word = Said(text, 0, len(text))
    bare = word_of_argv(word) if kind.name == "Argv" else said(word, replace(kind, optional=False))
    return text if bare is not None and bare.value == text else json.dumps(text, ensure_ascii=False)


@cache
def _number() -> re.Pattern[str]:
    return re.compile(call_grammar().pattern("NUMBER"))
