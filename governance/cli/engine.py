"""The commands `engine up`, `down` and `status`: the container engine that calls are dispatched to."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated, cast

import typer

from governance.cli.console import Exit, err, out, print_json
from governance.cli.options import say
from governance.resources import state_path
from governance.sandbox import ContainerEngine
from governance.sandbox.engine_setup import ensure_engine, locate, stop_engine, version
from governance.sandbox.image import BASE
from governance.sandbox.pool_status import POOLS, PoolStatus, statuses

if TYPE_CHECKING:
    from governance.canonical import Json

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Find, start or stop the container engine.")


@app.command(epilog="Example:  governance engine up")
def up() -> None:
    """Find an engine that answers; else start a private one, after installing it where that is possible."""
    out.print(f"engine: {ensure_engine(say)}")


@app.command(epilog="Example:  governance engine down")
def down() -> None:
    """Stop the private engine and everything in it. An engine of the host's is left alone."""
    out.print("stopped" if stop_engine(say) else "no private engine was running")


@app.command(epilog="Example:  governance engine status --json")
def status(*, json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Say which engine answers, its version, its tiers, the sandbox image it has, and the pools of the gateways that run."""
    url = locate()
    if url is None:
        if json:
            print_json({"engine": None})
        err.print("no container engine answers here; start one with: governance engine up")
        raise typer.Exit(Exit.ENVIRONMENT)
    with closing(ContainerEngine.connect(url)) as engine:
        facts = engine.facts([BASE])
    pools = list(statuses(state_path(POOLS)))
    if json:
        print_json(
            {
                "engine": url,
                "version": version(url),
                "tiers": list(facts.tiers),
                "images": dict(facts.images),
                "pools": cast("Json", pools),
            }
        )
        return
    out.print(f"engine:  {url}")
    out.print(f"version: {version(url)}")
    out.print(f"tiers:   {', '.join(facts.tiers)}")
    out.print(f"image:   {BASE} {facts.image(BASE) or 'is missing; build it with: governance image build'}")
    for line in map(_pool, pools) if pools else ("not running: no gateway of this user is open",):
        out.print(f"pool:    {line}")


def _pool(pool: PoolStatus) -> str:
    """Return what a gateway says of its pool, on one line."""
    calls, boxes, bounds = pool["calls"], pool["boxes"], pool["bounds"]
    rate = "none asked for" if pool["hits_per_mille"] is None else f"{pool['hits_per_mille'] / 10:.1f} % hits"
    waiting = sum(box["waiting"] for box in boxes)
    oldest = max((box["oldest_s"] for box in boxes), default=0)
    told = f"{rate} ({calls['pool']} pool, {calls['reuse']} reuse, {calls['cold']} cold)"
    return (
        f"log {pool['log'][:12]}: {told}; {waiting} of {bounds['total']} waiting in {len(boxes)} kinds, "
        f"the oldest {oldest} s of {bounds['age_s']} s"
    )
