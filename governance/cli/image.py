"""The commands `image build` and `image status`: what sandboxes run."""

from __future__ import annotations

from typing import Annotated

import typer

from governance.cli.console import Exit, err, out, print_json
from governance.cli.options import say
from governance.sandbox.engine_setup import ensure_engine, image_id, locate
from governance.sandbox.image import BASE, ensure_image, packages

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Build the sandbox image, and say what is in it.")


@app.command(epilog="Example:  governance image build --fresh")
def build(
    *,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Take the newest packages, even if the image is there.")
    ] = False,
) -> None:
    """Build the image from Debian's packages and load it into the engine, unless that is done."""
    out.print(f"image: {BASE}@{ensure_image(ensure_engine(say), say, fresh=fresh)}")


@app.command(epilog="Example:  governance image status --packages")
def status(
    *,
    list_packages: Annotated[
        bool, typer.Option("--packages", help="List the packages: name, version, architecture, SHA-256.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say which sandbox image the engine has, and the packages it was built from."""
    url = locate()
    found = None if url is None else image_id(url, BASE)
    inside = () if url is None or found is None else packages(url, found)
    if json:
        print_json({"name": BASE, "id": found, "packages": [line.split(" ") for line in inside]})
    elif found is not None:
        out.print(f"image:    {BASE}@{found}")
        out.print(f"packages: {len(inside)}")
        for line in inside if list_packages else ():
            out.print(f"  {line}")
    if found is None:
        err.print("no sandbox image is here; build it with: governance image build")
        raise typer.Exit(Exit.ENVIRONMENT)
