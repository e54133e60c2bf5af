"""`governance audit writes`: what agents wrote, as a log tells it, and what they could write under some policies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.table import Table

from governance.capabilities.difference import path_to_json
from governance.cli.console import out, print_json
from governance.cli.options import AtOption
from governance.gateway.clock import now
from governance.instant import milliseconds
from governance.journal import read
from governance.library import load_policies
from governance.policy.writable import writable
from governance.text import shown
from governance.writes import writes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from governance.canonical import Json
    from governance.policy.writable import Writable
    from governance.writes import Write

__all__ = ["audit"]

audit: Final = typer.Typer(no_args_is_help=True, help="Ask what agents did, and what they could do.")


@audit.callback()
def questions() -> None:
    """Ask what agents did, and what they could do."""


@audit.command(
    "writes",
    epilog="Examples:  governance audit writes --log decisions;  "
    "governance audit writes --policies policies/examples/coder --agent claude-1",
)
def writes_command(
    log: Annotated[
        Path | None, typer.Option("--log", metavar="LOG", help="A decision log: what was written, by whom.")
    ] = None,
    policies: Annotated[
        Path | None,
        typer.Option(
            "--policies", exists=True, help="Policies: what could be written, with a call that does."
        ),
    ] = None,
    agent: Annotated[str, typer.Option("--agent", help="Only this agent.")] = "",
    at: AtOption = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """List every path that agents wrote, from the records of a log, or that they could write under policies.

    What could be written is the most that each permit can be about; its witness is a call that is permitted as it
    stands, in a session where nothing has happened yet.
    """
    if (log is None) == (policies is None):
        raise typer.BadParameter("give either --log or --policies")
    if log is not None:
        _tell_written([each for each in writes(read(log)) if agent in ("", each.agent)], json=json)
        return
    bundle = load_policies(policies or Path())
    if agent and agent not in bundle.agents:
        raise typer.BadParameter(f"no agent is called {agent!r}; known: {', '.join(bundle.agents) or 'none'}")
    instant = milliseconds(at or now())
    agents = [each for each in bundle.agents.values() if agent in ("", each.name)]
    _tell_writable([found for each in agents for found in writable(bundle, each, instant)], json=json)


def _tell_written(found: Sequence[Write], *, json: bool) -> None:
    if json:
        for each in found:
            print_json(_written_json(each))
        return
    table = _table("path", "in", "how", "by", "with", "times", "last", "record")
    for group in _groups(found):
        last = group[-1]
        table.add_row(
            "?" if last.path is None else _path(last.path),
            shown(last.workspace),
            last.change if last.sure else f"{last.change}, perhaps",
            shown(last.agent or "-"),
            ", ".join(dict.fromkeys(map(shown, (name for each in group for name in each.capabilities)))),
            str(len(group)),
            last.at,
            str(last.decision),
        )
    if table.row_count:
        out.print(table)
    unsure = sum(not each.sure for each in found)
    paths = {(each.workspace, each.path) for each in found}
    out.print(
        f"{len(found)} changes of {len(paths)} paths{f'; of {unsure} it is not known' if unsure else ''}"
    )


def _groups(found: Sequence[Write]) -> Iterable[list[Write]]:
    """Return the changes of each path by each agent, by workspace, path and agent."""
    groups: dict[tuple[str, bytes, str], list[Write]] = {}
    for each in found:
        groups.setdefault((each.workspace, each.path or b"", each.agent or ""), []).append(each)
    return (groups[key] for key in sorted(groups))


def _written_json(each: Write) -> dict[str, Json]:
    return {
        "path": None if each.path is None else path_to_json(each.path),
        "workspace": each.workspace,
        "change": each.change,
        "kind": each.kind,
        "mode": each.mode,
        "digest": each.digest,
        "agent": each.agent,
        "session": each.session,
        "calls": list(each.capabilities),
        "decision": each.decision,
        "at": each.at,
        "sure": each.sure,
    }


def _path(path: bytes) -> str:
    """Return a path on one line: bytes that are no UTF-8 as Python escapes them."""
    return shown(path.decode("utf-8", "backslashreplace"))


def _tell_writable(found: Sequence[Writable], *, json: bool) -> None:
    if json:
        for each in found:
            print_json(_writable_json(each))
        return
    table = _table("agent", "paths", "can", "but not", "by", "with", "for instance")
    for each in found:
        excepted = [str(place) for place in each.excepted]
        table.add_row(
            shown(each.agent),
            "\n".join(shown(str(place)) for place in each.paths),
            ", ".join(each.can),
            shown(", ".join([*excepted, *([] if each.protected else ["what is protected"])])),
            shown(f"{each.rule} ({each.place})"),
            shown(each.capability),
            shown(_witness(each)),
        )
    if table.row_count:
        out.print(table)
    agents = {each.agent for each in found}
    missing = sum(each.witness is None for each in found)
    unproven = f"; {missing} without a call that shows it" if missing else ""
    out.print(f"{len(agents)} agents can write, by {len(found)} ways{unproven}")


def _witness(each: Writable) -> str:
    if each.witness is None:
        return "none found"
    return str(each.witness) if each.commit is None else f"{each.witness}, then {each.commit}"


def _writable_json(each: Writable) -> dict[str, Json]:
    return {
        "agent": each.agent,
        "paths": [str(place) for place in each.paths],
        "can": list(each.can),
        "except": [str(place) for place in each.excepted],
        "protected": each.protected,
        "rule": each.rule,
        "place": each.place,
        "capability": each.capability,
        "path": each.path,
        "witness": None if each.witness is None else str(each.witness),
        "commit": None if each.commit is None else str(each.commit),
    }


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
