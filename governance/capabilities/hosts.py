"""Hosts and mail addresses, each in its one canonical form. Domains hold each other by whole labels."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["check_email", "check_host"]

_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LOCAL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")
"""The characters of a dot-atom (RFC 5322, section 3.2.3), at most as many as RFC 5321, 4.5.3.1.1 allows."""

_LONGEST_HOST: Final = 253
_LONGEST_EMAIL: Final = 254


def check_host(text: str, domain: str | None = None) -> str:
    """Return `text`, a host name in its canonical form, within `domain` by whole labels if one is given.

    Raises `ValueError` for anything else: upper case, a last dot, a label over 63 bytes, an address (RFC 1123, 2.1).
    """
    labels = text.split(".") if len(text) <= _LONGEST_HOST else [""]
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("a host is lower-case labels of letters, digits and hyphens between dots")
    if labels[-1][0].isdigit():
        raise ValueError("an address is no host name")
    if domain is not None and text != domain and not text.endswith(f".{domain}"):
        raise ValueError(f"it is not within {domain}")
    return text


def check_email(text: str, domain: str | None = None) -> str:
    """Return `text`, one mail address with a plain local part, in `domain` if one is given.

    The part before the `@` is a dot-atom of ASCII and keeps its case, which servers may tell apart. Raises
    `ValueError` for anything else: quotes, comments, a display name, a domain that is no canonical host.
    """
    if len(text) > _LONGEST_EMAIL:
        raise ValueError(f"a mail address has at most {_LONGEST_EMAIL} characters")
    local, sign, host = text.partition("@")
    if not sign:
        raise ValueError("a mail address is written like ann@example.org")
    if not _LOCAL.fullmatch(local):
        raise ValueError("before the @ stand 1 to 64 letters, digits, dots and !#$%&'*+/=?^_`{|}~-")
    if local.startswith(".") or local.endswith(".") or ".." in local:
        raise ValueError("before the @ no dot is first, last or doubled")
    check_host(host, domain)
    return text
