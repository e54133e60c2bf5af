"""The command `capabilities`: what agents can ask for under some policies, how it is typed, and who may ever use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.text import Text

from governance.cli.console import out, print_json
from governance.cli.options import PoliciesOption
from governance.library import load_policies
from governance.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from governance.canonical import Json
    from governance.capabilities import Capability
    from governance.capabilities.command import CommandForm, Operand, Option
    from governance.capabilities.declaration import EffectForm
    from governance.policy.bundle import Bundle

__all__ = ["capabilities"]

_NOBODY: Final = "nobody"


def capabilities(
    policies: PoliciesOption,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    agent: Annotated[str, typer.Option("--agent", help="Only what this agent may ever use.")] = "",
) -> None:
    """List all capabilities: what each is for, how it is typed, what it may do, and who may ever use it."""
    bundle = load_policies(policies)
    if agent and agent not in bundle.agents:
        known = ", ".join(bundle.agents) or "none"
        raise typer.BadParameter(f"no agent is called {agent!r}; known: {known}")
    found = [(capability, users) for capability, users in _used(bundle) if not agent or agent in users]
    if json:
        print_json({"capabilities": [_described(capability, users) for capability, users in found]})
        return
    for capability, users in found:
        out.print(_shown(capability, users))


def _used(bundle: Bundle) -> Iterator[tuple[Capability, tuple[str, ...]]]:
    """Yield each capability with the agents whom some permit could allow it, by name.

    An agent that narrows another needs a permit of both.
    """
    for name, capability in sorted({each.name: each for each in bundle.capabilities.values()}.items()):
        permits = [rule for rule in bundle.rules_by_capability[name] if rule.kind == "permit"]
        yield (
            capability,
            tuple(
                agent.name
                for agent in bundle.agents.values()
                if all(
                    any(rule.audience.includes(level) for rule in permits) for level in bundle.lineage(agent)
                )
            ),
        )


def _described(capability: Capability, users: tuple[str, ...]) -> dict[str, Json]:
    return {
        "name": capability.name,
        "summary": capability.summary,
        "parameters": {each.name: str(each.type) for each in capability.parameters},
        "typed": [_typed(form) for form in capability.commands],
        "effects": [_effect(form) for form in capability.effects],
        "opaque": capability.opaque,
        "agents": list(users),
    }


def _shown(capability: Capability, users: tuple[str, ...]) -> Text:
    text = Text(capability.name, "bold")
    text.append(f"  {shown(capability.summary)}", "not bold")
    for form in capability.commands:
        text.append(f"\n    $ {_typed(form)}", "not bold cyan")
    effects = ", ".join(map(_effect, capability.effects)) or "nothing"
    reach = " and whatever its sandbox can reach" if capability.opaque else ""
    text.append(f"\n    may {effects}{reach}", "not bold dim")
    text.append(f"\n    for {', '.join(map(shown, users)) or _NOBODY}", "not bold dim")
    return text


def _effect(form: EffectForm) -> str:
    """Return an effect as it is declared."""
    target = ".".join((form.parameter, *(name for _, name in form.steps)))
    if form.spread is not None:
        target += "/**" if form.spread == "**" else f"/${form.spread}"
    return " ".join(filter(None, (form.verb.value, target, form.unit)))


def _typed(form: CommandForm) -> str:
    """Return a form of a command as manuals write one."""
    words = [
        *form.words[:1],
        *(f"[{_option(each)}]" for each in form.leading if each.parameter),
        *form.words[1:],
    ]
    words += [names[0] for names in form.needed]
    words += [f"[{_option(each)}]" for each in form.options]
    words += [f"[-{form.number.upper()}]"] if form.number else []
    words += map(_operand, form.operands)
    words += [f"[-- {form.rest.upper()}]"] if form.rest else []
    words += [f"[{form.verbatim.upper()}...]"] if form.verbatim else []
    words += [form.last] if form.last else []
    return " ".join(words)


def _option(option: Option) -> str:
    name = "|".join(option.names)
    if option.value is not None:
        return name
    return f"{name} {option.starting}{option.parameter.upper()}" + (f"... {option.end}" if option.end else "")


def _operand(operand: Operand) -> str:
    if operand.template:
        return "".join(piece.upper() if place % 2 else piece for place, piece in enumerate(operand.template))
    return f"{operand.starting}{operand.parameter.upper()}" + ("..." if operand.many else "")
