from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from governance.cli import app
from governance.cli.console import Exit
from governance.errors import Diagnostic, JournalError, PolicyError, RequestError, SandboxError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PolicyError(Diagnostic("x", "policy")), Exit.FAILS),
        (RequestError(Diagnostic("x", "request")), Exit.USAGE),
        (JournalError(Diagnostic("x", "journal")), Exit.ENVIRONMENT),
        (SandboxError(Diagnostic("x", "sandbox")), Exit.ENVIRONMENT),
        (PermissionError(13, "Permission denied"), Exit.ENVIRONMENT),
        (ZeroDivisionError("oh"), Exit.INTERNAL),
    ],
)
def test_error_becomes_its_exit_code_and_a_message(
    error: Exception, code: Exit, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(app, "app", fail)
    with pytest.raises(SystemExit) as left:
        app.main()
    assert left.value.code == code
    assert str(error.args[-1]) in capsys.readouterr().err


def test_output_needs_no_unicode_locale(coder_policies: Path) -> None:
    call = 'fs.read(path="/workspace/é")'
    words = ["explain", "--policies", str(coder_policies), "--agent", "claude-1", call]
    done = subprocess.run(
        [sys.executable, "-m", "governance", *words],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert b"may read /workspace/\\xe9" in done.stdout
