"""Sets of addresses: a network, or one address, in its canonical form (RFC 4632; RFC 5952 for IPv6)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import cached_property, lru_cache

__all__ = ["Network", "check_network"]


@dataclass(frozen=True)
class Network:
    """The addresses from `first` to `last` of IP version `version`, as numbers."""

    version: int
    first: int
    last: int

    @classmethod
    def of(cls, text: str) -> Network:
        """Return the network that `text` is, a canonical one."""
        return _network(text)

    def within(self, other: Network) -> bool:
        """Whether every address of this network is in `other`."""
        return self.version == other.version and other.first <= self.first and self.last <= other.last

    def meets(self, other: Network) -> bool:
        """Whether some address is in both."""
        return self.version == other.version and self.first <= other.last and other.first <= self.last

    @cached_property
    def _text(self) -> str:
        size = 32 if self.version == 4 else 128
        prefix = size - (self.last - self.first + 1).bit_length() + 1
        address = (ipaddress.IPv4Address if self.version == 4 else ipaddress.IPv6Address)(self.first)
        return str(address) if prefix == size else f"{address}/{prefix}"

    def __str__(self) -> str:
        return self._text


@lru_cache(maxsize=4096)
def _network(text: str) -> Network:
    found = ipaddress.ip_network(text)
    return Network(found.version, int(found.network_address), int(found.broadcast_address))


def check_network(text: str, outer: str | None = None) -> str:
    """Return `text`, a canonical network or address, in `outer` if one is given.

    A bare address stands for itself alone. Raises `ValueError` for anything else: bits set behind the prefix, a
    netmask, a zone, another spelling than the canonical one, an IPv4 address written as IPv6.
    """
    if len(text) > 49 or not text.isascii() or "%" in text:
        raise ValueError("this is no network; write it like 10.0.0.0/8 or 2001:db8::/32")
    try:
        found = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError("this is no network; write it like 10.0.0.0/8 or 2001:db8::/32") from None
    mapped = getattr(found.network_address, "ipv4_mapped", None)
    if mapped is not None and found.prefixlen >= 96:
        spelling = str(mapped) if found.prefixlen == 128 else f"{mapped}/{found.prefixlen - 96}"
        raise ValueError(f"an IPv4 address is not written as IPv6; write {spelling}")
    canonical = str(found.network_address) if found.prefixlen == found.max_prefixlen else str(found)
    if canonical != text:
        raise ValueError(f"the canonical spelling is {canonical}")
    if outer is not None and not Network.of(text).within(Network.of(outer)):
        raise ValueError(f"it is not within {outer}")
    return text
