"""Where files lie: the data of this package, and what is kept for the user who runs it.

In the wheel the grammars, the standard policy library and the examples lie inside the package, in a source tree
beside it. Nothing else is ever looked for, and the working directory plays no part.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

__all__ = ["PACKAGE", "folder", "state_path"]

PACKAGE = Path(__file__).resolve().parent
"""The folder of the package's own modules."""


@cache
def folder(name: str) -> Path:
    """Return the folder called `name` (`grammars`, `policies`, …) that belongs to this very package."""
    inside = PACKAGE / name
    return inside if inside.is_dir() else PACKAGE.parent / name


def state_path(name: str) -> Path:
    """Return where this user's state of that name lies, under `$XDG_STATE_HOME/governance`; nothing is made."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return (Path(base) / "governance" / name).resolve()
