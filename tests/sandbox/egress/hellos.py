"""ClientHellos, whole and wrong: made by OpenSSL, and written by hand."""

from __future__ import annotations

import ssl
from contextlib import suppress
from functools import cache

from tests.sandbox.egress.world import HOST


@cache
def real(name: str | None = HOST) -> bytes:
    """Return what OpenSSL begins with."""
    context = ssl.create_default_context()
    context.check_hostname = False
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


def vector(size: int, data: bytes) -> bytes:
    return len(data).to_bytes(size) + data


def extension(kind: int, data: bytes) -> bytes:
    return kind.to_bytes(2) + vector(2, data)


def server_name(*names: bytes, kind: int = 0) -> bytes:
    return extension(0, vector(2, b"".join(bytes([kind]) + vector(2, name) for name in names)))


def message(
    extensions: bytes | None, *, session: bytes = b"", ciphers: bytes = b"\x13\x01", behind: bytes = b""
) -> bytes:
    """Return a ClientHello as a handshake message, written by hand."""
    body = b"\x03\x03" + bytes(32) + vector(1, session) + vector(2, ciphers) + vector(1, b"\0")
    body += (b"" if extensions is None else vector(2, extensions)) + behind
    return b"\x01" + vector(3, body)


def record(data: bytes, kind: int = 22) -> bytes:
    return bytes([kind, 3, 1]) + vector(2, data)


def hello(*extensions: bytes) -> bytes:
    return record(message(b"".join(extensions)))


NAME = server_name(HOST.encode())
ECH = extension(0xFE0D, b"\0" + bytes(10))
