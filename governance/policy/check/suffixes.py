"""Which domains someone owns: the one door to the Public Suffix List, the copy that its package carries."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from publicsuffixlist import PublicSuffixList

from governance.policy.syntax import LiteralSyntax

if TYPE_CHECKING:
    from collections.abc import Iterable

    from governance.policy.check.scope import FileScope
    from governance.policy.syntax import OperandSyntax

__all__ = ["check_owned", "is_suffix", "registrable"]


def registrable(domain: str) -> bool:
    """Whether `domain` is one that someone registered, or beneath one; `org`, `co.uk` and `github.io` are not."""
    return _suffixes().privatesuffix(domain) is not None


def is_suffix(domain: str) -> bool:
    """Whether `domain` is one that a registry of the root zone gives domains out under: `com`, `co.uk`."""
    return _registries().publicsuffix(domain) == domain


def check_owned(scope: FileScope, domains: Iterable[str], place: OperandSyntax) -> None:
    """Report each domain that holds hosts of people who have nothing to do with each other."""
    for domain in domains:
        if not registrable(domain):
            message = f"`{domain}` holds hosts of people who have nothing to do with each other"
            where = (place.start, place.end) if isinstance(place, LiteralSyntax) else place.name
            mend = f'name a domain that someone owns, like "example.{domain}"'
            scope.report("wide-host", message, where, mend)


@cache
def _registries() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False, only_icann=True)


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()
