from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from governance.sandbox.microvm.build import ensure_guest
from governance.sandbox.provision import this_host

if TYPE_CHECKING:
    from pathlib import Path

    from governance.sandbox.microvm.snapshot import Snapshot

pytestmark = [pytest.mark.engine, pytest.mark.slow]


def test_two_builds_from_the_same_packages_are_the_same_bytes(snapshot: Snapshot, tmp_path: Path) -> None:
    again = ensure_guest(tmp_path, print, this_host())
    assert again.digest == snapshot.guest.digest
    assert again.package.endswith(".deb")
