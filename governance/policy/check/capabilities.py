"""Checks capabilities: their parameters, and that what a call is judged by is what its program is given.

Types, effects, the command line and phrases are checked in the modules of their names.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, cast

from governance.capabilities.call import make_model
from governance.capabilities.declaration import ArgvGroup, Capability, Parameter
from governance.policy.check.argv import check_argv
from governance.policy.check.commands import check_command, options_taking
from governance.policy.check.effects import check_effects
from governance.policy.check.literals import constant, single
from governance.policy.check.phrases import check_phrases
from governance.policy.check.types import check_type

if TYPE_CHECKING:
    from pydantic import BaseModel

    from governance.capabilities.declaration import ArgvItem
    from governance.policy.check.scope import FileScope
    from governance.policy.syntax import CapabilitySyntax, ParameterSyntax, Word

__all__ = ["check_capability"]

_WORDS: Final = ("agent", "earlier", "false", "not", "session", "size", "time", "true")
"""What a condition may begin with."""


def check_capability(scope: FileScope, syntax: CapabilitySyntax) -> Capability | None:
    """Return the capability that is declared, None when something about it is wrong and reported."""
    before = len(scope.scope.diagnostics)
    parameters: dict[str, Parameter] = {}
    for each in syntax.parameters:
        checked = _parameter(scope, each)
        if checked is not None:
            scope.declare("parameter", each.name, checked, parameters)
        else:
            scope.scope.broken.add(each.name.text)
    effects = check_effects(scope, single(scope, syntax.clauses, "effects"), parameters, syntax.name)
    clause = single(scope, syntax.clauses, "argv")
    argv = check_argv(scope, clause, parameters, syntax.name, options_taking(syntax.commands))
    stdin = single(scope, syntax.clauses, "stdin")
    names = cast("tuple[Word, ...]", stdin.items if stdin else ())
    for name in names:
        scope.find("parameter", name, parameters)
    single(scope, syntax.clauses, "returns")
    commands = tuple(check_command(scope, command, parameters) for command in syntax.commands)
    phrases = check_phrases(scope, syntax.clauses, parameters, syntax.name)
    if len(scope.scope.diagnostics) > before:
        return None
    read = tuple(name.text for name in names)
    _all_used(scope, syntax, argv, read)
    if len(scope.scope.diagnostics) > before:
        return None
    kept = tuple(parameters.values())
    model = make_model(syntax.name.text, kept)
    return Capability(
        syntax.name.text, syntax.summary.text, kept, effects, argv, read, model, phrases, commands
    )


def _all_used(
    scope: FileScope, syntax: CapabilitySyntax, argv: tuple[ArgvItem, ...], stdin: tuple[str, ...]
) -> None:
    """Report parameters that a call would be judged by and its program never be given."""
    words = [word for item in argv for word in (item.words if isinstance(item, ArgvGroup) else (item,))]
    flags = {item.flag for item in argv if isinstance(item, ArgvGroup)}
    used = {word.parameter for word in words} | flags | set(stdin)
    for each in syntax.parameters:
        if each.name.text not in used:
            message = f"what runs is never given `{each.name.text}`"
            scope.report(
                "unused-parameter", message, each.name, f"put ${each.name.text} in argv, or in stdin"
            )


def _parameter(scope: FileScope, syntax: ParameterSyntax) -> Parameter | None:
    name = syntax.name.text
    if _reserved(name):
        scope.report("reserved-name", f"no parameter can be called `{name}`", syntax.name, "rename it")
        return None
    kind = check_type(scope, syntax.type)
    if kind is None:
        return None
    if syntax.default is None:
        return Parameter(name, kind)
    default = constant(scope, syntax.default, kind)
    if kind.optional:
        scope.report(
            "optional-default", "an optional parameter has no default", syntax.default, "leave out the `?`"
        )
        return None
    return None if default is None else Parameter(name, kind, default)


def _reserved(name: str) -> bool:
    """Whether `name` means something in conditions, or to the models that calls are bound to."""
    return (
        name in _WORDS or name.startswith(("model_dump", "model_validate")) or hasattr(_empty_model(), name)
    )


@cache
def _empty_model() -> type[BaseModel]:
    return make_model("Arguments", ())
