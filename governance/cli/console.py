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

if TYPE_CHECKING:
    from governance.canonical import Json

__all__ = ["Exit", "err", "out", "print_json"]


class Exit(IntEnum):
    """What the caller learns from the exit code; stable."""

    DONE = 0
    FAILS = 1
    USAGE = 2
    ENVIRONMENT = 3
    INTERNAL = 4


out: Final = Console(markup=False, highlight=False, emoji=False, soft_wrap=True)
err: Final = Console(stderr=True, markup=False, highlight=False, emoji=False, soft_wrap=True)


def print_json(value: Json) -> None:
    """Print `value` as one line of JSON in UTF-8, whatever the locale, keys in the order they have.

    What `governance.text.shown` escapes stands as an escape of JSON, so that the line can be looked at as well.
    """
    line = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=decimal_text)
    if not line.isprintable():
        line = "".join(sign if sign.isprintable() else json.dumps(sign)[1:-1] for sign in line)
    sys.stdout.buffer.write(line.encode() + b"\n")
    sys.stdout.buffer.flush()
