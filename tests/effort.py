"""How hard the laws are tried: as `make test` does, less hard in `make quick`, many times as hard in `make soak`."""

from __future__ import annotations

import os
from typing import Final

SOAK: Final = int(os.environ.get("GOVERNANCE_SOAK", "1"))
"""How many times longer than usual the laws of decisions, the fuzzing and the questions to bash go on."""

_QUICK: Final = 4
"""`make quick` tries one example where `make test` tries so many."""


def examples(usual: int) -> int:
    """Return how many examples of a law are tried where `make test` tries `usual` ones."""
    return -(-usual // _QUICK) if os.environ.get("GOVERNANCE_QUICK") else usual
