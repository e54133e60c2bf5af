"""Simple pipelines, read fast: plain words and plainly quoted ones, by expressions made of the grammar's terminals.

The reader here returns exactly what the whole reading would, or raises `ValueError`; it never says what is
wrong.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from governance.request.shell.keywords import KEYWORDS, READ_AGAIN
from governance.request.shell.raw import shell_grammar
from governance.request.shell.tree import Command, Pipeline, Script, Step, Text, Word

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["quick_shell"]

_new: Final = tuple.__new__
"""Makes a named tuple at the price of a tuple."""

_LONGEST: Final = 4_000
_MOST_WORDS: Final = 24
_MOST_STAGES: Final = 16

_PLAIN: Final = re.compile(r"[A-Za-z0-9_./:,@%+ |=-]+").fullmatch
_QUOTED: Final = re.compile(r"(?:[A-Za-z0-9_./:,@%+ |=-]|'[ -&(-~]*'|\"[ !#%-\[\]-_a-~]*\")+").fullmatch
"""Lines in which nothing is expanded, and each quote is closed by the next of its kind."""

_ELSEWHERE: Final = KEYWORDS | READ_AGAIN | {"command", "export"}
"""What the whole reading looks at more closely."""


def quick_shell(text: str) -> Script:
    """Return the script that `text` is, one pipeline of simple commands.

    Raises `ValueError` for what the whole reading must decide.
    """
    if len(text) > _LONGEST:
        raise ValueError("long")
    plain = _PLAIN(text) is not None
    if not plain and _QUOTED(text) is None:
        raise ValueError("not simple")
    stage, pipe = _expressions()
    stages: list[Command] = []
    place, end = 0, len(text)
    while True:
        found = stage(text, place)
        if found is None or len(stages) == _MOST_STAGES:
            raise ValueError("no simple command")
        words: list[Word] = []
        for group in found.groups():
            if group is None:
                break
            after = place + len(group)
            word = group.lstrip(" ")
            start = after - len(word)
            place = after
            if not plain:
                word = _unquoted(word)
                if not word:
                    words.append(_new(Word, ((), start, after)))
                    continue
            words.append(_new(Word, ((_new(Text, (word, start, after)),), start, after)))
        else:
            raise ValueError("many words")
        pieces = words[0].pieces
        program = pieces[0][0] if pieces else ""
        if not program or program in _ELSEWHERE or "=" in program or program[0] == "%":
            raise ValueError("not certainly a program")
        stages.append(_new(Command, ((), tuple(words), (), words[0].start, place)))
        if place == end:
            break
        joint = pipe(text, place)
        if joint is None:
            raise ValueError("something else follows")
        place = joint.end()
    start = stages[0].start
    pipeline = _new(Pipeline, (tuple(stages), False, False, start, place))
    return _new(Script, ((_new(Step, (";", pipeline)),), start, place))


def _unquoted(word: str) -> str:
    """Return what a word stands for that is plain, or one quoted text."""
    quote = word[0]
    if quote in "'\"":
        if word.find(quote, 1) != len(word) - 1:
            raise ValueError("more than one quoted text")
        return word[1:-1]
    if "'" in word or '"' in word:
        raise ValueError("quotes within a word")
    return word


@cache
def _expressions() -> tuple[Callable[..., re.Match[str] | None], Callable[..., re.Match[str] | None]]:
    """Return what matches a simple command, a group for each word, and what matches the sign between two.

    INVARIANT: linear. What a terminal has taken it does not give back.
    """
    terminal = shell_grammar().pattern
    later = f"((?>{terminal('GAP_WORD')}))"
    rest = ""
    for _ in range(_MOST_WORDS):
        rest = f"(?:{later}{rest})?"
    stage = re.compile(f"((?>{terminal('WORD')})){rest}")
    return stage.match, re.compile(terminal("PIPE")).match
