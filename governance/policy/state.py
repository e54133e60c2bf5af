"""What the events of a log so far amount to, for decisions: counted amounts, labels, what was seen, grants.

A value: what an event changes gives another state, and both share what they have in common. The maps are never
gone through in their own order, which no one may depend on. What an event means for the state is
`governance.evidence`; what a decision changes is found by the evaluator.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from rpds import HashTrieMap

from governance.canonical import canonical, digest_of
from governance.capabilities.numbers import decimal_text
from governance.policy.change import Carry, Count, Expect, Hold, See, Use, change_to_json
from governance.policy.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable

    from governance.canonical import Json
    from governance.capabilities.values import Value
    from governance.policy.change import Change
    from governance.policy.condition import Truth
    from governance.policy.facts import EngineFacts

__all__ = ["Chain", "Grant", "State"]

_Key: TypeAlias = tuple[str, str]

_LONGEST_TEXT: Final = 1 << 18
"""So many characters of what one source said in one session are kept; of what was cut off nothing is sure."""

_SHORTEST_SAID: Final = 3
"""A shorter text occurs somewhere by chance, so that it occurs says nothing."""


@dataclass(slots=True)
class Chain:
    """The digest of all changes in order, computed when it is asked for."""

    parent: Chain | None = None
    payload: bytes = b""
    known: bytes | None = None

    @property
    def digest(self) -> bytes:
        """The digest of this link and all before it."""
        links = [self]
        while links[-1].known is None and links[-1].parent is not None:
            links.append(links[-1].parent)
        value = links[-1].known or b""
        for link in reversed(links):
            if link.known is None:
                value = sha256(value + link.payload).digest()
                link.known, link.parent = value, None
            else:
                value = link.known
        return value


class Grant(NamedTuple):
    """A person's answer to `ask`: this call by this agent is approved, under this bundle alone.

    `expires` is in milliseconds since 1970; `uses` how often it still counts, None for always.
    """

    rule: str
    call: str
    agent: str
    bundle: str
    approver: str
    expires: int
    uses: int | None


class _Seen(NamedTuple):
    """When an event was last surely seen, and when perhaps, in milliseconds since 1970."""

    surely: int = -1
    perhaps: int = -1


class _Said(NamedTuple):
    text: str = ""
    cut: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """What the events so far amount to. `decisions` counts them, `facts` is what the engine in use offers.

    Sessions are named as `case.session_key` gives them.
    """

    decisions: int = 0
    facts: EngineFacts | None = None
    bundle: str | None = None
    chain: Chain = field(default_factory=Chain)
    tallies: HashTrieMap[_Key, Tally] = field(default_factory=HashTrieMap)
    held: HashTrieMap[_Key, int] = field(default_factory=HashTrieMap)
    pending: HashTrieMap[str, tuple[Change, ...]] = field(default_factory=HashTrieMap)
    labels: HashTrieMap[str, frozenset[str]] = field(default_factory=HashTrieMap)
    seen: HashTrieMap[_Key, _Seen] = field(default_factory=HashTrieMap)
    texts: HashTrieMap[_Key, _Said] = field(default_factory=HashTrieMap)
    grants: HashTrieMap[str, Grant] = field(default_factory=HashTrieMap)
    granted: HashTrieMap[tuple[str, str, str], tuple[str, ...]] = field(default_factory=HashTrieMap)

    def counted(self, key: str, subject: str, since: int) -> int:
        """Return the amount that counts for `subject` under `key` after `since`, with what is reserved."""
        tally = self.tallies.get((key, subject))
        return (0 if tally is None else tally.since(since)) + (self.held.get((key, subject)) or 0)

    def carries(self, session: str, label: str) -> bool:
        """Whether the session carries `label`."""
        return label in (self.labels.get(session) or ())

    def happened(self, session: str, watch: str, since: int) -> Truth:
        """Whether the session has seen an event of `watch` at `since` or later; None for perhaps."""
        seen = self.seen.get((session, watch))
        if seen is None or seen.perhaps < since:
            return False
        return True if seen.surely >= since else None

    def said(self, session: str, source: str, value: Value | None) -> Truth:
        """Whether `value` occurs as a whole in what `source` said in the session; None where that is not known."""
        said = self.texts.get((session, source))
        if said is None or value is None:
            return False
        if _occurs(decimal_text(value) if isinstance(value, Decimal) else str(value), said.text):
            return True
        return None if said.cut else False

    def grant_for(self, rule: str, call: str, agent: str, at: int, approvers: frozenset[str]) -> str | None:
        """Return a grant that covers this call at `at`, by one of `approvers` where any are named."""
        for identifier in self.granted.get((rule, call, agent)) or ():
            grant = self.grants[identifier]
            live = at < grant.expires and grant.uses != 0
            if live and grant.bundle == self.bundle and (not approvers or grant.approver in approvers):
                return identifier
        return None

    def decided(self, changes: tuple[Change, ...], at: int, decision: str) -> State:
        """Return the state after the decision of that id, which changes this."""
        after = _changed(self, changes, at, decision) if changes else self
        return replace(after, decisions=self.decisions + 1)

    def settled(self, decision: str, at: int, *, completed: bool | None) -> State:
        """Return the state once it is known what came of a decision; None where it never will be."""
        waiting = self.pending.get(decision)
        if waiting is None:
            return self
        outcome = "completed" if completed else "failed"
        then: list[Change] = []
        held = self.held
        for change in waiting:
            match change:
                case Hold(key, subject, amount, per):
                    held = held.insert((key, subject), held[key, subject] - amount)
                    if completed is not False:
                        then.append(Count(key, subject, amount, per))
                case Expect(session, watch, sure, expected) if completed is None or expected == outcome:
                    then.append(See(session, watch, sure and completed is not None))
        settled = replace(self, held=held, pending=self.pending.remove(decision))
        return _changed(settled, tuple(then), at, decision)

    def in_force(self, bundle: str | None, facts: EngineFacts | None, at: int) -> State:
        """Return the state in which this bundle and engine are in force.

        Nothing is running any more that was before, so what is pending never comes to be known. The grants of
        another bundle are void.
        """
        state = self
        for decision in sorted(self.pending):
            state = state.settled(decision, at, completed=None)
        if bundle != state.bundle:
            state = replace(state, grants=HashTrieMap(), granted=HashTrieMap())
        return replace(state, bundle=bundle, facts=facts, chain=_link(state, ["bundle", bundle]))

    def with_grant(self, identifier: str, grant: Grant) -> State:
        """Return the state in which that grant was given."""
        place = (grant.rule, grant.call, grant.agent)
        return replace(
            self,
            grants=self.grants.insert(identifier, grant),
            granted=self.granted.insert(place, (*(self.granted.get(place) or ()), identifier)),
            chain=_link(self, ["grant", identifier, *grant]),
        )

    def revoked(self, identifier: str) -> State:
        """Return the state in which that grant counts no more."""
        grant = self.grants.get(identifier)
        if grant is None:
            return self
        place = (grant.rule, grant.call, grant.agent)
        left = tuple(each for each in self.granted[place] if each != identifier)
        return replace(
            self,
            grants=self.grants.remove(identifier),
            granted=self.granted.insert(place, left) if left else self.granted.remove(place),
            chain=_link(self, ["revoke", identifier]),
        )

    def declassified(self, session: str, labels: frozenset[str]) -> State:
        """Return the state in which the session carries none of `labels`."""
        left = (self.labels.get(session) or frozenset()) - labels
        return replace(
            self,
            labels=self.labels.insert(session, left),
            chain=_link(self, ["declassify", session, *sorted(labels)]),
        )

    def with_text(self, session: str, sources: Iterable[str], text: str) -> State:
        """Return the state in which each of `sources` said `text` in the session."""
        texts = self.texts
        for source in sources:
            said = texts.get((session, source)) or _Said()
            whole = f"{said.text}\n{text}"
            cut = said.cut or len(whole) > _LONGEST_TEXT
            texts = texts.insert((session, source), _Said(whole[-_LONGEST_TEXT:], cut))
        return replace(self, texts=texts, chain=_link(self, ["message", session, *sources, text]))

    @property
    def digest(self) -> str:
        """What records name the state by."""
        return digest_of(
            {
                "decisions": self.decisions,
                "engine": self.facts.digest if self.facts else None,
                "history": self.chain.digest.hex(),
            }
        )


def _link(state: State, payload: Json) -> Chain:
    return Chain(state.chain, canonical(payload))


def _changed(state: State, changes: tuple[Change, ...], at: int, decision: str) -> State:
    tallies, held, labels, seen = state.tallies, state.held, state.labels, state.seen
    pending, grants = state.pending, state.grants
    waiting: list[Change] = []
    for change in changes:
        match change:
            case Count(key, subject, amount, per):
                tally = tallies.get((key, subject)) or Tally()
                tallies = tallies.insert((key, subject), tally.add(at, amount, at - per))
            case Hold(key, subject, amount, _):
                held = held.insert((key, subject), (held.get((key, subject)) or 0) + amount)
                waiting.append(change)
            case Carry(session, label):
                labels = labels.insert(session, (labels.get(session) or frozenset()) | {label})
            case See(session, watch, sure):
                before = seen.get((session, watch)) or _Seen()
                surely = max(at, before.surely) if sure else before.surely
                seen = seen.insert((session, watch), _Seen(surely, max(at, before.perhaps)))
            case Expect():
                waiting.append(change)
            case Use(grant):
                found = grants[grant]
                if found.uses is not None:
                    grants = grants.insert(grant, found._replace(uses=found.uses - 1))
    if waiting:
        pending = pending.insert(decision, tuple(waiting))
    chain = Chain(state.chain, canonical([at, decision, *map(change_to_json, changes)]))
    return replace(
        state,
        chain=chain,
        tallies=tallies,
        held=held,
        pending=pending,
        labels=labels,
        seen=seen,
        grants=grants,
    )


def _occurs(value: str, text: str) -> bool:
    """Whether `value` stands in `text`, and is not part of a longer word there."""
    if len(value) < _SHORTEST_SAID:
        return False
    at = text.find(value)
    while at >= 0:
        end = at + len(value)
        before, behind = text[at - 1 : at], text[end : end + 1]
        if not (before.isalnum() and value[0].isalnum()) and not (behind.isalnum() and value[-1].isalnum()):
            return True
        at = text.find(value, at + 1)
    return False
