"""What a sandbox depends on and may change under it: engine, kernel, runtime, plan with its profile, image.

One digest of all of it, so that what was proven of one is not believed of another.
"""

from __future__ import annotations

import hashlib
import platform
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from governance.canonical import digest_of
from governance.policy.decision import Mount, Scratch
from governance.sandbox.image import BASE
from governance.sandbox.plan import Owner, plan
from governance.sandbox.provision import search_path
from governance.sandbox.trial import image_of

if TYPE_CHECKING:
    from governance.canonical import Json
    from governance.policy.decision import Isolation
    from governance.sandbox.engine import ContainerEngine

__all__ = ["Present", "present"]

_PIECE: Final = 2**20


@dataclass(frozen=True, slots=True)
class Present:
    """What there is now; `runtime` is its command and the digest of its program, `plan` holds the profile."""

    tier: Isolation
    engine: str
    kernel: str
    runtime: tuple[str, ...]
    program: str | None
    plan: str
    image: str | None

    def to_json(self) -> dict[str, Json]:
        """Return it as canonical data."""
        return {
            "tier": self.tier,
            "engine": self.engine,
            "kernel": self.kernel,
            "runtime": self.runtime,
            "program": self.program,
            "plan": self.plan,
            "image": self.image,
        }

    @property
    def digest(self) -> str:
        """The digest of all of it."""
        return digest_of(self.to_json())


def present(engine: ContainerEngine, tier: Isolation) -> Present:
    """Return what the tier's sandboxes depend on now; SandboxError as the engine and `plan` raise it."""
    about = engine.about()
    runtime, body = _planned(tier)
    commands = about["runtimes"]
    command = commands.get(runtime) if isinstance(commands, dict) else None
    words = tuple(map(str, command)) if isinstance(command, list) else ()
    return Present(
        tier=tier,
        engine=str(about["version"]),
        kernel=f"{platform.release()} {platform.version()}",
        runtime=words,
        program=_program(words[0]) if words else None,
        plan=body,
        image=engine.facts([BASE]).image(BASE),
    )


def _planned(tier: Isolation) -> tuple[str, str]:
    """Return the runtime of a sandbox with one of each thing, and the digest of what the engine is asked for."""
    mounts, scratch = (Mount("a", "/a", writable=False),), (Scratch("/b", 1),)
    spec = replace(image_of(tier, "sha256:"), mounts=mounts, scratch=scratch)
    body = dict(plan(spec, Owner("", "", 0, 0), (1, 1), {"a": "/a"}).body)
    host = body["HostConfig"]
    return str(host["Runtime"]) if isinstance(host, dict) else "", digest_of(body)


def _program(name: str) -> str | None:
    """Return the digest of a program of this host, None where it is not to be seen."""
    path = shutil.which(name, path=search_path())
    if path is None:
        return None
    found = hashlib.sha256()
    with Path(path).open("rb") as file:
        while piece := file.read(_PIECE):
            found.update(piece)
    return f"sha256:{found.hexdigest()}"
