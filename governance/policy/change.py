"""What a decision changes: the entries by which history enters later decisions, as records hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from governance.canonical import Json

__all__ = ["Carry", "Change", "Count", "Expect", "Hold", "See", "Use", "change_from_json", "change_to_json"]


class Count(NamedTuple):
    """Amounts count for `subject` under `key`, one for each quota of a limit, whose windows `pers` has in milliseconds."""

    key: str
    subject: str
    amounts: tuple[int, ...]
    pers: tuple[int, ...]


class Hold(NamedTuple):
    """As `Count`, reserved now: what comes of the call settles it, and then it counts from then, or releases it."""

    key: str
    subject: str
    amounts: tuple[int, ...]
    pers: tuple[int, ...]


class Carry(NamedTuple):
    """The session carries a label from now on."""

    session: str
    label: str


class See(NamedTuple):
    """The session has seen an event that a rule watches for; not `sure` where only part of the call is such."""

    session: str
    watch: str
    sure: bool


class Expect(NamedTuple):
    """As `See`, once the call has `completed`, or `failed`."""

    session: str
    watch: str
    sure: bool
    outcome: Literal["completed", "failed"]


class Use(NamedTuple):
    """A grant was used once."""

    grant: str


Change: TypeAlias = Count | Hold | Carry | See | Expect | Use

_KINDS: Final[dict[str, type[Change]]] = {
    "count": Count,
    "hold": Hold,
    "carry": Carry,
    "see": See,
    "expect": Expect,
    "use": Use,
}
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}


def change_to_json(change: Change) -> list[Json]:
    """Return the change as canonical data: its kind and its fields; an amount is text, for it may be large."""
    name = _NAMES[type(change)]
    if isinstance(change, Count | Hold):
        return [name, change.key, change.subject, [str(amount) for amount in change.amounts], change.pers]
    return [name, *change]


def change_from_json(data: Sequence[Any]) -> Change:
    """Return the change that `change_to_json` gave. Raises ValueError, KeyError or TypeError for anything else."""
    kind = _KINDS[data[0]]
    if kind is Count or kind is Hold:
        _, key, subject, amounts, pers = data
        return kind(key, subject, tuple(map(int, amounts)), tuple(pers))
    return kind(*data[1:])
