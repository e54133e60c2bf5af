"""The commands `microvm build` and `status`: the isolation tier that has a kernel of its own."""

from __future__ import annotations

import time
from contextlib import closing
from typing import Annotated

import typer

from governance.cli.console import out, print_json
from governance.cli.options import say
from governance.sandbox import ContainerEngine
from governance.sandbox.image import BASE
from governance.sandbox.microvm import tier

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True, help="Build and prove micro VMs: a kernel of its own for each tenant."
)


@app.command(epilog="Example:  governance microvm build")
def build() -> None:
    """Install, build and boot what micro VMs are restored from; it is done once, and kept."""
    snapshot = tier.prepare(say)
    out.print(f"microvm: {snapshot.digest}, {snapshot.shape.accelerator}, {snapshot.shape.memory} MiB")


@app.command(epilog="Example:  governance microvm status --json")
def status(*, json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Restore a micro VM, prove that it is one, and say what its engine has; nothing is built."""
    begun = time.monotonic()
    with closing(tier.machines(tier.kept())) as machines:
        vm = machines.of("status")
        with closing(ContainerEngine.connect(vm.url)) as engine:
            image = engine.facts([BASE]).image(BASE)
        took = time.monotonic() - begun
    seen = vm.evidence
    if json:
        print_json({"evidence": seen.to_json(), "digest": seen.digest, "images": {BASE: image}})
        return
    out.print(f"runs:     {seen.accelerator}, by {seen.vmm.program}, answered after {took:.1f} s")
    out.print(f"inside:   {seen.guest.name}, boot {seen.guest.boot}")
    out.print(f"outside:  {seen.host.name}, boot {seen.host.boot}")
    out.print(f"image:    {BASE} {image or 'is missing'}")
    out.print(f"evidence: {seen.digest}")
