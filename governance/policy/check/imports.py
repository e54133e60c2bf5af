"""Checks imports: each names another file of the bundle, once, and none leads back to where it began."""

from __future__ import annotations

from typing import TYPE_CHECKING

from governance.policy.check.scope import FileScope
from governance.policy.syntax import ImportSyntax

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from governance.policy.check.scope import Scope
    from governance.policy.syntax import FileSyntax

__all__ = ["check_imports"]


def check_imports(scope: Scope, files: Sequence[FileSyntax]) -> None:
    """Enter what each file imports; what is wrong with an import is reported."""
    known = {file.source.name for file in files}
    for file in files:
        found: dict[str, ImportSyntax] = {}
        place = FileScope(scope, file.source)
        for statement in file.statements:
            if isinstance(statement, ImportSyntax):
                if statement.file.text not in known:
                    place.unknown("file", statement.file, known - {file.source.name})
                place.declare("import", statement.file, statement, found)
        scope.imports[file.source.name] = frozenset(found)
    for file in files:
        _lead_back(scope, file)


def _lead_back(scope: Scope, file: FileSyntax) -> None:
    """Report each import by which a file comes to import itself."""
    place = FileScope(scope, file.source)
    for statement in file.statements:
        if isinstance(statement, ImportSyntax) and file.source.name in _reached(
            scope.imports, statement.file.text
        ):
            message = f"{statement.file.text} imports this file, directly or by another"
            place.report("circular-import", message, statement.file, "move what both need to a third file")


def _reached(imports: Mapping[str, frozenset[str]], start: str) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for name in imports.get(waiting.pop(), ()):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found
