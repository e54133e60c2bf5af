"""The standard library's capabilities, and requests read and bound with them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import pytest

from tests.policy.build import bundle_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.capabilities import Capability

Capabilities: TypeAlias = "Mapping[str, Capability]"


@cache
def standard() -> Capabilities:
    """Return the standard library's capabilities by every name they are called by."""
    return bundle_of("").capabilities


@pytest.fixture(scope="session")
def capabilities() -> Capabilities:
    return standard()
