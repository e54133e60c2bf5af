"""Policy files from folders: all of them or none, for a file that is left out may hold a forbid."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NoReturn

import pytest

from governance import library
from governance.errors import PolicyError
from governance.library import load_policies, policy_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RULE = 'forbid NAME { call any  because "x" }\n'


def rules(place: Path) -> list[str]:
    return [rule.reference.name for rule in load_policies(place).rules]


def code(place: Path) -> str:
    with pytest.raises(PolicyError) as caught:
        load_policies(place)
    return caught.value.code


def test_files_in_folders_below_are_part_of_the_bundle(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for number, name in enumerate(("b", "deep/a", "deep/er/c")):
        rule = f'forbid r {{ call fs.read  when path under "/{number}"  because "x" }}\n'
        (tmp_path / f"{name}.policy").write_text(rule)
    assert rules(tmp_path) == ["b/r", "deep/a/r", "deep/er/c/r"]


def test_one_file_is_a_bundle(tmp_path: Path) -> None:
    (tmp_path / "a.policy").write_text(RULE.replace("NAME", "r"))
    assert rules(tmp_path / "a.policy") == ["a/r"]


def test_other_files_and_names_that_begin_with_a_dot_are_left_out(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    for name in ("a.policy", ".b.policy", ".git/c.policy", "d.txt"):
        (tmp_path / name).write_text(RULE.replace("NAME", "r"))
    assert rules(tmp_path) == ["a/r"]


def test_a_link_to_a_policy_is_an_error_and_not_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.policy").write_text(RULE.replace("NAME", "r"))
    (tmp_path / "b.policy").symlink_to(tmp_path / "a.policy")
    assert code(tmp_path) == "link"


def test_a_link_to_a_folder_is_an_error_and_not_left_out(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "a.policy").write_text(RULE.replace("NAME", "r"))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "own" / "deep").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert code(tmp_path / "own") == "link"


def test_the_place_itself_may_be_a_link_to_a_folder(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "a.policy").write_text(RULE.replace("NAME", "r"))
    (tmp_path / "current").symlink_to(tmp_path / "own", target_is_directory=True)
    assert rules(tmp_path / "current") == ["a/r"]


@pytest.mark.parametrize("name", [b"a\xe2\x80\xaeb", b"a\xff", b"a\nb", b"a\xc2\xa0b"])
def test_a_name_of_a_file_that_does_not_show_what_it_is_is_an_error(name: bytes, tmp_path: Path) -> None:
    (tmp_path / (os.fsdecode(name) + ".policy")).touch()
    with pytest.raises(PolicyError) as caught:
        load_policies(tmp_path)
    assert caught.value.code == "hidden-character"
    assert caught.value.diagnostics[0].message.isprintable()


def test_a_pipe_called_like_a_policy_is_an_error_and_nothing_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.policy")
    assert code(tmp_path) == "unreadable"
    assert code(tmp_path / "a.policy") == "unreadable"


def test_a_folder_called_like_a_policy_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.policy").mkdir()
    assert code(tmp_path) == "no-policies"
    (tmp_path / "a.policy" / "b.policy").write_text(RULE.replace("NAME", "r"))
    assert rules(tmp_path) == ["a.policy/b/r"]


def test_a_file_that_may_not_be_read_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: Path) -> NoReturn:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.policy").write_text(RULE.replace("NAME", "r"))
    monkeypatch.setattr(library, "open_to_read", refused)
    assert code(tmp_path) == "unreadable"


MEANWHILE: dict[str, Callable[[Path], object]] = {
    "another file is written": lambda folder: (folder / "c.policy").write_text("#"),
    "a folder comes with a file": lambda folder: (
        (folder / "d").mkdir(),
        (folder / "d" / "e.policy").touch(),
    ),
    "what was read is taken away": lambda folder: (folder / "a.policy").unlink(),
    "what was read grows": lambda folder: (folder / "a.policy").write_text(RULE + "# more"),
    "what was read is written anew, no longer than before": lambda folder: (folder / "a.policy").write_text(
        RULE.replace("NAME", "s")
    ),
    "another file takes the place": lambda folder: (folder / "b.policy").replace(folder / "a.policy"),
}
"""What happens to a folder of two policies when the first was read."""


@pytest.mark.parametrize("name", sorted(MEANWHILE))
def test_policies_that_change_while_they_are_read_are_no_bundle(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in ("a", "b"):
        (tmp_path / f"{file}.policy").write_text(RULE.replace("NAME", "r"))
    reading, done = library._bytes, []

    def read(path: Path, file: str) -> object:
        found = reading(path, file)
        if not done:
            done.append(MEANWHILE[name](tmp_path))
        return found

    monkeypatch.setattr(library, "_bytes", read)
    gone = name == "another file takes the place"
    assert code(tmp_path) == ("unreadable" if gone else "changing")
    monkeypatch.undo()
    assert policy_files(tmp_path)


def test_a_file_that_vanishes_before_it_is_read_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = library._names
    (tmp_path / "a.policy").write_text(RULE.replace("NAME", "r"))
    (tmp_path / "b.policy").write_text(RULE.replace("NAME", "s"))

    def listed(place: Path) -> list[str]:
        names = list(listing(place))
        (tmp_path / "b.policy").unlink(missing_ok=True)
        return names

    monkeypatch.setattr(library, "_names", listed)
    assert code(tmp_path) == "unreadable"


def test_a_file_that_is_half_written_lets_nothing_load(tmp_path: Path) -> None:
    whole = RULE.replace("NAME", "r")
    (tmp_path / "a.policy").write_text(whole)
    for size in range(1, len(whole) - 2):
        (tmp_path / "b.policy").write_text(whole[:size])
        assert code(tmp_path)


def test_what_cannot_be_listed_is_an_error(tmp_path: Path) -> None:
    assert code(tmp_path / "nothing") == "unreadable"


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"# \xff\n", "not-utf-8"),
        (b"\xef\xbb\xbf# x\n", "byte-order-mark"),
        (b"#" * ((1 << 20) + 1), "too-long"),
        (b"\x7fELF\x02\x01\x01\x00\xff\xfe", "not-utf-8"),
        (b"\x7fELF\x02\x01\x01\x00", "hidden-character"),
    ],
)
def test_bytes_that_are_no_policy_text_are_errors(tmp_path: Path, data: bytes, wanted: str) -> None:
    (tmp_path / "a.policy").write_bytes(data)
    assert code(tmp_path) == wanted


def test_a_file_of_a_mebibyte_is_read(tmp_path: Path) -> None:
    rule = RULE.replace("NAME", "r").encode()
    (tmp_path / "a.policy").write_bytes(rule + b"#" * ((1 << 20) - len(rule)))
    assert rules(tmp_path) == ["a/r"]
