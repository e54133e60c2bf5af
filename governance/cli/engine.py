"""The commands `engine up`, `down` and `status`: the container engine that calls are dispatched to."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from governance.cli.console import Exit, err, out, print_json
from governance.cli.options import say
from governance.sandbox import ContainerEngine
from governance.sandbox.engine_setup import ensure_engine, locate, stop_engine, version
from governance.sandbox.image import BASE

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
    """Say which engine answers, its version, its isolation tiers and the sandbox image it has."""
    url = locate()
    if url is None:
        if json:
            print_json({"engine": None})
        err.print("no container engine answers here; start one with: governance engine up")
        raise typer.Exit(Exit.ENVIRONMENT)
    with closing(ContainerEngine.connect(url)) as engine:
        facts = engine.facts([BASE])
    if json:
        tiers = list(facts.tiers)
        print_json({"engine": url, "version": version(url), "tiers": tiers, "images": dict(facts.images)})
        return
    out.print(f"engine:  {url}")
    out.print(f"version: {version(url)}")
    out.print(f"tiers:   {', '.join(facts.tiers)}")
    out.print(f"image:   {BASE} {facts.image(BASE) or 'is missing; build it with: governance image build'}")
