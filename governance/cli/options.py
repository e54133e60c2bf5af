"""Options and steps that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.console import Exit, err, exit_of
from governance.errors import PolicyError
from governance.evidence import fold
from governance.instant import check_instant
from governance.journal import read
from governance.library import load_policies
from governance.policy.state import State
from governance.request.roots import check_roots, parse_root
from governance.request.wire import Syntax

if TYPE_CHECKING:
    from governance.policy.bundle import Bundle
    from governance.request.roots import HostRoot

__all__ = [
    "AgentOption",
    "AtOption",
    "HostRootOption",
    "PoliciesOption",
    "SessionOption",
    "StateOption",
    "SyntaxOption",
    "host_roots",
    "load_or_none",
    "say",
    "state_of",
]


def _instant(text: str | None) -> str | None:
    try:
        return None if text is None else check_instant(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


PoliciesOption = Annotated[
    Path, typer.Option("--policies", exists=True, readable=True, help="A .policy file or a folder of them.")
]
AgentOption = Annotated[str | None, typer.Option("--agent", help="Whose requests these are.")]
SessionOption = Annotated[str, typer.Option("--session", help="The session they belong to.")]
SyntaxOption = Annotated[
    Syntax,
    typer.Option(
        "--syntax",
        help="How they are written; auto: told apart by shape, and a text is a call, never English.",
    ),
]

HostRootOption = Annotated[
    list[str] | None,
    typer.Option(
        "--host-root",
        metavar="HOST=SANDBOX",
        help="Where the sandbox has a folder of the host, for the paths of hook events; may be given several times.",
    ),
]
AtOption = Annotated[
    str | None, typer.Option("--at", callback=_instant, help="The instant to decide at; default: now.")
]
StateOption = Annotated[
    Path | None, typer.Option("--state", exists=True, help="A decision log to take the state from.")
]


def host_roots(texts: list[str] | None) -> tuple[HostRoot, ...]:
    """Return the roots that `--host-root` declares."""
    try:
        return check_roots(parse_root(text) for text in texts or ())
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--host-root") from None


def state_of(log: Path | None) -> State:
    """Return the state that the events of `log` amount to; without one nothing has happened yet."""
    state = State()
    for event in read(log) if log is not None else ():
        state = fold(state, event)
    return state


def load_or_none(policies: Path) -> tuple[Bundle | None, Exit]:
    """Return the bundle and 0, or None when it does not load and that has been said, and the exit code for that.

    Without a bundle everything is denied.
    """
    try:
        return load_policies(policies), Exit.DONE
    except PolicyError as error:
        err.print(error.render())
        err.print(f"{policies} does not load, so everything is denied", style="red")
        return None, exit_of(error)


def say(text: str) -> None:
    """Tell the person at the terminal what is happening."""
    err.print(text, style="dim")
