"""URLs of the web in their one spelling (RFC 3986, `http` and `https` alone), and their parts.

Nothing is resolved or normalised: two texts that servers take for the same place must not both pass, so
all but one of them is refused.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from governance.capabilities.hosts import check_host

__all__ = ["DEFAULT_PORTS", "LONGEST_URL", "UrlParts", "check_url", "url_parts"]

DEFAULT_PORTS: Final = {"http": 80, "https": 443}
LONGEST_URL: Final = 2048

_PORT: Final = re.compile(r"[1-9][0-9]{0,4}")
_PATH: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")
_QUERY: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*")
_ESCAPE: Final = re.compile(r"%([0-9A-F]{2})?")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_NEVER_IN_PATH: Final = _UNRESERVED | frozenset("%/\\!$&'()*+,;=:@")
"""What no escape in a path stands for: all that may stand there as itself, `\\`, and `%`, an escape of an escape."""

_NEVER_IN_QUERY: Final = _UNRESERVED | frozenset("%/\\")
"""In a query an escaped `&`, `=` or `+` means something else than the sign itself."""


class UrlParts(NamedTuple):
    """The parts of a canonical URL.

    `port` is the scheme's where none is written. `path` begins with `/`, may end with one, and keeps its
    escapes: it is text, for its slashes are a server's business. `query` is empty where there is none.
    """

    scheme: str
    host: str
    port: int
    path: str
    query: str


def check_url(text: str, domain: str | None = None) -> str:
    """Return `text`, a canonical URL, its host within `domain` if one is given.

    Raises `ValueError` for anything else: another scheme, upper case before the path, an address or a user,
    the scheme's own port, no path, `.` or `..` or empty segments (the last one may be empty), a fragment, an empty query, escapes that are not needed or hide a separator or a control
    character.
    """
    if len(text) > LONGEST_URL:
        raise ValueError(f"a URL has at most {LONGEST_URL} characters")
    if not text.startswith(("https://", "http://")):
        raise ValueError("a URL begins with https:// or http://, in lower case")
    if "#" in text:
        raise ValueError("a URL has no fragment here; leave out the # and what follows")
    scheme, authority, path, query = _split(text)
    if not path:
        raise ValueError("the path of a URL is never empty; write / after the host")
    _check_authority(scheme, authority, domain)
    _check_path(path)
    if query is not None:
        _check_query(query)
    return text


def url_parts(text: str) -> UrlParts:
    """Return the parts of a canonical URL."""
    scheme, authority, path, query = _split(text)
    host, _, port = authority.partition(":")
    return UrlParts(scheme, host, int(port) if port else DEFAULT_PORTS[scheme], path, query or "")


def _split(text: str) -> tuple[str, str, str, str | None]:
    scheme, _, rest = text.partition("://")
    before, mark, query = rest.partition("?")
    authority, slash, path = before.partition("/")
    return scheme, authority, slash + path, query if mark else None


def _check_authority(scheme: str, authority: str, domain: str | None) -> None:
    if "@" in authority:
        raise ValueError("a URL names no user; leave out what stands before the @")
    if authority.startswith("["):
        raise ValueError("an address is no host name")
    host, colon, port = authority.partition(":")
    check_host(host, domain)
    if not colon:
        return
    if not _PORT.fullmatch(port) or int(port) > 65_535:
        raise ValueError("a port is a whole number between 1 and 65535")
    if int(port) == DEFAULT_PORTS[scheme]:
        raise ValueError(f"{port} is the port of {scheme} anyway; leave out :{port}")


def _check_path(path: str) -> None:
    if not _PATH.fullmatch(path):
        raise ValueError(
            "the path of a URL holds only the ASCII characters of RFC 3986; escape others as UTF-8"
        )
    *segments, last = path[1:].split("/")
    if "" in segments:
        raise ValueError("the path of a URL has no doubled slash")
    for segment in (*segments, last):
        # Some servers cut parameters off a segment first: `..;a` is `..` to them.
        if segment.partition(";")[0] in (".", ".."):
            raise ValueError("the path of a URL has no `.` and no `..`; write where it leads to")
    _check_escapes(path, _NEVER_IN_PATH)


def _check_query(query: str) -> None:
    if not query:
        raise ValueError("the query is empty; leave out the ?")
    if not _QUERY.fullmatch(query):
        raise ValueError("the query holds only the ASCII characters of RFC 3986; escape others as UTF-8")
    _check_escapes(query, _NEVER_IN_QUERY)


def _check_escapes(text: str, never: frozenset[str]) -> None:
    if "%" not in text:
        return
    for match in _ESCAPE.finditer(text):
        if match[1] is None:
            raise ValueError("after % stand two digits, of 0-9 and A-F")
        character = chr(int(match[1], 16))
        if character in never:
            raise ValueError(
                f"{match[0]} hides what it stands for; leave it out"
                if character in "%\\"
                else f"{match[0]} is not needed or hides a separator; write {character}"
            )
    try:
        plain = unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise ValueError("the escapes of a URL are those of UTF-8") from None
    if _CONTROL.search(plain):
        raise ValueError("no escape of a URL stands for a control character")
