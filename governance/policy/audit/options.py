"""Options: which facts about a program a word of its command line meets, and what their value is then."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from governance.policy.audit.words import Piece

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from governance.policy.audit.programs import Fact, Program

__all__ = ["Met", "Scope", "divided", "is_called", "met_anywhere", "met_by"]


class Met(NamedTuple):
    """A fact that a word meets: the option as it is spelled, its value, and whether the word is `sure` to be that option."""

    by: str
    fact: Fact
    value: Piece | None
    sure: bool = True


class Scope(NamedTuple):
    """The options that can stand at a place: those of a program, or of one of its commands, named in `command`."""

    command: str
    program: Program
    abbreviates: bool
    whole: bool

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What is known of the options."""
        return self.program.options

    def named(self, spelling: str) -> str:
        """Return an option as it is shown."""
        return f"{self.command} {spelling}".lstrip(" ")


def met_anywhere(scope: Scope, piece: Piece, beginning: str = "") -> Iterator[Met]:
    """Yield all facts about options that begin so: an agent writes the rest of the word, and those behind it."""
    value = Piece(kind="String", parameter=piece.parameter)
    for fact in scope.facts:
        spellings = [name for name in fact.names if name.startswith(beginning)]
        if spellings:
            by = scope.named(", ".join(spellings))
            yield Met(by, fact, None if fact.value == "none" else value, sure=False)


def met_by(scope: Scope, text: str, piece: Piece, following: Sequence[Piece]) -> tuple[list[Met], int]:
    """Return the facts that the option `text` meets, and how many of the words `following` are its value.

    `text` is the word of `piece`, or what it begins with where an agent chooses the rest.
    """
    if not text.startswith("-"):
        signed = [fact for fact in scope.facts if text[:1] in fact.names]
        return [Met(scope.named(text[:1]), fact, _attached(text[1:], piece)) for fact in signed], 0
    name = text.partition("=")[0]
    if (
        text.startswith("--")
        or scope.whole
        or (len(name) > 2 and any(name in fact.names for fact in scope.facts))
    ):
        return _whole(scope, text, piece, following)
    exact = _exact(scope, text, piece, following)
    return exact if exact is not None else _bundled(scope, text, piece, following)


def _exact(scope: Scope, text: str, piece: Piece, following: Sequence[Piece]) -> tuple[list[Met], int] | None:
    """Return what a word meets that is an option and nothing else, None where it is none that is known."""
    if not piece.texts:
        return None
    for fact in scope.facts:
        if text in fact.names:
            value, taken = _behind(fact, following)
            return [Met(scope.named(text), fact, value)], taken
    return ([], 1) if text in scope.program.valued else None


def _behind(fact: Fact, following: Sequence[Piece]) -> tuple[Piece | None, int]:
    """Return the value of an option that has none in its own word."""
    if fact.value in ("separate", "either"):
        return (following[0] if following else Piece(kind="String")), 1
    return None, 0


def _whole(scope: Scope, text: str, piece: Piece, following: Sequence[Piece]) -> tuple[list[Met], int]:
    exact = _exact(scope, text, piece, following)
    if exact is not None:
        return exact
    name, equals, rest = text.partition("=")
    found: list[Met] = []
    for fact in scope.facts:
        for spelling in fact.names:
            if equals and (spelling == name or _abbreviated(scope, name, spelling)):
                found.append(Met(scope.named(spelling), fact, _attached(rest, piece)))
            elif not equals and not piece.texts and spelling.startswith(text):
                found.append(Met(scope.named(spelling), fact, _attached("", piece), sure=False))
            elif not equals and _abbreviated(scope, name, spelling):
                value, taken = _behind(fact, following)
                return [Met(scope.named(spelling), fact, value)], taken
            elif len(spelling) < 3 and fact.value in ("attached", "either") and text.startswith(spelling):
                found.append(Met(scope.named(spelling), fact, _attached(text[len(spelling) :], piece)))
    return found, 0


def _abbreviated(scope: Scope, name: str, spelling: str) -> bool:
    """Whether `name` is a beginning of a long option that stands for the whole."""
    long = scope.abbreviates and len(name) > 2 and name not in scope.program.valued
    return long and spelling.startswith(name) and not any(name in fact.names for fact in scope.facts)


def _bundled(scope: Scope, text: str, piece: Piece, following: Sequence[Piece]) -> tuple[list[Met], int]:
    """Read short options that stand together; the last may have its value attached, or in the next word."""
    found: list[Met] = []
    for at in range(1, len(text)):
        spelling, rest = f"{text[0]}{text[at]}", text[at + 1 :]
        attached = bool(rest) or not piece.texts
        fact = next((each for each in scope.facts if spelling in each.names), None)
        if fact is None and spelling not in scope.program.valued:
            continue
        if fact is None:
            return found, 0 if attached else 1
        if fact.value != "none":
            value, taken = (_attached(rest, piece), 0) if attached else _behind(fact, following)
            return [*found, Met(scope.named(spelling), fact, value)], taken
        found.append(Met(scope.named(spelling), fact, None))
    for spelling in {text[:1]} if piece.lettered else ():
        found += (each for each in met_anywhere(scope, piece, spelling) if _short(each))
    return found, 0


def _short(met: Met) -> bool:
    return any(len(name) == 2 for name in met.fact.names)


def _attached(rest: str, piece: Piece) -> Piece:
    """Return the value that stands in the option's own word, behind what has been read of it."""
    if piece.texts:
        return Piece((rest,), parameter=piece.parameter)
    return Piece((), rest, piece.kind, piece.parameter)


def divided(text: str) -> tuple[str, str, str]:
    """Return a key, what stands behind it, and its value."""
    places = [at for at in (text.find("="), text.find(" ")) if at >= 0]
    at = min(places, default=len(text))
    return text[:at], text[at : at + 1], text[at + 1 :]


def is_called(name: str, text: str) -> bool:
    """Whether `name`, in which one `*` stands for any text, is `text`; capitals do not matter."""
    before, star, behind = name.lower().partition("*")
    text = text.lower()
    if not star:
        return text == before
    return text.startswith(before) and text.endswith(behind) and len(text) >= len(before) + len(behind)
