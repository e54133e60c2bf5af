"""Policy files from folders: all of them or none, for a file that is left out may hold a forbid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from governance.errors import PolicyError
from governance.library import load_policies

if TYPE_CHECKING:
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


def test_what_cannot_be_listed_is_an_error(tmp_path: Path) -> None:
    assert code(tmp_path / "nothing") == "unreadable"


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"# \xff\n", "not-utf-8"),
        (b"\xef\xbb\xbf# x\n", "byte-order-mark"),
        (b"#" * ((1 << 20) + 1), "too-long"),
    ],
)
def test_bytes_that_are_no_policy_text_are_errors(tmp_path: Path, data: bytes, wanted: str) -> None:
    (tmp_path / "a.policy").write_bytes(data)
    assert code(tmp_path) == wanted


def test_a_file_of_a_mebibyte_is_read(tmp_path: Path) -> None:
    rule = RULE.replace("NAME", "r").encode()
    (tmp_path / "a.policy").write_bytes(rule + b"#" * ((1 << 20) - len(rule)))
    assert rules(tmp_path) == ["a/r"]
