"""The program that probes from inside: the modules of `inside`, joined into one text without their imports of each other."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import Final

__all__ = ["program"]

_PARTS: Final = ("base", "kernel", "files", "limits", "network", "secrets", "neighbour", "last")


@cache
def program() -> str:
    """Return the whole program, for `python3 -c`."""
    folder = Path(__file__).parent / "inside"
    lines = ["from __future__ import annotations"]
    for part in _PARTS:
        tree = ast.parse((folder / f"{part}.py").read_text(encoding="utf-8"))
        lines += [ast.unparse(each) for each in tree.body if not _joins(each)]
    return "\n".join(lines)


def _joins(statement: ast.stmt) -> bool:
    """Tell whether a statement is an import that joining makes needless."""
    module = statement.module if isinstance(statement, ast.ImportFrom) else None
    return module is not None and (module == "__future__" or module.startswith("governance."))
