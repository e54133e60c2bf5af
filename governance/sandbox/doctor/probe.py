"""A probe: what it tries, and which words for what came of it show that the control is in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from governance.canonical import Json
    from governance.policy.decision import Isolation

__all__ = ["REFUSED", "Probe", "Result", "Verdict", "judge"]

Verdict: TypeAlias = Literal["passed", "failed", "not proven"]

REFUSED: Final = ("EPERM",)
"""The word of what is refused by the filter of system calls."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One probe: `holds` are the words that pass. `id` begins with its area.

    `gvisor` are the words of that tier where it must answer otherwise, and `differs` says why it does. `gate` marks
    the few that are asked before a pool takes a filling into use.
    """

    id: str
    tries: str
    holds: tuple[str, ...] = REFUSED
    gvisor: tuple[str, ...] | None = None
    differs: str = ""
    gate: bool = False

    def expected(self, tier: Isolation) -> tuple[str, ...]:
        """Return the words that pass in a tier."""
        return self.gvisor if tier == "gvisor" and self.gvisor is not None else self.holds


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a probe in a tier."""

    probe: Probe
    tier: Isolation
    verdict: Verdict
    seen: str

    def to_json(self) -> dict[str, Json]:
        """Return the result as data, keys in the order of the interface."""
        return {
            "id": self.probe.id,
            "tier": self.tier,
            "verdict": self.verdict,
            "seen": self.seen,
            "expected": self.probe.expected(self.tier),
            "tries": self.probe.tries,
            "differs": self.probe.differs if self.tier == "gvisor" else "",
            "gate": self.probe.gate,
        }


def judge(probe: Probe, tier: Isolation, word: str | None) -> Result:
    """Hold a probe's word against what is expected; without a word, or with `?` and a reason, nothing is proven."""
    if word is None or word.startswith("?"):
        return Result(probe, tier, "not proven", (word or "?it did not run").removeprefix("?"))
    return Result(probe, tier, "passed" if word in probe.expected(tier) else "failed", word)
