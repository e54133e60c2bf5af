"""A policy file as it is written: statements with the place of every word, before anything is known to be right.

Offsets refer to the file's source. `governance.policy.parse` makes these, `governance.policy.check` turns
them into what a bundle holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from governance.canonical import Json
    from governance.text import Source

__all__ = [
    "AgentSyntax",
    "AgentsClause",
    "AnyTarget",
    "ApprovalSyntax",
    "ArgvGroupSyntax",
    "BoundsSyntax",
    "CapabilitySyntax",
    "Carries",
    "Clause",
    "CommandPartSyntax",
    "CommandSyntax",
    "ComparisonSyntax",
    "Compound",
    "ConditionSyntax",
    "Earlier",
    "EffectSyntax",
    "Field",
    "FieldSyntax",
    "FileSyntax",
    "HostsSyntax",
    "ImportSyntax",
    "LetSyntax",
    "LiteralSyntax",
    "Member",
    "MountSyntax",
    "NamedTarget",
    "OperandSyntax",
    "Opposite",
    "ParameterSyntax",
    "Presence",
    "ProtectedSyntax",
    "ProveSyntax",
    "Provenance",
    "Quota",
    "Reference",
    "RuleSyntax",
    "SandboxSyntax",
    "ScenarioSyntax",
    "ScratchSyntax",
    "SecretSyntax",
    "SizeOf",
    "Statement",
    "StepSyntax",
    "TargetSyntax",
    "TypeSyntax",
    "WaiveSyntax",
    "Window",
    "WithinSyntax",
    "Word",
    "bare",
]


class Word(NamedTuple):
    """A name, keyword or quoted text (without its quotes) at `start` up to `end` of the file."""

    text: str
    start: int
    end: int


class LiteralSyntax(NamedTuple):
    """A literal; a quantity and an instant are still their text, not `quoted`, a list a tuple of literals."""

    value: str | int | bool | tuple[LiteralSyntax, ...]
    start: int
    end: int
    quoted: bool = False


class BoundsSyntax(NamedTuple):
    """`(low..high)`, either of which may be left out."""

    low: Word | None
    high: Word | None


class WithinSyntax(NamedTuple):
    """`under "/folder"` or `within "domain"`."""

    keyword: Word
    place: Word


class TypeSyntax(NamedTuple):
    """A type as written; that of a record is called `Record` and has `fields`."""

    name: Word
    item: TypeSyntax | None
    bounds: BoundsSyntax | None
    names: tuple[Word, ...]
    within: WithinSyntax | None
    optional: bool
    fields: tuple[tuple[Word, TypeSyntax], ...] = ()


class ParameterSyntax(NamedTuple):
    """`name: Type = default`."""

    name: Word
    type: TypeSyntax
    default: LiteralSyntax | None


class EffectSyntax(NamedTuple):
    """`read path`, `spend amount eur` or `irreversible`, which is on nothing."""

    verb: Word
    target: Word | None
    unit: Word | None


class ArgvGroupSyntax(NamedTuple):
    """`[ words ]` of a command line, or `[ $flag? words ]`; the flag is named without its signs."""

    words: tuple[Word, ...]
    flag: Word | None = None


class CommandPartSyntax(NamedTuple):
    """`option -n, --lines $lines`, `needs -n`, `operand "{first}p"`: what a typed command may hold, by its keyword.

    `parameter` is named without its sign; a template stands as `value`, and so does what a value begins with. The
    words of `never` are its names.
    """

    keyword: Word
    names: tuple[Word, ...]
    parameter: Word | None
    value: Word | None


class StartingSyntax(NamedTuple):
    """What the values of an option begin with."""

    text: Word


class CommandSyntax(NamedTuple):
    """`command git log { … }`."""

    words: tuple[Word, ...]
    parts: tuple[CommandPartSyntax, ...]


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
    commands: tuple[CommandSyntax, ...] = ()


class AgentSyntax(NamedTuple):
    """`agent "id" { … }`."""

    name: Word
    clauses: tuple[Clause, ...]


class LetSyntax(NamedTuple):
    """`let name = literal`."""

    name: Word
    value: LiteralSyntax


class ImportSyntax(NamedTuple):
    """`import "common.policy"`: the lets and sandboxes of that file can be named here."""

    file: Word


class Reference(NamedTuple):
    """A name in a condition: a parameter, a field of one (`url.host`), or what a `let` named."""

    name: Word


class SizeOf(NamedTuple):
    """`size name`: characters of a string, items of a list."""

    name: Word


OperandSyntax: TypeAlias = Reference | SizeOf | LiteralSyntax


class ComparisonSyntax(NamedTuple):
    """`left operator right`; the operator `in cidr` is one word."""

    left: OperandSyntax
    operator: Word
    right: OperandSyntax


class Presence(NamedTuple):
    """`name is present` or `name is absent`."""

    name: Word
    present: bool


class Carries(NamedTuple):
    """`session carries label`."""

    label: Word


class Provenance(NamedTuple):
    """`name from source`: `user`, `trusted`, or a label."""

    name: Word
    source: Word


class Earlier(NamedTuple):
    """`earlier asked fs.read where … within 30m`."""

    happened: Word | None
    targets: tuple[TargetSyntax, ...]
    where: ConditionSyntax | None
    within: Word


class Window(NamedTuple):
    """`time within 09:00..18:00 utc+01:00 on mon..fri, sun`; each of `days` is a first and a last one."""

    first: Word
    last: Word
    offset: Word | None
    days: tuple[tuple[Word, Word], ...]


class Member(NamedTuple):
    """`agent in group`."""

    group: Word


class Opposite(NamedTuple):
    """`not condition`."""

    condition: ConditionSyntax


class Compound(NamedTuple):
    """`a and b and …` (`every`) or `a or b or …`."""

    every: bool
    conditions: tuple[ConditionSyntax, ...]


ConditionSyntax: TypeAlias = (
    ComparisonSyntax | Presence | Carries | Provenance | Earlier | Window | Member | Opposite | Compound
)


class NamedTarget(NamedTuple):
    """`fs.read` or `fs.*`."""

    name: Word


class AnyTarget(NamedTuple):
    """`any`, or `any that reads or writes under PATH`; `reach` is the word before the place.

    The place is of paths (`under`, `matching`) or of hosts (`within`).
    """

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


class Quota(NamedTuple):
    """`60 per 1h`, or `500.00 of amount per 1d`."""

    most: Word
    of: Word | None
    per: Word


class RuleSyntax(NamedTuple):
    """`permit name { … }`, and so with `forbid`, `ask`, `limit`, `label` and `declassify`."""

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


class HostsSyntax(NamedTuple):
    """`network hosts "data.example.org" port 443 methods GET, HEAD`."""

    hosts: tuple[Word, ...]
    port: Word | None
    methods: tuple[Word, ...]


class SecretSyntax(NamedTuple):
    """`secret API_TOKEN to "api.example.org/v1" as bearer`."""

    name: Word
    place: Word
    form: Word


class WaiveSyntax(NamedTuple):
    """`waive "why" until 2027-01-01`."""

    reason: Word
    until: Word


FieldSyntax: TypeAlias = Field | MountSyntax | ScratchSyntax | HostsSyntax | SecretSyntax | WaiveSyntax


class SandboxSyntax(NamedTuple):
    """`sandbox name { … }`."""

    name: Word
    fields: tuple[FieldSyntax, ...]


class ProtectedSyntax(NamedTuple):
    """`protected { paths […]  because "…" }`."""

    paths: LiteralSyntax
    because: Word


class ApprovalSyntax(NamedTuple):
    """`approve "dana" for 1h times 2`."""

    approver: Word
    lasts: Word | None
    uses: Word | None


class StepSyntax(NamedTuple):
    """`call | call -> deny forbidden by keys then completed`: calls, and what must come of them."""

    calls: tuple[Word, ...]
    verdict: Word
    code: Word | None
    rules: tuple[Word, ...]
    then: Word | None


class ScenarioSyntax(NamedTuple):
    """`test "name" { … }`: steps, and between them who asks, when, and what else happens."""

    name: Word
    items: tuple[Clause | StepSyntax, ...]


class ProveSyntax(NamedTuple):
    """`prove name { never permit … }`."""

    name: Word
    always: bool
    targets: tuple[TargetSyntax, ...]
    clauses: tuple[Clause, ...]


Statement: TypeAlias = (
    ImportSyntax
    | CapabilitySyntax
    | AgentSyntax
    | LetSyntax
    | RuleSyntax
    | SandboxSyntax
    | ProtectedSyntax
    | ScenarioSyntax
    | ProveSyntax
)


@dataclass(frozen=True, slots=True)
class FileSyntax:
    """One file: its statements in order, and the names that statements which could not be read declare."""

    source: Source
    statements: tuple[Statement, ...]
    unread: frozenset[str]


def bare(syntax: object) -> Json:
    """Return what is written, without its places, as canonical data: it is the same however the text is laid out."""
    if isinstance(syntax, tuple):
        names = getattr(syntax, "_fields", ())
        if not names:
            return [bare(item) for item in syntax]
        kept = (item for name, item in zip(names, syntax, strict=True) if name not in ("start", "end"))
        return [type(syntax).__name__, *map(bare, kept)]
    return syntax if syntax is None or isinstance(syntax, bool | int | str) else str(syntax)
