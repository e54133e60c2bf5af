"""Reads the calls that stand in policies, with the grammar of requests, and places what is wrong in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from governance.errors import RequestError
from governance.request.bind import bind
from governance.request.syntax import parse_call
from governance.text import Source

if TYPE_CHECKING:
    from governance.capabilities.call import Call
    from governance.policy.check.scope import FileScope
    from governance.policy.syntax import Word

__all__ = ["read_call_of"]


def read_call_of(scope: FileScope, word: Word, what: str) -> Call | None:
    """Return the call that stands at `word`, an `example` or a `test`; what is wrong with it is reported."""
    text = Source(what, scope.source.text[word.start : word.end])
    try:
        syntax = parse_call(text)
        if syntax.name in scope.scope.broken:
            return None
        return bind(syntax, scope.scope.capabilities)
    except RequestError as error:
        for found in error.diagnostics:
            start, end = (found.span.start, found.span.end) if found.span else (0, len(text.text))
            place = (word.start + start, word.start + end)
            scope.report(f"{what}-{found.code}", f"in the {what}, {found.message}", place, found.help)
        return None
