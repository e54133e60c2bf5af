"""The command `lsp`: the language server for editors."""

from __future__ import annotations

from typing import Annotated

import typer

from governance.cli.console import print_json

__all__ = ["lsp"]


def lsp(
    *,
    textmate: Annotated[
        bool, typer.Option("--textmate", help="Print the grammar that colours policies, and serve nothing.")
    ] = False,
) -> None:
    """Serve an editor on standard input and output: diagnostics, hover, completion, definitions, layout.

    The editor starts it; see docs/editors.md for how each is told to.
    """
    if textmate:
        from governance.editor.textmate import textmate as grammar  # noqa: PLC0415 - as below

        print_json(grammar())
        return
    from governance.editor.server import PolicyServer  # noqa: PLC0415 - no other command needs the protocol's library

    PolicyServer().start_io()
