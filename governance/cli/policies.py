"""The commands about policies: `check` and `explain`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.auditing import audit_json, show_audit, undeclared
from governance.cli.console import Exit, err, out, print_json
from governance.cli.options import AtOption, PoliciesOption, SessionOption, StateOption, state_of
from governance.cli.show import explanation_table
from governance.decide import decide
from governance.errors import RequestError
from governance.gateway.clock import now
from governance.instant import milliseconds
from governance.library import examine_policies, known_programs, load_policies
from governance.policy import Deny
from governance.policy.audit import audit
from governance.policy.case import Case, session_key
from governance.policy.compiled import compiled
from governance.policy.explain import explain as explain_call
from governance.request.bind import bind
from governance.request.surface import read_call
from governance.request.wire import Origin, parse_request
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
    at: AtOption = None,
    state: StateOption = None,
) -> None:
    """Show why a call is allowed or denied: every rule, and what each of its parts came to."""
    bundle = load_policies(policies)
    known = bundle.agents.get(agent)
    if known is None:
        raise typer.BadParameter(f"no agent is called {agent!r}; known: {', '.join(bundle.agents) or 'none'}")
    current, at = state_of(state), at or now()
    try:
        bound = bind(
            read_call(parse_request(call.encode(errors="surrogateescape"), Origin(agent))),
            bundle.capabilities,
        )
    except RequestError as error:
        out.print("deny: this is no call")
        out.print(error.render())
        return
    case = Case(bound, bundle.lineage(known), session_key(agent, session), milliseconds(at), current)
    explanation = explain_call(bundle, case)
    decision = decide(bundle, bound, known, current, at, session).decision
    out.print(f"{decision.verdict} {decision.code.value}: {shown(decision.reason)}")
    out.print(f"call {bound}")
    for effect in explanation.effects:
        out.print(f"  may {shown(str(effect))}")
    out.print(explanation_table(explanation))
    for near in decision.nearest if isinstance(decision, Deny) else ():
        out.print(f"instead: {near}")
