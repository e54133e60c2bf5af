"""Command lines that tools run: a text for a shell, or a program with its words; both are read by the shell's own reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from governance.errors import Diagnostic, RequestError
from governance.request.surfaces.conversions import NoCounterpartError
from governance.request.syntax import CommandLine
from governance.text import Source

if TYPE_CHECKING:
    from governance.request.surfaces.conversions import Event
    from governance.request.syntax import Plain
    from governance.text import Span

__all__ = ["read_command"]


def read_command(command: Plain, folder: str, event: Event, place: Span) -> CommandLine:
    """Return the command line, a text for a shell or its words, that stands at `place` and runs in `folder`.

    `folder` is the host's path as the tool was given it. Raises `RequestError` where it lies under no host root.
    """
    try:
        inside = event.path(folder)
    except NoCounterpartError as error:
        raise RequestError(Diagnostic(error.code, str(error), place, error.mend)) from None
    if isinstance(command, str):
        return CommandLine(Source("command", command), inside, roots=event.roots)
    words = command if isinstance(command, tuple) else ()
    texts = tuple(word for word in words if isinstance(word, str))
    if not texts or len(texts) < len(words) or not texts[0]:
        mend = "write the program and its arguments, each a string"
        raise RequestError(Diagnostic("shape", "these are no words of a command", place, mend))
    return CommandLine(Source("command", " ".join(texts)), inside, texts, event.roots)
