"""The command `lsp`: the language server for editors."""

from __future__ import annotations

__all__ = ["lsp"]


def lsp() -> None:
    """Serve an editor on standard input and output: diagnostics, hover, completion, definitions, layout.

    The editor starts it; see docs/editors.md for how each is told to.
    """
    from governance.editor.server import PolicyServer  # noqa: PLC0415 - no other command needs the protocol's library

    PolicyServer().start_io()
