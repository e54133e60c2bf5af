"""The task that everyone is set: who may call what where, what is asked, and what the right answers are.

An agent of the group `coders` asks to read a path. Of N rules one forbids key files, the others permit the group
one of ten capabilities under one folder each. Nothing here needs a package: each peer runs it in its own Python.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["AGENT", "CALLS", "GROUP", "KEYS", "Permit", "Question", "permits", "question"]

AGENT = "claude-1"
GROUP = "coders"
CALLS = tuple(
    f"paper.{verb}"
    for verb in ("open", "list", "find", "stat", "head", "tail", "count", "hash", "outline", "compare")
)
KEYS = ("/.env", ".pem", "/id_rsa")
"""How the path of a key file ends: the globs `**/.env`, `**/*.pem` and `**/id_rsa`, which all ends can say."""

_NAMES = (".env", "server.pem", "id_rsa")


class Permit(NamedTuple):
    """One rule: the group may make this call under this folder."""

    call: str
    folder: str


class Question(NamedTuple):
    """One call of the agent, and whether the rules allow it."""

    call: str
    path: str
    allowed: bool


def permits(rules: int) -> tuple[Permit, ...]:
    """Return the permits among so many rules: all but the one that forbids."""
    return tuple(_permit(number) for number in range(rules - 1))


def question(rules: int, number: int) -> Question:
    """Return one of three kinds in turn, each time with a path of its own, so that no answer can be remembered.

    The last permit allows the first kind; it would allow the second but for the forbid; no rule permits the third.
    """
    call, folder = _permit(rules - 2)
    match number % 3:
        case 0:
            return Question(call, f"{folder}/src/module{number}.py", allowed=True)
        case 1:
            return Question(call, f"{folder}/src{number}/{_NAMES[number // 3 % 3]}", allowed=False)
        case _:
            return Question(call, f"/workspace/others/module{number}.py", allowed=False)


def _permit(number: int) -> Permit:
    return Permit(CALLS[number % len(CALLS)], f"/workspace/team{number}")
