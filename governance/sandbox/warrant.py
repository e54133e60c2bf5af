"""Warrants: the only thing that opens a sandbox.

A warrant is issued for the receipt of a durable allow, once, and redeemed once, soon, by its own issuer and
unchanged. Whoever builds a `Warrant` by hand holds one that nobody issued. Nothing here runs anything.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from governance.canonical import digest, digest_of
from governance.errors import Diagnostic, SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable

    from governance.journal.record import Receipt
    from governance.policy.decision import Allow

__all__ = ["Warrant", "Warrants"]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Warrant:
    """One run of an allowed call: the decision, its number in the log, and what the program will read."""

    decision: Allow
    seq: int
    stdin: bytes | None = field(repr=False)


@dataclass(slots=True)
class _Terms:
    """What a warrant was issued for, until when it holds, and whether it was redeemed."""

    fingerprint: str
    until: float
    redeemed: bool = False


class Warrants:
    """The issuer of warrants: one for each gateway process; its methods may be called from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, lifetime: float = 30.0) -> None:
        """Use a monotonic `clock`; a warrant holds for `lifetime` seconds."""
        self._clock = clock
        self._lifetime = lifetime
        self._lock = threading.Lock()
        self._terms: WeakKeyDictionary[Warrant, _Terms] = WeakKeyDictionary()
        self._issued: set[int] = set()

    def issue(self, receipt: Receipt[Allow], stdin: bytes | None) -> Warrant:
        """Return the warrant for a durable allow; `stdin` must be what was judged.

        Raises SandboxError `warrant-stdin` for other input, `warrant-issued` for a receipt seen before.
        """
        warrant = Warrant(receipt.subject, receipt.seq, stdin)
        if (None if stdin is None else digest(stdin)) != receipt.subject.sandbox.stdin:
            raise _refusal("warrant-stdin", "what the program would read is not what was judged")
        terms = _Terms(_fingerprint(warrant), self._clock() + self._lifetime)
        with self._lock:
            if receipt.seq in self._issued:
                raise _refusal("warrant-issued", f"decision {receipt.seq} of the log has had its warrant")
            self._issued.add(receipt.seq)
            self._terms[warrant] = terms
        return warrant

    def redeem(self, warrant: Warrant) -> None:
        """Use the warrant up.

        Raises SandboxError `warrant-foreign`, `warrant-used`, `warrant-expired` or `warrant-changed`.
        """
        with self._lock:
            terms = self._terms.get(warrant)
            if terms is None:
                raise _refusal("warrant-foreign", "this warrant was not issued here")
            if terms.redeemed:
                raise _refusal("warrant-used", "this warrant was used before")
            terms.redeemed = True
        if self._clock() > terms.until:
            raise _refusal("warrant-expired", f"this warrant is older than {self._lifetime:g} seconds")
        if _fingerprint(warrant) != terms.fingerprint:
            raise _refusal("warrant-changed", "this warrant is not as it was issued")


def _fingerprint(warrant: Warrant) -> str:
    read = None if warrant.stdin is None else digest(warrant.stdin)
    return digest_of([warrant.decision.id, warrant.seq, warrant.decision.sandbox.digest, read])


def _refusal(code: str, message: str) -> SandboxError:
    mend = "nothing was run; send the request again, so that it is decided and recorded anew"
    return SandboxError(Diagnostic(code, message, help=mend))
