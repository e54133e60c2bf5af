"""What proves that a VM is one: kernels and boots as seen inside and outside, and the process that runs it.

A pure judgement of what was seen; looking is done by others.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, Literal
from uuid import UUID

from governance.canonical import digest_of
from governance.errors import Diagnostic, SandboxError
from governance.text import shown

if TYPE_CHECKING:
    from governance.canonical import Json

__all__ = ["Kernel", "VmEvidence", "Vmm", "judged", "missing"]

_LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class Kernel:
    """A running kernel: what it calls itself (release and version), and the id of its boot."""

    name: str
    boot: str


@dataclass(frozen=True, slots=True)
class Vmm:
    """The process that runs a VM, as this host sees it: number, start (clock ticks since the host's boot), program."""

    pid: int
    started: int
    program: str


@dataclass(frozen=True, slots=True)
class VmEvidence:
    """A VM that was proven to be one. `source` is the digest of what it was made from."""

    source: str
    accelerator: Literal["kvm", "emulated"]
    guest: Kernel
    host: Kernel
    vmm: Vmm

    def to_json(self) -> dict[str, Json]:
        """Return the evidence as canonical data."""
        return asdict(self)

    @property
    def digest(self) -> str:
        """The digest that an outcome names."""
        return digest_of(self.to_json())


def judged(evidence: VmEvidence) -> VmEvidence:
    """Return the evidence if it proves a kernel of its own. Raises SandboxError `tier-missing`.

    Names of kernels may be equal, where host and guest run the same package; the ids of boots may not.
    """
    guest, host = evidence.guest, evidence.host
    if not (_is_boot(guest.boot) and _is_boot(host.boot)):
        raise missing(f"`{shown(guest.boot[:_LONGEST])}` is no id of a boot")
    if guest.boot == host.boot:
        raise missing("inside and outside the same boot of the same kernel was seen")
    if not guest.name or len(guest.name) > _LONGEST:
        raise missing("the kernel inside does not say what it is")
    if not evidence.vmm.program:
        raise missing("no process of this host was seen to run the VM")
    return evidence


def missing(problem: str) -> SandboxError:
    """Return the refusal of a call that asks for a kernel of its own where none is proven."""
    mend = "`governance microvm build` makes it; nothing runs in a lower tier meanwhile"
    return SandboxError(Diagnostic("tier-missing", f"the tier `microvm` is not here: {problem}", help=mend))


def _is_boot(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
