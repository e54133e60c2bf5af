"""The commands about policies: `check` and `explain`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.auditing import audit_json, show_audit, undeclared
from governance.cli.console import Exit, err, out, print_json
from governance.cli.options import (
    AtOption,
    HostRootOption,
    PoliciesOption,
    SessionOption,
    StateOption,
    SyntaxOption,
    host_roots,
    state_of,
)
from governance.cli.show import explanation_json, explanation_table
from governance.decide import judge
from governance.gateway.clock import now
from governance.instant import milliseconds
from governance.library import examine_policies, known_programs, load_policies
from governance.policy import Deny
from governance.policy.audit import audit
from governance.policy.case import Case, session_key
from governance.policy.compiled import compiled
from governance.policy.explain import explain as explain_call
from governance.request.wire import Origin, Syntax, parse_request
from governance.text import shown

if TYPE_CHECKING:
    from governance.canonical import Json

__all__ = ["check", "explain"]


def check(
    policies: Annotated[
        Path, typer.Argument(exists=True, readable=True, help="A .policy file or a folder of them.")
    ],
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    show_code: Annotated[
        str, typer.Option("--show-code", help="Print the code that decides calls of this capability.")
    ] = "",
    programs: Annotated[
        bool,
        typer.Option(
            "--programs",
            help="Show what the programs that may run can start, write, read or reach on the network.",
        ),
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Let warnings fail the check, too, and what is not declared.")
    ] = False,
) -> None:
    """Parse and type-check policies and run their examples; report everything that is wrong."""
    found = examine_policies(policies, milliseconds(now()))
    bundle = found.bundle
    audited = audit(bundle, known_programs()) if programs and bundle is not None else ()
    fails = bundle is None or (strict and (bool(found.diagnostics) or undeclared(audited) > 0))
    if json:
        diagnostics = [diagnostic.to_json() for diagnostic in found.diagnostics]
        said: dict[str, Json] = {"ok": not fails, "bundle": bundle.digest if bundle else None}
        print_json(
            said | {"diagnostics": diagnostics} | ({"programs": audit_json(audited)} if programs else {})
        )
    else:
        for diagnostic in found.diagnostics:
            err.print(diagnostic.render())
        if found.diagnostics:
            warnings = len(found.diagnostics) - len(found.errors)
            err.print(f"{len(found.errors)} to mend, {warnings} warnings", style="red" if fails else "yellow")
    if bundle is not None and not json:
        capabilities = {capability.name for capability in bundle.capabilities.values()}
        examples = sum(len(rule.examples) for rule in bundle.rules)
        counts = f"{len(capabilities)} capabilities, {len(bundle.agents)} agents, {len(bundle.rules)} rules"
        out.print(f"ok: {counts}, {examples} examples hold")
        out.print(f"bundle {bundle.digest}")
    if programs and bundle is not None and not json:
        show_audit(audited)
    if bundle is not None and show_code:
        if show_code not in bundle.capabilities:
            known = ", ".join(sorted({each.name for each in bundle.capabilities.values()}))
            raise typer.BadParameter(f"no capability is called {show_code!r}; known: {known}")
        out.print(compiled(bundle).source(show_code))
    if fails:
        raise typer.Exit(Exit.FAILS)


def explain(
    call: Annotated[str, typer.Argument(help="A request in any syntax.")],
    policies: PoliciesOption,
    agent: Annotated[str, typer.Option("--agent", help="Who asks.")],
    session: SessionOption = "",
    syntax: SyntaxOption = Syntax.AUTO,
    host_root: HostRootOption = None,
    at: AtOption = None,
    state: StateOption = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show why a call is allowed or denied: every rule, and what each of its parts came to."""
    bundle = load_policies(policies)
    known = bundle.agents.get(agent)
    if known is None:
        raise typer.BadParameter(f"no agent is called {agent!r}; known: {', '.join(bundle.agents) or 'none'}")
    current, at = state_of(state), at or now()
    origin = Origin(agent, session, syntax, roots=host_roots(host_root))
    judgement = judge(bundle, parse_request(call.encode(errors="surrogateescape"), origin), current, at)
    decision = judgement.decision
    lineage, session = bundle.lineage(known), session_key(agent, session)
    explanations = [
        (each, explain_call(bundle, Case(each, lineage, session, milliseconds(at), current)))
        for each in (judgement.work.calls if judgement.work else ())
    ]
    diagnostics = judgement.error.diagnostics if judgement.error else ()
    if json:
        calls = [{"call": str(each), "rules": explanation_json(why)} for each, why in explanations]
        said = [diagnostic.to_json() for diagnostic in diagnostics]
        print_json({"decision": decision.to_json(), "calls": calls, "diagnostics": said})
        return
    if judgement.error is not None:
        out.print("deny: this is no call")
        out.print(judgement.error.render())
        return
    out.print(f"{decision.verdict} {decision.code.value}: {shown(decision.reason)}")
    for each, why in explanations:
        out.print(f"call {each}")
        for effect in why.effects:
            out.print(f"  may {shown(str(effect))}")
        out.print(explanation_table(why))
    for near in decision.nearest if isinstance(decision, Deny) else ():
        out.print(f"instead: {near}")
