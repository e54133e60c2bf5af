"""Requests to the proxy, read as hostile input (RFC 9112): one head, in the one spelling that all servers read alike.

Bytes are looked at before `h11` sees them, so that nothing is normalised: what two servers could read differently
is refused. Nothing here reads a socket. A connection carries one request; what follows its body is never read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import h11

from governance.capabilities.hosts import check_host
from governance.capabilities.urls import DEFAULT_PORTS, check_url, url_parts
from governance.errors import Diagnostic, RequestError
from governance.policy.connection import Asked, Scheme

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LONGEST_HEAD", "Head", "HeadReader"]

LONGEST_HEAD: Final = 16 * 1024
_MOST_FIELDS: Final = 100
_END: Final = b"\r\n\r\n"

_REQUEST: Final = re.compile(rb"([A-Z]{1,20}) ([!-~]{1,4096}) HTTP/1\.1")
_FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}):[ \t]*([ -~\t]*)")
_LENGTH: Final = re.compile(rb"0|[1-9][0-9]{0,14}")
_PLACE: Final = re.compile(r"([a-z0-9.-]{1,253}):([1-9][0-9]{0,4})")
_SHOWN: Final = bytes(range(0x20, 0x7F)) + b"\t"
_ONCE: Final = (
    b"host",
    b"content-length",
    b"transfer-encoding",
    b"connection",
    b"expect",
    b"proxy-connection",
)

_CLIP: Final = 200
_MEND: Final = "speak HTTP/1.1 as RFC 9112 writes it, with nothing that is obsolete or said twice"


@dataclass(frozen=True, slots=True)
class Head:
    """A request's head: what it asks for, the host as it writes it, and its fields with lower-case names.

    `tunnel` is a CONNECT.
    """

    asked: Asked
    authority: bytes
    fields: tuple[tuple[bytes, bytes], ...]
    tunnel: bool


class HeadReader:
    """Reads one request; `inside` is the host and port of the tunnel that it came through, if it did.

    After the head, `connection` reads the body, and `rest` is what came behind the head of a CONNECT.
    """

    def __init__(self, inside: tuple[str, int] | None = None) -> None:
        self.connection = h11.Connection(h11.SERVER, max_incomplete_event_size=LONGEST_HEAD)
        self._inside = inside
        self._begun = bytearray()

    @property
    def rest(self) -> bytes:
        """What came behind the head and was not read."""
        return self.connection.trailing_data[0]

    def feed(self, data: bytes) -> Head | None:
        """Take the next bytes, cut anywhere; return the head once it is whole. RequestError for what is none."""
        seen = max(0, len(self._begun) - len(_END) + 1)
        self._begun += data
        end = self._begun.find(_END, seen)
        head = bytes(self._begun[: end + len(_END)] if end >= 0 else self._begun)
        if len(head) > LONGEST_HEAD:
            raise _refusal("head-too-long", f"the head has more than {LONGEST_HEAD} bytes")
        _check_bytes(head)
        if end < 0:
            return None
        lines = head[: -len(_END)].split(b"\r\n")
        fields = _fields(lines[1:])
        match = _REQUEST.fullmatch(lines[0])
        if match is None:
            raise _refusal("request-line", "this is no request line of HTTP/1.1")
        method, target = match[1].decode(), match[2].decode()
        asked = _asked(method, target, self._inside)
        authority = _authority(asked, written=method == "CONNECT")
        _check_fields(fields, method, authority)
        self._take()
        return Head(asked, authority, fields, tunnel=method == "CONNECT")

    def _take(self) -> None:
        """Let `h11` read what was looked at; what it refuses is refused."""
        try:
            self.connection.receive_data(bytes(self._begun))
            event = self.connection.next_event()
        except h11.RemoteProtocolError as error:
            raise _refusal("malformed", f"this is no request: {error}") from None
        if not isinstance(event, h11.Request):
            raise _refusal("malformed", "this is no request")


def _refusal(code: str, message: str, mend: str = _MEND) -> RequestError:
    return RequestError(Diagnostic(code, message, help=mend))


def _check_bytes(head: bytes) -> None:
    """Refuse a CR or LF that is not one half of a line's end, and every other control character but a tab."""
    plain = head.removesuffix(b"\r").replace(b"\r\n", b"")
    if b"\r" in plain or b"\n" in plain:
        raise _refusal("bare-line-end", "a line ends with CR LF, and neither of them stands alone")
    if plain.translate(None, _SHOWN):
        raise _refusal("bytes", "a head holds ASCII characters that show, spaces and tabs")


def _fields(lines: Sequence[bytes]) -> tuple[tuple[bytes, bytes], ...]:
    if len(lines) > _MOST_FIELDS:
        raise _refusal("head-too-long", f"the head has more than {_MOST_FIELDS} fields")
    found = []
    for line in lines:
        if line.startswith((b" ", b"\t")):
            raise _refusal("folded-field", "a field stands on one line")
        match = _FIELD.fullmatch(line)
        if match is None:
            raise _refusal("field", "a field is a name, a colon right after it, and a value")
        found.append((match[1].lower(), match[2].rstrip(b" \t")))
    return tuple(found)


def _check_fields(fields: tuple[tuple[bytes, bytes], ...], method: str, authority: bytes) -> None:
    """Refuse what makes the length of a request, or its host, a matter of opinion (RFC 9112, 3.2 and 6.3)."""
    values = {name: [value for known, value in fields if known == name] for name in _ONCE}
    for name, found in values.items():
        if len(found) > 1:
            raise _refusal("doubled-field", f"the field `{name.decode()}` stands here twice")
    length, coding = values[b"content-length"], values[b"transfer-encoding"]
    if length and coding:
        raise _refusal("two-lengths", "Content-Length and Transfer-Encoding exclude each other")
    if coding and coding[0] != b"chunked":
        raise _refusal("transfer-encoding", "the one Transfer-Encoding is chunked")
    if length and not _LENGTH.fullmatch(length[0]):
        raise _refusal("content-length", "a Content-Length is a number without sign and leading zeros")
    if method == "CONNECT" and (coding or (length and length[0] != b"0")):
        raise _refusal("two-lengths", "a CONNECT has no body")
    if values[b"host"] != [authority]:
        raise _refusal("host-mismatch", f"the field Host must be {authority.decode()}, as the target says")


def _asked(method: str, target: str, inside: tuple[str, int] | None) -> Asked:
    """Return what the request is for (RFC 9112, section 3.2)."""
    if method == "CONNECT":
        if inside is not None:
            raise _refusal("nested-connect", "a tunnel leads to no other tunnel", "ask for the host itself")
        return Asked(Scheme.TLS, *_place(target))
    scheme, prefix = Scheme.HTTP, ""
    if inside is not None:
        if not target.startswith("/"):
            raise _refusal("target", "within TLS a target begins with /", "send the path, not the whole URL")
        scheme, prefix = Scheme.TLS, "https://" + _spelled(*inside, DEFAULT_PORTS["https"])
    elif not target.startswith("http://"):
        mend = "send a whole URL that begins with http://, or CONNECT for https"
        raise _refusal("target", "a target of this proxy is a whole URL", mend)
    try:
        url = url_parts(check_url(prefix + target))
    except ValueError as error:
        message = f"{_clip(target)} is no URL: {error}"
        raise _refusal("target", message, "write it in its one spelling") from None
    path = url.path + (f"?{url.query}" if url.query else "")
    return Asked(scheme, url.host, url.port, method, path)


def _place(target: str) -> tuple[str, int]:
    match = _PLACE.fullmatch(target)
    if match is None or int(match[2]) > 65_535:
        raise _refusal("target", "a CONNECT names a host and a port", "write it like data.example.org:443")
    try:
        return check_host(match[1]), int(match[2])
    except ValueError as error:
        message = f"{_clip(target)} names no host: {error}"
        raise _refusal("target", message, "name the host, in lower case") from None


def _authority(asked: Asked, *, written: bool) -> bytes:
    """Return the one value that Host may have; `written` says that the port stands there even where it is usual."""
    default = DEFAULT_PORTS["http" if asked.scheme is Scheme.HTTP else "https"]
    return _spelled(asked.host, asked.port, 0 if written else default).encode()


def _clip(target: str) -> str:
    return target if len(target) <= _CLIP else target[:_CLIP] + "..."


def _spelled(host: str, port: int, default: int) -> str:
    return host if port == default else f"{host}:{port}"
