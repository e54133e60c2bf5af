"""Workspaces are real folders beneath the operator's root, with no link on the way."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from governance.errors import SandboxError
from governance.sandbox.workspace import NOBODY, Workspace, Workspaces


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root" / "repos" / "web").mkdir(parents=True)
    (tmp_path / "outside" / "web").mkdir(parents=True)
    return tmp_path / "root"


def refused(root: Path, source: str) -> str:
    with pytest.raises(SandboxError) as caught:
        Workspaces(root).resolve(source)
    assert caught.value.code == "workspace"
    assert "real folder" in caught.value.diagnostics[0].help
    return caught.value.diagnostics[0].message


def test_a_folder_beneath_the_root_is_found_with_its_owner(root: Path) -> None:
    found = Workspaces(root).resolve("repos/web")
    status = (root / "repos" / "web").stat()
    assert found == Workspace(
        str(root / "repos" / "web"), status.st_uid, status.st_gid, (status.st_dev, status.st_ino)
    )


def test_links_in_the_path_of_the_root_itself_are_the_operator_s(root: Path) -> None:
    (root.parent / "alias").symlink_to(root)
    assert Workspaces(root.parent / "alias").resolve("repos").path == str(root / "repos")


@pytest.mark.parametrize(
    "source", ["", ".", "..", "repos/..", "repos//web", "/etc", "repos/web/", "a\0b", "./repos"]
)
def test_what_is_no_plain_relative_path_is_refused(root: Path, source: str) -> None:
    assert "no plain relative path" in refused(root, source)


def test_a_folder_that_does_not_exist_is_not_created(root: Path) -> None:
    assert "does not exist" in refused(root, "repos/api")
    assert not (root / "repos" / "api").exists()


def test_a_file_is_no_workspace(root: Path) -> None:
    (root / "file").touch()
    assert "not a folder" in refused(root, "file")


def test_a_pipe_is_not_waited_for(root: Path) -> None:
    os.mkfifo(root / "pipe")
    assert "not a folder" in refused(root, "pipe")


@pytest.mark.parametrize("target", ["../outside", "repos"])
def test_a_link_is_not_followed_wherever_it_leads(root: Path, target: str) -> None:
    (root / "link").symlink_to(target)
    assert "symbolic link" in refused(root, "link")
    assert "symbolic link" in refused(root, "link/web")


def test_no_descriptor_stays_open(root: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    Workspaces(root).resolve("repos/web")
    refused(root, "repos/api")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_sandbox_works_as_the_owner_but_never_as_root() -> None:
    assert Workspace("/w", 1000, 1001, (1, 1)).user == (1000, 1001)
    assert Workspace("/w", 0, 0, (1, 1)).user == (NOBODY, NOBODY)
    assert Workspace("/w", 0, 1001, (1, 1)).user == (NOBODY, NOBODY)
    assert Workspace("/w", 1000, 0, (1, 1)).user == (1000, NOBODY)
