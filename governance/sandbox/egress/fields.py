"""What stands in the head of a message that the proxy passes on, and what of a secret never comes back.

Pure. Hop-by-hop fields end at the proxy (RFC 9110, 7.6.1); a message's length is written anew on the other side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from governance.errors import Diagnostic, RequestError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from governance.sandbox.egress.vault import Sealed

__all__ = ["Fields", "Strainer", "answer_fields", "request_fields"]

Fields: TypeAlias = "tuple[tuple[bytes, bytes], ...]"

_HOP: Final = frozenset(
    (
        b"connection",
        b"expect",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"upgrade",
    )
)
_ELSEWHERE: Final = frozenset((b"alt-svc",))
"""What would lead the client round the proxy."""


def request_fields(fields: Fields, host: bytes, secrets: Iterable[Sealed]) -> list[tuple[bytes, bytes]]:
    """Return the fields of the request as it leaves: to `host`, with `secrets` in place of what stood there."""
    sealed = {secret.name: secret.value for secret in secrets}
    dropped = _HOP | _named(fields) | {b"host"} | sealed.keys()
    if sealed:  # what is compressed cannot be looked through on its way back
        dropped |= {b"accept-encoding"}
        sealed[b"accept-encoding"] = b"identity"
    kept = [field for field in fields if field[0] not in dropped]
    return [(b"host", host), *kept, *sealed.items(), (b"connection", b"close")]


def answer_fields(
    fields: Iterable[tuple[bytes, bytes]], strainer: Strainer | None
) -> list[tuple[bytes, bytes]]:
    """Return the fields of an answer as the sandbox gets them. RequestError `encoded` for what cannot be looked through."""
    all_fields = tuple(fields)
    dropped = _HOP | _named(all_fields) | _ELSEWHERE | {b"transfer-encoding"}
    kept = [field for field in all_fields if field[0] not in dropped]
    if strainer is not None:
        for name, value in kept:
            if name == b"content-encoding" and value.lower() != b"identity":
                message = "the host's answer is compressed, so a secret in it could not be seen"
                raise RequestError(Diagnostic("encoded", message, help="ask the operator of the host"))
        kept = [(strainer.whole(name), strainer.whole(value)) for name, value in kept]
    return [*kept, (b"connection", b"close")]


def _named(fields: Fields) -> frozenset[bytes]:
    """Return the fields that `Connection` says are for this hop; what frames the message is not one of them."""
    values = b",".join(value for name, value in fields if name == b"connection")
    named = frozenset(part.strip(b" \t").lower() for part in values.split(b","))
    return named - {b"", b"content-length", b"transfer-encoding", b"host"}


class Strainer:
    """Overwrites all `traces` of secrets in bytes that come in pieces, with as many asterisks."""

    def __init__(self, traces: Iterable[bytes]) -> None:
        self._traces = sorted(
            (trace for trace in set(traces) if trace), key=lambda trace: (-len(trace), trace)
        )
        self._most = max(map(len, self._traces), default=1) - 1
        self._held = b""

    def whole(self, data: bytes) -> bytes:
        """Return `data`, which stands for itself, without what it must not hold."""
        for trace in self._traces:
            data = data.replace(trace, b"*" * len(trace))
        return data

    def feed(self, data: bytes) -> bytes:
        """Take the next piece; return what can be passed on: all but what might be the beginning of a trace."""
        clean = self.whole(self._held + data)
        cut = max(0, len(clean) - self._most)
        self._held = clean[cut:]
        return clean[:cut]

    def finish(self) -> bytes:
        """Return what is left once no more will come."""
        held, self._held = self._held, b""
        return held
