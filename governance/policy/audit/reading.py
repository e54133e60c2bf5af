"""Reads a command line by what is known of its program, and finds what it can do.

Words that an agent chooses are read as everything they may be. What is not certain counts as possible: more may be found
than a program would do, and of what is known of it nothing is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from governance.policy.audit.operands import PLACES, stands, without
from governance.policy.audit.options import Met, Scope, divided, is_called, met_anywhere, met_by
from governance.policy.audit.programs import Can, Fact
from governance.policy.audit.words import NUMBERS, Piece

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from governance.policy.audit.programs import Program, Programs

__all__ = ["ANY", "Found", "read_line"]

ANY: Final = "any program"
"""What stands for the program where an agent chooses it."""

_ANYTHING: Final = Fact(
    (Can.CODE, Can.NETWORK, Can.READ, Can.WRITE), "Which program runs is chosen with the call."
)
_MOST_WORDS: Final = 3
"""A word that may be there many times is read so often: more tell nothing more."""

_DEPTH: Final = 8
"""So many programs that start one another are followed."""

_NOWHERE: Final = ("/dev/null", "/dev/stdin", "/dev/stdout", "/dev/stderr")
"""Files that are none."""


class Found(NamedTuple):
    """What a command line can do: the program, by which of its words, what, why, and which parameter chooses it.

    `program` also names the programs that start it. Where nothing is known of it, it is `unknown` and nothing it can do
    is said.
    """

    program: str
    by: str
    can: tuple[Can, ...]
    why: str
    parameter: str = ""
    unknown: bool = False


class _Start(NamedTuple):
    """How a program is started: by which others, with which variables, how many deep."""

    names: str = ""
    settings: tuple[str, ...] = ()
    depth: int = 0


def read_line(programs: Programs, pieces: Sequence[Piece]) -> Iterator[Found]:
    """Yield what the command line of these words can do, some of it more than once."""
    repeated: list[Piece] = []
    for piece in pieces:
        repeated += (piece, *[piece._replace(optional=True)] * (_MOST_WORDS - 1)) if piece.many else (piece,)
    yield from _read(programs, repeated, _Start())


def _read(programs: Programs, pieces: Sequence[Piece], start: _Start) -> Iterator[Found]:
    first = pieces[0] if pieces else Piece()
    if not first.texts or start.depth > _DEPTH:
        yield Found(f"{start.names}{ANY}", "", _ANYTHING.can, _ANYTHING.why, first.parameter)
    for path in first.texts if start.depth <= _DEPTH else ():
        program = programs.find(path)
        if program is None:
            yield Found(f"{start.names}{path}", "", (), "Nothing is known of this program.", unknown=True)
        else:
            yield from _Reading(programs, program, path, start).read(pieces[1:])


class _Reading:
    """Reads the words behind one program."""

    def __init__(self, programs: Programs, program: Program, path: str, start: _Start) -> None:
        self._programs = programs
        self._program = program
        self._name = f"{start.names}{path}"
        self._start = start
        self._settings = start.settings
        self._scopes = [self._scope("", program)]
        self._place = 0
        """Where the next word stands."""
        self._in_command = False
        self._ended: frozenset[int] = frozenset()
        self._operands: list[tuple[Piece, int, int]] = []
        """Each with the least and the most operands that stand before it."""
        self._least = 0
        self._given_code = False
        """Whether an option surely says what is run, so that no operand does."""
        self._perhaps_ended = False
        """Whether a word that may have been `--` makes operands of what begins with a hyphen."""
        self._loose = False
        """Whether an option that an agent writes may take the next word as its value, be it `--`."""

    def _scope(self, command: str, program: Program) -> Scope:
        return Scope(command, program, self._program.abbreviates, self._program.whole_options)

    def read(self, pieces: Sequence[Piece]) -> Iterator[Found]:
        """Yield what the program can do with these words."""
        yield from self._always("", self._program)
        yield from self._variables()
        while self._place < len(pieces):
            piece = pieces[self._place]
            self._place += 1
            options = self._options(piece)
            if options:
                yield from self._option(piece, options, pieces)
            perhaps = piece.begins_freely or self._perhaps_ended or set(options) < set(piece.texts)
            if not options or perhaps:
                yield from self._word(piece._replace(optional=piece.optional or options != ()), pieces)
        yield from self._by_operands()

    def _option(self, piece: Piece, options: tuple[str, ...], pieces: Sequence[Piece]) -> Iterator[Found]:
        """Read a word as an option, and those behind it that belong to it."""
        place = self._place
        met, taken = self._met(piece, options, pieces[place : place + 1])
        for each in met:
            self._given_code |= Can.CODE in each.fact.can and each.sure and not piece.optional
            if each.fact.value == "words" and each.sure:
                end = _end_of_words(pieces, place)
                yield from self._started(each.by, pieces[place:end])
                taken = end + 1 - place
            else:
                yield from self._say(each.fact, each.by, each.value)
        ends = any(each.fact.ends and each.sure for each in met)
        self._place = len(pieces) if ends else place + taken

    def _word(self, piece: Piece, pieces: Sequence[Piece]) -> Iterator[Found]:
        """Read a word as an operand: a variable for a program, another program, or any other."""
        piece = self._after_settings(piece)
        if not piece.texts and not piece.kind:
            return
        words, surely = self._words()
        if words is not None:
            yield from self._by_words(words, (piece, *pieces[self._place :]))
        if words is None or not surely:
            yield from self._operand(piece)
        elif not piece.optional:
            self._place = len(pieces)

    def _options(self, piece: Piece) -> tuple[str, ...]:
        """Return what the word may be as an option, or what it begins with; nothing where it can be none."""
        if not self._ended.isdisjoint((0, piece.group)):
            return ()
        if piece.begins_freely or (self._place == 1 and self._program.bare_options):
            return piece.texts or (piece.before,)
        signs = ("-", *{name[0] for scope in self._scopes for fact in scope.facts for name in fact.names})
        return tuple(
            text for text in piece.texts or (piece.before,) if text.startswith(signs) and text != "-"
        )

    def _met(
        self, piece: Piece, options: tuple[str, ...], following: Sequence[Piece]
    ) -> tuple[list[Met], int]:
        """Return the facts that a word meets as an option, and how many of the words behind it belong to it."""
        if piece.begins_freely:
            self._loose = True
            return [met for scope in self._scopes for met in met_anywhere(scope, piece)], 0
        found: list[Met] = []
        takes: list[int] = []
        for text in options:
            if text in ("--", "--end-of-options"):
                if len(piece.texts) == 1 and not self._program.options_never_end and not self._loose:
                    self._ended |= {piece.group if piece.optional else 0}
                self._perhaps_ended |= not self._ended and not self._program.options_never_end
                takes.append(0)
                continue
            bare = self._place == 1 and self._program.bare_options and not text.startswith("-")
            for scope in self._scopes:
                met, taken = met_by(scope, f"-{text}" if bare else text, piece, following)
                found += (each._replace(sure=each.sure and len(piece.texts) < 2) for each in met)
                takes.append(taken)
        # A word that may be a value, and may be none where another text or no group is there, is read as both.
        together = all(each.group == piece.group for each in following)
        return found, (min if len(piece.texts) > 1 else max)(takes, default=0) if together else 0

    def _say(self, fact: Fact, by: str, value: Piece | None) -> Iterator[Found]:
        """Yield what a fact says, unless the value makes it harmless."""
        can = fact.can
        if value is not None:
            if fact.keys:
                yield from self._keys(fact, by, value)
                return
            if _is_harmless(fact, value):
                return
            if value.kind in NUMBERS and not value.before:
                can = tuple(each for each in can if each not in (Can.START, Can.CODE))
        if can:
            yield Found(self._name, by, can, fact.why, value.parameter if value else "")
        if fact.value == "words":
            yield from self._started(by, ())

    def _keys(self, fact: Fact, by: str, value: Piece) -> Iterator[Found]:
        """Yield what the keys can do that the value may begin with."""
        for text in value.texts or (value.before,):
            key, sign, rest = divided(text)
            known = bool(sign or value.texts)
            for each in fact.keys:
                names = [name for name in each.names if not known or is_called(name, key)]
                behind = (
                    Piece((rest,), "", "", value.parameter) if value.texts else value._replace(before=rest)
                )
                if names:
                    yield from self._say(each, f"{by} {key if known else names[0]}", behind)

    def _always(self, command: str, program: Program) -> Iterator[Found]:
        for fact in program.always:
            yield Found(self._name, command, fact.can, fact.why)

    def _variables(self) -> Iterator[Found]:
        """Yield what the variables can do that are set for the program."""
        for name in self._settings:
            for fact in (*self._program.environment, *self._programs.environment):
                if any(is_called(each, name) for each in fact.names):
                    yield Found(self._name, f"{name}=", fact.can, fact.why)

    def _words(self) -> tuple[tuple[str, Fact] | None, bool]:
        """Return what says that the next operand may begin another program and its words, and whether it surely does."""
        for scope in self._scopes:
            for fact in scope.program.operands:
                named = bool(scope.command)
                if fact.at == "words" and len(self._operands) - named >= fact.after:
                    return (scope.command, fact), self._least - named >= fact.after
        return None, False

    def _by_words(self, words: tuple[str, Fact], pieces: Sequence[Piece]) -> Iterator[Found]:
        command, fact = words
        if Can.CODE in fact.can:
            yield from self._say(fact, f"{command} operands".lstrip(" "), pieces[0])
        else:
            yield from self._started(command, pieces)

    def _started(self, by: str, pieces: Sequence[Piece]) -> Iterator[Found]:
        names = f"{self._name} {by}".rstrip(" ")
        yield from _read(self._programs, pieces, _Start(f"{names} ", self._settings, self._start.depth + 1))

    def _after_settings(self, piece: Piece) -> Piece:
        """Take the variables that a word may set for a program; return what else it may be, perhaps nothing."""
        settings = tuple(text for text in piece.texts if self._program.settings and "=" in text)
        self._settings += tuple(text.partition("=")[0] for text in settings)
        others = tuple(text for text in piece.texts if text not in settings)
        return piece._replace(texts=others, optional=piece.optional or settings != ())

    def _operand(self, piece: Piece) -> Iterator[Found]:
        self._operands.append((piece, self._least, len(self._operands)))
        self._least += not piece.optional
        if self._program.commands and not self._in_command:
            yield from self._command(piece)
        elif self._program.operands_end_options and not self._in_command and not piece.optional:
            self._ended |= {0}

    def _command(self, piece: Piece) -> Iterator[Found]:
        """Take the command of a program that has several; where the word may be none, the next may be it too."""
        self._in_command = not piece.optional
        if self._program.operands_end_options and self._in_command:
            self._scopes = [scope for scope in self._scopes if scope.command]
        taken = {scope.command for scope in self._scopes}
        for text in piece.texts or tuple(self._program.commands):
            command = self._program.commands.get(text)
            if text in taken:
                continue
            if command is None:
                yield Found(f"{self._name} {text}", "", (), "Nothing is known of this command.", unknown=True)
                continue
            yield from self._always(text, command)
            self._scopes.append(self._scope(text, command))

    def _by_operands(self) -> Iterator[Found]:
        """Yield what operands can do by where they stand, and what is done where there are none."""
        if not self._given_code and self._least == 0:
            for scope in self._scopes:
                for fact in scope.program.operands:
                    if fact.at == "none":
                        yield Found(self._name, scope.named(PLACES[fact.at]), fact.can, fact.why)
        for number, (piece, least, most) in enumerate(self._operands):
            last = all(later.optional for later, _, _ in self._operands[number + 1 :])
            for scope in self._scopes:
                skipped = bool(scope.command)
                for fact in scope.program.operands:
                    if fact.at == "first" and self._given_code and Can.CODE in fact.can:
                        continue
                    if most >= skipped and stands(fact.at, piece, least - skipped, most - skipped, last=last):
                        by = fact.at if fact.at.endswith("=") else PLACES[fact.at]
                        yield from self._say(fact, scope.named(by), without(fact.at, piece))


def _is_harmless(fact: Fact, value: Piece) -> bool:
    """Whether an option does nothing with any value that there may be."""
    if not value.texts:
        return bool(value.before) and not value.before.startswith(fact.begins)
    return all(
        text in fact.harmless or text in _NOWHERE or not text.startswith(fact.begins) for text in value.texts
    )


def _end_of_words(pieces: Sequence[Piece], place: int) -> int:
    """Return the place behind the program and its words that begin at `place`: they go up to `;` or `+`."""
    ends = (at for at in range(place, len(pieces)) if pieces[at].texts in ((";",), ("+",)))
    return next(ends, len(pieces))
