"""What a request asks to be done: the one way from a request of any surface to work, or to the reason why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from governance.capabilities.work import ENVIRONMENT, Work
from governance.request.bind import bind
from governance.request.folder import Folder
from governance.request.shell import parse_shell
from governance.request.shell.work import bind_command
from governance.request.surface import read_call
from governance.request.syntax import CommandLine
from governance.request.wire import Syntax

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.capabilities.declaration import Capability
    from governance.request.shell import Script
    from governance.request.wire import Request
    from governance.text import Source

__all__ = ["Asked", "check_readable", "read_work"]


def _read(source: Source, variables: Mapping[str, str]) -> Script:
    """Return a command line's tree as it is where it runs, with these variables there besides those that all have."""
    return parse_shell(source, {**ENVIRONMENT, **variables})


class Asked(NamedTuple):
    """The work, and what kept commands in it from being known better than as programs with words."""

    work: Work
    notes: tuple[str, ...] = ()


def read_work(request: Request, capabilities: Mapping[str, Capability]) -> Asked:
    """Return the work that `request` asks for, by the declarations of `capabilities`. Raises `RequestError`."""
    syntax = read_call(request, capabilities)
    if isinstance(syntax, CommandLine):
        return Asked(*bind_command(syntax, capabilities, _read))
    return Asked(Work.of(bind(syntax, capabilities)))


def check_readable(request: Request) -> None:
    """Raise `RequestError` for a request that is none of its syntax, whatever capabilities there are.

    What a sentence says depends on them, so of sentences nothing is known.
    """
    if request.origin.syntax is Syntax.ENGLISH and isinstance(request.body, str):
        return
    syntax = read_call(request)
    if isinstance(syntax, CommandLine) and syntax.words is None:
        _read(syntax.source, Folder(syntax.folder, syntax.roots).variables)
