"""Sandbox profiles: the most that the sandbox of a permitted call may be, as a policy declares it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from governance.canonical import Json
    from governance.policy.decision import Isolation, Reuse, Scratch

__all__ = ["Egress", "Profile", "Secret", "Waiver"]


@dataclass(frozen=True, slots=True)
class Egress:
    """The hosts that a sandbox may reach, on one port, by these methods (none named: all)."""

    hosts: frozenset[str]
    port: int
    methods: frozenset[str]


@dataclass(frozen=True, slots=True, order=True)
class Secret:
    """A secret that is put into requests to `host` for what lies under `path`, and is never in the sandbox itself."""

    name: str
    host: str
    form: str
    path: str = "/"

    def to_json(self) -> dict[str, Json]:
        """Return the secret's name and where it goes as canonical data."""
        return {"name": self.name, "host": self.host, "path": self.path, "as": self.form}


@dataclass(frozen=True, slots=True)
class Waiver:
    """A weakness that someone accepted: why, and until when, in milliseconds since 1970."""

    reason: str
    until: int


@dataclass(frozen=True, slots=True)
class Profile:
    """The most that a sandbox of this name may be. Units as in `SandboxSpec`.

    `mount` is where the workspace appears, None for nowhere; `writable` whether calls that write may, `root`
    whether the root is writable too. Without `egress` there is no network.
    """

    name: str
    image: str
    isolation: Isolation
    root: bool
    mount: str | None
    writable: bool
    scratch: tuple[Scratch, ...]
    egress: Egress | None
    secrets: tuple[Secret, ...]
    reuse: Reuse
    waiver: Waiver | None
    memory: int
    cpus: int
    pids: int
    timeout: int
    output: int
