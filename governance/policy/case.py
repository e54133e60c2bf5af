"""What a rule is asked about: one call, who makes it, in which session, when, and what came before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from governance.capabilities.call import Call
    from governance.policy.rule import Agent
    from governance.policy.state import State

__all__ = ["Case", "session_key"]


@dataclass(slots=True)
class Case:
    """One call as it is to be judged; nothing changes it.

    `lineage` is the agent, then the one it narrows, and so on. `at` is the recorded time in milliseconds since
    1970, `session` as `session_key` gives it.
    """

    call: Call
    lineage: tuple[Agent, ...]
    session: str
    at: int
    state: State

    @property
    def agent(self) -> Agent:
        """Who asks."""
        return self.lineage[0]


def session_key(agent: str, session: str) -> str:
    """Return what a session is known by; where none is named, each agent has one of its own."""
    return f"session:{session}" if session else f"agent:{agent}"
