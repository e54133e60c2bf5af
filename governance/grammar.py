"""The one door to Lark: grammar files in, LALR(1) parsers out, places and expectations when a text does not fit.

What the parsed text means is the business of whoever brings the callbacks.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from lark import Lark, Token, UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.lexer import PatternRE

from governance import resources
from governance.canonical import digest
from governance.text import excerpt

if TYPE_CHECKING:
    from lark.lexer import TerminalDef
    from lark.parsers.lalr_interactive_parser import InteractiveParser

    from governance.text import Source, Span

__all__ = ["Grammar", "Misfit", "Token", "text_digest"]

_NAMES: Final = {
    "$END": "the end",
    "<END-OF-FILE>": "the end",
    "ARGV_WORD": "a word of the command line",
    "ARGUMENT": "an argument like name=",
    "CAPABILITY": "a call like fs.read(",
    "DOTTED": "a capability's name",
    "EFFECT_TARGET": "a parameter",
    "NAME": "a name",
    "NUMBER": "a number",
    "QUANTITY": "a number",
    "STRING": "a string",
    "TARGET": "a capability",
    "TYPE": "a type",
    "WORD": "a name",
}
"""What people call the terminals that are not keywords or signs."""

_WIDEST: Final = 30
_POSSESSIVE: Final = re.compile("(?:.(?!c))*+").match("abc").end() == 1  # type: ignore[union-attr]
"""Whether possessive groups forget a round that failed, which they do not in the first releases of CPython 3.11."""

_RUN: Final = re.compile(rf"[\w.-]{{1,{_WIDEST}}}")
"""What a person takes for one word where nothing of the grammar begins."""


class Misfit(Exception):  # noqa: N818 - neither an agent's nor an author's error until a caller says whose
    """A text does not follow its grammar: where, and what could have stood there.

    `begun` holds the tokens of the rules that had begun there and not ended, outermost first.
    """

    def __init__(self, span: Span, expected: tuple[str, ...], begun: tuple[Token, ...] = ()) -> None:
        super().__init__(f"{span.place}: expected {' or '.join(expected)}")
        self.span = span
        self.expected = expected
        self.begun = begun

    @property
    def found(self) -> str:
        """What stands there instead, shortly and fit to be shown."""
        text = self.span.source.text[self.span.start : self.span.end]
        return f"`{excerpt(text, _WIDEST)}`" if text else "the end"


class Grammar:
    """One grammar file with the callbacks that turn its rules into values while they are parsed.

    `callbacks` is any object with a method for each rule that makes a value; a method takes the list of the
    rule's children. Its exceptions pass through unchanged. With `apart` a keyword ends where its word does, so
    that `incoders` is not read as `in coders`.
    """

    def __init__(
        self, name: str, callbacks: object, starts: tuple[str, ...] = ("start",), *, apart: bool = False
    ) -> None:
        self._lark = Lark(
            text(name),
            parser="lalr",
            start=list(starts),
            transformer=callbacks,
            import_paths=[str(resources.folder("grammars"))],
            maybe_placeholders=False,
            edit_terminals=_apart if apart else _keep_what_is_taken,
        )
        self._keywords = {
            terminal.name: terminal.pattern.value
            for terminal in self._lark.terminals
            if terminal.pattern.type == "str"
        }
        self._names = {
            terminal.name: f"`{self._keywords[terminal.name]}`"
            if terminal.name in self._keywords
            else _shown(terminal.name)
            for terminal in self._lark.terminals
        }

    def parse(self, source: Source, start: str | None = None) -> object:
        """Return what the callbacks make of `source`.

        Raises `Misfit` at the first place where the text does not follow the grammar.
        """
        try:
            return self._lark.parse(source.text, start)
        except UnexpectedInput as problem:
            raise Misfit(_place(source, problem), self._expected(problem), _begun(problem)) from None

    def begun(self, text: str, start: str | None = None) -> tuple[tuple[Token, ...], frozenset[str]]:
        """Return the tokens of `text`, and the names of the terminals that may stand next.

        Where the text stops to follow the grammar the tokens end, and nothing may stand next.
        """
        reading = self._lark.parse_interactive(text, start)
        tokens: list[Token] = []
        try:
            tokens.extend(reading.iter_parse())
        except UnexpectedInput:
            return tuple(tokens), frozenset()
        return tuple(tokens), frozenset(reading.accepts() | self._imported(reading))  # type: ignore[no-untyped-call]

    def _imported(self, reading: InteractiveParser) -> set[str]:
        """Return the terminals of imported grammars that may stand next: Lark tries only those in upper case."""
        choices: set[str] = set(reading.choices())  # type: ignore[no-untyped-call]
        return {name for name in choices if name in self._names and not name.isupper()}

    def keyword(self, terminal: str) -> str | None:
        """Return the one text that `terminal` stands for, None where it stands for several."""
        return self._keywords.get(terminal)

    @property
    def keywords(self) -> frozenset[str]:
        """The words that terminals stand for; signs are none."""
        return frozenset(word for word in self._keywords.values() if word.isalpha())

    def pattern(self, terminal: str) -> str:
        """Return the regular expression of `terminal`, the grammar's own or one that it imports."""
        patterns = {each.name.rpartition("__")[2]: each.pattern for each in self._lark.terminals}
        return patterns[terminal].to_regexp()

    def _expected(self, problem: UnexpectedInput) -> tuple[str, ...]:
        match problem:
            case UnexpectedToken(accepts=accepts, expected=expected):
                # Lark tries only terminals in upper case, which those of an imported grammar are not.
                names = {*accepts, *(name for name in expected if not name.isupper())}
                if problem.interactive_parser is not None:
                    names |= self._imported(problem.interactive_parser)
            case UnexpectedCharacters(allowed=allowed):
                names = allowed or set()
            case _:
                names = set()
        return tuple(sorted({self._names.get(name) or _shown(name) for name in names}))


def _end_with_word(terminal: TerminalDef) -> None:
    """Let a keyword match only where no letter, digit or underline follows.

    A regular expression in the grammar could say it, but then Lark would no longer tell keywords from names.
    """
    if terminal.pattern.type == "str" and terminal.pattern.value.isalpha():
        whole = f"{terminal.pattern.value}(?![0-9A-Za-z_])"
        terminal.pattern.to_regexp = lambda: whole  # type: ignore[method-assign]


def _apart(terminal: TerminalDef) -> None:
    _end_with_word(terminal)
    _keep_what_is_taken(terminal)


def _keep_what_is_taken(terminal: TerminalDef) -> None:
    """Make the repeated groups of a terminal possessive: no memory is spent on ways back that lead nowhere.

    INVARIANT: in the grammars nothing that may follow a repeated group begins as the group does, so that a round
    which was taken need never be given back. A test holds both readings of each terminal equal.
    """
    if _POSSESSIVE and isinstance(terminal.pattern, PatternRE):
        terminal.pattern = PatternRE(
            re.sub(r"\)([*+])(?![*+?])", r")\1+", terminal.pattern.value), terminal.pattern.flags
        )


def _place(source: Source, problem: UnexpectedInput) -> Span:
    if isinstance(problem, UnexpectedToken) and problem.token.type == "$END":
        return source.span(len(source.text), len(source.text))
    start = problem.pos_in_stream or 0
    if isinstance(problem, UnexpectedToken):
        return source.span(start, start + len(problem.token))
    run = _RUN.match(source.text, start)
    return source.span(start, run.end() if run else None)


def _begun(problem: UnexpectedInput) -> tuple[Token, ...]:
    if not isinstance(problem, UnexpectedToken) or problem.interactive_parser is None:
        return ()
    stack = problem.interactive_parser.parser_state.value_stack
    return tuple(value for value in stack if isinstance(value, Token))


def _shown(name: str) -> str:
    short = name.rpartition("__")[2]
    return _NAMES.get(short, short.lower())


@cache
def text(name: str) -> str:
    """Return the text of the grammar file `name`.lark."""
    return (resources.folder("grammars") / f"{name}.lark").read_text(encoding="utf-8")


@cache
def text_digest(*names: str) -> str:
    """Return one digest over the named grammar files: what a record says its request was read with."""
    return digest("\f".join(text(name) for name in names).encode())
