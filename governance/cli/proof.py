"""`governance log evidence`: what was attested of the sandbox that an outcome came from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from governance.canonical import Json
from governance.cli.console import out, print_json
from governance.errors import Diagnostic, JournalError
from governance.journal import read_evidence
from governance.journal.verify import read
from governance.text import shown

__all__ = ["evidence"]


def evidence(
    folder: Annotated[Path, typer.Argument(metavar="LOG", help="The folder of the log.")],
    name: Annotated[
        str, typer.Argument(metavar="WHICH", help="The number of an outcome's record, or the digest.")
    ],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as it is kept.")] = False,
) -> None:
    """Print the evidence of a sandbox: the digest of its settings, where it ran, and the CIS table."""
    digest = _digest_of(folder, int(name)) if name.isascii() and name.isdigit() else name
    kept: Json = json.loads(read_evidence(folder, digest))
    if as_json:
        print_json(kept)
        return
    found = kept if isinstance(kept, dict) else {}
    out.print(f"evidence {digest}")
    for key in ("spec", "tier", "image", "runtime", "inspect"):
        out.print(f"{key + ':':<9} {shown(str(found.get(key)))}")
    for line in _place(found.get("place")):
        out.print(line)
    controls = found.get("controls")
    rows = controls if isinstance(controls, dict) else {}
    for number, row in sorted(rows.items(), key=lambda each: float(each[0].replace("5.", "", 1))):
        if isinstance(row, dict):
            out.print(
                f"CIS {number:<5} {row['standing']!s:<11} {shown(str(row['asks']))}: {shown(str(row['by']))}"
            )


def _digest_of(folder: Path, number: int) -> str:
    """Return the evidence that the outcome numbered `number` names."""
    for event in read(folder):
        if event.seq == number:
            found = event.body.get("evidence") if event.kind == "outcome" else None
            if isinstance(found, str):
                return found
            break
    help_ = "name an outcome that has evidence; `governance log show LOG --kind outcome` lists them"
    raise JournalError(Diagnostic("evidence-missing", f"record {number} names no evidence", help=help_))


def _place(place: Json) -> list[str]:
    if not isinstance(place, dict):
        return ["place:    not looked at"]
    lines = []
    for side in ("inside", "outside"):
        seen = place.get(side)
        if isinstance(seen, dict):
            boot = seen.get("boot_id") or "none told"
            lines.append(f"{side + ':':<9} {shown(str(seen.get('kernel')))}; boot {shown(str(boot))}")
    return [*lines, f"{'process:':<9} {shown(str(place.get('process')))}"]
