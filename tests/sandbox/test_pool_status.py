"""What a gateway says of its pool is seen while it runs, and gone once it does not."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from governance.sandbox.pool_status import PoolStatus, StatusFile, statuses

if TYPE_CHECKING:
    from pathlib import Path

STATUS: PoolStatus = {
    "log": "l",
    "calls": {"cold": 1, "pool": 3, "reuse": 0},
    "hits_per_mille": 750,
    "boxes": [{"box": "sha256:0", "waiting": 2, "making": 0, "oldest_s": 5}],
    "bounds": {"size": 4, "total": 16, "age_s": 600},
}
CRASH = """
import os, sys
from pathlib import Path
from governance.sandbox.pool_status import StatusFile
StatusFile(Path(sys.argv[1]), "crashed").write({"log": "crashed"})
os._exit(9)
"""


def test_what_a_gateway_says_is_seen_until_it_ends(tmp_path: Path) -> None:
    file = StatusFile(tmp_path / "pools", "one")
    file.write(STATUS)
    file.write(STATUS)
    assert list(statuses(tmp_path / "pools")) == [STATUS]
    file.close()
    assert list(statuses(tmp_path / "pools")) == []
    assert list((tmp_path / "pools").iterdir()) == []


def test_several_gateways_are_seen(tmp_path: Path) -> None:
    files = [StatusFile(tmp_path, name) for name in ("one", "two")]
    for file in files:
        file.write(STATUS)
    assert len(list(statuses(tmp_path))) == 2
    for file in files:
        file.close()


def test_nothing_is_seen_where_there_is_none(tmp_path: Path) -> None:
    assert list(statuses(tmp_path / "none")) == []


def test_what_a_crash_left_is_removed_by_the_next_look(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", CRASH, str(tmp_path)], check=False)
    assert done.returncode == 9
    assert len(list(tmp_path.iterdir())) == 2
    assert list(statuses(tmp_path)) == []
    assert list(tmp_path.iterdir()) == []


def test_a_gateway_that_has_said_nothing_yet_is_passed_over(tmp_path: Path) -> None:
    file = StatusFile(tmp_path, "one")
    assert list(statuses(tmp_path)) == []
    file.close()
