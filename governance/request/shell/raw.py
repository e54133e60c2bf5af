"""What `grammars/shell.lark` makes of a text: rules and tokens, with nothing of it understood yet."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple, NoReturn, TypeAlias

from governance.grammar import Grammar, Token
from governance.request.shell.refusals import refused_word

__all__ = [
    "Part",
    "RawAssignment",
    "RawCompound",
    "RawFor",
    "RawGroup",
    "RawIf",
    "RawLoop",
    "RawPipeline",
    "RawQuoted",
    "RawRedirection",
    "RawScript",
    "RawSimple",
    "RawStage",
    "RawStep",
    "RawSubstitution",
    "RawWord",
    "shell_grammar",
]


class RawScript(NamedTuple):
    """Steps, and the offset the first begins at."""

    steps: list[RawStep]


class RawSubstitution(NamedTuple):
    """`$( … )`, from the dollar to behind the parenthesis."""

    script: RawScript
    start: int
    end: int


class RawQuoted(NamedTuple):
    """A double quoted string that is not static: its parts."""

    parts: list[Part]
    start: int
    end: int


Part: TypeAlias = "Token | RawQuoted | RawSubstitution"


class RawWord(NamedTuple):
    """Parts glued to each other. The first may begin with blanks."""

    parts: list[Part]


class RawAssignment(NamedTuple):
    """`name=`, with what of its value is static in the first part."""

    parts: list[Part]


class RawRedirection(NamedTuple):
    """The operator, and the word behind it unless the operator is all."""

    operator: Token
    target: RawWord | None


class RawSimple(NamedTuple):
    """Assignments, words and redirections in the order they stand in."""

    items: list[RawAssignment | RawWord | RawRedirection]


class RawGroup(NamedTuple):
    """A subshell where `opening` is a parenthesis, else a group."""

    opening: Token
    script: RawScript
    closing: Token


class RawIf(NamedTuple):
    """Blocks in turn: condition and script, and at the end perhaps one that is for no condition."""

    opening: Token
    blocks: list[RawScript]
    closing: Token


class RawLoop(NamedTuple):
    """`while` or `until`."""

    opening: Token
    condition: RawScript
    script: RawScript
    closing: Token


class RawFor(NamedTuple):
    """`for NAME in` is one token."""

    opening: Token
    words: list[RawWord]
    script: RawScript
    closing: Token


class RawCompound(NamedTuple):
    """A compound command with its redirections."""

    body: RawGroup | RawIf | RawLoop | RawFor
    redirections: list[RawRedirection]


RawStage: TypeAlias = RawSimple | RawCompound


class RawPipeline(NamedTuple):
    """Stages; `both` holds the places of those whose errors go into the pipe too."""

    stages: list[RawStage]
    both: frozenset[int]
    negated: bool
    timed: bool
    start: int | None


class RawStep(NamedTuple):
    """A pipeline behind `;`, `&&` or `||`."""

    joint: str
    pipeline: RawPipeline


class _Rules:
    """The values that the rules of `shell.lark` make."""

    def REFUSED(self, token: Token) -> NoReturn:  # noqa: N802 - named for the terminal
        raise refused_word(token)

    def start(self, children: list[Any]) -> RawScript:
        script: RawScript = children[0]
        return script

    def script(self, children: list[Any]) -> RawScript:
        return RawScript(next(child for child in children if type(child) is list))

    block = script

    def separator(self, _: list[Any]) -> str:
        return ";"

    def steps(self, children: list[Any]) -> list[RawStep]:
        if len(children) == 1:
            return list(children[0])
        steps: list[RawStep] = children[0]
        steps.extend(children[2])
        return steps

    def chain(self, children: list[Any]) -> list[RawStep]:
        if len(children) == 1:
            return [RawStep(";", children[0])]
        chain: list[RawStep] = children[0]
        chain.append(RawStep("&&" if children[1].type == "AND" else "||", children[2]))
        return chain

    def stages(self, children: list[Any]) -> tuple[list[RawStage], set[int]]:
        if len(children) == 1:
            return [children[0]], set()
        (stages, both), operator, stage = children
        if operator.type == "PIPE_BOTH":
            both.add(len(stages) - 1)
        stages.append(stage)
        return stages, both

    def pipeline(self, children: list[Any]) -> RawPipeline:
        stages, both = children[-1]
        marks = {token.type for token in children[:-1]}
        start = children[0].end_pos - len(children[0].lstrip(" \t\\\n")) if marks else None
        return RawPipeline(stages, frozenset(both), "BANG" in marks, "TIME" in marks, start)

    def compound(self, children: list[Any]) -> RawCompound:
        return RawCompound(children[0], children[1:])

    def subshell(self, children: list[Any]) -> RawGroup:
        return RawGroup(*children)

    group = subshell

    def if_(self, children: list[Any]) -> RawIf:
        return RawIf(children[0], [each for each in children if type(each) is RawScript], children[-1])

    def loop(self, children: list[Any]) -> RawLoop:
        return RawLoop(children[0], children[1], children[3], children[4])

    def for_(self, children: list[Any]) -> RawFor:
        words = [each for each in children if type(each) is RawWord]
        return RawFor(children[0], words, children[-2], children[-1])

    def simple(self, children: list[Any]) -> RawSimple:
        if type(children[0]) is list:
            return RawSimple(children[0] + children[1:])
        return RawSimple(children)

    def prefix(self, children: list[Any]) -> list[Any]:
        if len(children) == 1:
            return children
        prefix: list[Any] = children[0]
        prefix.append(children[1])
        return prefix

    def assignment(self, children: list[Any]) -> RawAssignment:
        return RawAssignment(children)

    later_assignment = assignment

    def argument(self, children: list[Any]) -> RawWord:
        return RawWord(children)

    program = target = argument

    def redirection(self, children: list[Any]) -> RawRedirection:
        return RawRedirection(children[0], children[1] if len(children) > 1 else None)

    def substitution(self, children: list[Any]) -> RawSubstitution:
        opening, script, closing = children
        return RawSubstitution(script, opening.end_pos - 2, closing.end_pos)

    gap_substitution = quoted_substitution = substitution

    def quoted(self, children: list[Any]) -> RawQuoted:
        return RawQuoted(children[1:-1], children[0].end_pos - 1, children[-1].end_pos)

    gap_quoted = quoted


@cache
def shell_grammar() -> Grammar:
    """Return the grammar of command lines."""
    return Grammar("shell", _Rules())
