"""The command line, run as the console script runs it, but within the tests' process: starting one costs most."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import TYPE_CHECKING, Protocol

import pytest

from governance import resources
from governance.cli.app import main

if TYPE_CHECKING:
    from pathlib import Path


class Run(Protocol):
    """Runs the command line with bytes on its standard input; both outputs come back as text."""

    def __call__(self, *words: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[str]: ...


def stream(data: bytes = b"") -> io.TextIOWrapper:
    """Return a standard stream that holds `data`."""
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", write_through=True)


@pytest.fixture
def governance(monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(*words: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
        command = ["governance", *map(str, words)]
        out, err = stream(), stream()
        with monkeypatch.context() as as_process:
            as_process.setattr(sys, "argv", command)
            as_process.setattr(sys, "stdin", stream(stdin))
            as_process.setattr(sys, "stdout", out)
            as_process.setattr(sys, "stderr", err)
            with pytest.raises(SystemExit) as left:
                main()
        code = left.value.code or 0
        assert isinstance(code, int), code
        told, said = (each.buffer.getvalue().decode() for each in (out, err))
        return subprocess.CompletedProcess(command, code, told, said)

    return run


@pytest.fixture(scope="session")
def coder_policies() -> Path:
    return resources.folder("policies") / "examples" / "coder"
