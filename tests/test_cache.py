"""Bundles that are kept: never used where anything is different, or could have been written by others."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from governance import cache, library
from governance.errors import PolicyError
from governance.library import load_policies

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

POLICY = 'forbid never { call fs.delete  because "no" }\n'


@pytest.fixture
def policies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "a.policy").write_text(POLICY)
    return tmp_path / "p"


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was checked anew: the names of the files, each time."""
    found: list[str] = []
    make = library.make_bundle

    def counting(standard: object, files: dict[str, str]) -> object:
        found.append(" ".join(files))
        return make(standard, files)  # type: ignore[arg-type]

    monkeypatch.setattr(library, "make_bundle", counting)
    return found


def kept(policies: Path) -> Path:
    [path] = (policies.parent / "state" / "governance" / "bundles").iterdir()
    return path


def test_policies_that_have_not_changed_are_checked_once(policies: Path, checks: list[str]) -> None:
    first = load_policies(policies)
    second = load_policies(policies)
    assert checks == ["a.policy"]
    assert second.digest == first.digest
    assert second.stored == first.stored
    assert kept(policies).stat().st_mode & 0o777 == 0o600


def test_one_changed_character_or_name_is_checked_anew(policies: Path, checks: list[str]) -> None:
    load_policies(policies)
    (policies / "a.policy").write_text(POLICY.replace('"no"', '"No"'))
    assert load_policies(policies).rules[0].because == "No"
    (policies / "a.policy").rename(policies / "b.policy")
    assert load_policies(policies).rules[0].reference.file == "b.policy"
    assert len(checks) == 3


def test_another_engine_checks_anew(
    policies: Path, checks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load_policies(policies)
    monkeypatch.setattr(cache, "_engine", lambda: "another")
    load_policies(policies)
    assert len(checks) == 2


def test_what_is_wrong_is_not_kept(policies: Path, checks: list[str]) -> None:
    (policies / "a.policy").write_text("forbid {")
    for _ in range(2):
        with pytest.raises(PolicyError):
            load_policies(policies)
    assert len(checks) == 2


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _changed(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'/never"', b'/maybe"'))


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _others_can_write_it(path: Path) -> None:
    path.chmod(0o666)


def _others_can_write_beside_it(path: Path) -> None:
    path.parent.chmod(0o777)


def _a_link(path: Path) -> None:
    path.rename(path.parent.parent / "elsewhere")
    path.symlink_to(path.parent.parent / "elsewhere")


def _a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _another_owner(path: Path) -> None:
    os.chown(path, 65_532, 65_532)


@pytest.mark.parametrize(
    "spoil",
    [
        _cut,
        _changed,
        _empty,
        _others_can_write_it,
        _others_can_write_beside_it,
        _a_link,
        _a_folder,
        _a_pipe,
        pytest.param(
            _another_owner,
            marks=pytest.mark.skipif(os.geteuid() != 0, reason="not proven: only root gives files away"),
        ),
    ],
)
def test_what_cannot_be_trusted_is_not_used(
    policies: Path, checks: list[str], spoil: Callable[[Path], None]
) -> None:
    digest = load_policies(policies).digest
    spoil(kept(policies))
    assert load_policies(policies).digest == digest
    assert len(checks) == 2


def test_where_nothing_can_be_kept_policies_load_all_the_same(policies: Path, checks: list[str]) -> None:
    (policies.parent / "state").write_text("a file where a folder should be")
    for _ in range(2):
        assert load_policies(policies).rules
    assert len(checks) == 2


def test_only_the_bundles_used_last_are_kept(policies: Path) -> None:
    folder = policies.parent / "state" / "governance" / "bundles"
    folder.mkdir(parents=True)
    (folder / ".begun").write_text("what a writer that was killed left")
    os.utime(folder / ".begun", (1, 1))
    for number in range(20):
        (policies / "a.policy").write_text(POLICY.replace("no", f"no {number}"))
        load_policies(policies)
    assert len(list(folder.iterdir())) == 16
    assert not (folder / ".begun").exists()
