"""The words that are no names: what may stand after which keyword, and which of them stands for all left unsaid."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from governance.capabilities.effects import Verb
from governance.policy.decision import ISOLATIONS, REUSES, Code

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CHOICES", "CLAUSES", "CODES", "VERBS"]

_COMMON: Final = frozenset({"agent", "call", "when", "unless", "because", "until"})

CLAUSES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "permit": _COMMON | {"sandbox", "including", "allows", "denies"},
        "forbid": _COMMON | {"allows", "denies"},
        "ask": _COMMON | {"approver", "allows", "denies", "asks"},
        "limit": _COMMON | {"at", "for", "counting"},
        "label": _COMMON,
        "declassify": frozenset({"clears", "approver", "because"}),
    }
)
"""The clauses that each kind of rule may have."""

CODES: Final = MappingProxyType(
    {
        "allow": (Code.PERMITTED,),
        "ask": (Code.NEEDS_APPROVAL,),
        "deny": (Code.FORBIDDEN, Code.OVER_LIMIT, Code.NO_PERMIT, Code.FAIL_CLOSED),
    }
)
"""The codes that each verdict can have of a call that is one, by an agent that is known."""

VERBS: Final[Mapping[str, Verb]] = MappingProxyType(
    {
        "reads": Verb.READ,
        "writes": Verb.WRITE,
        "creates": Verb.CREATE,
        "deletes": Verb.DELETE,
        "executes": Verb.EXECUTE,
        "sends": Verb.SEND,
        "receives": Verb.RECEIVE,
        "spends": Verb.SPEND,
        "irreversible": Verb.IRREVERSIBLE,
    }
)
"""How `any that …` calls the effects that a capability declares."""

_ACCESS: Final = ("read-only", "writable")

CHOICES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "as": ("bearer", "basic", "header"),
        "at": _ACCESS,
        "counting": ("allowed", "completed", "attempted"),
        "each": ("agent", "session", "tenant"),
        "isolation": ISOLATIONS,
        "methods": ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"),
        "network": ("none",),
        "reuse": REUSES,
        "root": _ACCESS,
        "then": ("completed", "failed"),
        **{verdict: tuple(code.value for code in codes) for verdict, codes in CODES.items()},
    }
)
"""The words that may follow a keyword; of those of a sandbox the first is the one where nothing is said."""
