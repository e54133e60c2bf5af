"""The first flight of a TLS client, read for the name it asks for (RFC 8446, 4.1.2 and 5.1; RFC 6066, 3).

A pure reader of hostile bytes, in records cut anywhere. It understands what says where the connection goes, and
refuses what hides that: no name, several names, an encrypted ClientHello (RFC 9849). Nothing is decrypted.
"""

from __future__ import annotations

from typing import Final

from governance.capabilities.hosts import check_host
from governance.errors import Diagnostic, RequestError

__all__ = ["LONGEST_HELLO", "HelloReader"]

LONGEST_HELLO: Final = 16 * 1024
"""Bytes that a ClientHello may have; with keys of post-quantum groups it has about two thousand."""

_MOST_RECORDS: Final = 64
_LONGEST_RECORD: Final = 2**14
_RECORD_HEADER: Final = 5
_MESSAGE_HEADER: Final = 4
_HANDSHAKE: Final = 22
_CLIENT_HELLO: Final = 1
_SERVER_NAME: Final = 0
_ENCRYPTED: Final = (0xFE0D, 0xFFCE)
"""Encrypted ClientHello (RFC 9849), and the draft before it which hid the name alone."""


class HelloReader:
    """Reads one ClientHello; `raw` is all that was fed, for whoever is to answer it."""

    def __init__(self) -> None:
        self.raw = bytearray()
        self._message = bytearray()
        self._next = 0
        self._records = 0

    def feed(self, data: bytes) -> str | None:
        """Take the next bytes; return the server's name once the ClientHello is whole.

        RequestError: `no-tls`, `nested-connect`, `hello`, `no-name`, `hidden-name`.
        """
        self.raw += data
        while (record := self._record()) is not None:
            self._message += record
            if len(self._message) < _MESSAGE_HEADER:
                continue
            kind, length = self._message[0], int.from_bytes(self._message[1:_MESSAGE_HEADER])
            if kind != _CLIENT_HELLO or length > LONGEST_HELLO:
                raise _refusal("hello", "TLS begins with a ClientHello of ordinary size")
            if len(self._message) == _MESSAGE_HEADER + length:
                return _name(_Bytes(bytes(self._message[_MESSAGE_HEADER:])))
            if len(self._message) > _MESSAGE_HEADER + length:
                raise _refusal("hello", "nothing follows a ClientHello in its record")
        return None

    def _record(self) -> bytes | None:
        """Return what the next record holds once it is whole."""
        header = self.raw[self._next : self._next + _RECORD_HEADER]
        self._check(header)
        if len(header) < _RECORD_HEADER:
            return None
        end = self._next + _RECORD_HEADER + int.from_bytes(header[3:])
        if len(self.raw) < end:
            return None
        begin, self._next = self._next + _RECORD_HEADER, end
        self._records += 1
        if self._records > _MOST_RECORDS:
            raise _refusal("hello", f"the ClientHello is cut into more than {_MOST_RECORDS} records")
        return bytes(self.raw[begin:end])

    def _check(self, header: bytearray) -> None:
        """Refuse a header, or the beginning of one, that is not of a handshake record of TLS 1."""
        if header[:1] and header[0] != _HANDSHAKE:
            if self._next == 0 and b"CONNECT ".startswith(bytes(self.raw[:8])):
                raise _refusal(
                    "nested-connect", "a tunnel leads to no other tunnel", "ask for the host itself"
                )
            raise _refusal("no-tls", "what comes through a tunnel is TLS, and this is not")
        if len(header) >= 3 and (header[1] != 3 or header[2] > 4):
            raise _refusal("no-tls", "this is no record of TLS 1.0 or later")
        if len(header) == _RECORD_HEADER and not 0 < int.from_bytes(header[3:]) <= _LONGEST_RECORD:
            raise _refusal("hello", "a record holds between 1 and 16384 bytes")


class _Bytes:
    """Bytes that are taken from the front, never more than there are."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __bool__(self) -> bool:
        return bool(self._data)

    def take(self, count: int) -> bytes:
        if count > len(self._data):
            raise _refusal("hello", "the ClientHello says that it is longer than it is")
        taken, self._data = self._data[:count], self._data[count:]
        return taken

    def rest(self) -> bytes:
        return self.take(len(self._data))

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size))

    def vector(self, size: int) -> _Bytes:
        """Take bytes whose length stands before them, as a number of `size` bytes."""
        return _Bytes(self.take(self.number(size)))


def _name(hello: _Bytes) -> str:
    """Return the one name in the body of a ClientHello."""
    hello.take(2 + 32)  # the version, which says nothing any more, and the random
    if len(hello.vector(1).rest()) > 32:
        raise _refusal("hello", "a session's id has at most 32 bytes")
    ciphers, compressions = hello.vector(2).rest(), hello.vector(1).rest()
    if not ciphers or len(ciphers) % 2 or not compressions:
        raise _refusal("hello", "a ClientHello offers ciphers, and at least no compression")
    if not hello:
        raise _refusal("no-name", "the ClientHello has no extensions, and so no server name")
    found = _extensions(hello.vector(2))
    if hello:
        raise _refusal("hello", "something stands behind the extensions")
    if any(kind in found for kind in _ENCRYPTED):
        mend = "switch encrypted ClientHello (ECH) off: a name that is hidden cannot be judged"
        raise _refusal("hidden-name", "the ClientHello hides where it goes", mend)
    if _SERVER_NAME not in found:
        mend = "use a client that sends the server's name (SNI)"
        raise _refusal("no-name", "the ClientHello has no server name", mend)
    return _server_name(found[_SERVER_NAME])


def _extensions(block: _Bytes) -> dict[int, _Bytes]:
    found: dict[int, _Bytes] = {}
    while block:
        kind = block.number(2)
        if kind in found:
            raise _refusal("hello", "an extension stands there twice")
        found[kind] = block.vector(2)
    return found


def _server_name(extension: _Bytes) -> str:
    """Return the name in the extension `server_name`, whose list has one entry of the one kind there is."""
    names = extension.vector(2)
    kind, name = names.number(1), names.vector(2).rest()
    if extension or names or kind != 0:
        raise _refusal("no-name", "the ClientHello has not exactly one server name")
    try:
        return check_host(name.decode("ascii"))
    except ValueError as error:
        raise _refusal("no-name", f"the server name is no host: {error}") from None


def _refusal(code: str, message: str, mend: str = "use a TLS client of today") -> RequestError:
    return RequestError(Diagnostic(code, message, help=mend))
