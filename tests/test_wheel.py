from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.documents import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_wheel_holds_grammars_and_policies_and_finds_them_there(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("capability_governance-*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    example = site / "governance" / "policies" / "examples" / "coder"
    done = subprocess.run(
        [sys.executable, "-c", "from governance.cli.app import main; main()", "check", str(example)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.startswith("ok: "), done.stderr
    assert (example / "repository" / ".env").is_file()
    assert (site / "governance" / "grammars" / "policy.lark").is_file()
    assert (site / "governance" / "policies" / "facts" / "programs.json").is_file()
    assert (site / "governance" / "sandbox" / "tools" / "fs.py").is_file()
