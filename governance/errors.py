"""Everything that can be wrong, named for who must act on it.

One root and four children; each carries one or more diagnostics with a stable code. Rendering a
diagnostic is one function, here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from governance.canonical import Json
    from governance.text import Span

__all__ = ["Diagnostic", "GovernanceError", "JournalError", "PolicyError", "RequestError", "SandboxError"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that is wrong: a stable code, what it is, where it stands, and what to do instead."""

    code: str
    message: str
    span: Span | None = None
    help: str = ""
    warning: bool = False

    def render(self) -> str:
        """Return the diagnostic as people read it: the sentence, the place, the caret line, the help."""
        kind = "warning" if self.warning else "error"
        lines = [f"{kind}[{self.code}]: {self.message}"]
        if self.span is not None:
            caret = self.span.caret().replace("\n", "\n  | ")
            lines += [f" --> {self.span.place}", f"  | {caret}"]
        if self.help:
            lines.append(f"  = {self.help}")
        return "\n".join(lines)

    def to_json(self) -> dict[str, Json]:
        """Return the diagnostic as data; line and column count from 1, and are null without a place."""
        return {
            "code": self.code,
            "severity": "warning" if self.warning else "error",
            "message": self.message,
            "file": self.span.source.name if self.span else None,
            "line": self.span.line if self.span else None,
            "column": self.span.column if self.span else None,
            "help": self.help,
        }


class GovernanceError(Exception):
    """The root of all errors of this package."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("; ".join(diagnostic.message for diagnostic in diagnostics))
        self.diagnostics = diagnostics

    @property
    def code(self) -> str:
        """The stable code of the first diagnostic."""
        return self.diagnostics[0].code

    def render(self) -> str:
        """Return all diagnostics as people read them."""
        return "\n".join(diagnostic.render() for diagnostic in self.diagnostics)


class RequestError(GovernanceError):
    """An agent's request cannot be read as a call: the agent must act."""


class PolicyError(GovernanceError):
    """A policy is wrong: its author must act."""


class JournalError(GovernanceError):
    """The decision log cannot be read or written: the operator must act."""


class SandboxError(GovernanceError):
    """The engine, an image or a container is not as it must be: the host's owner must act."""
