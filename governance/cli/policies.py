"""The commands about policies: `check` and `explain`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from governance.cli.console import Exit, err, out, print_json
from governance.cli.options import PoliciesOption
from governance.cli.show import explanation_table
from governance.decide import decide
from governance.errors import PolicyError, RequestError
from governance.library import load_policies
from governance.policy import Deny, State
from governance.policy.explain import explain as explain_call
from governance.request.bind import bind
from governance.request.surface import read_call
from governance.request.wire import Origin, parse_request
from governance.text import shown

__all__ = ["check", "explain"]


def check(
    policies: Annotated[
        Path, typer.Argument(exists=True, readable=True, help="A .policy file or a folder of them.")
    ],
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Parse and type-check policies and run their examples; report everything that is wrong."""
    try:
        bundle = load_policies(policies)
    except PolicyError as error:
        if json:
            print_json(
                {"ok": False, "diagnostics": [diagnostic.to_json() for diagnostic in error.diagnostics]}
            )
        else:
            err.print(error.render())
            err.print(f"{len(error.diagnostics)} to mend", style="red")
        raise typer.Exit(Exit.FAILS) from None
    capabilities = {capability.name for capability in bundle.capabilities.values()}
    examples = sum(len(rule.examples) for rule in bundle.rules)
    if json:
        print_json({"ok": True, "bundle": bundle.digest, "diagnostics": []})
    else:
        counts = f"{len(capabilities)} capabilities, {len(bundle.agents)} agents, {len(bundle.rules)} rules"
        out.print(f"ok: {counts}, {examples} examples hold")
        out.print(f"bundle {bundle.digest}")


def explain(
    call: Annotated[str, typer.Argument(help="A request in any syntax.")],
    policies: PoliciesOption,
    agent: Annotated[str, typer.Option("--agent", help="Who asks.")],
) -> None:
    """Show why a call is allowed or denied: every rule, and what each of its parts came to."""
    bundle = load_policies(policies)
    known = bundle.agents.get(agent)
    if known is None:
        raise typer.BadParameter(f"no agent is called {agent!r}; known: {', '.join(bundle.agents) or 'none'}")
    try:
        bound = bind(
            read_call(parse_request(call.encode(errors="surrogateescape"), Origin(agent))),
            bundle.capabilities,
        )
    except RequestError as error:
        out.print("deny: this is no call")
        out.print(error.render())
        return
    explanation = explain_call(bundle, bound, known, None)
    decision = decide(bundle, bound, known, State(), "")
    out.print(f"{decision.verdict} {decision.code.value}: {shown(decision.reason)}")
    out.print(f"call {bound}")
    for effect in explanation.verdict.effects:
        out.print(f"  may {shown(str(effect))}")
    out.print(explanation_table(explanation))
    for near in decision.nearest if isinstance(decision, Deny) else ():
        out.print(f"instead: {near}")
