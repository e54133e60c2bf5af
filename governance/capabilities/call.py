"""One call: a capability with arguments that fit it, in the one canonical form.

Calls are bound to frozen pydantic models made from the declaration, so that nothing after binding meets an
unchecked value.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, InstanceOf, create_model

from governance.canonical import decimal_text, digest_of
from governance.capabilities.fitting import fitting
from governance.capabilities.objects import FrozenObject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.canonical import Json
    from governance.capabilities.declaration import Capability, Effect, Parameter, PathWord
    from governance.capabilities.fitting import Fitting
    from governance.capabilities.glob import PathSet
    from governance.capabilities.values import Type, Value

__all__ = ["Call", "fitting_of", "make_model"]

_SIMPLE: Final[dict[str, Any]] = {
    "Bool": bool,
    "Int": int,
    "Decimal": Decimal,
    "Size": int,
    "Duration": int,
    "Argv": tuple[str, ...],
    "Json": Any,
    "Record": InstanceOf[FrozenObject],
}
"""What values of a type are in Python, where they are not strings."""

_write: Final = json.JSONEncoder(default=decimal_text).encode
_set: Final = object.__setattr__


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    __fitting__: ClassVar[Fitting]
    """Takes given values that surely fit, without a model."""


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Call:
    """A capability and its arguments by name, in the order it declares them.

    Defaults are filled in, optional parameters that are not given are left out.
    """

    capability: Capability
    arguments: Mapping[str, Value]
    _paths: dict[str, tuple[str, ...] | PathSet] = field(repr=False)

    def __init__(self, capability: Capability, checked: BaseModel | dict[str, Value]) -> None:
        """Make the call of what `capability.model` took, or of the arguments that it would give."""
        if not isinstance(checked, dict):
            checked = {name: value for name, value in checked.__dict__.items() if value is not None}
        _set(self, "capability", capability)
        _set(self, "arguments", checked)
        _set(self, "_paths", {})

    def paths(self, name: str) -> tuple[str, ...] | PathSet:
        """Return what the path argument `name` speaks of: the components of one path, or a set of paths."""
        found = self._paths.get(name)
        if found is None:
            path = cast("str", self.arguments[name])
            paths = self.capability.path_set(name, path, self.arguments)
            found = self._paths[name] = (
                tuple(part[0] for part in paths.components if part) if paths.single else paths
            )
        return found

    def item_paths(self, name: str, item: str) -> PathSet:
        """Return what `item` of the list of paths `name` speaks of."""
        return self.capability.path_set(name, item, self.arguments)

    @property
    def effects(self) -> tuple[Effect, ...]:
        """What the call declares to do, in the order declared."""
        return self.capability.effects_of(self.arguments)

    @property
    def argv(self) -> tuple[str, ...]:
        """The command line: what runs, word for word."""
        return self.capability.argv_of(self.arguments)

    @property
    def path_words(self) -> Mapping[int, PathWord]:
        """The words of the command line that name paths, by their places."""
        return self.capability.paths_in(self.arguments)

    @property
    def stdin(self) -> bytes | None:
        """What the program reads, None where it reads nothing."""
        return self.capability.stdin_of(self.arguments)

    def to_json(self) -> dict[str, Json]:
        """Return the call as canonical data."""
        return {"capability": self.capability.name, "arguments": self.arguments}

    @property
    def digest(self) -> str:
        """The digest of the canonical data."""
        return digest_of(self.to_json())

    def __str__(self) -> str:
        """Return the call as the call syntax writes it; reading it back gives an equal call."""
        arguments = ", ".join(f"{name}={_write(value)}" for name, value in self.arguments.items())
        return f"{self.capability.name}({arguments})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Call) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


def make_model(name: str, parameters: tuple[Parameter, ...]) -> type[BaseModel]:
    """Return the frozen, strict model of a capability's arguments: of equal parameters the one made before."""
    try:
        return _model(name, parameters)
    except TypeError:  # a default that is an object has no hash
        return _new_model(name, parameters)


@lru_cache(maxsize=512)
def _model(name: str, parameters: tuple[Parameter, ...]) -> type[BaseModel]:
    return _new_model(name, parameters)


def _new_model(name: str, parameters: tuple[Parameter, ...]) -> type[BaseModel]:
    fields: dict[str, Any] = {parameter.name: _field(parameter) for parameter in parameters}
    model = create_model(name, __base__=_Arguments, **fields)
    model.__fitting__ = fitting(parameters)
    return model


def fitting_of(model: type[BaseModel]) -> Fitting:
    """Return what takes the values that surely fit `model`, which `make_model` made."""
    found: Fitting = model.__fitting__  # type: ignore[attr-defined]  # `make_model` gives it
    return found


def _field(parameter: Parameter) -> tuple[object, object]:
    kind: Any = Annotated[_python_type(parameter.type), BeforeValidator(parameter.type.check)]
    if parameter.required:
        return kind, ...
    return (kind | None if parameter.type.optional else kind), parameter.default


def _python_type(kind: Type) -> Any:
    if kind.name == "Enum":
        return Literal[kind.names]
    if kind.item is not None:
        return tuple[_python_type(kind.item), ...]  # type: ignore[misc]  # a type made at run time
    return _SIMPLE.get(kind.name, str)
