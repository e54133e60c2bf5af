"""Is every control really in force here? Probes of escape, leak and limit, in real containers of the real plan.

Each is a small declaration; what runs inside is joined from `inside` and told what to look for. `gate` is for a
pool that fills, `require` for who must know that the last whole run holds for what there is now.
"""

from __future__ import annotations

from governance.sandbox.doctor.examine import GATE, PROBES, examine, gate
from governance.sandbox.doctor.memory import Last, key, last, remember, require
from governance.sandbox.doctor.probe import Probe, Result

__all__ = [
    "GATE",
    "PROBES",
    "Last",
    "Probe",
    "Result",
    "examine",
    "gate",
    "key",
    "last",
    "remember",
    "require",
]
