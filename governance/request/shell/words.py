"""From the parts of a word to what bash would pass: quotes read, variables replaced, braces expanded, globs told.

Where a word stands decides what is done with it: arguments are expanded in every way, a value or the text of a
here-string is neither split nor matched, the file of a redirection must come out as one word.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Final

from governance.request.shell.atoms import Bare, Quoted, Reference, double_atoms, static_atoms
from governance.request.shell.braces import expanded
from governance.request.shell.raw import RawQuoted, RawSubstitution
from governance.request.shell.refusals import Refusal
from governance.request.shell.scope import Looped
from governance.request.shell.tree import Glob, Substitution, Text, Variable, Word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from governance.grammar import Token
    from governance.request.shell.atoms import Atom
    from governance.request.shell.raw import Part, RawScript
    from governance.request.shell.scope import Scope
    from governance.request.shell.tree import Piece, Script

__all__ = ["Spelling", "Where", "lead", "spelled"]


class Where(Enum):
    """What a word is to its command."""

    ARGUMENT = "argument"
    VALUE = "value"
    TEXT = "text"
    FILE = "file"


_LEAD: Final = re.compile(r"(?:[ \t]|\\\n)*")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_./:=,@%+^!\]}-]+")
"""A word that stands for itself wherever it stands."""

_SPLIT: Final = re.compile(r"[ \t\n*?\[\\]")
"""What a value must not hold where it would be split at it, or matched by it."""

_GLOB: Final = re.compile(r"(?P<set>\[[!^]?[A-Za-z0-9_.%+=@,:-]+\])|[*?]|(?P<open>\[)")
_ASSIGNED: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=")
_HOME: Final = re.compile(r"(?:/[^/]+)+")


def lead(token: Token) -> int:
    """Return how many characters of `token` are blanks before its word."""
    found = _LEAD.match(token)
    return 0 if found is None else found.end()


class Spelling:
    """Spells the words of one place: with what is known of variables there, and scripts read by `script_of`."""

    def __init__(
        self, scope: Scope, offset: int, script_of: Callable[[RawScript | Token, bool], Script]
    ) -> None:
        self._scope = scope
        self._offset = offset
        self._script_of = script_of

    def atoms(self, parts: Iterable[Part], where: Where, skip: int = 0) -> tuple[Atom, ...]:
        """Return the atoms of a word's parts; the first `skip` characters belong to something else."""
        return tuple(self._atoms(parts, where, skip))

    def _atoms(self, parts: Iterable[Part], where: Where, skip: int) -> Iterator[Atom]:
        for part in parts:
            if isinstance(part, RawQuoted):
                yield Quoted("", part.start + self._offset, part.start + self._offset + 1)
                yield from self._quoted(part)
                yield Quoted("", part.end + self._offset - 1, part.end + self._offset)
            elif isinstance(part, RawSubstitution):
                yield self._substitution(part, whole=where in (Where.VALUE, Where.TEXT))
            elif part.type in ("BACKTICK", "GAP_BACKTICK"):
                yield self._backtick(part, quoted=where in (Where.VALUE, Where.TEXT))
            else:
                blanks = skip or lead(part)
                offset = (part.start_pos or 0) + blanks + self._offset
                for atom in static_atoms(part[blanks:], offset):
                    yield self._referred(atom, where) if isinstance(atom, Reference) else atom
            skip = 0

    def _quoted(self, quoted: RawQuoted) -> Iterator[Atom]:
        for part in quoted.parts:
            if isinstance(part, RawSubstitution):
                yield self._substitution(part, whole=True)
            elif isinstance(part, RawQuoted):
                raise AssertionError("the grammar has no quotes within quotes")
            elif part.type == "QUOTED_BACKTICK":
                yield self._backtick(part, quoted=True)
            else:
                for atom in double_atoms(part, (part.start_pos or 0) + self._offset):
                    yield self._referred(atom, Where.TEXT) if isinstance(atom, Reference) else atom

    def _substitution(self, part: RawSubstitution, *, whole: bool) -> Substitution:
        script = self._script_of(part.script, False)  # noqa: FBT003 - no backticks
        return Substitution(script, whole, part.start + self._offset, part.end + self._offset)

    def _backtick(self, token: Token, *, quoted: bool) -> Substitution:
        script = self._script_of(token, token.type == "QUOTED_BACKTICK")
        start, end = (token.start_pos or 0) + lead(token), token.end_pos or 0
        return Substitution(script, quoted, start + self._offset, end + self._offset)

    def _referred(self, reference: Reference, where: Where) -> Atom:
        value = self._scope.value(reference.name)
        name, start, end = reference.name, reference.start, reference.end
        if value is None:
            raise Refusal("undeclared-variable", start, end, f"${name}", name)
        whole = reference.quoted or where in (Where.VALUE, Where.TEXT)
        if isinstance(value, Looped):
            if not whole and (value.values is None or any(map(_divided, value.values))):
                raise Refusal("loop-variable", start, end, f"${name}", name)
            return Variable(name, start, end)
        if not whole and _divided(value):
            raise Refusal("unquoted-variable", start, end, f"${name}", name)
        return Quoted(value, start, end)


def _divided(value: str) -> bool:
    """Say whether a value that is not quoted may be other than one word, or another."""
    return not value or _SPLIT.search(value) is not None


def spelled(atoms: tuple[Atom, ...], where: Where, scope: Scope) -> Sequence[Word]:
    """Return the words that one word becomes: one, but for braces."""
    if len(atoms) == 1 and isinstance(atoms[0], Bare) and _PLAIN.fullmatch(atoms[0].text):
        text, start, end = atoms[0]
        return (Word((Text(text, start, end),), start, end),)
    start, end = atoms[0].start, atoms[-1].end
    words = [atoms]
    if where in (Where.ARGUMENT, Where.FILE) and any(
        "{" in each.text for each in atoms if isinstance(each, Bare)
    ):
        words = expanded(atoms)
    if where is Where.FILE and len(words) != 1:
        raise Refusal("file-list", start, end)
    return [Word(_pieces(_at_home(word, where, scope), where), start, end) for word in words if word]


def _at_home(atoms: tuple[Atom, ...], where: Where, scope: Scope) -> tuple[Atom, ...]:
    """Replace `~` where bash does, by what HOME is declared to be."""
    if not any("~" in atom.text for atom in atoms if isinstance(atom, Bare)):
        return atoms
    first = atoms[0]
    if where is not Where.TEXT:
        _refuse_later_tilde(atoms, where)
    if not isinstance(first, Bare) or not first.text.startswith("~"):
        return atoms
    home, rest = scope.value("HOME"), first.text[1:]
    whole = not rest and len(atoms) == 1
    if not isinstance(home, str) or not _HOME.fullmatch(home) or not (whole or rest.startswith("/")):
        raise Refusal("tilde", first.start, first.start + 1)
    folder = Quoted(home, first.start, first.start + 1)
    return (folder, Bare(rest, first.start + 1, first.end), *atoms[1:]) if rest else (folder,)


def _refuse_later_tilde(atoms: tuple[Atom, ...], where: Where) -> None:
    """Refuse `~` behind `=` or `:` where bash may take the word for an assignment."""
    first = atoms[0]
    named = isinstance(first, Bare) and _ASSIGNED.match(first.text) is not None
    if where is not Where.VALUE and not named:
        return
    for place, atom in enumerate(atoms):
        if isinstance(atom, Bare) and (found := re.search("^~|[:=]~", atom.text)) is not None:
            if place or found.start() or not atom.text.startswith("~"):
                raise Refusal("tilde", atom.start + found.end() - 1, atom.start + found.end())
            if re.search(":~", atom.text):
                raise Refusal("tilde", atom.start, atom.end)


def _pieces(atoms: tuple[Atom, ...], where: Where) -> tuple[Piece, ...]:
    """Return the pieces of a word, texts that stand side by side in one."""
    pieces: list[Piece] = []
    run: list[Text] = []
    for piece in _apart(atoms, where):
        if isinstance(piece, Text):
            run.append(piece)
            continue
        _end_run(pieces, run)
        if where is Where.FILE and (isinstance(piece, Glob) or not getattr(piece, "quoted", True)):
            raise Refusal("file-list", piece.start, piece.end)
        pieces.append(piece)
    _end_run(pieces, run)
    return tuple(pieces)


def _end_run(pieces: list[Piece], run: list[Text]) -> None:
    """Add the texts of `run` as one, unless they are empty together."""
    if text := "".join(each.text for each in run):
        pieces.append(Text(text, run[0].start, run[-1].end))
    run.clear()


def _apart(atoms: tuple[Atom, ...], where: Where) -> Iterator[Piece]:
    """Give the pieces of a word one by one, the texts of what is not quoted parted at its globs."""
    matched = where in (Where.ARGUMENT, Where.FILE)
    bare = [place for place, atom in enumerate(atoms) if isinstance(atom, Bare) and "]" in atom.text]
    last = bare[-1] if bare else -1
    for place, atom in enumerate(atoms):
        if isinstance(atom, Bare) and matched:
            yield from _globs(atom, closed=place < last)
        elif isinstance(atom, Bare | Quoted):
            yield Text(*atom)
        else:
            yield atom


def _globs(bare: Bare, *, closed: bool) -> Iterator[Piece]:
    """Give the texts and globs of what is not quoted. `[` without any `]` behind it stands for itself."""
    done, last = 0, bare.text.rfind("]")
    for found in _GLOB.finditer(bare.text):
        start, end = found.span()
        if found["open"]:
            if closed or last >= end:
                raise Refusal("bracket-glob", bare.start + start, bare.start + end)
            continue
        yield Text(bare.text[done:start], bare.start + done, bare.start + start)
        yield Glob(found[0], bare.start + start, bare.start + end)
        done = end
    yield Text(bare.text[done:], bare.start + done, bare.end)
