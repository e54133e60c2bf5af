"""Checks what a policy declares beside capabilities and sandboxes: agents and protected paths."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, cast

from governance.policy.bundle import Agent, Protected
from governance.policy.check.literals import path_sets, single
from governance.text import shown

if TYPE_CHECKING:
    from governance.policy.check.scope import FileScope
    from governance.policy.decision import RuleReference
    from governance.policy.syntax import AgentSyntax, ProtectedSyntax, Word

__all__ = ["check_agent", "check_protected"]

_AGENT: Final = re.compile(r"[!-~]{1,256}")
"""Visible ASCII without spaces: two names that differ look different, and none is empty."""

_WORKSPACE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")


def check_agent(scope: FileScope, syntax: AgentSyntax) -> Agent:
    """Return the agent that is declared."""
    name = syntax.name.text
    if not _AGENT.fullmatch(name):
        message = f"`{shown(name[:40])}` can name no agent"
        mend = "write 1 to 256 visible ASCII characters without spaces"
        scope.report("bad-agent", message, syntax.name, mend)
    tenant = single(scope, syntax.clauses, "tenant")
    groups = single(scope, syntax.clauses, "groups")
    workspace = single(scope, syntax.clauses, "workspace")
    folder = cast("Word", workspace.items[0]) if workspace else None
    if folder is not None and not _WORKSPACE.fullmatch(folder.text):
        scope.report(
            "bad-workspace", "a workspace is a relative path of plain names", folder, 'like "repos/web"'
        )
    if groups is None:
        scope.report("no-group", f"the agent `{shown(name)}` is in no group", syntax.name, "add groups NAME")
    return Agent(
        name,
        cast("Word", tenant.items[0]).text if tenant else "",
        frozenset(cast("Word", word).text for word in groups.items) if groups else frozenset(),
        folder.text if folder else None,
    )


def check_protected(scope: FileScope, syntax: ProtectedSyntax, reference: RuleReference) -> Protected:
    """Return the protected paths that are declared."""
    return Protected(reference, path_sets(scope, syntax.paths, tree=False), syntax.because.text)
