"""Command lines as values, and how messages name a value that an agent sent."""

from __future__ import annotations

from typing import Final

__all__ = ["check_argv", "check_endings", "described"]

_MOST_WORDS: Final = 64
_LONGEST_WORD: Final = 4096


def check_endings(text: str) -> tuple[str, ...]:
    """Return the words that `text` names, which another command line may not hold. Raises `ValueError` for none."""
    words = tuple(text.split(" "))
    if not all(words):
        raise ValueError("name words, with one space between them")
    return words


def check_argv(words: tuple[object, ...], endings: str | None = None) -> tuple[str, ...]:
    """Return the words of a command line, the program first; none is one of `endings`.

    Raises `ValueError` where they are none.
    """
    if not 1 <= len(words) <= _MOST_WORDS:
        raise ValueError(f"it has {len(words)} words, not between 1 and {_MOST_WORDS}")
    checked: list[str] = []
    for word in words:
        if not isinstance(word, str):
            raise ValueError(f"{described(word)} is no word; write every word as a string")
        if "\0" in word or len(word) > _LONGEST_WORD:
            raise ValueError(f"a word holds no NUL and at most {_LONGEST_WORD} characters")
        checked.append(word)
    ending = () if endings is None else check_endings(endings)
    for text in checked:
        if text in ending:
            raise ValueError(f"the word `{text}` would end it; leave it out")
    if not checked[0]:
        raise ValueError("the first word, the program, is empty")
    return tuple(checked)


def described(value: object) -> str:
    """Return what `value` is, as JSON calls it."""
    match value:
        case bool():
            return "a truth value"
        case int():
            return "a whole number"
        case str():
            return "a string"
        case tuple():
            return "a list"
        case None:
            return "null"
        case dict():
            return "an object"
        case _:
            return "a number with a fraction"
