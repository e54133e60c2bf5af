"""Is a tier what its name says? Seen from inside a container and from the host at the same time.

A claim of the engine's configuration is not believed: gVisor is in force where the kernel that answers inside is
not the host's, its boot is not the host's, and the process on the host is `runsc`. What was seen is remembered
for one boot of the host and one engine, kernel and runtime; anything else is looked at anew.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from governance.canonical import canonical
from governance.errors import Diagnostic, SandboxError
from governance.sandbox.host import boot_id, kernel_text, process_of
from governance.sandbox.image import BASE
from governance.sandbox.present import present
from governance.sandbox.trial import image_of, trial

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from governance.canonical import Json
    from governance.policy.decision import Isolation
    from governance.sandbox.attest import Evidence
    from governance.sandbox.engine import ContainerEngine
    from governance.sandbox.trial import Trial

__all__ = ["Place", "Seen", "Witness", "prove"]

_END: Final = "seen"
_LOOK: Final = ("/bin/cat", "/proc/version", "/proc/sys/kernel/random/boot_id", "-")


@dataclass(frozen=True, slots=True)
class Seen:
    """A kernel as a process sees it: the line of `/proc/version`, and the id of its boot where it tells one."""

    kernel: str
    boot: str | None

    def to_json(self) -> dict[str, Json]:
        """Return it as canonical data."""
        return {"kernel": self.kernel, "boot_id": self.boot}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sandbox runs: the kernel from inside and from outside, and the host's program that holds it."""

    inside: Seen
    outside: Seen
    process: str

    def to_json(self) -> dict[str, Json]:
        """Return it as canonical data."""
        return {
            "inside": self.inside.to_json(),
            "outside": self.outside.to_json(),
            "process": self.process,
        }

    def doubts(self, tier: Isolation) -> tuple[str, ...]:
        """Return why this is not the tier, nothing where it is."""
        same = self.inside == self.outside
        if tier == "container":
            return () if same else ("the kernel inside is not the host's",)
        found = []
        if self.inside.kernel == self.outside.kernel:
            found.append("the kernel inside is the host's")
        if self.inside.boot == self.outside.boot:
            found.append("the boot inside is the host's")
        if tier == "gvisor" and not self.process.startswith("runsc"):
            found.append(f"its process on the host is {self.process or 'not to be seen'}, not runsc")
        return tuple(found)


def prove(engine: ContainerEngine, tier: Isolation) -> Place:
    """Run a container of the tier and look at it; SandboxError `tier-unproven` where it is not what its name says."""
    image = engine.facts([BASE]).image(BASE)
    if image is None:
        raise _unproven(tier, f"the engine has no image {BASE} to look from", "governance image build")
    try:
        with trial(engine, replace(image_of(tier, image), argv=_LOOK)) as running:
            place = look(running)
    except SandboxError as error:
        raise _unproven(tier, f"no container of it runs: {error}", "governance doctor") from error
    doubts = place.doubts(tier)
    if doubts:
        raise _unproven(tier, "; ".join(doubts), "governance doctor")
    return place


def look(running: Trial) -> Place:
    """Return where a container runs whose program is the one that looks."""
    running.send(f"{_END}\n".encode())
    if not running.until(lambda capture: f"\n{_END}\n" in capture.stdout):
        raise SandboxError(
            Diagnostic("tier-unproven", f"nothing is seen inside: {running.capture.stderr[:200]}")
        )
    lines = running.capture.stdout.split("\n")
    inside = Seen(lines[0], None if lines[1] == _END else lines[1])
    return Place(inside, Seen(kernel_text(), boot_id()), process_of(running.pid, running.container))


class Witness:
    """Completes evidence with where its container runs, and keeps it; may be called from any thread."""

    def __init__(self, engine: ContainerEngine, keep: Callable[[str, bytes], None], memory: Path) -> None:
        """Give complete evidence to `keep`, by digest and as bytes; `memory` is the folder of what was proven."""
        self._engine = engine
        self._keep = keep
        self._memory = memory
        self._lock = threading.Lock()
        self._places: dict[Isolation, Mapping[str, Json]] = {}
        self._kept: set[str] = set()

    def __call__(self, evidence: Evidence) -> Evidence:
        """Return the complete evidence once it is kept; SandboxError `tier-unproven`, and what `keep` raises."""
        with self._lock:
            if evidence.tier not in self._places:
                self._places[evidence.tier] = self._remembered(evidence.tier)
            complete = replace(evidence, place=self._places[evidence.tier])
            digest = complete.digest
            if digest not in self._kept:
                self._keep(digest, canonical(complete.to_json()))
                self._kept.add(digest)
        return complete

    def _remembered(self, tier: Isolation) -> Mapping[str, Json]:
        """Return what was seen of the tier since the host's boot, or look."""
        key = present(self._engine, tier).digest
        file = self._memory / f"{tier}.json"
        boot = boot_id()
        try:
            known = json.loads(file.read_bytes())
            if (known["present"], known["boot"]) == (key, boot):
                return dict(known["place"])
        except (OSError, ValueError, LookupError, TypeError):
            pass
        place = prove(self._engine, tier).to_json()
        self._memory.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = file.with_suffix(".new")
        fresh.write_bytes(canonical({"present": key, "boot": boot, "place": place}))
        fresh.replace(file)
        return place


def _unproven(tier: Isolation, why: str, command: str) -> SandboxError:
    mend = f"nothing was run, and nothing takes the tier's place; look into it with: {command}"
    return SandboxError(Diagnostic("tier-unproven", f"isolation {tier} is not proven here: {why}", help=mend))
