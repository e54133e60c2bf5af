"""The fast evaluator: the rules of a bundle as Python, made once, with an index where there are many.

It decides as `governance.policy.evaluate` does, which a law of the tests holds it to; that one is to be read,
this one is to be run.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from governance.capabilities.glob import path_parts
from governance.capabilities.networks import Network
from governance.capabilities.urls import url_parts
from governance.policy.compiled.runtime import Judge, ordered, possibly_in, surely_in, touches
from governance.policy.compiled.source import Source, Table
from governance.policy.target import covers, meets
from governance.policy.truth import same, value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from governance.capabilities.values import Value
    from governance.policy.bundle import Bundle
    from governance.policy.case import Case
    from governance.policy.evaluate import Ruling

__all__ = ["Compiled", "compiled"]


class Compiled:
    """The rules of one bundle, ready to be asked."""

    def __init__(self, bundle: Bundle) -> None:
        """Take up `bundle`; the source for a capability is made when it is first asked about."""
        self._bundle = bundle
        self._functions: dict[str, Callable[[Case, Mapping[str, Value], str], Ruling]] = {}

    def __call__(self, case: Case) -> Ruling:
        """Return what the rules say of `case`."""
        call = case.call
        name = call.capability.name
        function = self._functions.get(name)
        if function is None:
            function = self._functions[name] = self._made(name)
        return function(case, call.arguments, case.lineage[0].name)

    def source(self, capability: str) -> str:
        """Return the source for the capability of that name."""
        return Source(self._bundle, self._bundle.capabilities[capability]).text()

    def _made(self, capability: str) -> Callable[[Case, Mapping[str, Value], str], Ruling]:
        source = Source(self._bundle, self._bundle.capabilities[capability])
        text = source.text()
        judge = Judge(self._bundle, capability)
        names: dict[str, object] = {
            "covers": covers,
            "judge": judge,
            "meets": meets,
            "network": Network.of,
            "ordered": ordered,
            "path_parts": path_parts,
            "possibly_in": possibly_in,
            "rulings": judge.rulings,
            "same": same,
            "surely_in": surely_in,
            "touches": touches,
            "url_parts": url_parts,
            "value_of": value_of,
        }
        names |= source.expressions.constants
        # The source holds names that the grammar allows, numbers, and texts as `repr` writes them.
        exec(compile(text, f"<rules on {capability}>", "exec"), names)  # noqa: S102
        for name, value in source.expressions.constants.items():
            if isinstance(value, Table):
                names[name] = value.loaded(names)
        judge.labels = names.get("labels")  # type: ignore[assignment]
        judge.watched = names.get("watched")  # type: ignore[assignment]
        return names[source.name]  # type: ignore[return-value]


@lru_cache(maxsize=8)
def compiled(bundle: Bundle) -> Compiled:
    """Return the fast evaluator of `bundle`."""
    return Compiled(bundle)
