"""The checker: statements in, a bundle out, or every reason why there is none.

Names are resolved and types checked before anything is evaluated, so that no rule can fail later; then the
rules' own examples are decided, and a bundle whose examples fail does not load.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from governance.errors import PolicyError
from governance.policy.bundle import Bundle
from governance.policy.check.capabilities import check_capability
from governance.policy.check.declarations import check_agent, check_protected
from governance.policy.check.examples import check_combinations, check_examples
from governance.policy.check.profiles import check_profile
from governance.policy.check.rules import check_rule
from governance.policy.check.scope import FileScope, Scope
from governance.policy.decision import RuleReference
from governance.policy.parse import parse_file
from governance.policy.syntax import (
    AgentSyntax,
    CapabilitySyntax,
    LetSyntax,
    ProtectedSyntax,
    RuleSyntax,
    SandboxSyntax,
)
from governance.text import Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.errors import Diagnostic
    from governance.policy.syntax import FileSyntax

__all__ = ["check"]


def check(sources: Mapping[str, str]) -> Bundle:
    """Return the bundle that the policy files `sources`, text by name, are.

    Names are relative paths like `coder.policy`; a rule is called by its file's name without `.policy`, a
    slash and its own. Raises `PolicyError` with everything that is wrong, in the order of the files.
    """
    scope = Scope()
    files: list[FileSyntax] = []
    for name in sorted(sources, key=lambda name: (not name.startswith("std/"), name)):
        file, diagnostics = parse_file(Source(name, sources[name]))
        files.append(file)
        scope.diagnostics += diagnostics
        scope.broken |= file.unread
    for file in files:
        _declare(FileScope(scope, file.source), file)
    for file in files:
        _rules(FileScope(scope, file.source), file)
    if not scope.diagnostics:
        bundle = _bundle(sources, scope)
        by_name = {file.source.name: file.source for file in files}
        scope.diagnostics += (*check_combinations(bundle, by_name), *check_examples(bundle, by_name))
    if scope.diagnostics:
        raise PolicyError(*sorted(scope.diagnostics, key=_place))
    return bundle


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
                scope.declare("agent", statement.name, check_agent(scope, statement), names.agents)
            case LetSyntax():
                scope.declare("let", statement.name, statement.value, names.lets)
            case ProtectedSyntax():
                reference = _reference(scope, "protected", statement.paths.start)
                names.protected.append(check_protected(scope, statement, reference))


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
    seen: dict[str, RuleSyntax] = {}
    for statement in file.statements:
        if isinstance(statement, RuleSyntax):
            scope.declare("rule", statement.name, statement, seen)
            rule = check_rule(scope, statement, _reference(scope, statement.name.text, statement.kind.start))
            if rule is not None:
                scope.scope.rules.append(rule)


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
    )
