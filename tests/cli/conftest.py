from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Protocol

import pytest

from governance import resources

if TYPE_CHECKING:
    from pathlib import Path


class Run(Protocol):
    """Runs the command line in a process of its own, with bytes on its standard input."""

    def __call__(self, *words: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[str]: ...


@pytest.fixture
def governance() -> Run:
    def run(*words: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "governance", *map(str, words)]
        done = subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=60)
        return subprocess.CompletedProcess(
            command, done.returncode, done.stdout.decode(), done.stderr.decode()
        )

    return run


@pytest.fixture(scope="session")
def coder_policies() -> Path:
    return resources.folder("policies") / "examples" / "coder"
