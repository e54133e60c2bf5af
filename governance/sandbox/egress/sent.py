"""What an outcome says of the network that its call had."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from governance.sandbox.outcome import Sent

if TYPE_CHECKING:
    from governance.sandbox.egress.service import Opened
    from governance.sandbox.outcome import Outcome

__all__ = ["with_network"]


def with_network(outcome: Outcome, opened: Opened) -> Outcome:
    """Return the outcome of a call together with what went through its network, which is closed by now."""
    gate = opened.gate
    sent = tuple(
        Sent(host, port, sums.connections, sums.sent, sums.received)
        for (host, port), sums in sorted(gate.sums.items())
    )
    refused = f"connections refused by the egress proxy: {gate.refused}; see the log" if gate.refused else ""
    message = " ".join(filter(None, (outcome.message, refused, *opened.left)))
    return replace(outcome, sent=sent, message=message)
