"""What the parts of the checker share: the diagnostics so far, and the names that are declared.

A name that stands in a statement which could not be read is known, but means nothing: using it is no second
error.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from governance.capabilities.declaration import Capability  # noqa: TC001 - fields of a dataclass are read
from governance.errors import Diagnostic
from governance.policy.profile import Profile  # noqa: TC001
from governance.policy.rule import Agent, Clearance, Proof, Protected, Rule  # noqa: TC001
from governance.policy.suite import Scenario  # noqa: TC001
from governance.policy.syntax import LiteralSyntax, Word  # noqa: TC001
from governance.text import Source, nearest, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["FileScope", "Scope"]

Declared = TypeVar("Declared")

_MOST_COMPARED: Final = 20_000
"""So many names are compared with unknown ones, in all files together; each with each would be without end."""

_IMPORTED: Final = ("let", "sandbox")
"""What a file sees of another only when it imports it; all else is known in the whole bundle."""


@dataclass(slots=True)
class Scope:
    """Everything declared in the bundle so far, and everything found wrong."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    capabilities: dict[str, Capability] = field(default_factory=dict)
    second_forms: dict[str, str] = field(default_factory=dict)
    said: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    """What each form of a phrase asks for: a capability, and its parameters in the order of the form."""
    lets: dict[str, LiteralSyntax] = field(default_factory=dict)
    agents: dict[str, Agent] = field(default_factory=dict)
    groups: set[str] = field(default_factory=set)
    profiles: dict[str, Profile] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    protected: list[Protected] = field(default_factory=list)
    clearances: list[Clearance] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)
    tests: list[Scenario] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    homes: dict[tuple[str, str], str] = field(default_factory=dict)
    """The file that declares each let, sandbox and limit, by its kind and name."""
    imports: dict[str, frozenset[str]] = field(default_factory=dict)
    """The files that each file imports."""
    compared: int = 0
    """How many names have been compared with unknown ones."""


@dataclass(frozen=True, slots=True)
class FileScope:
    """The scope as seen from one file, which gives offsets their place."""

    scope: Scope
    source: Source

    def report(
        self, code: str, message: str, place: tuple[int, int] | Word | LiteralSyntax, mend: str
    ) -> None:
        """Note an error at `place` of this file."""
        start, end = place if len(place) == 2 else (place.start, place.end)
        self.scope.diagnostics.append(Diagnostic(code, message, self.source.span(start, end), mend))

    def declare(self, kind: str, name: Word, value: Declared, table: dict[str, Declared]) -> None:
        """Enter `value` in `table`, once."""
        if name.text in table:
            self.report(
                "declared-twice",
                f"the {kind} `{shown(name.text)}` is declared twice",
                name,
                "keep one of them",
            )
        else:
            table[name.text] = value
            self.scope.homes[kind, name.text] = self.source.name

    def find(self, kind: str, name: Word, table: Mapping[str, Declared]) -> Declared | None:
        """Return what `name` stands for in `table`; one that is not there is reported, with the nearest."""
        found = table.get(name.text)
        if found is None:
            self.unknown(kind, name, table)
        elif kind in _IMPORTED:
            self._imported(kind, name)
        return found

    def _imported(self, kind: str, name: Word) -> None:
        """Report the use of a name that another file declares and this one does not import."""
        home = self.scope.homes[kind, name.text]
        if home not in (self.source.name, *self.scope.imports.get(self.source.name, ())):
            message = f"the {kind} `{name.text}` is declared in {home}, which this file does not import"
            self.report("not-imported", message, name, f'add import "{home}" at the top of the file')

    def unknown(self, kind: str, name: Word, known: Collection[str]) -> None:
        """Report that `name` is no known `kind`, unless its declaration itself is what is broken."""
        if name.text not in self.scope.broken:
            self.report(
                f"unknown-{kind.replace(' ', '-')}",
                f"no {kind} is called `{shown(name.text)}`",
                name,
                self._known(kind, name.text, known),
            )

    def _known(self, kind: str, name: str, known: Collection[str]) -> str:
        """Return what may have been meant by `name`, as long as few enough names have been compared."""
        if self.scope.compared + len(known) > _MOST_COMPARED:
            return f"name a {kind} that is declared"
        self.scope.compared += len(known)
        near = nearest(name, known)
        return (
            f"did you mean {' or '.join(near)}?"
            if near
            else f"known: {', '.join(sorted(known)[:12]) or 'none'}"
        )
