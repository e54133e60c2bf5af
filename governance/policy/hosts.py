"""Hosts by label: names, and patterns like `*.example.org` for every name beneath a domain."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["common", "covers_host", "meets_domain", "within_domain"]


def within_domain(host: str, domains: Iterable[str]) -> bool:
    """Whether every name that `host` stands for is one of `domains`, or beneath one."""
    return any(f".{host}".endswith(f".{domain}") for domain in domains)


def meets_domain(host: str, domains: Iterable[str]) -> bool:
    """Whether some name that `host` stands for is one of `domains`, or beneath one."""
    above = host.removeprefix("*")
    return any(
        f".{host}".endswith(f".{domain}") or (above != host and domain.endswith(above)) for domain in domains
    )


def covers_host(pattern: str, host: str) -> bool:
    """Whether every name that `host` stands for is one that `pattern` stands for."""
    return pattern == host or (pattern.startswith("*.") and host.endswith(pattern[1:]))


def common(left: Iterable[str], right: Iterable[str]) -> frozenset[str]:
    """Return the hosts that both stand for: of any two of which one covers the other, the narrower."""
    others = tuple(right)
    pairs = [(ours, theirs) for ours in left for theirs in others]
    return frozenset(
        ours if covers_host(theirs, ours) else theirs
        for ours, theirs in pairs
        if covers_host(theirs, ours) or covers_host(ours, theirs)
    )
