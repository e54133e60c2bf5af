"""Words that are no programs, and programs that are the shell itself."""

from __future__ import annotations

from typing import Final

__all__ = ["KEYWORDS", "READ_AGAIN"]

_RESERVED: Final = (
    "! [[ ]] { } case coproc do done elif else esac fi for function if in select then time until while"
)
KEYWORDS: Final = frozenset(_RESERVED.split())
"""What bash takes for its own where a command begins; quoted they are programs."""

_BUILTIN: Final = ". alias builtin declare enable eval exec fc hash let local readonly set shopt source trap typeset unalias"
READ_AGAIN: Final = frozenset(_BUILTIN.split())
"""Builtins that change how the shell reads what follows, or read text as commands."""
