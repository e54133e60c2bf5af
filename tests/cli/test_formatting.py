"""The command `fmt`: files laid out in place, shown, or only looked at."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

UNTIDY, TIDY = 'let a = "b"   # c\n\n\n', 'let a = "b"  # c\n'


def test_a_file_is_laid_out_in_place_and_keeps_its_mode(governance: Run, tmp_path: Path) -> None:
    place = tmp_path / "a.policy"
    place.write_text(UNTIDY)
    place.chmod(0o640)
    done = governance("fmt", tmp_path)
    assert (done.returncode, place.read_text()) == (0, TIDY)
    assert stat.S_IMODE(place.stat().st_mode) == 0o640
    assert "changed" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["a.policy"]
    assert governance("fmt", tmp_path).stdout == ""


def test_a_check_changes_nothing_and_fails(governance: Run, tmp_path: Path) -> None:
    place = tmp_path / "a.policy"
    place.write_text(UNTIDY)
    done = governance("fmt", "--check", "--json", place)
    assert (done.returncode, place.read_text()) == (1, UNTIDY)
    assert json.loads(done.stdout) == {"ok": False, "changed": [str(place)]}


def test_a_difference_is_shown(governance: Run, tmp_path: Path) -> None:
    (tmp_path / "a.policy").write_text(UNTIDY)
    done = governance("fmt", "--diff", tmp_path)
    assert done.returncode == 0
    assert '-let a = "b"   # c' in done.stdout
    assert '+let a = "b"  # c' in done.stdout
    assert (tmp_path / "a.policy").read_text() == UNTIDY


def test_a_file_that_does_not_parse_is_left_alone(governance: Run, tmp_path: Path) -> None:
    (tmp_path / "a.policy").write_text("permit {")
    (tmp_path / "b.policy").write_text(UNTIDY)
    done = governance("fmt", tmp_path)
    assert done.returncode == 1
    assert "error[syntax]" in done.stderr
    assert (tmp_path / "a.policy").read_text() == "permit {"
    assert (tmp_path / "b.policy").read_text() == TIDY


def test_standard_input_goes_to_standard_output(governance: Run) -> None:
    done = governance("fmt", "-", stdin=UNTIDY.encode())
    assert (done.returncode, done.stdout) == (0, TIDY)
    assert governance("fmt", "-", stdin=b"\xff").returncode == 2
    assert governance("fmt", "-", stdin=b"permit {").returncode == 1


def test_a_place_that_is_not_there_is_wrong_usage(governance: Run, tmp_path: Path) -> None:
    assert governance("fmt", tmp_path / "nowhere").returncode == 2
