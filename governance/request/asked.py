"""What a request asks to be done: the one way from a request of any surface to work, or to the reason why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from governance.capabilities.work import Work
from governance.errors import Diagnostic, RequestError
from governance.request.bind import bind
from governance.request.shell import parse_shell
from governance.request.shell.calls import bind_script
from governance.request.surface import read_call
from governance.request.wire import Syntax

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.capabilities.declaration import Capability
    from governance.request.wire import Request

__all__ = ["Asked", "check_readable", "read_work"]

_FOLDER: Final = "/workspace"
"""Where command lines are typed: what sandboxes mount the workspace at, unless their profiles say otherwise."""


class Asked(NamedTuple):
    """The work, and what kept commands in it from being known better than as programs with words."""

    work: Work
    notes: tuple[str, ...] = ()


def read_work(request: Request, capabilities: Mapping[str, Capability]) -> Asked:
    """Return the work that `request` asks for, by the declarations of `capabilities`. Raises `RequestError`."""
    if request.origin.syntax is Syntax.SHELL:
        check_readable(request)
        return Asked(*bind_script(request.source, capabilities, _FOLDER, parse_shell))
    return Asked(Work.of(bind(read_call(request), capabilities)))


def check_readable(request: Request) -> None:
    """Raise `RequestError` for a request that is none of its syntax, whatever capabilities there are."""
    if isinstance(request.body, RequestError):
        raise request.body
    if request.origin.syntax is not Syntax.SHELL:
        read_call(request)
    elif isinstance(request.body, str):
        parse_shell(request.source)
    else:
        raise RequestError(
            Diagnostic("shape", "syntax `shell` is a text, not JSON", None, "write a command line")
        )
