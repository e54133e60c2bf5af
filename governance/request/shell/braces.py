"""Brace expansion, as text, before anything else is done with a word: `{a,b}` and `{1..5}`.

Braces within braces, and what only looks like a sequence, are refused; braces that expand to nothing stay.
"""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING, Final

from governance.request.shell.atoms import Bare
from governance.request.shell.refusals import Refusal

if TYPE_CHECKING:
    from governance.request.shell.atoms import Atom

__all__ = ["expanded"]

_MOST: Final = 1_000
"""A word becomes at most so many."""

_LONGEST: Final = 10_000
"""A word with braces has at most so many characters that are not quoted."""

_NUMBERS: Final = re.compile(r"(-?[0-9]{1,15})\.\.(-?[0-9]{1,15})(?:\.\.(-?[0-9]{1,15}))?")
_LETTERS: Final = re.compile(r"(?:([a-z])\.\.([a-z])|([A-Z])\.\.([A-Z]))(?:\.\.(-?[0-9]{1,15}))?")


def expanded(atoms: tuple[Atom, ...]) -> list[tuple[Atom, ...]]:
    """Return the words that one word becomes; an empty one has no atoms. Raises `Refusal`."""
    units = _units(atoms)
    alternatives: list[list[tuple[Atom, ...]]] = []
    total, place, literal = 1, 0, 0
    while (opening := _find(units, "{", place)) < len(units):
        closing = _closing(units, opening)
        if closing < 0:
            break
        choices = _choices(units, opening, closing)
        place = closing + 1
        if choices is not None:
            alternatives += [[_joined(units[literal:opening])], choices]
            literal = place
            total *= len(choices)
        if total > _MOST:
            raise _refused(units, opening, closing)
    if not alternatives:
        return [atoms]
    alternatives.append([_joined(units[literal:])])
    return [_joined(tuple(atom for part in parts for atom in part)) for parts in product(*alternatives)]


def _units(atoms: tuple[Atom, ...]) -> tuple[Atom, ...]:
    """Return the atoms with what is not quoted in single characters."""
    if sum(len(atom.text) for atom in atoms if isinstance(atom, Bare)) > _LONGEST:
        raise Refusal("brace-expansion", atoms[0].start, atoms[-1].end)
    units: list[Atom] = []
    for atom in atoms:
        if isinstance(atom, Bare):
            units += [Bare(sign, atom.start + at, atom.start + at + 1) for at, sign in enumerate(atom.text)]
        else:
            units.append(atom)
    return tuple(units)


def _is(unit: Atom, signs: str) -> bool:
    return isinstance(unit, Bare) and unit.text in signs


def _find(units: tuple[Atom, ...], signs: str, start: int) -> int:
    """Return where the first of `signs` stands unquoted from `start` on, or the length."""
    return next((at for at in range(start, len(units)) if _is(units[at], signs)), len(units))


def _closing(units: tuple[Atom, ...], opening: int) -> int:
    """Return where the brace that closes the one at `opening` stands, -1 where none does."""
    closing = _find(units, "{}", opening + 1)
    if closing == len(units):
        return -1
    if _is(units[closing], "{"):
        if _find(units, "}", closing) == len(units):
            return -1
        raise _refused(units, opening, closing)
    return closing


def _choices(units: tuple[Atom, ...], opening: int, closing: int) -> list[tuple[Atom, ...]] | None:
    """Return what stands in turn for the braces, None where they stand for themselves."""
    inside = units[opening + 1 : closing]
    commas = [at for at, unit in enumerate(inside) if _is(unit, ",")]
    if commas:
        return [
            inside[start:end]
            for start, end in zip([0, *(at + 1 for at in commas)], [*commas, len(inside)], strict=True)
        ]
    text = "".join(unit.text if isinstance(unit, Bare) else "\0" for unit in inside)
    if ".." not in text:
        return None
    start, end = units[opening].start, units[closing].end
    sequence = _sequence(text)
    if sequence is None:
        raise _refused(units, opening, closing)
    return [(Bare(each, start, end),) for each in sequence]


def _sequence(text: str) -> list[str] | None:
    if (found := _NUMBERS.fullmatch(text)) is not None:
        first, last = found[1], found[2]
        padded = any(re.match(r"-?0[0-9]", each) for each in (first, last))
        width = max(len(first), len(last)) if padded else 0
        numbers = _counted(int(first), int(last), found[3])
        return None if numbers is None else [f"{number:0{width}d}" for number in numbers]
    if (found := _LETTERS.fullmatch(text)) is not None:
        first, last = found[1] or found[3], found[2] or found[4]
        numbers = _counted(ord(first), ord(last), found[5])
        return None if numbers is None else [chr(number) for number in numbers]
    return None


def _counted(first: int, last: int, step: str | None) -> range | None:
    width = abs(int(step or 1)) or 1
    numbers = range(first, last + 1, width) if first <= last else range(first, last - 1, -width)
    return numbers if len(numbers) <= _MOST else None


def _joined(units: tuple[Atom, ...]) -> tuple[Atom, ...]:
    """Return the units with what is not quoted, and stands side by side, in one."""
    joined: list[Atom] = []
    run: list[Bare] = []
    for unit in units:
        if isinstance(unit, Bare):
            run.append(unit)
            continue
        if run:
            joined.append(_run(run))
            run = []
        joined.append(unit)
    if run:
        joined.append(_run(run))
    return tuple(joined)


def _run(bare: list[Bare]) -> Bare:
    return Bare("".join(each.text for each in bare), bare[0].start, bare[-1].end)


def _refused(units: tuple[Atom, ...], opening: int, closing: int) -> Refusal:
    return Refusal("brace-expansion", units[opening].start, units[closing].end)
