"""A call that writes works on a copy, in a real container: what is kept of it is in the workspace, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from governance.policy.decision import Code
from governance.sandbox import Outcome, reap
from governance.sandbox.workspaces import Store
from tests.docker.dispatch.lab import OWNER, keep_all, until
from tests.sandbox.build import WORKSPACE, WRITABLE
from tests.sandbox.workspaces.places import held

if TYPE_CHECKING:
    from governance.capabilities.difference import Difference
    from governance.policy.commit import Commit
    from governance.policy.decision import Allow
    from tests.docker.dispatch.lab import Lab

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[3]
CRASH = "tests.docker.dispatch.crash"


@pytest.fixture
def there(lab: Lab) -> Path:
    for name, text in (("a", "one"), ("b", "two")):
        (lab.workspace / name).write_text(text)
        os.chown(lab.workspace / name, OWNER, OWNER)
    return lab.workspace


def wrote(outcome: Outcome) -> list[tuple[object, object]]:
    assert outcome.kept
    return [(each["path"], each["change"]) for each in outcome.kept.written]  # type: ignore[index,call-overload]


def test_what_a_call_writes_is_kept_and_said(lab: Lab, there: Path) -> None:
    outcome = lab.python(
        "import os; os.chdir('/workspace'); open('a', 'w').write('new'); os.remove('b'); os.mkdir('d'); open('d/c', 'w')",
        mounts=(WRITABLE,),
    )
    assert outcome.status == "ok", outcome
    assert wrote(outcome) == [
        ("/workspace/a", "changed"), ("/workspace/b", "deleted"), ("/workspace/d", "added"), ("/workspace/d/c", "added"),
    ]  # fmt: skip
    assert outcome.kept
    assert outcome.kept.verdict == "committed"
    assert sorted(path.name for path in there.iterdir()) == ["a", "d"]
    assert (there / "a").read_text() == "new"
    assert (there / "d" / "c").stat().st_uid == OWNER


def test_the_copy_is_an_overlay_where_the_host_has_one(lab: Lab, there: Path) -> None:
    outcome = lab.python("print(open('/workspace/a').read())", mounts=(WRITABLE,))
    assert outcome.kept
    if os.geteuid() or outcome.kept.copy != "overlay":
        pytest.skip("not proven: no overlay can be made here")
    assert (outcome.stdout, outcome.kept.verdict, wrote(outcome)) == ("one\n", "unchanged", [])
    assert there.exists()


def test_the_original_is_never_written_while_the_call_runs(lab: Lab, there: Path) -> None:
    seen: list[str] = []

    def look(decision: Allow, difference: Difference) -> Commit:
        seen.append((there / "a").read_text())
        return keep_all(decision, difference)

    lab.review = look
    lab.python("open('/workspace/a', 'w').write('new')", mounts=(WRITABLE,))
    assert seen == ["one"]
    assert (there / "a").read_text() == "new"


def test_what_is_not_kept_makes_the_call_fail_and_leaves_the_workspace(lab: Lab, there: Path) -> None:
    def refuse(decision: Allow, difference: Difference) -> Commit:
        found = keep_all(decision, difference)
        return replace(found, verdict="drop", code=Code.FORBIDDEN, reason="no", kept=(), left=())

    lab.review = refuse
    before = held(there)
    outcome = lab.python("open('/workspace/a', 'w').write('new')", mounts=(WRITABLE,))
    assert (outcome.status, outcome.exit) == ("failed", 0)
    assert held(there) == before
    lab.review = None
    outcome = lab.python("open('/workspace/a', 'w').write('new')", mounts=(WRITABLE,))
    assert "nobody is here to judge it" in outcome.message
    assert held(there) == before


def test_a_call_that_is_cut_off_leaves_nothing(lab: Lab, there: Path) -> None:
    before = held(there)
    code = "open('/workspace/a', 'w').write('half'); import time; time.sleep(60)"
    outcome = lab.python(code, mounts=(WRITABLE,), timeout=2000)
    assert outcome.status == "timeout"
    assert outcome.to_json()["workspace"]["reason"] == "the call did not end by itself"  # type: ignore[index,call-overload]
    assert held(there) == before


def test_a_workspace_that_someone_changed_meanwhile_is_left_to_them(lab: Lab, there: Path) -> None:
    def meddle(decision: Allow, difference: Difference) -> Commit:
        (there / "b").write_text("mine")
        return keep_all(decision, difference)

    lab.review = meddle
    outcome = lab.python("open('/workspace/a', 'w').write('new')", mounts=(WRITABLE,))
    assert outcome.status == "failed"
    assert "was changed while the call ran" in outcome.message
    assert ((there / "a").read_text(), (there / "b").read_text()) == ("one", "mine")


def test_links_that_a_call_makes_lead_nowhere_here(lab: Lab, there: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    code = f"import os; os.remove('/workspace/a'); os.symlink('/etc/hostname', '/workspace/a'); os.symlink('{tmp_path}/outside', '/workspace/d')"
    outcome = lab.python(code, mounts=(WRITABLE,))
    assert [each["kind"] for each in outcome.kept.written] == ["link", "file", "link"]  # type: ignore[index,call-overload,union-attr]
    assert (there / "a").is_symlink()
    outcome = lab.python("open('/workspace/d/x', 'w')", mounts=(WRITABLE,))
    assert outcome.status == "failed"
    assert list((tmp_path / "outside").iterdir()) == []


def test_special_files_are_said_and_not_kept(lab: Lab, there: Path) -> None:
    code = "import socket; socket.socket(socket.AF_UNIX).bind('/workspace/p'); open('/workspace/a', 'w')"
    outcome = lab.python(code, mounts=(WRITABLE,))
    assert outcome.kept
    assert outcome.kept.not_carried == ("/workspace/p",)
    assert wrote(outcome) == [("/workspace/a", "changed")]
    assert not (there / "p").exists()


def test_a_workspace_that_is_only_read_is_not_copied(lab: Lab, there: Path) -> None:
    outcome = lab.python("print(open('/workspace/a').read())", mounts=(WORKSPACE,))
    assert outcome.kept is None
    assert there.exists()
    assert not (lab.workspace.parent.parent / ".governance").exists()


def test_the_copy_of_a_gateway_that_was_killed_is_gone_after_the_next_start(
    lab: Lab, there: Path, engine_url: str
) -> None:
    before = held(there)
    root = lab.workspace.parent.parent
    code = "open('/workspace/a', 'w').write('half'); import time; time.sleep(100)"
    arguments = [
        engine_url,
        lab.image,
        str(root),
        lab.log,
        "--writable",
        "/usr/bin/python3",
        "-IS",
        "-c",
        code,
    ]
    with subprocess.Popen(
        [sys.executable, "-m", CRASH, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL
    ) as gateway:
        until(lambda: lab.left() == ["running"])
        gateway.kill()
    assert lab.copies()
    said: list[str] = []
    reap(lab.engine, log_id=lab.log, now=0, say=said.append)
    Store(str(root)).recover(said.append)
    assert lab.copies() == []
    assert held(there) == before
    assert str(root) not in Path("/proc/self/mountinfo").read_text()
    assert "removing the copy of a workspace that an earlier run left behind" in said
