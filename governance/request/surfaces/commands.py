"""Command lines that tools run: the one place where they become calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from governance.errors import Diagnostic, RequestError

if TYPE_CHECKING:
    from governance.request.surfaces.conversions import Event
    from governance.text import Span

__all__ = ["read_command"]


def read_command(command: str | tuple[str, ...], folder: str, event: Event, place: Span) -> NoReturn:
    """Refuse a command line, a text for a shell or its words, which stands at `place` and runs in `folder`.

    `folder` is the host's path as the tool was given it; `event.path(folder)` is the sandbox's.
    """
    del command, folder, event
    message = "command lines are not read here"
    mend = "use the tool for files, or send a call like proc.exec(argv=[…]), git.log(…) or python.run(…)"
    raise RequestError(Diagnostic("shell-not-read", message, place, mend))
