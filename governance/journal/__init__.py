"""The decision log: evidence of what was asked, decided and done, in a hash chain that shows any change.

`Journal` writes one, `read` and `verify` read one. The service log is something else and never stands here.
"""

from __future__ import annotations

from governance.journal.commit import Pending
from governance.journal.kept import read_bundle, read_evidence
from governance.journal.record import Event, Head, Kind, Loss, Receipt
from governance.journal.store import Journal
from governance.journal.verify import Verification, read, verify

__all__ = [
    "Event",
    "Head",
    "Journal",
    "Kind",
    "Loss",
    "Pending",
    "Receipt",
    "Verification",
    "read",
    "read_bundle",
    "read_evidence",
    "verify",
]
