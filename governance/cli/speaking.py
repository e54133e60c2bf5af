"""The commands about what can be asked for: `phrases` for people, `grammar` for what decodes a model's answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from governance.cli.console import out, print_json
from governance.cli.options import PoliciesOption
from governance.library import load_policies
from governance.policy.permissible import permissible
from governance.request.constraint import Style, lark_grammar, openai_tool
from governance.request.english import phrasebook_of
from governance.request.english.examples import example_sentence

if TYPE_CHECKING:
    from governance.canonical import Json
    from governance.capabilities import Capability
    from governance.policy.bundle import Bundle

__all__ = ["grammar", "phrases"]


def phrases(
    policies: PoliciesOption,
    agent: Annotated[
        str | None, typer.Option("--agent", help="Only what this agent could ever be permitted.")
    ] = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print what can be said in English, by capability, with an example of each phrase."""
    bundle = load_policies(policies)
    book = phrasebook_of(bundle.capabilities)
    wanted = _wanted(bundle, agent)
    found: dict[str, list[tuple[str, str | None]]] = {each.name: [] for each in wanted}
    for spoken in book.spoken:
        if spoken.capability.name in found:
            found[spoken.capability.name].append((spoken.text, example_sentence(book, spoken)))
    if json:
        print_json({"capabilities": [_told(each, found[each.name]) for each in wanted]})
        return
    for each in wanted:
        out.print(f"{each.name}: {each.summary}")
        for text, example in found[each.name]:
            out.print(f"  {text}")
            out.print(f"    e.g. {example}" if example else "    (no example)")
        if not found[each.name]:
            out.print("  (has no phrase; write a call)")


def grammar(
    policies: PoliciesOption,
    agent: Annotated[str, typer.Option("--agent", help="Whose calls: what it could ever be permitted.")],
    form: Annotated[
        Literal["lark", "openai"],
        typer.Option("--for", help="A Lark grammar, or OpenAI's custom tool with it."),
    ] = "lark",
    syntax: Annotated[Style, typer.Option("--syntax", help="What the model is to write.")] = "call",
) -> None:
    """Print a grammar that holds a model to calls which the agent could ever be permitted.

    What it derives can be read with --syntax call or english; whether it is allowed is still decided.
    """
    bundle = load_policies(policies)
    try:
        definition = lark_grammar(_wanted(bundle, agent), syntax)
    except ValueError as error:
        raise typer.BadParameter(f"{error} by {agent}") from None
    if form == "openai":
        print_json(openai_tool(definition, syntax))
    else:
        out.print(definition, end="")


def _wanted(bundle: Bundle, agent: str | None) -> tuple[Capability, ...]:
    """Return the capabilities, of an agent those that it could ever be permitted, by name."""
    if agent is None:
        unique = {each.name: each for each in bundle.capabilities.values()}
        return tuple(unique[name] for name in sorted(unique))
    if agent not in bundle.agents:
        known = ", ".join(bundle.agents) or "none"
        raise typer.BadParameter(f"no agent is called {agent!r}; known: {known}")
    return permissible(bundle, bundle.agents[agent])


def _told(capability: Capability, said: list[tuple[str, str | None]]) -> dict[str, Json]:
    """Return what can be said of one capability as data."""
    texts: list[Json] = [{"phrase": text, "example": example} for text, example in said]
    return {"capability": capability.name, "summary": capability.summary, "phrases": texts}
