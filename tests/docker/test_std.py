"""The standard library's commands in the image: each program is there, takes what is declared, and does what is typed."""

from __future__ import annotations

import os
import re
import subprocess
import tarfile
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from governance.request.bind import bind
from governance.request.shell import parse_shell
from governance.request.shell.work import bind_command
from governance.request.syntax import CommandLine, parse_call
from governance.sandbox import ContainerEngine
from governance.text import Source
from tests.docker.dispatch.lab import OWNER, Lab
from tests.request.conftest import standard
from tests.sandbox.build import WRITABLE
from tests.std.commands import TABLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from governance.sandbox import Outcome

pytestmark = pytest.mark.engine

ABSENT = ("http.", "pip.", "npm.", "text.strings")
"""What needs an image of one's own."""

FILES = {
    "a": "one\ntwo\nthree\n",
    "b": "one\n2\nthree\n",
    "src/app.py": "import sys\nprint(sys.argv[1:])\n",
    "src/other.txt": "two words\n",
    "tests/test_a.py": "def test_b():\n    assert True\n\ndef test_c():\n    assert False\n",
    "Makefile": "test:\n\t@echo made $@\n",
}


@pytest.fixture
def lab(engine_url: str, image: str, tmp_path: Path) -> Iterator[Lab]:
    engine = ContainerEngine.connect(engine_url)
    made = Lab(engine, image, tmp_path, f"log-{uuid4()}")
    for name, text in FILES.items():
        path = made.workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    if os.geteuid() == 0:  # git looks at who owns a repository
        os.chown(made.workspace, 0, 0)
    git = ["git", "-C", str(made.workspace), "-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    for words in (
        ("init", "-q", "-b", "main"),
        ("config", "user.name", "Ann"),
        ("config", "user.email", "ann@example.org"),
        ("add", "-A"),
        ("commit", "-qm", "first"),
    ):
        subprocess.run([*git, *words], check=True)
    with tarfile.open(made.workspace / "a.tgz", "w:gz") as archive:
        archive.add(made.workspace / "a", "inner/a")
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", f"{OWNER}:{OWNER}", str(made.workspace)], check=True)
    yield made
    assert made.left() == []
    engine.close()


def run(lab: Lab, script: str) -> Outcome:
    """Run a command line as it is judged: its calls in the order and with the pipes that it says."""
    work, _ = bind_command(CommandLine(Source("command", script), "/workspace"), standard(), parse_shell)
    assert all(call.capability.name != "proc.exec" for call in work.calls), script
    return lab.run(
        *work.argv, stdin=work.stdin, mounts=(WRITABLE,), memory=256 * 2**20, timeout=60_000, pids=128
    )


COMPLAINTS = re.compile(
    r"unrecognized|invalid (?:option|argument)|unknown option|usage:|cannot be started|unknown predicate|not found",
    re.IGNORECASE,
)
ROWS = [typed for typed in TABLE if not typed.call.startswith(ABSENT)]


@pytest.mark.parametrize("begin", range(0, len(ROWS), 16))
def test_each_declared_command_line_is_taken_by_its_program(lab: Lab, begin: int) -> None:
    script = "; ".join(typed.command for typed in ROWS[begin : begin + 16])
    outcome = run(lab, script)
    assert outcome.exit is not None, outcome
    assert not COMPLAINTS.search(outcome.stderr), outcome.stderr


DONE = [
    ("cat a | sed -n 2p", "two\n"),
    ("head -2 a | tail -n 1", "two\n"),
    ("tail -n +3 a", "three\n"),
    ("sed -n 2,3p a b", "two\nthree\n"),
    ("wc -l a", "3 /workspace/a\n"),
    ("sort -r a", "two\nthree\none\n"),
    ("cat a b | sort | uniq -c | sort -rn | head -1", "      2 three\n"),
    ("cut -c1 a", "o\nt\nt\n"),
    ("cat a | tr a-z A-Z", "ONE\nTWO\nTHREE\n"),
    ("nl -ba a | head -1", "     1\tone\n"),
    ("tac a", "three\ntwo\none\n"),
    ("grep -n two a b", "/workspace/a:2:two\n"),
    ("grep -c e a", "2\n"),
    ("egrep 'one|two' b", "one\n"),
    ("fgrep -x 2 b", "2\n"),
    ("grep -rl two src", "/workspace/src/other.txt\n"),
    ("rg -n two src", "/workspace/src/other.txt:1:two words\n"),
    ("echo a '  ' -n | wc -c", "8\n"),
    ("echo -n a", "a"),
    ("printf '%s-%s\\n' a -b", "a--b\n"),
    ("basename /x/y.c .c; dirname /x/y.c; seq -s, 1 3", "y\n/x\n1,2,3\n"),
    ("date -u -d @0 +%Y", "1970\n"),
    ("pwd", "/workspace\n"),
    ("false || true && echo yes", "yes\n"),
    ("ls src", "app.py\nother.txt\n"),
    ("ls -d *.tgz", "/workspace/a.tgz\n"),
    ("ls -R src | wc -l", "3\n"),
    ("find src -name '*.py'", "/workspace/src/app.py\n"),
    ("find src -type f ! -name '*.py' -print0 | xargs -0 cat", "two words\n"),
    ("find src -name '*.txt' -exec cat {} \\;", "two words\n"),
    ("find src -type f -exec grep -l two {} +", "/workspace/src/other.txt\n"),
    ("diff a b", "2c2\n< two\n---\n> 2\n"),
    ("stat -c %s a; file -b a", "14\nASCII text\n"),
    ("du -b a | cut -f1", "14\n"),
    ("tree -L 1 --noreport src", "/workspace/src\n├── app.py\n└── other.txt\n"),
    ("[ -f a ] && test -d src && realpath a", "/workspace/a\n"),
    ("mkdir -p x/y && touch x/y/z && find x -type f", "/workspace/x/y/z\n"),
    ("cp a c && cat c | head -1", "one\n"),
    ("cp a b src && ls src", "a\napp.py\nb\nother.txt\n"),
    ("cp -r src copy && ls copy", "app.py\nother.txt\n"),
    ("mv a c && ls c && test -e a || echo gone", "/workspace/c\ngone\n"),
    ("rm -f a; rm -rf src; ls", "Makefile\na.tgz\nb\ntests\n"),
    ("find . -name '*.py' -delete; find . -name '*.py' | wc -l", "0\n"),
    ("echo x | tee -a a | cat; tail -1 a", "x\nx\n"),
    ("echo x > new; echo y >> new; cat new", "x\ny\n"),
    ("git log --oneline | cut -d' ' -f2", "first\n"),
    ("echo x >> a; git status -s", " M a\n?? a.tgz\n"),
    ("echo x >> a; git diff --stat | tail -1", " 1 file changed, 1 insertion(+)\n"),
    ("echo x >> a; git add a && git commit -q -m second && git log --oneline | wc -l", "2\n"),
    ("echo x >> a; git commit -qam second && git show -s --format=%s", "second\n"),
    ("git checkout -b dev; git branch --show-current", "dev\n"),
    ("git branch dev main; git switch dev; git branch", "* dev\n  main\n"),
    ("git branch dev; git branch -D dev | wc -l", "1\n"),
    ("rm a; git checkout -- a; head -1 a", "one\n"),
    (
        "echo x > a; git commit -qam x; git checkout HEAD~1 -- a; head -1 a; git status -s",
        "one\nM  a\n?? a.tgz\n",
    ),
    (
        "git branch dev; git checkout dev; git checkout --detach main; git branch --show-current | wc -l",
        "0\n",
    ),
    ("echo x >> a; git add a; git restore --staged a; git status --short", " M a\n?? a.tgz\n"),
    (
        "echo x >> a; git stash | wc -l; git status -s; git stash pop > /dev/null; tail -1 a",
        "1\n?? a.tgz\nx\n",
    ),
    ("git ls-files src", "src/app.py\nsrc/other.txt\n"),
    ("python src/app.py -x y", "['-x', 'y']\n"),
    ("python3 -c 'print(1 + 1)'", "2\n"),
    ("python -m pytest -q tests/test_a.py::test_b | tail -1 | cut -c1-8", "1 passed\n"),
    ("pytest -q -k test_c --tb=no tests | tail -1 | cut -c1-8", "1 failed\n"),
    ("make test", "made test\n"),
    ("tar -tf a.tgz", 'f 14 "inner/a"\n'),
    ("mkdir out && tar xzf a.tgz -C out && cat out/inner/a | head -1", "took out 1 files\none\n"),
]


@pytest.mark.parametrize(("script", "printed"), DONE, ids=[script for script, _ in DONE])
def test_what_is_typed_is_done(lab: Lab, script: str, printed: str) -> None:
    outcome = run(lab, script)
    assert outcome.stdout == printed, outcome


def test_nothing_is_written_where_a_link_leads(lab: Lab) -> None:
    outside = lab.workspace / "kept"
    outside.write_text("kept\n")
    (lab.workspace / "src" / "a").symlink_to("../kept")
    assert run(lab, "cp a src").exit == 0
    assert outside.read_text() == "kept\n"
    assert run(lab, "cat a > src/link; cp a src/new").exit == 0
    (lab.workspace / "link").symlink_to("kept")
    for script in (
        "echo x > link",
        "tee link",
        "cp a link",
        "touch link",
        "cat link",
        "rm -r link/",
        "mkdir link/x",
    ):
        assert run(lab, script).exit != 0, script
    assert outside.read_text() == "kept\n"


@pytest.mark.parametrize(
    "call",
    [
        'git.log(repo="/workspace", revision="--output=/workspace/out")',
        'git.compare(repo="/workspace", revisions=["--output=/workspace/out"])',
        'git.show(repo="/workspace", revision="--output=/workspace/out")',
        'git.branch(repo="/workspace", name="-D", start="main")',
        'git.branch_delete(repo="/workspace", names=["--force"])',
        'git.switch(repo="/workspace", branch="--orphan")',
        'git.checkout(repo="/workspace", commit="--force")',
        'git.start(repo="/workspace", branch="dev", start="--force")',
    ],
)
def test_no_name_is_taken_for_an_option_of_gits(lab: Lab, call: str) -> None:
    bound = bind(parse_call(Source("call", call)), standard())
    outcome = lab.run(*bound.argv, mounts=(WRITABLE,))
    assert outcome.exit not in (0, None), outcome
    assert not (lab.workspace / "out").exists()
