"""The one console script: which commands there are, and how errors become exit codes."""

from __future__ import annotations

import gc
import sys
import traceback
from io import TextIOWrapper
from typing import Final

import typer

from governance.cli import (
    capabilities,
    demo,
    doctor,
    engine,
    formatting,
    image,
    log,
    lsp,
    microvm,
    policies,
    proof,
    replaying,
    requests,
    speaking,
    testing,
    writes,
)
from governance.cli.console import Exit, err, exit_of
from governance.errors import GovernanceError

__all__ = ["app", "collect_seldom", "main"]

app: Final = typer.Typer(
    name="governance",
    help="Deterministic capability governance for AI agents: parse, decide, record, run in a sandbox, replay.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command(epilog="Example:  governance demo")(demo.demo)
app.command(
    epilog="Examples:  governance check policies/examples/coder;  governance check --programs policies/examples/coder"
)(policies.check)
app.command(
    epilog="Example:  governance decide --policies policies/examples/coder --agent claude-1 < requests"
)(requests.decide)
app.command(
    epilog="Example:  governance run --policies policies/examples/coder --agent claude-1 --log decisions < requests"
)(requests.run)
app.command(
    epilog="""Example:  governance explain --policies policies/examples/coder --agent claude-1 'fs.read(path="/workspace/.env")'"""
)(policies.explain)
app.command(epilog="Example:  governance capabilities --policies policies/examples/coder --agent claude-1")(
    capabilities.capabilities
)
app.command(epilog="Example:  governance fmt --check policies")(formatting.fmt)
app.command("test", epilog="Example:  governance test policies/examples/coder --junit results.xml")(
    testing.run_tests
)
app.command(epilog="Example:  governance replay decisions")(replaying.replay)
app.command(epilog="Example:  governance lsp, started by an editor; docs/editors.md shows how")(lsp.lsp)
app.command(epilog="Example:  governance phrases --policies policies/examples/coder --agent claude-1")(
    speaking.phrases
)
app.command(
    epilog="Example:  governance grammar --for openai --policies policies/examples/coder --agent claude-1 --syntax english"
)(speaking.grammar)
app.command(
    epilog="Examples:  governance doctor;  governance doctor --tier gvisor --only network --json;  governance doctor --last"
)(doctor.doctor)
log.log.command(epilog="Example: governance log evidence ./log 7")(proof.evidence)
app.add_typer(log.log, name="log")
app.add_typer(writes.audit, name="audit")
app.add_typer(engine.app, name="engine")
app.add_typer(image.app, name="image")
app.add_typer(microvm.app, name="microvm")


def collect_seldom() -> None:
    """Let the collector look for cycles less often than its default, by which it takes half the time of a large policy."""
    gc.set_threshold(50_000, 20, 20)


def main() -> None:
    """Run the command line; its errors become messages and exit codes."""
    collect_seldom()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except GovernanceError as error:
        err.print(error.render())
        sys.exit(exit_of(error))
    except OSError as error:
        err.print(f"error: {error}")
        sys.exit(Exit.ENVIRONMENT)
    except Exception:  # noqa: BLE001 - the exit code of an internal error is part of the interface
        err.print(f"internal error, please report it:\n{traceback.format_exc()}")
        sys.exit(Exit.INTERNAL)
