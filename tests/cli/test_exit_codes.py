"""Exit codes over verbs: what cannot be read is 2, what is wrong is 1, and what is right is 0."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, Protocol

import pytest

from governance.cli import app
from governance.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CALL = 'fs.read(path="/workspace/a.py")'
RIGHT = 'agent "ann" { groups coders }\n'


class Exits(Protocol):
    """Runs the command line in this process, with nothing but a call on its standard input."""

    def __call__(self, *words: str | Path) -> int: ...


@pytest.fixture
def exits(monkeypatch: pytest.MonkeyPatch) -> Exits:
    def run(*words: str | Path) -> int:
        monkeypatch.setattr(sys, "argv", ["governance", *map(str, words)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CALL.encode())))
        try:
            app.main()
        except SystemExit as left:
            return int(left.code or 0)
        return 0

    return run


@pytest.fixture
def log(tmp_path: Path) -> Path:
    folder = tmp_path / "log"
    with Journal.open(folder, now="2026-11-23T10:00:00.000Z"):
        pass
    return folder


VERBS: dict[str, Callable[[Path, Path], tuple[str | Path, ...]]] = {
    "check": lambda place, _: ("check", place),
    "check --json": lambda place, _: ("check", place, "--json"),
    "test": lambda place, _: ("test", place),
    "fmt": lambda place, _: ("fmt", place),
    "fmt --check": lambda place, _: ("fmt", "--check", place),
    "decide": lambda place, _: ("decide", "--policies", place, "--agent", "ann"),
    "explain": lambda place, _: ("explain", "--policies", place, "--agent", "ann", CALL),
    "replay": lambda place, log: ("replay", log, "--policies", place),
}


def empty(folder: Path) -> None:
    (folder / "notes.txt").write_text("no policy")


def link_to_a_file(folder: Path) -> None:
    (folder.parent / "elsewhere.policy").write_text(RIGHT)
    (folder / "a.policy").symlink_to(folder.parent / "elsewhere.policy")


def link_to_a_folder(folder: Path) -> None:
    (folder / "a.policy").write_text(RIGHT)
    (folder / "b").symlink_to(folder.parent)


def not_utf_8(folder: Path) -> None:
    (folder / "a.policy").write_bytes(b"# \xff\n")


def byte_order_mark(folder: Path) -> None:
    (folder / "a.policy").write_bytes(b"\xef\xbb\xbf" + RIGHT.encode())


def too_long(folder: Path) -> None:
    (folder / "a.policy").write_bytes(b"#" * ((1 << 20) + 1))


def pipe(folder: Path) -> None:
    os.mkfifo(folder / "a.policy")


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    "make", [empty, link_to_a_file, link_to_a_folder, not_utf_8, byte_order_mark, too_long, pipe]
)
def test_policies_that_cannot_be_read_exit_2(
    exits: Exits, tmp_path: Path, log: Path, make: Callable[[Path], None], verb: str
) -> None:
    place = tmp_path / "policies"
    place.mkdir()
    make(place)
    assert exits(*VERBS[verb](place, log)) == 2


@pytest.mark.parametrize("verb", VERBS)
def test_policies_that_are_not_there_exit_2(exits: Exits, tmp_path: Path, log: Path, verb: str) -> None:
    assert exits(*VERBS[verb](tmp_path / "nowhere", log)) == 2


@pytest.mark.parametrize(
    ("text", "parses"),
    [("permit {\n", False), ('forbid f { call fs.raed  because "x" }\n', True), ("let a = 1\u202e\n", False)],
)  # fmt: skip
@pytest.mark.parametrize("verb", VERBS)
def test_policies_that_are_wrong_exit_1(
    exits: Exits, tmp_path: Path, log: Path, verb: str, text: str, *, parses: bool
) -> None:
    place = tmp_path / "policies"
    place.mkdir()
    (place / "a.policy").write_text(RIGHT + "\n" + text)
    assert exits(*VERBS[verb](place, log)) == (0 if parses and verb.startswith("fmt") else 1)


@pytest.mark.parametrize("verb", VERBS)
def test_policies_that_are_right_exit_0(exits: Exits, tmp_path: Path, log: Path, verb: str) -> None:
    place = tmp_path / "a.policy"
    place.write_text(RIGHT)
    assert exits(*VERBS[verb](place, log)) == 0


LOGS: dict[str, Callable[[Path, Path], tuple[str | Path, ...]]] = {
    "replay": lambda log, _: ("replay", log),
    "replay --policies": lambda log, place: ("replay", log, "--policies", place),
    "log verify": lambda log, _: ("log", "verify", log),
    "log show": lambda log, _: ("log", "show", log),
    "decide --state": lambda log, place: ("decide", "--policies", place, "--agent", "ann", "--state", log),
    "explain --state": lambda log, place: ("explain", "--policies", place, "--agent", "ann", "--state", log, CALL),
}  # fmt: skip


@pytest.mark.parametrize("verb", LOGS)
@pytest.mark.parametrize("kind", ["nowhere", "empty", "link", "whole"])
def test_a_folder_without_a_log_exits_2(
    exits: Exits, tmp_path: Path, log: Path, verb: str, kind: str
) -> None:
    place = tmp_path / "a.policy"
    place.write_text(RIGHT)
    folder = log if kind == "whole" else tmp_path / kind
    if kind == "empty":
        folder.mkdir()
    elif kind == "link":
        folder.mkdir()
        for each in log.iterdir():
            (folder / each.name).symlink_to(each)
    assert exits(*LOGS[verb](folder, place)) == (0 if kind == "whole" else 2)
