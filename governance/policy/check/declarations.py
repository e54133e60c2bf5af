"""Checks what a policy declares beside capabilities and sandboxes: agents and protected paths."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final, cast

from governance.policy.check.literals import path_sets, single
from governance.policy.check.scope import FileScope
from governance.policy.rule import Agent, Protected
from governance.policy.syntax import AgentSyntax, Word
from governance.text import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from governance.policy.check.scope import Scope
    from governance.policy.decision import RuleReference
    from governance.policy.syntax import FileSyntax, ProtectedSyntax

__all__ = ["check_agent", "check_lineages", "check_protected"]

_AGENT: Final = re.compile(r"[!-~]{1,256}")
"""Visible ASCII without spaces: two names that differ look different, and none is empty."""

_LONGEST_LINEAGE: Final = 32
"""An agent narrows at most so many others, one through the other."""

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
    narrows = single(scope, syntax.clauses, "narrows")
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
        cast("Word", narrows.items[0]).text if narrows else None,
    )


def check_lineages(scope: Scope, files: Sequence[FileSyntax]) -> None:
    """Check which agent narrows which, once all are known: a known one, not itself, in a workspace of that one.

    An agent without a workspace of its own works in that of the agent it narrows.
    """
    for file in files:
        place = FileScope(scope, file.source)
        for statement in file.statements:
            clause = (
                next((c for c in statement.clauses if c.keyword == "narrows"), None)
                if isinstance(statement, AgentSyntax)
                else None
            )
            if isinstance(statement, AgentSyntax) and clause is not None:
                _lineage(place, statement.name, cast("Word", clause.items[0]))


def _lineage(scope: FileScope, name: Word, parent: Word) -> None:
    agents = scope.scope.agents
    agent = agents.get(name.text)
    wider = scope.find("agent", parent, agents)
    if agent is None or wider is None:
        return
    seen = {agent.name}
    while wider is not None and wider.name not in seen and len(seen) <= _LONGEST_LINEAGE:
        seen.add(wider.name)
        wider = agents.get(wider.narrows) if wider.narrows is not None else None
    if len(seen) > _LONGEST_LINEAGE:
        message = f"`{name.text}` narrows through more than {_LONGEST_LINEAGE} agents"
        scope.report("too-deep", message, parent, "narrow an agent that is nearer to the first")
        agents[name.text] = replace(agent, narrows=None)
        return
    if wider is not None:
        message = f"`{name.text}` comes to narrow itself"
        scope.report("circular-narrows", message, parent, "let the first one narrow no other")
        agents[name.text] = replace(agent, narrows=None)
        return
    _workspace(scope, agent, parent)


def _workspace(scope: FileScope, agent: Agent, parent: Word) -> None:
    agents = scope.scope.agents
    above = agents[parent.text]
    while above.workspace is None and above.narrows is not None:
        above = agents[above.narrows]
    if agent.workspace is None:
        agents[agent.name] = replace(agent, workspace=above.workspace)
    elif above.workspace is None or not f"{agent.workspace}/".startswith(f"{above.workspace}/"):
        message = f"{agent.workspace} is not in the workspace of `{above.name}`"
        scope.report("bad-workspace", message, parent, f"work in {above.workspace or 'none'}, or beneath it")


def check_protected(scope: FileScope, syntax: ProtectedSyntax, reference: RuleReference) -> Protected:
    """Return the protected paths that are declared."""
    return Protected(reference, path_sets(scope, syntax.paths, tree=False), syntax.because.text)
