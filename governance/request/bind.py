"""A call as written becomes a typed call, or the reasons why it cannot.

The only place where foreign values enter the models of capabilities; beyond it nothing is unchecked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from governance.capabilities.call import Call, fitting_of
from governance.capabilities.declaration import ArgvGroup
from governance.errors import Diagnostic, RequestError
from governance.text import excerpt, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic_core import ErrorDetails

    from governance.capabilities.declaration import Capability
    from governance.capabilities.values import Value
    from governance.request.syntax import Argument, CallSyntax, Places
    from governance.text import Source

__all__ = ["IllTypedError", "UnknownCapabilityError", "bind"]

_MOST_TOLD: Final = 8
"""So many things that do not fit are told; more would let an answer grow faster than its request."""

_NUL: Final = "\\u0000"
"""The only way to write a NUL: the grammars let none stand in a string as it is."""


class UnknownCapabilityError(RequestError):
    """No capability has this `name`."""

    def __init__(self, name: str, *diagnostics: Diagnostic) -> None:
        super().__init__(*diagnostics)
        self.name = name


class IllTypedError(RequestError):
    """The arguments do not fit the capability called `name`; one diagnostic for each that does not."""

    def __init__(self, name: str, *diagnostics: Diagnostic) -> None:
        super().__init__(*diagnostics)
        self.name = name


def bind(syntax: CallSyntax, capabilities: Mapping[str, Capability]) -> Call:
    """Return `syntax` as a call of one of `capabilities`, which are found by name.

    Raises `UnknownCapabilityError` or `IllTypedError`.
    """
    capability = capabilities.get(syntax.name)
    if capability is None:
        names = sorted({each.name for each in capabilities.values()})
        near = ", ".join(nearest(syntax.name.replace("_", "."), names))
        message = f"no capability is called `{excerpt(syntax.name)}`"
        families = dict.fromkeys(name.partition(".")[0] for name in names)
        known = ", ".join(f"{family}.*" for family in families)
        mend = f"did you mean {near}?" if near else f"known: {known}"
        raise UnknownCapabilityError(
            syntax.name, Diagnostic("unknown-capability", message, syntax.name_span, mend)
        )
    arguments = fitting_of(capability.model)(syntax.values)
    call = _modelled(syntax, capability) if arguments is None else Call(capability, arguments)
    if _NUL in syntax.text and any("\0" in word for word in call.argv):
        raise IllTypedError(syntax.name, *_unspeakable(syntax, call))
    return call


def _modelled(syntax: CallSyntax, capability: Capability) -> Call:
    """Return the call as the model of its capability takes it, or raise with every reason why it does not."""
    if None in syntax.values.values():
        nulls = [each for each in syntax.arguments if syntax.values[each.name] is None]
        raise IllTypedError(syntax.name, *(_null(syntax, argument) for argument in nulls[:_MOST_TOLD]))
    try:
        return Call(capability, capability.model.model_validate(syntax.values))
    except ValidationError as error:
        raise IllTypedError(syntax.name, *_diagnostics(error, syntax, capability)) from None


def _null(syntax: CallSyntax, argument: Argument) -> Diagnostic:
    return Diagnostic(
        "ill-typed", f"`{argument.name}` is null", syntax.span(argument.value), "leave the argument out"
    )


def _unspeakable(syntax: CallSyntax, call: Call) -> list[Diagnostic]:
    """Return a diagnostic for each argument with a NUL that is to stand in the command line."""
    words = [
        word
        for item in call.capability.argv
        for word in (item.words if isinstance(item, ArgvGroup) else (item,))
    ]
    spoken = {word.parameter for word in words}
    return [
        Diagnostic(
            "ill-typed",
            f"`{argument.name}`: no word of a command line holds a NUL",
            syntax.span(argument.value),
            "leave it out",
        )
        for argument in syntax.arguments
        if argument.name in spoken and "\0" in "".join(_words(call.arguments[argument.name]))
    ]


def _words(value: Value) -> Sequence[str]:
    return [str(item) for item in value] if isinstance(value, tuple) else [str(value)]


def _diagnostics(error: ValidationError, syntax: CallSyntax, capability: Capability) -> list[Diagnostic]:
    details = error.errors(include_url=False, include_context=False, include_input=False)
    places = syntax.places
    told = [_diagnostic(detail, places, syntax.source, capability) for detail in details[:_MOST_TOLD]]
    if len(details) > _MOST_TOLD:
        message = f"{len(details) - _MOST_TOLD} more arguments do not fit"
        told.append(Diagnostic("ill-typed", message, places.name, "mend these first"))
    return told


def _diagnostic(detail: ErrorDetails, places: Places, source: Source, capability: Capability) -> Diagnostic:
    name = str(detail["loc"][0])
    written = next((argument for argument in places.arguments if argument.name == name), None)
    parameter = capability.parameter(name)
    known = (
        f"{capability.name} takes {', '.join(f'{each.name}: {each.type}' for each in capability.parameters)}"
    )
    if written is None:
        return Diagnostic("ill-typed", f"`{name}` is missing", places.name, known)
    if parameter is None:
        near = nearest(name, (each.name for each in capability.parameters), 1)
        mend = f"did you mean `{near[0]}`?" if near else known
        message = f"`{capability.name}` has no parameter `{excerpt(name)}`"
        return Diagnostic("ill-typed", message, source.span(written.start, written.end), mend)
    reason = detail["msg"].removeprefix("Value error, ")
    span = source.span(written.value.start, written.value.end)
    return Diagnostic("ill-typed", f"`{name}`: {reason}", span, f"declared as {name}: {parameter.type}")
