"""The one way to space the words of a policy within a line: by what the parser takes each of them for.

Lines, columns and comments are the business of `governance.policy.format`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from governance.policy import syntax
from governance.policy.parse import policy_grammar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from governance.grammar import Token
    from governance.policy.syntax import FileSyntax

__all__ = ["Placed", "placed_words"]


class Placed(NamedTuple):
    """A word, string or sign of a file in its one spelling, where it stands, and the spaces before it on a line.

    It `begins` a statement, clause, parameter, effect, field or step or does not; `turn` is 1 where it opens a
    bracket, -1 where it closes one, else 0. `terminal` is what the grammar calls it.
    """

    terminal: str
    text: str
    start: int
    end: int
    gap: str
    begins: bool
    turn: int


_BEHIND: Final[Mapping[type, tuple[str, int]]] = {
    syntax.ImportSyntax: ("file", 1),
    syntax.CapabilitySyntax: ("name", 1),
    syntax.ParameterSyntax: ("name", 0),
    syntax.EffectSyntax: ("verb", 0),
    syntax.CommandSyntax: ("words", 1),
    syntax.CommandPartSyntax: ("keyword", 0),
    syntax.AgentSyntax: ("name", 1),
    syntax.LetSyntax: ("name", 1),
    syntax.RuleSyntax: ("kind", 0),
    syntax.SandboxSyntax: ("name", 1),
    syntax.Field: ("name", 0),
    syntax.MountSyntax: ("target", 3),
    syntax.ScratchSyntax: ("target", 1),
    syntax.HostsSyntax: ("hosts", 2),
    syntax.SecretSyntax: ("name", 1),
    syntax.WaiveSyntax: ("reason", 1),
    syntax.ProtectedSyntax: ("because", 1),
    syntax.ScenarioSyntax: ("name", 1),
    syntax.StepSyntax: ("calls", 0),
    syntax.ProveSyntax: ("name", 1),
}
"""What begins so many words before a part of it, or before the first of several."""


def placed_words(text: str, file: FileSyntax) -> tuple[Placed, ...]:
    """Return the words of `text`, which the parser has read as `file`, whole and without a fault."""
    tokens, _ = policy_grammar().begun(text)
    places = {token.start_pos: number for number, token in enumerate(tokens)}
    beginnings = {places[start] - back for start, back in _beginnings(file.statements)}
    return tuple(_placed(tokens, beginnings))


def _beginnings(part: object) -> Iterator[tuple[int | None, int]]:
    """Yield for each thing that begins a place, and how many words before it that is."""
    if isinstance(part, syntax.Clause):
        yield part.start, 0
    elif type(part) in _BEHIND:
        name, back = _BEHIND[type(part)]
        word = getattr(part, name)
        yield (word if hasattr(word, "start") else word[0]).start, back
    if isinstance(part, tuple):
        for each in part:
            yield from _beginnings(each)


_GLUED: Final = ("call__ARGUMENT", "call__CAPABILITY")
"""Terminals that hold a sign after a name, and perhaps spaces between the two."""

_CLOSED_BY: Final = {"{": "}", "[": "]", "(": ")", "<": ">"}
_TIGHT: Final = ("(", "[", "<", "json{")
"""The brackets that have no space inside; those of blocks, records and groups of a command line have one."""

_OF_ARGV: Final = ("argv{", "argv[")
_OF_VALUES: Final = ("(", "[", "json{")


def _placed(tokens: tuple[Token, ...], beginnings: set[int]) -> Iterator[Placed]:
    open_: list[str] = []
    before = _Before("", opens=False)
    for number, token in enumerate(tokens):
        inside = open_[-1] if open_ else ""
        opens = _opened(token, before, inside)
        closes = not opens and token == _CLOSED_BY.get(inside[-1:])
        begins = number in beginnings
        apart = _apart(before, token, inside, opens=bool(opens), closes=closes)
        gap = "  " if begins and not before.opens else " " if begins or apart else ""
        text = token.replace(" ", "") if token.type in _GLUED else str(token)
        turn = 0 if token in ("<", ">") else bool(opens) - closes
        yield Placed(token.type, text, token.start_pos or 0, token.end_pos or 0, gap, begins, turn)
        if opens:
            open_.append(opens)
        elif closes:
            open_.pop()
        terminal = "type" if closes and inside == "<" else token.type
        before = _Before(terminal, bool(opens))


class _Before(NamedTuple):
    """The terminal of the word before, `type` where it ends a type, and whether it opens a bracket."""

    terminal: str
    opens: bool


def _opened(token: Token, before: _Before, inside: str) -> str:
    """Return the sign of the bracket that a word opens, and before it of what it is one; "" where it opens none."""
    if token.type == "call__CAPABILITY":
        return "("
    if inside in _OF_ARGV:
        return "argv[" if token.startswith("[") else ""
    match str(token):
        case "{":
            kinds = {"ARGV": "argv{", "COMMAND_WORD": "command{"}
            return kinds.get(before.terminal) or ("json{" if inside in _OF_VALUES else "{")
        case "<":
            return "<" if before.terminal == "TYPE" else ""
        case "(" | "[" as sign:
            return sign
    return ""


def _apart(before: _Before, token: Token, inside: str, *, opens: bool, closes: bool) -> bool:
    """Whether a space parts `token` from the word before it, where `inside` is the innermost open bracket."""
    if before.opens or closes:
        return inside not in _TIGHT
    if inside in _OF_ARGV:
        return True
    if opens and token in ("(", "<"):
        return before.terminal not in ("TYPE", "type")
    if token in (",", ":", "?") or "RANGE" in (token.type, before.terminal):
        return False
    return before.terminal != "call__ARGUMENT"
