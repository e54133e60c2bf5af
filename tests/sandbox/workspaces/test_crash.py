"""Wherever a process is killed while it copies or commits, the next start leaves the old or the new workspace, and no rest."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("way", ["overlay", "plain"])
def test_killed_at_each_step(tmp_path: Path, way: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.sandbox.workspaces.crash", str(tmp_path), way],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and "AssertionError: 3" in done.stderr:
        pytest.skip(f"not proven: no {way} can be made here")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["old"] + found["new"] == found["steps"]
    assert found["old"] > 10
    assert found["finished"] > 10
    assert found["new"] >= found["finished"]
