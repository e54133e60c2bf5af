"""A policy file as it is written: statements with the place of every word, before anything is known to be right.

Offsets refer to the file's source. `governance.policy.parse` makes these, `governance.policy.check` turns
them into what a bundle holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from governance.text import Source

__all__ = [
    "AgentSyntax",
    "AgentsClause",
    "AnyTarget",
    "ArgvGroupSyntax",
    "BoundsSyntax",
    "CapabilitySyntax",
    "Clause",
    "Compound",
    "ConditionSyntax",
    "Field",
    "FileSyntax",
    "LetSyntax",
    "LiteralSyntax",
    "MountSyntax",
    "NamedTarget",
    "OperandSyntax",
    "Opposite",
    "ParameterSyntax",
    "Presence",
    "ProtectedSyntax",
    "Reference",
    "RuleSyntax",
    "SandboxSyntax",
    "ScratchSyntax",
    "SizeOf",
    "Statement",
    "TargetSyntax",
    "TestSyntax",
    "TypeSyntax",
    "WithinSyntax",
    "Word",
]


class Word(NamedTuple):
    """A name, keyword or quoted text (without its quotes) at `start` up to `end` of the file."""

    text: str
    start: int
    end: int


class LiteralSyntax(NamedTuple):
    """A literal; a quantity with a unit is still its text, a list a tuple of literals."""

    value: str | int | bool | tuple[LiteralSyntax, ...]
    start: int
    end: int


class BoundsSyntax(NamedTuple):
    """`(low..high)`, either of which may be left out."""

    low: Word | None
    high: Word | None


class WithinSyntax(NamedTuple):
    """`under "/folder"` or `within "domain"`."""

    keyword: Word
    place: Word


class TypeSyntax(NamedTuple):
    """A type as written."""

    name: Word
    item: TypeSyntax | None
    bounds: BoundsSyntax | None
    names: tuple[Word, ...]
    within: WithinSyntax | None
    optional: bool


class ParameterSyntax(NamedTuple):
    """`name: Type = default`."""

    name: Word
    type: TypeSyntax
    default: LiteralSyntax | None


class ArgvGroupSyntax(NamedTuple):
    """`[ words ]` of a command line."""

    words: tuple[Word, ...]


class Clause(NamedTuple):
    """A keyword-led part of a statement: `items` are of the kind its keyword says."""

    keyword: str
    items: tuple[object, ...]
    start: int
    end: int


class CapabilitySyntax(NamedTuple):
    """`capability NAME "summary" { … }`."""

    name: Word
    summary: Word
    parameters: tuple[ParameterSyntax, ...]
    clauses: tuple[Clause, ...]


class AgentSyntax(NamedTuple):
    """`agent "id" { … }`."""

    name: Word
    clauses: tuple[Clause, ...]


class LetSyntax(NamedTuple):
    """`let name = literal`."""

    name: Word
    value: LiteralSyntax


class Reference(NamedTuple):
    """A name in a condition: a parameter, or what a `let` named."""

    name: Word


class SizeOf(NamedTuple):
    """`size name`: characters of a string, items of a list."""

    name: Word


OperandSyntax: TypeAlias = Reference | SizeOf | LiteralSyntax


class TestSyntax(NamedTuple):
    """`left operator right`."""

    left: OperandSyntax
    operator: Word
    right: OperandSyntax


class Presence(NamedTuple):
    """`name is present` or `name is absent`."""

    name: Word
    present: bool


class Opposite(NamedTuple):
    """`not condition`."""

    condition: ConditionSyntax


class Compound(NamedTuple):
    """`a and b and …` (`every`) or `a or b or …`."""

    every: bool
    conditions: tuple[ConditionSyntax, ...]


ConditionSyntax: TypeAlias = TestSyntax | Presence | Opposite | Compound


class NamedTarget(NamedTuple):
    """`fs.read` or `fs.*`."""

    name: Word


class AnyTarget(NamedTuple):
    """`any`, or `any that reads or writes under PATH`; `reach` is the word before the place."""

    start: int
    end: int
    verbs: tuple[Word, ...]
    reach: Word | None
    place: Reference | LiteralSyntax | None


TargetSyntax: TypeAlias = NamedTarget | AnyTarget


class AgentsClause(NamedTuple):
    """Whom a rule is about: groups, named agents, or any."""

    groups: tuple[Word, ...]
    agents: tuple[Word, ...]
    everyone: bool


class RuleSyntax(NamedTuple):
    """`permit name { … }` or `forbid name { … }`."""

    kind: Word
    name: Word
    clauses: tuple[Clause, ...]


class Field(NamedTuple):
    """One `name value` line of a sandbox."""

    name: Word
    value: Word


class MountSyntax(NamedTuple):
    """`mount workspace at "/workspace" read-only`."""

    target: Word
    mode: Word


class ScratchSyntax(NamedTuple):
    """`scratch "/tmp" 64MiB`."""

    target: Word
    size: Word


class SandboxSyntax(NamedTuple):
    """`sandbox name { … }`."""

    name: Word
    fields: tuple[Field | MountSyntax | ScratchSyntax, ...]


class ProtectedSyntax(NamedTuple):
    """`protected { paths […]  because "…" }`."""

    paths: LiteralSyntax
    because: Word


Statement: TypeAlias = (
    CapabilitySyntax | AgentSyntax | LetSyntax | RuleSyntax | SandboxSyntax | ProtectedSyntax
)


@dataclass(frozen=True, slots=True)
class FileSyntax:
    """One file: its statements in order, and the names that statements which could not be read declare."""

    source: Source
    statements: tuple[Statement, ...]
    unread: frozenset[str]
