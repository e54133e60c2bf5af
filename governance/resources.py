"""The data files of the package: grammars, the standard policy library, the examples.

In the wheel they lie inside the package, in a source tree beside it. Nothing else is ever looked for, and
the working directory plays no part.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

__all__ = ["folder"]


@cache
def folder(name: str) -> Path:
    """Return the folder called `name` (`grammars`, `policies`, …) that belongs to this very package."""
    package = Path(__file__).resolve().parent
    inside = package / name
    return inside if inside.is_dir() else package.parent / name
