"""The last whole run of each tier: what it was of, and whether it holds for what there is now."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from governance.canonical import canonical, digest_of
from governance.errors import Diagnostic, SandboxError
from governance.sandbox.doctor.examine import PROBES
from governance.sandbox.doctor.joined import program
from governance.sandbox.present import present

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from governance.policy.decision import Isolation
    from governance.sandbox.doctor.probe import Result
    from governance.sandbox.engine import ContainerEngine

__all__ = ["Last", "key", "last", "remember", "require"]

_HELP: Final = "run `governance doctor`, and mend what it says"


@dataclass(frozen=True, slots=True)
class Last:
    """The last whole run: the digest of what it was of, when (RFC 3339), and what did not pass."""

    key: str
    at: str
    failed: tuple[str, ...]
    not_proven: tuple[str, ...]


def key(engine: ContainerEngine, tier: Isolation) -> str:
    """Return the digest of all that a run's results depend on: what there is now, and the probes themselves."""
    probes = [[probe.id, probe.expected(tier)] for probe in PROBES]
    return digest_of([present(engine, tier).to_json(), probes, program()])


def remember(folder: Path, tier: Isolation, of: str, at: str, results: Sequence[Result]) -> None:
    """Keep the results of a whole run in `folder`; OSError as the system does."""
    open_ = {
        verdict: [result.probe.id for result in results if result.verdict == verdict]
        for verdict in ("failed", "not proven")
    }
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = folder / f"{tier}.new"
    fresh.write_bytes(canonical({"key": of, "at": at, **open_}))
    fresh.replace(folder / f"{tier}.json")


def last(folder: Path, tier: Isolation) -> Last | None:
    """Return the last whole run that `folder` remembers, None where it remembers none that can be read."""
    try:
        found = json.loads((folder / f"{tier}.json").read_bytes())
        return Last(
            str(found["key"]),
            str(found["at"]),
            tuple(map(str, found["failed"])),
            tuple(map(str, found["not proven"])),
        )
    except (OSError, ValueError, LookupError, TypeError):
        return None


def require(engine: ContainerEngine, tier: Isolation, folder: Path) -> None:
    """Return if the last whole run of the tier holds for what there is now, with nothing failed.

    Raises SandboxError `doctor` if there was none, or something changed since, or a probe failed.
    """
    found = last(folder, tier)
    if found is None:
        why = "was never examined"
    elif found.key != key(engine, tier):
        why = f"was examined at {found.at}; engine, kernel, runtime, profile, image or probes changed since"
    elif found.failed:
        why = f"failed when it was examined at {found.at}: {', '.join(found.failed)}"
    else:
        return
    raise SandboxError(Diagnostic("doctor", f"isolation {tier} {why}", help=_HELP))
