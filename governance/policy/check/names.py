"""Finds what a name in a condition stands for: a parameter of every capability the rule is about, or a field of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from governance.policy.condition import Given
from governance.policy.syntax import Word

if TYPE_CHECKING:
    from governance.capabilities.declaration import Capability
    from governance.capabilities.values import Type
    from governance.policy.check.scope import FileScope

__all__ = ["Names"]


@dataclass(slots=True)
class Names:
    """The names of one rule; `present` are the optional values known to be given so far."""

    scope: FileScope
    capabilities: tuple[Capability, ...]
    present: frozenset[str] = frozenset()

    def given(self, name: Word, *, guarded: bool = True, mend: str = "") -> tuple[Given, Type] | None:
        """Return what `name` or `name.field` stands for in all the capabilities the rule is about, and its type.

        A `guarded` one must be known to be present; `mend` says what to write where no test of that can stand.
        """
        first, *fields = name.text.split(".")
        kind = self._type(Word(first, name.start, name.start + len(first)))
        absent = kind is not None and kind.optional and not self._known(first)
        steps: list[tuple[Type, str]] = []
        so_far = first
        for field in fields:
            if kind is None:
                return None
            inner = kind.field(field)
            if inner is None:
                known = ", ".join(kind.field_names) or "no fields"
                message = f"a {kind.name} has no field `{field}`"
                self.scope.report("unknown-field", message, name, f"it has {known}")
                return None
            steps.append((replace(kind, optional=False), field))
            so_far = f"{so_far}.{field}"
            absent = absent or (inner.optional and not self._known(so_far))
            kind = replace(inner, optional=inner.optional or kind.optional)
        if kind is None:
            return None
        if guarded and absent:
            mend = mend or f"begin with: {name.text} is present and …"
            self.scope.report("may-be-absent", f"`{name.text}` may be absent", name, mend)
            return None
        return Given(first, tuple(steps)), kind

    def _known(self, name: str) -> bool:
        """Whether the value is known to be given: it, or a field of it, was found present."""
        return any(each == name or each.startswith(f"{name}.") for each in self.present)

    def _type(self, name: Word) -> Type | None:
        """Return the type that the parameter has in all the capabilities the rule is about."""
        kinds: dict[tuple[object, ...], Type] = {}
        for capability in self.capabilities:
            parameter = capability.parameter(name.text)
            if parameter is None:
                known = [each.name for each in capability.parameters]
                if any(each.parameter(name.text) for each in self.capabilities):
                    mend = f"{capability.name} has {', '.join(known)}"
                    message = (
                        f"`{name.text}` is no parameter of {capability.name}, which the rule is also about"
                    )
                    self.scope.report("unknown-parameter", message, name, mend)
                else:
                    self.scope.unknown("parameter", name, known)
                return None
            key = (parameter.type.name, parameter.type.item, parameter.type.fields)
            kinds[key] = _either(kinds.get(key), parameter.type)
        if len(kinds) != 1:
            if kinds:
                self.scope.report(
                    "mixed-types", f"`{name.text}` has several types here", name, "split the rule"
                )
            return None
        return next(iter(kinds.values()))

    def is_parameter(self, name: str) -> bool:
        """Whether a capability that the rule is about has a parameter of this name, or of which this is a field."""
        return any(each.parameter(name.partition(".")[0]) for each in self.capabilities)


def _either(known: Type | None, kind: Type) -> Type:
    """Return the type of a parameter that is the one here and the other there: as loose as both."""
    if known is None:
        return kind
    return replace(
        kind,
        names=tuple(dict.fromkeys((*known.names, *kind.names))),
        within=kind.within if kind.within == known.within else None,
        low=None if known.low is None or kind.low is None else min(known.low, kind.low),
        high=None if known.high is None or kind.high is None else max(known.high, kind.high),
        optional=known.optional or kind.optional,
    )
