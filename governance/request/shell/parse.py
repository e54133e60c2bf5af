"""One command line to its tree: characters and bounds first, then the grammar, then the meaning of each word."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from governance.grammar import Misfit
from governance.request.shell.characters import check_characters, check_size
from governance.request.shell.here import lift
from governance.request.shell.meaning import Meaning
from governance.request.shell.naming import named
from governance.request.shell.quick import quick_shell
from governance.request.shell.raw import shell_grammar
from governance.request.shell.refusals import Refusal
from governance.request.shell.scope import Scope
from governance.text import Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.request.shell.raw import RawScript
    from governance.request.shell.tree import Script

__all__ = ["parse_shell", "read_shell"]

_NONE: Final[Mapping[str, str]] = MappingProxyType({})


def parse_shell(source: Source, variables: Mapping[str, str] = _NONE) -> Script:
    """Return the script that the command line `source` is; `variables` are those that have a declared value.

    Raises `RequestError` for whatever is not certainly that script for bash, with the place and a way out.
    """
    try:
        return quick_shell(source.text)
    except ValueError:
        return read_shell(source, variables)


def read_shell(source: Source, variables: Mapping[str, str] = _NONE) -> Script:
    """Return what `parse_shell` does, read the whole way."""
    try:
        check_characters(source.text)
        lifted = lift(source.text + "\n")
        check_size(lifted.text)
        return Meaning(lifted.bodies, _parsed).whole(_parsed(lifted.text), Scope(variables))
    except Refusal as refusal:
        raise refusal.error(source) from None


def _parsed(text: str) -> RawScript:
    try:
        return shell_grammar().parse(Source("shell", text))  # type: ignore[return-value]
    except Misfit as misfit:
        raise named(misfit, text) from None
