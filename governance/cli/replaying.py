"""The command `replay`: decide every record of a log again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import track

from governance.cli.console import Exit, err, out, print_json, unreadable
from governance.errors import GovernanceError
from governance.journal import read, read_bundle, verify
from governance.library import load_policies
from governance.replay import replay as replay_events
from governance.replay import replay_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from governance.replay import Replayed

__all__ = ["replay", "replay_log"]


def replay_log(log: Path, policies: Path | None) -> Iterator[Replayed]:
    """Yield every decision of the log in folder `log`, judged again, under `policies` where they are given."""
    if policies is None:
        return replay_events(read(log), lambda digest: read_bundle(log, digest))
    return replay_with(read(log), load_policies(policies))


def replay(
    log: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The folder of a decision log.")],
    policies: Annotated[
        Path | None, typer.Option("--policies", exists=True, help="What would change under these policies?")
    ] = None,
    *,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object for each difference, then the sum.")
    ] = False,
) -> None:
    """Decide every record again. Without --policies each must come out byte for byte as it is recorded."""
    total = differing = reviews = 0
    fault: GovernanceError | None = None
    try:
        for again in track(
            replay_log(log, policies), "replaying", console=err, transient=True, disable=not err.is_terminal
        ):
            total += again.kind == "decision"
            if again.differences:
                differing += again.kind == "decision"
                reviews += again.kind == "commit"
                _tell(again, json=json)
    except GovernanceError as error:
        if unreadable(error):
            raise
        fault = error
    problems = verify(log).problems if policies is None and fault is None else ()
    whole = fault is None and not problems
    if json:
        print_json(
            {"decisions": total, "identical": total - differing, "reviews_differ": reviews, "whole": whole}
        )
    else:
        same = "identical" if policies is None else "unchanged"
        wrote = f"; {reviews} reviews of what was written differ" if reviews else ""
        out.print(f"replay: {total - differing} of {total} {same}{wrote}")
    for problem in (*problems, *(fault.diagnostics if fault else ())):
        err.print(problem.render())
    if not whole or ((differing or reviews) and policies is None):
        raise typer.Exit(Exit.FAILS)


def _tell(again: Replayed, *, json: bool) -> None:
    recorded, now = again.recorded, again.now
    if json:
        print_json({"seq": again.seq, "differences": again.differences, "recorded": recorded, "now": now})
        return
    word = "decision" if again.kind == "decision" else "verdict"
    change = f"{recorded.get(word)} {recorded.get('code')} → {now[word]} {now['code']}"
    out.print(f"record {again.seq}: {change} (differs in {', '.join(again.differences)})")
