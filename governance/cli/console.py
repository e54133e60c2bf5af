"""How commands speak: exit codes, the two consoles, JSON lines.

Results go to standard output, everything else to standard error. Text that came from an agent or a policy
is escaped by its maker (`governance.text.shown`) and never read as markup.
"""

from __future__ import annotations

import json
import sys
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from rich.console import Console

from governance.capabilities.numbers import decimal_text
from governance.errors import JournalError, PolicyError, RequestError, SandboxError

if TYPE_CHECKING:
    from governance.canonical import Json
    from governance.errors import GovernanceError

__all__ = ["Exit", "err", "exit_of", "out", "print_json", "unreadable"]


class Exit(IntEnum):
    """What the caller learns from the exit code; stable."""

    DONE = 0
    FAILS = 1
    USAGE = 2
    ENVIRONMENT = 3
    INTERNAL = 4


_CODES: Final = {
    PolicyError: Exit.FAILS,
    RequestError: Exit.USAGE,
    JournalError: Exit.ENVIRONMENT,
    SandboxError: Exit.ENVIRONMENT,
}
_UNREADABLE: Final = frozenset(
    {
        "byte-order-mark", "changing", "link", "no-policies", "not-utf-8", "too-long", "unreadable",
        "log-unreadable", "no-log",
    }
)  # fmt: skip
"""The codes of what cannot be read at all, policies or a log, so that nothing is known of what it says."""

out: Final = Console(markup=False, highlight=False, emoji=False, soft_wrap=True)
err: Final = Console(stderr=True, markup=False, highlight=False, emoji=False, soft_wrap=True)


def unreadable(error: GovernanceError) -> bool:
    """Whether `error` says that what a command was given cannot be read, rather than that it is wrong."""
    return isinstance(error, PolicyError | JournalError) and error.code in _UNREADABLE


def exit_of(error: GovernanceError) -> Exit:
    """Return the exit code of a command that `error` ended."""
    return Exit.USAGE if unreadable(error) else _CODES.get(type(error), Exit.INTERNAL)


def print_json(value: Json) -> None:
    """Print `value` as one line of JSON in UTF-8, whatever the locale, keys in the order they have.

    What `governance.text.shown` escapes stands as an escape of JSON, so that the line can be looked at as well.
    """
    line = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=decimal_text)
    if not line.isprintable():
        line = "".join(sign if sign.isprintable() else json.dumps(sign)[1:-1] for sign in line)
    sys.stdout.buffer.write(line.encode() + b"\n")
    sys.stdout.buffer.flush()
