"""Hosts, and what leads to one: URLs and mail addresses, each in its one canonical form, by label."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["check_email", "check_host", "check_url", "url_parts"]

_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_URL: Final = re.compile(
    r"(https?)://([a-z0-9.-]{1,253})(?::([1-9][0-9]{0,4}))?(/[!$&-;=@-Z_a-z~%]*)(?:\?([!$&-;=?-Z_a-z~%]*))?"
)
"""The form of a URL (RFC 3986) without user information and fragment; what is in it is checked apart."""

_ESCAPE: Final = re.compile(
    r"%(?![0-9A-F]{2})|%(?:2[DEF5]|3[0-9]|4[1-9A-F]|5[0-9ACF]|6[1-9A-F]|7[0-9AE]|[01][0-9A-F]|7F)"
)
"""What no canonical URL holds: a half escape, one in small letters, one of a character that needs none, of a
slash, a backslash, a percent sign or a control character."""

_LOCAL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*+")
"""A dot-atom (RFC 5322, section 3.2.3)."""

_PORTS: Final = {"http": 80, "https": 443}
_LONGEST_URL: Final = 2048


def check_host(text: str, domain: str | None = None) -> str:
    """Return `text`, a host name in its canonical form, within `domain` by whole labels if one is given.

    Raises `ValueError` for anything else: upper case, a last dot, a label over 63 bytes, an address (RFC 1123, 2.1).
    """
    labels = text.split(".", 128)
    if len(text) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("a host is lower-case labels of letters, digits and hyphens between dots")
    if labels[-1][0].isdigit():
        raise ValueError("an address is no host name")
    _check_within(text, domain)
    return text


def _check_within(host: str, domain: str | None) -> None:
    if domain is not None and host != domain and not host.endswith(f".{domain}"):
        raise ValueError(f"it is not within {domain}")


def url_parts(url: str) -> tuple[str, str, int, str, str]:
    """Return scheme, host, port, path and query of a canonical URL."""
    match = _URL.fullmatch(url)
    if match is None:
        raise ValueError("a URL is http:// or https://, a host, and a path that begins with /")
    scheme, host, port, path, query = match.groups()
    return scheme, host, int(port) if port else _PORTS[scheme], path, query or ""


def check_url(text: str, domain: str | None = None) -> str:
    """Return `text`, a canonical http or https URL, whose host lies within `domain` if one is given.

    Raises `ValueError` for anything else: user information, a fragment, an address instead of a host, the
    default port written out, `.` or `..` or nothing between slashes, escapes that are not needed or hide a slash.
    """
    if len(text) > _LONGEST_URL:
        raise ValueError(f"a URL has at most {_LONGEST_URL} characters")
    scheme, host, port, path, _ = url_parts(text)
    check_host(host, domain)
    if port > 65_535 or text.startswith(f"{scheme}://{host}:{_PORTS[scheme]}/"):
        raise ValueError("a port is at most 65535, and the default one is left out")
    if _ESCAPE.search(text):
        raise ValueError("an escape is two capital digits, and stands only for what cannot be written itself")
    segments = path[1:].split("/")
    if any(segment in (".", "..") for segment in segments) or "" in segments[:-1]:
        raise ValueError("a path has no doubled slash, no `.` and no `..`; write where it leads to")
    return text


def check_email(text: str, domain: str | None = None) -> str:
    """Return `text`, one mail address with a plain local part, in `domain` if one is given.

    Raises `ValueError` for anything else: quotes, comments, a display name, a domain that is no canonical host.
    """
    local, sign, host = text.rpartition("@")
    if len(text) > 254 or not sign or len(local) > 64 or not _LOCAL.fullmatch(local):
        raise ValueError("a mail address is like ann@example.org, without quotes, comments or a name")
    check_host(host, domain)
    return text
