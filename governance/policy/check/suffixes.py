"""Which domains someone owns: the one door to the Public Suffix List, the copy that its package carries."""

from __future__ import annotations

from functools import cache

from publicsuffixlist import PublicSuffixList

__all__ = ["registrable"]


def registrable(domain: str) -> bool:
    """Whether `domain` is one that someone registered, or beneath one; `org`, `co.uk` and `github.io` are not."""
    return _suffixes().privatesuffix(domain) is not None


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()
