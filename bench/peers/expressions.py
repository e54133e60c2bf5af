"""What a language of expressions without an engine needs: one expression a rule, and the order to ask them in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from task import GROUP, KEYS, permits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["decided", "forbid", "permitting"]


def forbid() -> str:
    """Return the rule that forbids, in CEL."""
    return " || ".join(f'path.endsWith("{end}")' for end in KEYS)


def permitting(rules: int) -> tuple[str, ...]:
    """Return the rules that permit, in CEL; what is false most often stands first."""
    return tuple(
        f'call == "{permit.call}" && path.startsWith("{permit.folder}/") && "{GROUP}" in groups'
        for permit in permits(rules)
    )


def decided(
    forbids: Callable[[Any], object], permitted: Sequence[Callable[[Any], object]]
) -> Callable[[Any], bool]:
    """Return the decision from expressions: not what is forbidden, else what the first permits that holds."""

    def allows(variables: object) -> bool:
        if forbids(variables):
            return False
        return any(permits(variables) for permits in permitted)

    return allows
