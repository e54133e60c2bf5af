"""A deterministic capability governance engine for AI agents.

The Python interface is what `__all__` names. The pure parts are imported at once; `Engine`, which brings in the
log and the sandbox, when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from governance.decide import decide
from governance.library import load_policies
from governance.policy import Bundle
from governance.replay import replay
from governance.request import parse_request

if TYPE_CHECKING:
    from governance.gateway import Engine

__all__ = ["Bundle", "Engine", "decide", "load_policies", "parse_request", "replay"]


def __getattr__(name: str) -> object:
    if name == "Engine":
        from governance.gateway import Engine  # noqa: PLC0415 - the pure parts must not need the sandbox

        return Engine
    raise AttributeError(f"module 'governance' has no attribute {name!r}")
