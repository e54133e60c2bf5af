"""The command `fmt`: policies in their one layout, written whole or not at all."""

from __future__ import annotations

import difflib
import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from governance.cli.console import Exit, err, out, print_json
from governance.errors import PolicyError
from governance.library import policy_files
from governance.policy.format import format_text
from governance.policy.stored import NO_POLICIES

__all__ = ["fmt"]


def fmt(
    policies: Annotated[list[Path], typer.Argument(help="Policy files or folders; - for standard input.")],
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; fail if a file would change.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what would change, and change nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Lay policies out in the one canonical way; comments, words and line breaks stay."""
    if policies == [Path("-")]:
        _standard_input()
        return
    changed: list[str] = []
    failed = False
    _must_be_there(policies)
    for path, text in [each for place in policies for each in _files(place)]:
        try:
            wanted = format_text(text, str(path))
        except PolicyError as error:
            err.print(error.render())
            failed = True
            continue
        if wanted == text:
            continue
        changed.append(str(path))
        if diff:
            lines = (text.splitlines(keepends=True), wanted.splitlines(keepends=True))
            out.print("".join(difflib.unified_diff(*lines, str(path), str(path))), end="")
        elif not check:
            _replace(path, wanted)
    if json:
        print_json({"ok": not failed and not (check and changed), "changed": changed})
    elif not diff:
        for name in changed:
            out.print(f"{'would change' if check else 'changed'} {name}")
    if failed or (check and changed):
        raise typer.Exit(Exit.FAILS)


def _files(place: Path) -> list[tuple[Path, str]]:
    """Return where each policy file of `place` lies, and its text."""
    found = policy_files(place)
    if not found:
        raise PolicyError(NO_POLICIES)
    return [(place if place.is_file() else place / name, text) for name, text in found]


def _must_be_there(policies: list[Path]) -> None:
    missing = [str(place) for place in policies if not place.exists()]
    if missing:
        raise typer.BadParameter(f"there is no file or folder {', '.join(missing)}")


def _standard_input() -> None:
    try:
        text = sys.stdin.buffer.read().decode()
        sys.stdout.buffer.write(format_text(text, "standard input").encode())
    except UnicodeDecodeError:
        err.print("standard input is no UTF-8")
        raise typer.Exit(Exit.USAGE) from None
    except PolicyError as error:
        err.print(error.render())
        raise typer.Exit(Exit.FAILS) from None


def _replace(path: Path, text: str) -> None:
    """Put a new file in the old one's place, with its mode; until then the old one stands."""
    with tempfile.NamedTemporaryFile("wb", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        part = Path(file.name)
        try:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
            part.chmod(path.stat().st_mode & 0o7777)
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
