"""Command lines with the real engine: what a shell would print is printed, without a shell, and no link leads out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from governance.journal import verify

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.engine

POLICY = """
agent "a-1" { groups coders  workspace "work" }
sandbox box { image "governance/base"  mount workspace at "/workspace" writable  scratch "/tmp" 1MiB  timeout 60s }
sandbox shut { image "governance/base"  mount workspace at "/workspace" read-only  timeout 60s }
permit text { agent in coders  call text.*, fs.*  sandbox box  because "text" }
permit code { agent in coders  call proc.exec  when argv starts ["/usr/bin/python3"]  sandbox shut  because "code" }
permit code-text { agent in coders  call python.code  sandbox shut  because "code" }
permit each { agent in coders  call proc.each  when argv starts ["/usr/bin/cat"]  sandbox shut  because "each" }
"""

LINES = [
    ("cat a.txt | grep -i foo | head -n 1", "foo\n", 0),
    ("cat s*/*.py", "x = 1\n", 0),
    ("cd src && cat a.py && cat nowhere", "x = 1\n", 1),
    ('for f in a.txt src/a.py; do head -1 "$f"; done', "foo\nx = 1\n", 0),
    ("sh -c 'cat a.txt | grep -c o'", "2\n", 0),
    ("cat <<< hello | grep -n hello", "1:hello\n", 0),
    ("grep nothing a.txt || cat src/a.py", "x = 1\n", 0),
    ("! grep -q foo a.txt", "", 1),
    ("if grep -q foo a.txt; then cat src/a.py; fi", "x = 1\n", 0),
    ("python3 -c 'import sys; print(1); print(2, file=sys.stderr)' 2>&1 | grep 2", "2\n", 0),
    ("python3 -c 'import os; print(os.getcwd())'", "/workspace\n", 0),
    ("cd src && LANG=C python3 -c 'import os; print(os.getcwd(), os.environ[\"LANG\"])'", "/workspace/src C\n", 0),
    ("timeout 0.2 python3 -c 'import time; time.sleep(60)'", "", 124),
    ("cat link.txt", "", 1),
    ("cat *.txt", "", 1),
    ("cat folder/secret", "", 1),
]  # fmt: skip


@pytest.fixture
def place(tmp_path: Path, engine_url: str, image: str) -> Path:
    assert engine_url
    assert image
    (tmp_path / "box.policy").write_text(POLICY)
    work = tmp_path / "work"
    (work / "src").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("secret\n")
    (work / "a.txt").write_text("foo\nbar\nFoo too\n")
    (work / "src" / "a.py").write_text("x = 1\n")
    (work / "link.txt").symlink_to("/etc/hostname")
    (work / "folder").symlink_to("/etc")
    for path in (work, *work.rglob("*")):
        os.chown(path, 65532, 65532, follow_symlinks=False)
    return tmp_path


def run(place: Path, *lines: str) -> list[dict[str, object]]:
    words = [
        sys.executable,
        "-m",
        "governance",
        "run",
        "--policies",
        str(place / "box.policy"),
        "--agent",
        "a-1",
    ]
    words += ["--syntax", "shell", "--workspaces", str(place), "--log", str(place / "log")]
    done = subprocess.run(
        words,
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_lines_do_what_they_would_in_a_shell(place: Path) -> None:
    answers = run(place, *(line for line, _, _ in LINES))
    decisions, outcomes = answers[::2], answers[1::2]
    assert [decision["decision"] for decision in decisions] == ["allow"] * len(LINES)
    said = [(outcome["stdout"], outcome["exit"]) for outcome in outcomes]
    assert said == [(out, code) for _, out, code in LINES]
    links = [str(outcome["stderr"]) for outcome in outcomes[-3:]]
    assert all("symbolic link" in text for text in links)
    assert verify(place / "log").problems == ()


def test_what_is_written_goes_through_the_file_tool(place: Path) -> None:
    answers = run(place, "cat a.txt | grep foo > out.txt", "cat a.txt > link.txt", "cat a.txt >> out.txt")
    assert [answer.get("decision") for answer in answers[::2]] == ["allow"] * 3
    assert [answer["exit"] for answer in answers[1::2]] == [0, 1, 0]
    assert (place / "work" / "out.txt").read_text() == "foo\nfoo\nbar\nFoo too\n"
    assert (place / "work" / "link.txt").is_symlink()


def test_calls_made_together_run_in_the_strictest_of_their_sandboxes(place: Path) -> None:
    decision, outcome = run(place, "cat a.txt | xargs cat > out.txt")
    assert decision["decision"] == "allow"
    assert (outcome["status"], not (place / "work" / "out.txt").exists()) == ("failed", True)
