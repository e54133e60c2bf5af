"""What may be written next: the grammar's keywords, and the names that are declared for what the grammar expects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from governance.capabilities.effects import Verb
from governance.capabilities.values import TYPE_NAMES
from governance.editor.words import Role, begun_at, role_of
from governance.policy.check.vocabulary import CHOICES, CLAUSES, VERBS
from governance.policy.parse import policy_grammar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from governance.editor.index import Index
    from governance.editor.words import Begun, Context
    from governance.text import Source, Span

__all__ = ["Proposal", "Proposals", "propose"]


_EVERY_CLAUSE: Final = frozenset().union(*CLAUSES.values())


class Proposal(NamedTuple):
    """One way to go on: `text` as it is to be written, what it names (None of a keyword), and a word about it."""

    text: str
    role: Role | None = None
    detail: str = ""


class Proposals(NamedTuple):
    """All ways to go on, each of which would replace what stands at `span`."""

    span: Span
    ways: tuple[Proposal, ...]


def propose(source: Source, offset: int, index: Index) -> Proposals:
    """Return what the word that ends at `offset` may become; nothing where the text before it is wrong."""
    begun = begun_at(source, offset)
    if begun is None:
        return Proposals(source.span(offset, offset), ())
    word = source.text[begun.start : offset]
    ways = {each.text: each for each in _keywords(begun)}
    for terminal in sorted(begun.terminals):
        role = role_of(terminal, begun.context)
        if role is not None:
            for each in _names(role, terminal, word, begun.context, index):
                ways.setdefault(each.text, each)
    return Proposals(source.span(begun.start, offset), tuple(ways.values()))


def _keywords(begun: Begun) -> Iterator[Proposal]:
    """Yield the keywords that may stand next; of the clauses those that go with the kind of rule."""
    unfit = _EVERY_CLAUSE - CLAUSES.get(begun.context.kind, _EVERY_CLAUSE)
    for word in sorted(policy_grammar().keyword(terminal) or "" for terminal in begun.terminals):
        if word.isalpha() and word not in unfit:
            yield Proposal(word)


def _names(role: Role, terminal: str, word: str, context: Context, index: Index) -> Iterator[Proposal]:
    match role:
        case Role.CAPABILITY if terminal != "DOTTED":
            yield from _capabilities(index, "(" if terminal == "call__CAPABILITY" else "")
        case Role.ARGUMENT:
            capability = index.called(context.called)
            for each in capability.parameters if capability else ():
                if each.name not in context.given:
                    yield Proposal(f"{each.name}=", role, str(each.type))
        case Role.PARAMETER | Role.VALUE:
            yield from _values(terminal, word, context, index)
        case _:
            for name in _words(role, context, index):
                yield Proposal(f'"{name}"' if terminal == "STRING" else name, role)


def _words(role: Role, context: Context, index: Index) -> Iterable[str]:
    """Return the words of a role of which nothing else is to be told."""
    match role:
        case Role.SOURCE:
            return ("trusted", "user", *index.names(Role.LABEL))
        case Role.TYPE:
            return sorted(TYPE_NAMES)
        case Role.EFFECT:
            return [verb.value for verb in Verb] if context.kind == "capability" else VERBS
        case Role.CHOICE:
            return CHOICES.get(context.lead, ())
    declared = context.lead == context.kind and role is not Role.FILE and context.kind != "test"
    return () if declared else index.names(role)


def _capabilities(index: Index, opening: str) -> Iterator[Proposal]:
    for name, capability in sorted(index.capabilities.items()):
        yield Proposal(name + opening, Role.CAPABILITY, capability.summary)
    if not opening:
        for family in sorted({name.rpartition(".")[0] for name in index.capabilities}):
            yield Proposal(f"{family}.*", Role.CAPABILITY, f"all of {family}")


def _values(terminal: str, word: str, context: Context, index: Index) -> Iterator[Proposal]:
    """Yield the parameters that all capabilities spoken of have, with their fields where one is being named, and lets."""
    capabilities = [index.capabilities[name] for name in index.spoken_of(context)]
    first = capabilities[0].parameters if capabilities else ()
    for each in first:
        if all(capability.parameter(each.name) for capability in capabilities):
            name = f"${each.name}" if terminal in ("ARGV_WORD", "PARAMETER") else each.name
            yield Proposal(name, Role.PARAMETER, str(each.type))
            if word.startswith(f"{name}."):
                for field in each.type.field_names:
                    yield Proposal(f"{name}.{field}", Role.PARAMETER, str(each.type.field(field)))
    if context.right:
        for name in index.names(Role.LET):
            yield Proposal(name, Role.LET)
