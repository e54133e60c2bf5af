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
    first = pieces[0] if pieces else Piece(kind="Argv")
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
        self._in_command = False
        self._ended: frozenset[int] = frozenset()
        self._operands: list[tuple[Piece, int, int]] = []
        """Each with the least and the most operands that stand before it."""
        self._least = 0
        self._given_code = False
        """Whether an option surely says what is run, so that no operand does."""
        self._loose = False
        """Whether an option that an agent writes may take the next word as its value, be it `--`."""

    def _scope(self, command: str, program: Program) -> Scope:
        return Scope(command, program, self._program.abbreviates, self._program.whole_options)

    def read(self, pieces: Sequence[Piece]) -> Iterator[Found]:
        """Yield what the program can do with these words."""
        yield from self._always("", self._program)
        yield from self._variables()
        place = 0
        while place < len(pieces):
            piece = pieces[place]
            place += 1
            if self._may_be_option(piece, place):
                met, taken = self._met(piece, pieces[place : place + 1], place)
                for each in met:
                    sure = not each.anywhere and not piece.optional
                    self._given_code |= sure and Can.CODE in each.fact.can
                    if each.fact.value == "words" and not each.anywhere:
                        end = _end_of_words(pieces, place)
                        yield from self._started(each.by, pieces[place:end])
                        taken = end + 1 - place
                    else:
                        yield from self._say(each.fact, each.by, each.value)
                place += taken
                if any(each.fact.ends and not each.anywhere for each in met):
                    break
                if not piece.begins_freely:
                    continue
            words = self._words(piece)
            if words is not None:
                yield from self._by_words(words, pieces[place - 1 :])
                break
            yield from self._operand(piece)
        yield from self._by_operands()

    def _may_be_option(self, piece: Piece, place: int) -> bool:
        if not self._ended.isdisjoint((0, piece.group)):
            return False
        known = {name[0] for scope in self._scopes for fact in scope.facts for name in fact.names}
        signs = tuple({"-"} | known)
        hyphen = any(text.startswith(signs) and text != "-" for text in piece.texts or (piece.before,))
        return hyphen or piece.begins_freely or (place == 1 and self._program.bare_options)

    def _met(self, piece: Piece, following: Sequence[Piece], place: int) -> tuple[list[Met], int]:
        """Return the facts that a word meets as an option, and how many of the words behind it belong to it."""
        if piece.begins_freely:
            self._loose = True
            return [met for scope in self._scopes for met in met_anywhere(scope, piece)], 0
        found: list[Met] = []
        takes: list[int] = []
        for text in piece.texts or (piece.before,):
            if text in ("--", "--end-of-options"):
                if not self._program.options_never_end and not self._loose:
                    self._ended |= {piece.group if piece.optional else 0}
                return [], 0
            bare = place == 1 and self._program.bare_options and not text.startswith("-")
            for scope in self._scopes:
                met, taken = met_by(scope, f"-{text}" if bare else text, piece, following)
                found += met
                takes.append(taken)
        # A word that may be a value, and may be none where a group is missing, is read as both.
        together = all(each.group == piece.group for each in following)
        return found, (min if len(piece.texts) > 1 else max)(takes) if together else 0

    def _say(self, fact: Fact, by: str, value: Piece | None) -> Iterator[Found]:
        """Yield what a fact says, unless the value makes it harmless."""
        can = fact.can
        if value is not None:
            if fact.keys:
                yield from self._keys(fact, by, value)
                return
            if value.texts and all(text in fact.harmless or text in _NOWHERE for text in value.texts):
                return
            if value.kind in NUMBERS and not value.before:
                can = tuple(each for each in can if each not in (Can.START, Can.CODE))
        if can:
            yield Found(self._name, by, can, fact.why, value.parameter if value else "")

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

    def _words(self, piece: Piece) -> tuple[str, Fact] | None:
        """Return what says that the operand begins another program and its words."""
        if self._is_setting(piece):
            return None
        for scope in self._scopes:
            for fact in scope.program.operands:
                before = len(self._operands) - bool(scope.command)
                if fact.at == "words" and before >= fact.after:
                    return scope.command, fact
        return None

    def _by_words(self, words: tuple[str, Fact], pieces: Sequence[Piece]) -> Iterator[Found]:
        command, fact = words
        if Can.CODE in fact.can:
            yield from self._say(fact, f"{command} operands".lstrip(" "), pieces[0])
        else:
            yield from self._started(command, pieces)

    def _started(self, by: str, pieces: Sequence[Piece]) -> Iterator[Found]:
        names = f"{self._name} {by}".rstrip(" ")
        yield from _read(self._programs, pieces, _Start(f"{names} ", self._settings, self._start.depth + 1))

    def _is_setting(self, piece: Piece) -> bool:
        return self._program.settings and bool(piece.texts) and all("=" in text for text in piece.texts)

    def _operand(self, piece: Piece) -> Iterator[Found]:
        if self._is_setting(piece):
            self._settings += tuple(text.partition("=")[0] for text in piece.texts)
            return
        self._operands.append((piece, self._least, len(self._operands)))
        self._least += not piece.optional
        if self._program.commands and not self._in_command:
            yield from self._command(piece)
        elif self._program.operands_end_options and not self._in_command and not piece.optional:
            self._ended |= {0}

    def _command(self, piece: Piece) -> Iterator[Found]:
        """Take the command of a program that has several."""
        self._in_command = True
        if self._program.operands_end_options:
            self._scopes.clear()
        for text in piece.texts or tuple(self._program.commands):
            command = self._program.commands.get(text)
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


def _end_of_words(pieces: Sequence[Piece], place: int) -> int:
    """Return the place behind the program and its words that begin at `place`: they go up to `;` or `+`."""
    ends = (at for at in range(place, len(pieces)) if pieces[at].texts in ((";",), ("+",)))
    return next(ends, len(pieces))
