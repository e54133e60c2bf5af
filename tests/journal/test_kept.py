from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from governance.canonical import digest
from governance.errors import JournalError
from governance.journal import Journal, read_bundle
from tests.journal.samples import BUNDLE, NOW, write_log
from tests.journal.simulated_disk import SimulatedDisk

if TYPE_CHECKING:
    from pathlib import Path

NAME = digest(BUNDLE)


def kept(folder: Path) -> Path:
    return folder / "bundles" / f"{NAME.replace(':', '-')}.json"


def test_bundle_is_kept_under_its_digest_and_read_back(tmp_path: Path) -> None:
    write_log(tmp_path, 0)
    assert [path.name for path in (tmp_path / "bundles").iterdir()] == [kept(tmp_path).name]
    assert read_bundle(tmp_path, NAME) == BUNDLE
    with Journal.open(tmp_path, now=NOW) as journal:
        written = kept(tmp_path).stat().st_ino
        journal.keep_bundle(NAME, BUNDLE)
        assert kept(tmp_path).stat().st_ino == written


def test_bundle_that_is_not_what_its_digest_says_is_not_kept(tmp_path: Path) -> None:
    with Journal.open(tmp_path, now=NOW) as journal, pytest.raises(JournalError) as caught:
        journal.keep_bundle(NAME, b"other")
    assert caught.value.code == "bundle-edited"


def test_edited_bundle_is_refused_and_mended_by_keeping_it_again(tmp_path: Path) -> None:
    write_log(tmp_path, 0)
    kept(tmp_path).write_bytes(b"edited")
    with pytest.raises(JournalError) as caught:
        read_bundle(tmp_path, NAME)
    assert caught.value.code == "bundle-edited"
    with Journal.open(tmp_path, now=NOW) as journal:
        journal.keep_bundle(NAME, BUNDLE)
    assert read_bundle(tmp_path, NAME) == BUNDLE


@pytest.mark.parametrize("name", [NAME[:-1], "../../etc/passwd", "", "sha256:" + "A" * 64, NAME + "\n"])
def test_name_that_is_no_digest_never_becomes_a_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(JournalError) as caught:
        read_bundle(tmp_path, name)
    assert caught.value.code == "bundle-missing"


def test_missing_bundle_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=NAME) as caught:
        read_bundle(tmp_path, NAME)
    assert caught.value.code == "bundle-missing"


def test_linked_bundle_is_not_followed(tmp_path: Path) -> None:
    write_log(tmp_path / "log", 0)
    path = kept(tmp_path / "log")
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(JournalError) as caught:
        read_bundle(tmp_path / "log", NAME)
    assert caught.value.code == "log-unreadable"


def test_bundle_for_which_there_is_no_room_is_not_there(tmp_path: Path) -> None:
    disk = SimulatedDisk()
    with Journal.open(tmp_path, now=NOW, files=disk) as journal:
        disk.room = 5
        with pytest.raises(JournalError) as caught:
            journal.keep_bundle(NAME, BUNDLE)
        assert caught.value.code == "log-failed"
        assert not kept(tmp_path).exists()
        disk.room = None
        journal.keep_bundle(NAME, BUNDLE)
    assert read_bundle(tmp_path, NAME) == BUNDLE
