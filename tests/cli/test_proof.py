from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from governance.canonical import canonical, digest
from governance.cli.app import app
from governance.errors import JournalError
from governance.journal import Journal
from governance.sandbox.attest import Evidence
from governance.sandbox.controls import rows

if TYPE_CHECKING:
    from pathlib import Path

    from governance.canonical import Json

AT = "2026-11-23T10:00:00.000Z"
PLACE: dict[str, Json] = {
    "inside": {"kernel": "Linux own\x1b[2J", "boot_id": None},
    "outside": {"kernel": "Linux host", "boot_id": "1234"},
    "process": "runsc",
}
EVIDENCE = Evidence("sha256:a", "gvisor", "sha256:b", "runsc", "sha256:c", rows({}), PLACE)
NAME = EVIDENCE.digest


@pytest.fixture
def log(tmp_path: Path) -> Path:
    with Journal.open(tmp_path / "log", now=AT) as journal:
        journal.keep_evidence(NAME, canonical(EVIDENCE.to_json()))
        journal.append("outcome", AT, {"id": "aa", "evidence": NAME}, None)
        journal.append("outcome", AT, {"id": "bb", "evidence": None}, None)
    return tmp_path / "log"


@pytest.mark.parametrize("which", ["1", NAME])
def test_evidence_is_found_by_the_outcome_s_number_and_by_digest(log: Path, which: str) -> None:
    done = CliRunner().invoke(app, ["log", "evidence", str(log), which])
    lines = done.stdout.splitlines()
    assert done.exit_code == 0
    assert lines[0] == f"evidence {NAME}"
    assert "inside:   Linux own\\u001b[2J; boot none told" in lines
    assert "outside:  Linux host; boot 1234" in lines
    assert [line.split()[1] for line in lines if line.startswith("CIS")] == [f"5.{n}" for n in range(2, 33)]


def test_evidence_is_printed_as_it_is_kept(log: Path) -> None:
    done = CliRunner().invoke(app, ["log", "evidence", str(log), "1", "--json"])
    assert digest(canonical(json.loads(done.stdout))) == NAME


@pytest.mark.parametrize("which", ["0", "2", "99", "sha256:" + "0" * 64, "x", "-"])
def test_what_names_no_evidence_is_said(log: Path, which: str) -> None:
    done = CliRunner().invoke(app, ["log", "evidence", str(log), which])
    assert isinstance(done.exception, JournalError)
    assert done.exception.code == "evidence-missing"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--tier", "virtual"], "there are container, gvisor"),
        (["--only", "kernel.nothing"], "no probe or area is called kernel.nothing"),
    ],
)
def test_doctor_that_is_asked_for_what_is_not_there_is_wrong_usage(words: list[str], told: str) -> None:
    done = CliRunner().invoke(app, ["doctor", *words])
    assert done.exit_code == 2
    assert told in " ".join(done.stderr.replace("│", " ").split())
