"""What is refused of a command line: each construct's code, its name, and what to write instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from governance.errors import Diagnostic, RequestError
from governance.text import excerpt

if TYPE_CHECKING:
    from governance.grammar import Token
    from governance.text import Source

__all__ = ["ENDS_CASE", "HIDING", "REFUSALS", "Refusal", "refused_word", "stray_word"]

HIDING: Final = "\ufdd0"
"""Stands for here-documents while a text is parsed: a code point that no text may hold (Unicode 3.4, D14)."""

REFUSALS: Final[dict[str, tuple[str, str]]] = {
    "ansi-c-quote": ("`$'…'` is not read here", "write the characters themselves in plain quotes"),
    "arithmetic": ("arithmetic is not done here", "write the result"),
    "array": (
        "an array, an element of one, or `+=` is not read here",
        "write the words where they are needed",
    ),
    "background": ("`&` starts something that nobody waits for", "leave `&` out, or join with `&&` or `;`"),
    "backtick-escape": (
        "a backslash before `{}` means something else between backticks",
        "write $(…) instead of backticks",
    ),
    "brace-expansion": (
        "it is not certain what these braces become",
        "write the words one by one, or quote the braces",
    ),
    "bracket-glob": (
        "this set of characters is not simple",
        "write letters, digits and ranges like [a-z0-9] only, or quote the brackets",
    ),
    "control-character": (
        "the character {} parts nothing and is not passed",
        "leave it out; a line ends with \\n alone",
    ),
    "descriptor": (
        "this redirection is not read here",
        "redirect descriptors 0 to 9, and to a file with `>` or `&>`",
    ),
    "empty-program": ("the program has no name", "name the program first"),
    "export-value": ("`export` takes its values otherwise than other programs", "write export NAME='value'"),
    "file-list": ("a redirection has one file, and this may be several words", "write the file's name"),
    "function": (
        "a function, or `(` within a command, is not read here",
        "write the commands where they are needed, or quote the parenthesis",
    ),
    "here-document": ("{}", "write <<'END', the lines, and END alone on a line"),
    "hidden-character": (
        "the character {} does not show, and parts no words",
        "leave it out, write a space, or put it into single quotes",
    ),
    "interpreted-again": (
        "`{}` changes how the shell reads what follows, or reads text as commands",
        "write the commands themselves, joined by `&&`",
    ),
    "line-continuation": (
        "a backslash joins lines only beside a space",
        "write the word on one line, or a space before the backslash",
    ),
    "loop-variable": ("the value of `{}` may be several words, or none", 'put it into double quotes: "${}"'),
    "no-command": ("there is no command here", "write a program and its arguments"),
    "open-quote": ("this quote is not closed", "close it, or write \\ before it"),
    "parameter-expansion": (
        "only `$NAME` and `${{NAME}}` are read here",
        "write the value, or declare a variable that holds it",
    ),
    "process-substitution": (
        "`<(…)` and `>(…)` are not read here",
        "use a pipe, or a file between two commands",
    ),
    "program-not-literal": ("the program must be known before anything runs", "write the program's name"),
    "reserved-word": ("`{}` is not read here", "{}"),
    "special-parameter": ("`{}` has a value only while a shell runs", "write the value"),
    "special-variable": ("`{}` means something to the shell itself", "use another name"),
    "syntax": ("{}", "{}"),
    "tilde": (
        "the folder that `~` stands for is not known",
        "write the folder, or declare HOME",
    ),
    "too-deep": ("commands are nested more than {} deep", "ask for less at once"),
    "too-long": ("{}", "ask for less at once"),
    "too-many": ("there are more than {}", "ask for less at once"),
    "translated-quote": ('`$"…"` is not read here', "leave the dollar out"),
    "undeclared-variable": ("the value of `{}` is not known here", "write the value, or declare `{}`"),
    "unquoted-variable": (
        "without quotes the value of `{}` is split, or matched against files",
        'put it into double quotes: "${}"',
    ),
    "network-file": ("`{}` is a connection when it is redirected to", "use a program for the network"),
}
"""Message and help by code; `{}` is what was found."""

_WIDEST: Final = 100
ENDS_CASE: Final = "write if … then … fi"
"""What to write instead of `case`, and of what ends a part of one."""

_RESERVED_HELP: Final = {
    "[[": "write [ … ] with quoted words",
    "case": ENDS_CASE,
    "select": "write for … in …; do …; done",
    "for": "write for NAME in WORDS; do …; done",
    "function": "write the commands where they are needed",
    "coproc": "join the commands with a pipe",
}
_STRAY_HELP: Final = "it belongs to a command that is not complete; quote it if it is a program"


class Refusal(Exception):  # noqa: N818 - becomes a RequestError once the text it stands in is known
    """Something between `start` and `end` is refused."""

    def __init__(self, code: str, start: int, end: int, *found: str) -> None:
        super().__init__(code)
        self.code = code
        self.start = start
        self.end = end
        self.found = tuple(excerpt(each, _WIDEST) for each in found)

    def within(self, offset: int) -> Refusal:
        """Return the same, where the text stands `offset` characters into another."""
        return Refusal(self.code, self.start + offset, self.end + offset, *self.found)

    def error(self, source: Source) -> RequestError:
        """Return the error, pointing into `source`."""
        message, mend = REFUSALS[self.code]
        message, mend = message.format(*self.found), mend.format(*self.found[-1:])
        length = len(source.text)
        start, end = min(self.start, length), min(self.end, length)
        return RequestError(Diagnostic(self.code, message, source.span(start, end), mend))


def refused_word(token: Token) -> Refusal:
    """Return why the reserved word `token` is refused."""
    word = token.lstrip(" \t\\\n")
    end = token.end_pos or 0
    return Refusal("reserved-word", end - len(word), end, word, _RESERVED_HELP[word])


def stray_word(word: str, start: int) -> Refusal:
    """Return why a reserved word is refused where no command goes on with it."""
    return Refusal("reserved-word", start, start + len(word), word, _STRAY_HELP)
