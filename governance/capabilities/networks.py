"""Sets of addresses: a network, or one address, in its canonical form (RFC 4632; RFC 5952 for IPv6)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

__all__ = ["Network", "check_network", "refused_address"]


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


_NEVER: Final = (
    ("0.0.0.0/8", "this host's own network"),
    ("10.0.0.0/8", "a private network"),
    ("100.64.0.0/10", "a carrier's private network"),
    ("127.0.0.0/8", "a loopback address"),
    ("168.63.129.16", "a cloud's metadata address"),
    ("169.254.0.0/16", "a link-local or metadata address"),
    ("172.16.0.0/12", "a private network"),
    ("192.0.0.0/24", "reserved for protocols"),
    ("192.0.2.0/24", "reserved for documentation"),
    ("192.88.99.0/24", "a 6to4 relay"),
    ("192.168.0.0/16", "a private network"),
    ("198.18.0.0/15", "reserved for measurements"),
    ("198.51.100.0/24", "reserved for documentation"),
    ("203.0.113.0/24", "reserved for documentation"),
    ("224.0.0.0/4", "a multicast address"),
    ("240.0.0.0/4", "reserved, or a broadcast address"),
    ("::/96", "a loopback or unspecified address, or an IPv4 address within IPv6"),
    ("::ffff:0:0/96", "an IPv4 address within IPv6"),
    ("::ffff:0:0:0/96", "an IPv4 address within IPv6"),
    ("64:ff9b::/96", "an IPv4 address behind NAT64"),
    ("64:ff9b:1::/48", "an IPv4 address behind NAT64"),
    ("2001::/23", "reserved for protocols, Teredo among them"),
    ("2001:db8::/32", "reserved for documentation"),
    ("2002::/16", "an IPv4 address behind 6to4"),
    ("3fff::/20", "reserved for documentation"),
    ("fc00::/7", "a private network"),
    ("fe80::/10", "a link-local address"),
    ("fec0::/10", "a private network"),
    ("ff00::/8", "a multicast address"),
)
"""What no host of the public network has (IANA's special-purpose address registries; RFC 6890 and what updates it)."""

_GLOBAL: Final = "2000::/3"
"""All that IANA gives out of IPv6 for single hosts (RFC 4291, section 2.4)."""


def refused_address(text: str) -> str | None:
    """Return why no sandbox may ever reach the address `text`, None for a public one.

    What is not one address, an address with a zone among it, is refused like all the others.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "no address"
    if "%" in text:
        return "an address of one link alone"
    number = int(address)
    one = Network(address.version, number, number)
    for network, why in _NEVER:
        if one.within(_network(network)):
            return why
    return None if address.version == 4 or one.within(_network(_GLOBAL)) else "no public address"
