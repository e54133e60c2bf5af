"""The phrases of all capabilities as one tree: what has been said so far is a place in it.

Each way to say a phrase, with and without its optional groups, is a path from the root. Paths that begin alike are
one, so that a sentence meets each word once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from governance.capabilities.phrase import Fixed, Keyword, Slot
from governance.request.english.values import SEVERAL, spoken

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from governance.capabilities.declaration import Capability
    from governance.capabilities.phrase import Item, Phrase
    from governance.capabilities.values import Type
    from governance.request.nodes import Plain

__all__ = ["End", "Node", "Opening", "Phrasebook", "Spoken", "phrasebook_of"]


class End(NamedTuple):
    """A phrase is whole: the parameters of the values that were said, in their order, and what goes without saying."""

    capability: Capability
    parameters: tuple[str, ...]
    fixed: tuple[tuple[str, Plain], ...]


@dataclass(slots=True, eq=False)
class Node:
    """A place in the tree: the words and values that may be said next, and the phrases that are whole."""

    words: dict[str, Node] = field(default_factory=dict)
    openings: list[Opening] = field(default_factory=list)
    ends: list[End] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    """A value of the type `kind` may be said, and `then` follows; of several values `item` is the type of each."""

    number: int
    kind: Type
    then: Node

    @property
    def several(self) -> bool:
        """Whether the value is said as several words."""
        return self.kind.name in SEVERAL


class Spoken(NamedTuple):
    """One phrase of one capability, as its declaration writes it and as it is read."""

    capability: Capability
    text: str
    phrase: Phrase


class Phrasebook:
    """All that can be said of some capabilities."""

    def __init__(self, capabilities: Iterable[Capability]) -> None:
        self.root = Node()
        self._openings = 0
        unique = {capability.name: capability for capability in capabilities}
        self.spoken = tuple(
            Spoken(unique[name], text, phrase)
            for name in sorted(unique)
            for text, phrase in zip(unique[name].phrases, unique[name].spoken, strict=True)
        )
        for capability, _, phrase in self.spoken:
            for form in phrase.forms():
                self._enter(capability, form)

    def _enter(self, capability: Capability, form: tuple[Item, ...]) -> None:
        node = self.root
        parameters: list[str] = []
        fixed: list[tuple[str, Plain]] = []
        kinds = {each.name: replace(each.type, optional=False) for each in capability.parameters}
        for item in form:
            match item:
                case Keyword(text=text):
                    node = node.words.setdefault(text, Node())
                case Slot(name):
                    node = self._opening(node, kinds[name]).then
                    parameters.append(name)
                case Fixed(name, text):
                    fixed.append((name, spoken(text, kinds[name])))
        node.ends.append(End(capability, tuple(parameters), tuple(fixed)))

    def _opening(self, node: Node, kind: Type) -> Opening:
        for each in node.openings:
            if each.kind == kind:
                return each
        self._openings += 1
        node.openings.append(Opening(self._openings, kind, Node()))
        return node.openings[-1]


class _Same(NamedTuple):
    """Capabilities that are the very same object."""

    capabilities: Mapping[str, Capability]

    def __hash__(self) -> int:
        return id(self.capabilities)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.capabilities is other.capabilities

    def __ne__(self, other: object) -> bool:
        return not self == other


def phrasebook_of(capabilities: Mapping[str, Capability]) -> Phrasebook:
    """Return all that can be said of `capabilities`, which never change."""
    return _phrasebook(_Same(capabilities))


@lru_cache(maxsize=16)
def _phrasebook(same: _Same) -> Phrasebook:
    return Phrasebook(same.capabilities.values())
