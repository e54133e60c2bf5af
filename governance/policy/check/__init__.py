"""The checker: statements in, a bundle out, or every reason why there is none.

Names are resolved and types checked before anything is evaluated, so that no rule can fail later; then what the
rules mean together is looked at, and their own examples are decided. A bundle with an error does not load.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from governance.errors import PolicyError
from governance.policy.bundle import Bundle
from governance.policy.check.analysis import analyse
from governance.policy.check.capabilities import check_capability
from governance.policy.check.declarations import check_agent, check_lineages, check_protected
from governance.policy.check.examples import check_combinations, check_examples, ended_rules, missing_examples
from governance.policy.check.imports import check_imports
from governance.policy.check.profiles import check_profile
from governance.policy.check.rules import check_clearance, check_proof, check_rule
from governance.policy.check.scope import FileScope, Scope
from governance.policy.check.suites import check_scenario
from governance.policy.decision import RuleReference
from governance.policy.parse import parse_file
from governance.policy.syntax import (
    AgentSyntax,
    CapabilitySyntax,
    LetSyntax,
    ProtectedSyntax,
    ProveSyntax,
    RuleSyntax,
    SandboxSyntax,
    ScenarioSyntax,
)
from governance.text import Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.errors import Diagnostic
    from governance.policy.syntax import FileSyntax, Word

__all__ = ["Examination", "check", "examine"]


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found in policies: the bundle, None where there is an error, and all diagnostics in file order."""

    bundle: Bundle | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that are not mere warnings."""
        return tuple(each for each in self.diagnostics if not each.warning)


def check(sources: Mapping[str, str]) -> Bundle:
    """Return the bundle that the policy files `sources`, text by name, are, once more: they have been examined before.

    What rules mean together and their examples are not looked at again. Raises `PolicyError` with everything that
    is wrong, in the order of the files.
    """
    scope, _ = _scope(sources)
    if scope.diagnostics:
        raise PolicyError(*sorted(scope.diagnostics, key=_place))
    return _bundle(sources, scope)


def examine(sources: Mapping[str, str], at: int | None = None) -> Examination:
    """Return what the policy files `sources`, text by name, are, and everything that is to be said of them.

    Names are relative paths like `coder.policy`; a rule is called by its file's name without `.policy`, a
    slash and its own. `at`, in milliseconds since 1970, is when it is asked, None where that is of no interest.
    """
    scope, files = _scope(sources)
    bundle = None
    if not scope.diagnostics:
        bundle = _bundle(sources, scope)
        by_name = {file.source.name: file.source for file in files}
        scope.diagnostics += (
            *check_combinations(bundle, by_name),
            *check_examples(bundle, by_name),
            *analyse(bundle, by_name),
            *missing_examples(bundle, by_name),
            *ended_rules(bundle, by_name, at),
        )
    diagnostics = tuple(sorted(scope.diagnostics, key=_place))
    sound = all(each.warning for each in diagnostics)
    return Examination(bundle if sound else None, diagnostics)


def _scope(sources: Mapping[str, str]) -> tuple[Scope, list[FileSyntax]]:
    """Return everything that the files declare, and what is wrong with it."""
    scope = Scope()
    files: list[FileSyntax] = []
    for name in sorted(sources, key=lambda name: (not name.startswith("std/"), name)):
        parse = _parse_library if name.startswith("std/") else parse_file
        file, diagnostics = parse(Source(name, sources[name]))
        files.append(file)
        scope.diagnostics += diagnostics
        scope.broken |= file.unread
    check_imports(scope, files)
    for file in files:
        _declare(FileScope(scope, file.source), file)
    check_lineages(scope, files)
    for file in files:
        _rules(FileScope(scope, file.source), file)
    for file in files:
        _scenarios(FileScope(scope, file.source), file)
    return scope, files


@lru_cache(maxsize=32)
def _parse_library(source: Source) -> tuple[FileSyntax, tuple[Diagnostic, ...]]:
    """Return a file of the standard library, which is part of every bundle, as it was read before."""
    return parse_file(source)


def _place(diagnostic: Diagnostic) -> tuple[str, int]:
    span = diagnostic.span
    return (span.source.name, span.start) if span else ("", 0)


def _declare(scope: FileScope, file: FileSyntax) -> None:
    """Enter everything but the rules, which refer to all of it."""
    names = scope.scope
    for statement in file.statements:
        match statement:
            case CapabilitySyntax():
                _capability(scope, statement)
            case SandboxSyntax():
                profile = check_profile(scope, statement)
                if profile is None:
                    names.broken.add(statement.name.text)
                else:
                    scope.declare("sandbox", statement.name, profile, names.profiles)
            case AgentSyntax():
                agent = check_agent(scope, statement)
                scope.declare("agent", statement.name, agent, names.agents)
                names.groups.update(agent.groups)
            case LetSyntax():
                scope.declare("let", statement.name, statement.value, names.lets)
            case ProtectedSyntax():
                reference = _reference(scope, "protected", statement.paths.start)
                names.protected.append(check_protected(scope, statement, reference))
            case RuleSyntax() if statement.kind.text == "label":
                names.labels.add(statement.name.text)


def _capability(scope: FileScope, statement: CapabilitySyntax) -> None:
    """Enter a capability by its name and by its second form, in which dots are underlines."""
    names, name = scope.scope, statement.name
    capability = check_capability(scope, statement)
    if capability is None:
        names.broken.add(name.text)
        return
    second = name.text.replace(".", "_")
    other = names.second_forms.setdefault(second, name.text)
    if other != name.text:
        message = f"{name.text} and {other} are both called `{second}` where a name has no dots"
        scope.report("declared-twice", message, name, "rename one of them")
    scope.declare("capability", name, capability, names.capabilities)


def _rules(scope: FileScope, file: FileSyntax) -> None:
    """Enter the rules and claims. Several `label` rules may attach one label."""
    seen: dict[str, RuleSyntax | ProveSyntax] = {}
    for statement in file.statements:
        match statement:
            case RuleSyntax():
                reference = _reference(scope, statement.name.text, statement.kind.start)
                if statement.kind.text == "limit" and statement.name.text not in seen:
                    _limit(scope, statement.name)
                if statement.kind.text != "label":
                    scope.declare("rule", statement.name, statement, seen)
                _rule(scope, statement, reference)
            case ProveSyntax():
                scope.declare("rule", statement.name, statement, seen)
                proof = check_proof(scope, statement, _reference_of(scope, statement.name))
                scope.scope.proofs += () if proof is None else (proof,)


def _limit(scope: FileScope, name: Word) -> None:
    """Note where a limit is declared: amounts are counted under its name alone, wherever it stands."""
    home = scope.scope.homes.setdefault(("limit", name.text), scope.source.name)
    if home != scope.source.name:
        message = f"the limit `{name.text}` is declared in {home} too, and amounts would count twice"
        scope.report("declared-twice", message, name, "rename one of them")


def _scenarios(scope: FileScope, file: FileSyntax) -> None:
    """Enter the tests, which name rules of any file."""
    seen: dict[str, ScenarioSyntax] = {}
    for statement in file.statements:
        if isinstance(statement, ScenarioSyntax):
            scope.declare("test", statement.name, statement, seen)
            scenario = check_scenario(scope, statement, _reference_of(scope, statement.name))
            scope.scope.tests += () if scenario is None else (scenario,)


def _rule(scope: FileScope, statement: RuleSyntax, reference: RuleReference) -> None:
    if statement.kind.text == "declassify":
        clearance = check_clearance(scope, statement, reference)
        scope.scope.clearances += () if clearance is None else (clearance,)
    else:
        rule = check_rule(scope, statement, reference)
        if rule is None:
            scope.scope.broken |= {statement.name.text, reference.name}
        else:
            scope.scope.rules.append(rule)


def _reference_of(scope: FileScope, name: Word) -> RuleReference:
    return _reference(scope, name.text, name.start)


def _reference(scope: FileScope, name: str, start: int) -> RuleReference:
    file = scope.source.name
    return RuleReference(file, scope.source.span(start).line, f"{file.removesuffix('.policy')}/{name}")


def _bundle(sources: Mapping[str, str], scope: Scope) -> Bundle:
    by_name = {second: scope.capabilities[name] for second, name in scope.second_forms.items()}
    by_name |= scope.capabilities
    return Bundle(
        MappingProxyType(dict(sorted(sources.items()))),
        MappingProxyType(by_name),
        MappingProxyType(dict(sorted(scope.agents.items()))),
        tuple(sorted(scope.rules, key=lambda rule: rule.reference)),
        tuple(sorted(scope.protected, key=lambda protected: protected.reference)),
        tuple(sorted(scope.clearances, key=lambda clearance: clearance.reference)),
        tuple(sorted(scope.proofs, key=lambda proof: proof.reference)),
        tuple(scope.tests),
    )
