"""The commands that take requests: `decide`, which runs nothing, and `run`, which dispatches what is allowed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from governance.cli.console import err, print_json
from governance.cli.lines import read_lines
from governance.cli.options import (
    AgentOption,
    AtOption,
    HostRootOption,
    PoliciesOption,
    SessionOption,
    StateOption,
    SyntaxOption,
    host_roots,
    load_or_none,
    say,
    state_of,
)
from governance.decide import judge
from governance.gateway import open_engine
from governance.gateway.clock import now
from governance.gateway.service import configure
from governance.request.wire import Origin, Syntax, parse_request
from governance.sandbox.egress.vault import Vault

__all__ = ["decide", "run"]

_DECIDE_EXAMPLE = """\
Example:

  echo 'fs.read(path="/workspace/src/app.py")' | governance decide --policies policies/examples/coder --agent claude-1

A hook event names files of the host; say where the sandbox has them:

  governance decide --policies policies/examples/coder --agent claude-1 --host-root /home/me/web=/workspace < event.json
"""
_RUN_EXAMPLE = """\
Example:

  governance run --policies policies/examples/coder --agent claude-1 --workspaces . --log decisions < requests
"""


def decide(
    policies: PoliciesOption,
    agent: AgentOption = None,
    session: SessionOption = "",
    syntax: SyntaxOption = Syntax.AUTO,
    host_root: HostRootOption = None,
    at: AtOption = None,
    state: StateOption = None,
    *,
    explain: Annotated[bool, typer.Option("--explain", help="Add what only the operator may see.")] = False,
) -> None:
    """Decide one request a line from standard input; print one decision a line. Runs nothing."""
    origin = Origin(agent, session, syntax, roots=host_roots(host_root))
    bundle, code = load_or_none(policies)
    current = state_of(state)
    for line in read_lines(sys.stdin.buffer):
        request = parse_request(line, origin)
        judgement = judge(bundle, request, current, request.origin.at or at or now())
        current = judgement.state
        shown = judgement.decision.to_json()
        if explain:
            shown["where"] = [f"{rule.place} {rule.name}" for rule in judgement.decision.rules]
            if judgement.error is not None:
                err.print(judgement.error.render())
        print_json(shown)
    if code:
        raise typer.Exit(code)


def run(
    policies: PoliciesOption,
    agent: Annotated[str, typer.Option("--agent", help="Whose requests these are.")],
    log: Annotated[
        Path, typer.Option("--log", help="The folder of the decision log; made if it is not there.")
    ],
    session: SessionOption = "",
    syntax: SyntaxOption = Syntax.AUTO,
    host_root: HostRootOption = None,
    workspaces: Annotated[
        Path,
        typer.Option(
            "--workspaces", exists=True, file_okay=False, help="The root of the agents' workspaces."
        ),
    ] = Path(),
    secrets: Annotated[
        Path | None,
        typer.Option("--secrets", exists=True, dir_okay=False, help="A file that says where secrets lie."),
    ] = None,
    *,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Write the whole service log to standard error.")
    ] = False,
) -> None:
    """Decide one request a line and dispatch what is allowed; print each decision, then each outcome."""
    origin = Origin(agent, session, syntax, roots=host_roots(host_root))
    configure(verbose=verbose)
    bundle, code = load_or_none(policies)
    vault = None if secrets is None else Vault.read(secrets)
    with open_engine(log, bundle, workspaces, say, vault=vault) as engine:
        for line in read_lines(sys.stdin.buffer):
            decided = engine.decide(line, origin)
            print_json(decided.decision.to_json())
            if decided.fault is not None:
                raise decided.fault
            outcome = engine.dispatch(decided)
            if outcome is not None:
                print_json(outcome.to_json())
    if code:
        raise typer.Exit(code)
