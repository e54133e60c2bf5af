"""The sandbox's runner: a plan is carried out as a shell would the line it was read from, and no link is followed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

from governance.capabilities.declaration import OWN_TOOLS
from governance.capabilities.work import ENVIRONMENT
from governance.sandbox.image import tool_files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@pytest.fixture(scope="module", autouse=True)
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program as the image has it, with what it needs beside it."""
    top = tmp_path_factory.mktemp("image")
    for path, (mode, body) in tool_files().items():
        file = top / path.removeprefix("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
        file.chmod(mode)
    PROGRAM.append(str(top / OWN_TOOLS.removeprefix("/") / "run"))
    return top


PROGRAM: list[str] = []


def test_what_programs_have_in_their_environment_is_what_lines_are_read_by() -> None:
    said = run(0, call("/usr/bin/env"))
    assert dict(line.split("=", 1) for line in said.out.splitlines()) == dict(ENVIRONMENT)


class Said(NamedTuple):
    code: int
    out: str
    err: str


def call(*argv: object, **more: object) -> dict[str, object]:
    return {"argv": argv, **more}


def run(flow: object, *calls: dict[str, object], stdin: bytes = b"") -> Said:
    plan = json.dumps({"calls": calls, "do": flow})
    done = subprocess.run(
        [sys.executable, "-IS", PROGRAM[0], plan], input=stdin, capture_output=True, timeout=60, check=False
    )
    return Said(done.returncode, done.stdout.decode(), done.stderr.decode())


def sh(code: str) -> dict[str, object]:
    """Return a call that stands for any program."""
    return call("/bin/sh", "-c", code)


ECHO = {name: call("/bin/echo", name) for name in "abc"}
TRUE, FALSE, CAT = call("/bin/true"), call("/bin/false"), call("/bin/cat")

FLOWS: list[tuple[object, Sequence[dict[str, object]], Said]] = [
    (0, [ECHO["a"]], Said(0, "a\n", "")),
    (0, [sh("exit 7")], Said(7, "", "")),
    (0, [sh("kill -TERM $$")], Said(143, "", "")),
    ({"pipe": [0, 1]}, [ECHO["a"], call("/usr/bin/tr", "a", "z")], Said(0, "z\n", "")),
    ({"pipe": [0, 1, 2]}, [ECHO["a"], CAT, CAT], Said(0, "a\n", "")),
    ({"pipe": [0, 1]}, [FALSE, TRUE], Said(0, "", "")),
    ({"pipe": [0, 1]}, [TRUE, FALSE], Said(1, "", "")),
    ({"pipe": [0, 1]}, [call("/usr/bin/yes"), call("/usr/bin/head", "-n", "1")], Said(0, "y\n", "")),
    ({"steps": [[";", 0], ["&&", 1], ["||", 2]]}, [TRUE, ECHO["a"], ECHO["b"]], Said(0, "a\n", "")),
    ({"steps": [[";", 0], ["&&", 1], ["||", 2]]}, [FALSE, ECHO["a"], ECHO["b"]], Said(0, "b\n", "")),
    ({"steps": [[";", 0], ["||", 1], ["&&", 2]]}, [TRUE, ECHO["a"], ECHO["b"]], Said(0, "b\n", "")),
    ({"steps": [[";", 0], [";", 1]]}, [ECHO["a"], FALSE], Said(1, "a\n", "")),
    ({"not": 0}, [FALSE], Said(0, "", "")),
    ({"not": 0}, [TRUE], Said(1, "", "")),
    ({"if": [[0, 1]], "else": 2}, [TRUE, ECHO["a"], ECHO["b"]], Said(0, "a\n", "")),
    ({"if": [[0, 1]], "else": 2}, [FALSE, ECHO["a"], ECHO["b"]], Said(0, "b\n", "")),
    ({"if": [[0, 1]], "else": None}, [FALSE, ECHO["a"]], Said(0, "", "")),
    ({"pipe": [{"steps": [[";", 0], [";", 1]]}, 2]}, [ECHO["a"], ECHO["b"], CAT], Said(0, "a\nb\n", "")),
    ({"pipe": [0, {"steps": [[";", 1], [";", 2]]}]}, [ECHO["a"], CAT, ECHO["b"]], Said(0, "a\nb\n", "")),
    ({"run": 0, "err": "out"}, [sh("echo a >&2")], Said(0, "a\n", "")),
    ({"run": 0, "out": "err"}, [ECHO["a"]], Said(0, "", "a\n")),
    ({"run": 0, "out": "null", "err": "null"}, [sh("echo a; echo b >&2")], Said(0, "", "")),
    ({"run": 0, "out": "err", "err": "out"}, [sh("echo a; echo b >&2")], Said(0, "b\n", "a\n")),
    ({"run": 0, "text": "a\nb"}, [CAT], Said(0, "a\nb", "")),
    ({"run": 0, "in": -1}, [CAT], Said(0, "", "")),
    ({"run": 0, "in": 1}, [CAT, ECHO["a"]], Said(0, "a\n", "")),
    ({"run": 0, "out": 1}, [ECHO["a"], call("/usr/bin/tr", "a", "z")], Said(0, "z\n", "")),
    ({"run": 0, "out": 1, "err": 1}, [sh("echo a; echo b >&2"), CAT], Said(0, "a\nb\n", "")),
    ({"run": 0, "out": 1}, [sh("echo a; exit 3"), CAT], Said(3, "a\n", "")),
    ({"run": 0, "out": 1}, [ECHO["a"], sh("cat >&2; exit 4")], Said(4, "", "a\n")),
    ({"run": 0, "out": 1}, [call("/usr/bin/yes"), sh("exit 3")], Said(3, "", "")),
    ({"run": {"pipe": [0, 1]}, "out": "null"}, [ECHO["a"], CAT], Said(0, "", "")),
    ({"pipe": [{"run": 0, "err": "out"}, 1]}, [sh("echo a >&2"), CAT], Said(0, "a\n", "")),
    (0, [call("/nowhere/x")], Said(126, "", "run: /nowhere/x cannot be started: No such file or directory\n")),
    (0, [call("/bin/pwd", folder="/usr")], Said(0, "/usr\n", "")),
    (0, [call("/bin/pwd", folder="/nowhere")], Said(126, "", "run: /bin/pwd cannot be started: No such file or directory\n")),
    (0, [call("/usr/bin/env", environment={"TZ": "UTC"})], Said(0, "PATH=/usr/bin:/bin\nHOME=/tmp\nLANG=C.UTF-8\nTZ=UTC\n", "")),
    (0, [call("/bin/sleep", "60", deadline=50)], Said(124, "", "")),
    ({"pipe": [0, 1]}, [call("/bin/sh", "-c", "sleep 60 & sleep 60", deadline=50), CAT], Said(0, "", "")),
]  # fmt: skip


@pytest.mark.parametrize(("flow", "calls", "expected"), FLOWS, ids=[json.dumps(flow) for flow, _, _ in FLOWS])
def test_flow_does_what_a_shell_would(flow: object, calls: list[dict[str, object]], expected: Said) -> None:
    assert run(flow, *calls) == expected


def test_each_program_reads_its_own_part_of_the_input() -> None:
    said = run({"steps": [[";", 0], [";", 1], [";", 2]]}, call("/bin/cat", reads=2), call("/bin/cat", reads=0), call("/bin/cat", reads=3), stdin=b"abcde")  # fmt: skip
    assert said == Said(0, "abcde", "")


def test_more_is_read_and_written_than_a_pipe_holds() -> None:
    text = "x" * 100_000
    assert run({"run": 0, "text": text, "out": 1}, CAT, CAT).out == text
    said = run(
        {"pipe": [0, 1]}, call("/bin/cat", reads=3_000_000), call("/usr/bin/wc", "-c"), stdin=b"y" * 3_000_000
    )
    assert said.out.strip() == "3000000"


@pytest.fixture
def box(tmp_path: Path) -> Path:
    for name in ("b.py", "a.py", ".hidden.py", "c d.py", "x.txt"):
        (tmp_path / name).write_text(f"{name}\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "e.py").write_text("e\n")
    (tmp_path / "link.txt").symlink_to("/etc/hostname")
    (tmp_path / "folder").symlink_to("sub")
    return tmp_path


def named(path: Path | str, *, glob: bool = False) -> dict[str, object]:
    return {"path": str(path), "glob": glob}


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*.py", ["a.py", "b.py", "c d.py"]),
        (".*.py", [".hidden.py"]),
        ("*b.p*", ["b.py"]),
        ("s*/e*", ["sub/e.py"]),
    ],
)
def test_glob_becomes_the_paths_that_it_matches_in_the_order_of_their_bytes(
    box: Path, pattern: str, names: list[str]
) -> None:
    said = run(0, call("/usr/bin/printf", "%s\n", named(box / pattern, glob=True)))
    assert said == Said(0, "".join(f"{box / name}\n" for name in names), "")


def test_glob_that_matches_nothing_starts_nothing(box: Path) -> None:
    said = run(0, call("/bin/echo", named(box / "*.rs", glob=True)))
    assert said == Said(1, "", f"run: {box}/*.rs matches nothing\n")


def test_glob_that_leads_through_a_link_starts_nothing(box: Path) -> None:
    said = run(0, call("/bin/cat", named(box / "*" / "e.py", glob=True)))
    assert (said.code, said.out) == (1, "")


@pytest.mark.parametrize("name", ["link.txt", "folder/e.py", "folder"])
def test_path_that_is_a_link_or_leads_through_one_starts_nothing(box: Path, name: str) -> None:
    said = run(0, call("/bin/cat", named(box / name)))
    assert said.code == 1
    assert "link" in said.err
    assert said.out == ""


def test_glob_that_matches_a_link_starts_nothing(box: Path) -> None:
    said = run(0, call("/bin/cat", named(box / "*.txt", glob=True)))
    assert (said.code, said.out) == (1, "")


def test_path_that_is_not_there_yet_is_the_programs_business(box: Path) -> None:
    assert run(0, call("/usr/bin/touch", named(box / "new"))).code == 0
    assert (box / "new").exists()


def test_path_may_stand_behind_the_text_of_an_option(box: Path) -> None:
    said = run(0, call("/bin/echo", {"path": str(box / "a.py"), "before": "--file="}))
    assert said.out == f"--file={box}/a.py\n"


def test_descriptors_of_one_program_are_no_others(box: Path) -> None:
    code = f"import os; print(sorted(os.listdir('/proc/self/fd')), len(os.listdir({str(box)!r})) > 0)"
    said = run({"pipe": [0, 1]}, ECHO["a"], call(os.path.realpath(sys.executable), "-IS", "-c", code))
    assert said.out.startswith("['0', '1', '2', '3']")
