"""What the events of a log so far amount to, for decisions: counted amounts, labels, what was seen, grants.

A value: what an event changes gives another state, and both share what they have in common. The maps are never
gone through in their own order, which no one may depend on. What an event means for the state is
`governance.evidence`; what a decision changes is found by the evaluator.
"""

from __future__ import annotations

from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, cast

from immutables import Map

from governance.canonical import canonical, digest_of
from governance.capabilities.numbers import decimal_text
from governance.policy.change import Carry, Count, Expect, Hold, See, Use, change_to_json
from governance.policy.said import occurs
from governance.policy.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable

    from governance.capabilities.values import Value
    from governance.policy.change import Change
    from governance.policy.condition import Truth
    from governance.policy.facts import EngineFacts

__all__ = ["Chain", "Grant", "State"]

_Key: TypeAlias = tuple[str, str]

_LONGEST_TEXT: Final = 1 << 18
"""So many characters of what one source said in one session are kept; of what was cut off nothing is sure."""


class Chain:
    """The digest of all that happened, in order; it is computed when it is asked for."""

    __slots__ = ("_known", "_parent", "_payload")

    def __init__(self, parent: Chain | None = None, payload: tuple[object, ...] = ()) -> None:
        """Go on after `parent` with `payload`: canonical data, or changes at its end."""
        self._parent = parent
        self._payload = payload
        self._known = b"" if parent is None else None

    @property
    def digest(self) -> bytes:
        """The digest of this link and all before it."""
        links: list[Chain] = []
        link: Chain | None = self
        while link is not None and link._known is None:  # noqa: SLF001 - of this very class
            links.append(link)
            link = link._parent  # noqa: SLF001
        value = link._known if link is not None and link._known is not None else b""  # noqa: SLF001
        for each in reversed(links):
            value = sha256(value + _bytes_of(each._payload)).digest()  # noqa: SLF001
            # The payload and what came before are not needed any more, and would be kept for ever.
            each._known, each._parent, each._payload = value, None, ()  # noqa: SLF001
        return value


def _bytes_of(payload: tuple[Any, ...]) -> bytes:
    return canonical([change_to_json(each) if isinstance(each, _CHANGES) else each for each in payload])


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


_CHANGES: Final = (Count, Hold, Carry, See, Expect, Use)


_Seen: TypeAlias = tuple[int, int]
"""When an event was last surely seen, and when perhaps, in milliseconds since 1970."""

_NEVER: Final[_Seen] = (-1, -1)


class _Said(NamedTuple):
    text: str = ""
    cut: bool = False


class State(NamedTuple):
    """What the events so far amount to. `decisions` counts them, `facts` is what the engine in use offers.

    Sessions are named as `case.session_key` gives them.
    """

    decisions: int = 0
    facts: EngineFacts | None = None
    bundle: str | None = None
    chain: Chain = Chain()
    tallies: Map[_Key, tuple[Tally, ...]] = Map()
    held: Map[_Key, tuple[int, ...]] = Map()
    pending: Map[str, tuple[Change, ...]] = Map()
    labels: Map[str, frozenset[str]] = Map()
    seen: Map[_Key, _Seen] = Map()
    texts: Map[_Key, _Said] = Map()
    grants: Map[str, Grant] = Map()
    granted: Map[tuple[str, str, str], tuple[str, ...]] = Map()

    def counted(self, key: str, place: int, subject: str, since: int) -> int:
        """Return the amount that counts for `subject` under `key` after `since`, with what is reserved.

        `place` is that of the quota in its limit.
        """
        tallies, held = self.tallies.get((key, subject)), self.held.get((key, subject))
        return (tallies[place].since(since) if tallies else 0) + (held[place] if held else 0)

    def carries(self, session: str, label: str) -> bool:
        """Whether the session carries `label`."""
        return label in (self.labels.get(session) or ())

    def happened(self, session: str, watch: str, since: int) -> Truth:
        """Whether the session has seen an event of `watch` at `since` or later; None for perhaps."""
        seen = self.seen.get((session, watch))
        if seen is None or seen[1] < since:
            return False
        return True if seen[0] >= since else None

    def said(self, session: str, source: str, value: Value | None) -> Truth:
        """Whether `value` occurs as a whole in what `source` said in the session; None for perhaps."""
        said = self.texts.get((session, source))
        if said is None or value is None:
            return False
        found = occurs(decimal_text(value) if isinstance(value, Decimal) else str(value), said.text)
        return None if said.cut and found is False else found

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
        return _changed(self, changes, at, decision, 1)

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
                case Hold(key, subject, amounts, pers):
                    left = zip(held[key, subject], amounts, strict=True)
                    held = held.set((key, subject), tuple(all_ - these for all_, these in left))
                    if completed is not False:
                        then.append(Count(key, subject, amounts, pers))
                case Expect(session, watch, sure, expected) if completed is None or expected == outcome:
                    then.append(See(session, watch, sure and completed is not None))
        settled = self._replace(
            held=held,
            pending=self.pending.delete(decision),
            chain=Chain(self.chain, ("outcome", at, decision)),
        )
        return _changed(settled, tuple(then), at, decision, 0) if then else settled

    def in_force(self, bundle: str | None, facts: EngineFacts | None, at: int) -> State:
        """Return the state in which this bundle and engine are in force.

        Nothing is running any more that was before, so what is pending never comes to be known. The grants of
        another bundle are void.
        """
        state = self
        for decision in sorted(self.pending):
            state = state.settled(decision, at, completed=None)
        if bundle != state.bundle:
            state = state._replace(grants=Map(), granted=Map())
        return state._replace(bundle=bundle, facts=facts, chain=_link(state, ["bundle", bundle]))

    def with_grant(self, identifier: str, grant: Grant) -> State:
        """Return the state in which that grant was given."""
        place = (grant.rule, grant.call, grant.agent)
        return self._replace(
            grants=self.grants.set(identifier, grant),
            granted=self.granted.set(place, (*(self.granted.get(place) or ()), identifier)),
            chain=_link(self, ["grant", identifier, *grant]),
        )

    def revoked(self, identifier: str) -> State:
        """Return the state in which that grant counts no more."""
        grant = self.grants.get(identifier)
        if grant is None:
            return self
        place = (grant.rule, grant.call, grant.agent)
        left = tuple(each for each in self.granted[place] if each != identifier)
        return self._replace(
            grants=self.grants.delete(identifier),
            granted=self.granted.set(place, left) if left else self.granted.delete(place),
            chain=_link(self, ["revoke", identifier]),
        )

    def declassified(self, session: str, labels: frozenset[str]) -> State:
        """Return the state in which the session carries none of `labels`."""
        left = (self.labels.get(session) or frozenset()) - labels
        return self._replace(
            labels=self.labels.set(session, left),
            chain=_link(self, ["declassify", session, *sorted(labels)]),
        )

    def with_text(self, session: str, sources: Iterable[str], text: str) -> State:
        """Return the state in which each of `sources` said `text` in the session."""
        texts = self.texts
        for source in sources:
            said = texts.get((session, source)) or _Said()
            whole = f"{said.text}\n{text}"
            cut = said.cut or len(whole) > _LONGEST_TEXT
            texts = texts.set((session, source), _Said(whole[-_LONGEST_TEXT:], cut))
        return self._replace(texts=texts, chain=_link(self, ["message", session, *sources, text]))

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


def _link(state: State, payload: list[object]) -> Chain:
    return Chain(state.chain, tuple(payload))


def _changed(state: State, changes: tuple[Change, ...], at: int, decision: str, decisions: int) -> State:
    """Return the state with `changes`, after so many `decisions` more. This is on the way of every request."""
    if not changes:
        return state._replace(decisions=state.decisions + decisions)
    count, facts, bundle, chain, tallies, held, pending, labels, seen, texts, grants, granted = state
    waiting: list[Change] = []
    for change in changes:
        kind = type(change)
        if kind is Count:
            tallies = _counted(tallies, cast("Count", change), at)
        elif kind is See:
            session, watch, sure = cast("See", change)
            surely, perhaps = seen.get((session, watch)) or _NEVER
            surely = max(at, surely) if sure else surely
            seen = seen.set((session, watch), (surely, max(at, perhaps)))
        elif kind is Carry:
            session, label = cast("Carry", change)
            labels = labels.set(session, (labels.get(session) or frozenset()) | {label})
        elif kind is Use:
            grant = grants[cast("Use", change).grant]
            if grant.uses is not None:
                grants = grants.set(cast("Use", change).grant, grant._replace(uses=grant.uses - 1))
        else:
            waiting.append(change)
            if kind is Hold:
                held = _held(held, cast("Hold", change))
    if waiting:
        pending = pending.set(decision, tuple(waiting))
    chain = Chain(chain, (at, decision, *changes))
    decisions += count
    return State(
        decisions, facts, bundle, chain, tallies, held, pending, labels, seen, texts, grants, granted
    )


def _counted(tallies: Map[_Key, tuple[Tally, ...]], change: Count, at: int) -> Map[_Key, tuple[Tally, ...]]:
    key, subject, amounts, pers = change
    before = tallies.get((key, subject)) or (Tally(),) * len(amounts)
    after = [
        tally.add(at, amount, at - per) for tally, amount, per in zip(before, amounts, pers, strict=True)
    ]
    return tallies.set((key, subject), tuple(after))


def _held(held: Map[_Key, tuple[int, ...]], change: Hold) -> Map[_Key, tuple[int, ...]]:
    before = held.get((change.key, change.subject)) or (0,) * len(change.amounts)
    after = tuple(all_ + these for all_, these in zip(before, change.amounts, strict=True))
    return held.set((change.key, change.subject), after)
