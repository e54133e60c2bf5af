"""What the files of a bundle declare, as far as they can be read: where it stands, and how it is shown.

A file that is being written is wrong most of the time, so nothing here needs a bundle that holds.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, cast

from governance.editor.words import Role
from governance.policy.check.capabilities import check_capability
from governance.policy.check.scope import FileScope, Scope
from governance.policy.parse import parse_file, statement_at
from governance.policy.syntax import (
    AgentSyntax,
    CapabilitySyntax,
    EffectSyntax,
    LetSyntax,
    ProtectedSyntax,
    ProveSyntax,
    RuleSyntax,
    SandboxSyntax,
    ScenarioSyntax,
    Word,
)
from governance.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from governance.capabilities.declaration import Capability
    from governance.capabilities.values import Type
    from governance.editor.words import Context, Named
    from governance.policy.syntax import ParameterSyntax, Statement
    from governance.text import Source, Span

__all__ = ["Declaration", "Index"]

_MOST_LINES: Final = 24


@dataclass(frozen=True, slots=True)
class Declaration:
    """One thing that a file declares: `span` is that of its name, `whole` of its statement.

    A parameter is called by its capability's name, a dot and its own.
    """

    role: Role
    name: str
    span: Span
    whole: Span
    shown: str
    """What people are told of it, in the policy language."""
    capability: Capability | None = None
    """What a capability is, where it holds."""


class Index:
    """All declarations of a bundle's files; several may share a name, as those of a label and a group do.

    `capabilities` are those that hold, by name; `files` are the names of all.
    """

    def __init__(self, sources: Iterable[Source]) -> None:
        self.capabilities: dict[str, Capability] = {}
        self.files: tuple[str, ...] = ()
        self._found: dict[tuple[Role, str], list[Declaration]] = defaultdict(list)
        for source in sources:
            self.files += (source.name,)
            for each in _declarations(source):
                self._found[each.role, each.name].append(each)
                if each.capability is not None:
                    self.capabilities[each.name] = each.capability

    def names(self, role: Role) -> list[str]:
        """Return the names that are declared in the role, sorted."""
        return sorted({name for kind, name in self._found if kind is role})

    def statements(self, file: str) -> list[Declaration]:
        """Return what the file of this name declares with statements of its own, in order."""
        inner = (Role.FILE, Role.GROUP, Role.PARAMETER)
        every = (each for entries in self._found.values() for each in entries if each.role not in inner)
        return sorted(
            (each for each in every if each.span.source.name == file), key=lambda each: each.span.start
        )

    def meant(self, named: Named) -> list[Declaration]:
        """Return the declarations that a word stands for, none when it is unknown."""
        match named.role:
            case Role.ARGUMENT:
                return self._of(Role.PARAMETER, f"{self._whole(named.context.called)}.{named.name}")
            case Role.PARAMETER | Role.VALUE:
                return self._value(named)
            case Role.CAPABILITY:
                names = self.about((named.name,)) if named.name.endswith("*") else [self._whole(named.name)]
                return [each for name in names for each in self._of(Role.CAPABILITY, name)]
            case Role.RULE:
                return self._of(Role.RULE, named.name.rpartition("/")[2])
            case Role.SOURCE:
                return self._of(Role.LABEL, named.name)
            case role:
                return self._of(role, named.name)

    def spoken_of(self, context: Context) -> list[str]:
        """Return the names of the capabilities whose parameters a condition can name in `context`."""
        return self.about(context.about if context.past is None else context.past)

    def about(self, targets: tuple[str, ...]) -> list[str]:
        """Return the names of the capabilities that `targets` name, one by one, as families, or all by `*`."""
        exact, families = set(targets), tuple(name[:-1] for name in targets if name.endswith("*"))
        return [name for name in sorted(self.capabilities) if name in exact or name.startswith(families)]

    def called(self, name: str) -> Capability | None:
        """Return the capability of this name or second form."""
        return self.capabilities.get(self._whole(name))

    def type_of(self, named: Named) -> Type | None:
        """Return the type of a parameter, or of a field of one, that a word stands for."""
        first, *fields = named.name.split(".")
        for capability in map(self.capabilities.get, self.spoken_of(named.context)):
            parameter = capability.parameter(first) if capability else None
            kind = parameter.type if parameter else None
            for field in fields:
                kind = kind.field(field) if kind else None
            if kind is not None:
                return kind
        return None

    def _of(self, role: Role, name: str) -> list[Declaration]:
        return self._found.get((role, name), [])

    def _whole(self, name: str) -> str:
        """Return the name with dots of the capability that may be called by its second form."""
        return next((each for each in self.capabilities if name == each.replace(".", "_")), name)

    def _value(self, named: Named) -> list[Declaration]:
        first = named.name.partition(".")[0]
        about = self.spoken_of(named.context)
        parameters = [each for name in about for each in self._of(Role.PARAMETER, f"{name}.{first}")]
        lets = self._of(Role.LET, named.name)
        return lets or parameters if named.context.right else parameters or lets


@lru_cache(maxsize=256)
def _declarations(source: Source) -> tuple[Declaration, ...]:
    """Return what a file declares, itself first."""
    file, _ = parse_file(source)
    top = source.span(0, 0)
    itself = Declaration(Role.FILE, source.name, top, top, source.name)
    return itself, *(each for statement in file.statements for each in _declared(source, statement))


def _declared(source: Source, statement: Statement) -> Iterator[Declaration]:
    match statement:
        case CapabilitySyntax():
            yield from _capability(source, statement)
        case AgentSyntax():
            yield _declaration(source, Role.AGENT, statement.name)
            clauses = (clause for clause in statement.clauses if clause.keyword == "groups")
            for word in (cast("Word", item) for clause in clauses for item in clause.items):
                yield _declaration(source, Role.GROUP, word)
        case LetSyntax():
            yield _declaration(source, Role.LET, statement.name)
        case SandboxSyntax():
            yield _declaration(source, Role.SANDBOX, statement.name)
        case RuleSyntax() if statement.kind.text == "label":
            yield _declaration(source, Role.LABEL, statement.name)
        case RuleSyntax() | ProveSyntax():
            yield _declaration(source, Role.RULE, statement.name)
        case ScenarioSyntax():
            yield _declaration(source, Role.TEST, statement.name)
        case ProtectedSyntax(paths):
            start, _ = statement_at(source, paths.start)
            yield _declaration(source, Role.RULE, Word("protected", start, start + len("protected")))


def _capability(source: Source, syntax: CapabilitySyntax) -> Iterator[Declaration]:
    """Yield a capability and, where it holds, its parameters, each with what is done to it."""
    capability = check_capability(FileScope(Scope(), source), syntax)
    yield replace(_declaration(source, Role.CAPABILITY, syntax.name), capability=capability)
    for written, parameter in zip(
        syntax.parameters, capability.parameters if capability else (), strict=False
    ):
        told = [f"# of {syntax.name.text}", f"{parameter.name}: {parameter.type}{_default(source, written)}"]
        told += (f"  {effect}" for effect in _effects(source, syntax, parameter.name))
        found = _declaration(source, Role.PARAMETER, written.name)
        yield replace(found, name=f"{syntax.name.text}.{parameter.name}", shown="\n".join(told))


def _default(source: Source, syntax: ParameterSyntax) -> str:
    default = syntax.default
    return "" if default is None else f" = {shown(source.text[default.start : default.end])}"


def _effects(source: Source, syntax: CapabilitySyntax, parameter: str) -> Iterator[str]:
    """Yield what a capability does to a parameter, as it is written."""
    for effect in (item for clause in syntax.clauses for item in clause.items):
        if isinstance(effect, EffectSyntax) and effect.target is not None:
            words = effect.target.text.replace("/$", ".").split(".")
            if parameter in (words[0].removesuffix("/**"), words[-1]):
                yield source.text[effect.verb.start : (effect.unit or effect.target).end]


def _declaration(source: Source, role: Role, name: Word) -> Declaration:
    start, end = statement_at(source, name.start)
    written = _written(source.text[start:end])
    span, whole = source.span(name.start, name.end), source.span(start, start + len(written))
    return Declaration(role, name.text, span, whole, _clipped(written))


def _written(text: str) -> str:
    """Return a statement without the blank lines and comments that follow it."""
    lines = text.split("\n")
    while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        lines.pop()
    return "\n".join(lines)


def _clipped(text: str) -> str:
    lines = text.split("\n")
    kept = [*lines[:_MOST_LINES], "…"] if len(lines) > _MOST_LINES else lines
    return "\n".join(shown(line) for line in kept)
