"""The sandbox's own file tool, in the image, on a real mount."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.sandbox.build import WRITABLE

if TYPE_CHECKING:
    from governance.sandbox import Outcome
    from tests.docker.dispatch.lab import Lab

pytestmark = pytest.mark.engine

TOOL = "/usr/lib/governance/fs"
WRITE = (TOOL, "write", "--exists=replace", "--parents=true")
READ = (TOOL, "read", "--offset=0", "--limit=1048576")


def writing(lab: Lab, *argv: str, **stdin: str) -> Outcome:
    return lab.run(*argv, stdin=json.dumps(stdin).encode(), mounts=(WRITABLE,))


def test_a_file_is_written_read_edited_found_listed_and_deleted(lab: Lab) -> None:
    path = "/workspace/src/app.py"
    assert writing(lab, *WRITE, path, content="one\ntwo\n").stdout == f"wrote 8 bytes to {path}\n"
    assert writing(lab, TOOL, "edit", "--every=false", path, old="two", new="2").exit == 0
    assert lab.run(*READ, path).stdout == "one\n2\n"
    assert writing(lab, TOOL, "search", "--glob=**/*.py", "--most=9", "/workspace", text="2").stdout == (
        "src/app.py:2:2\n"
    )
    assert lab.run(TOOL, "list", "/workspace/src").stdout == 'f 6 "app.py"\n'
    assert lab.run(TOOL, "delete", path, mounts=(WRITABLE,)).status == "ok"
    assert (lab.workspace / "src").exists()
    assert not (lab.workspace / "src" / "app.py").exists()


def test_a_large_content_arrives_whole(lab: Lab) -> None:
    content = "é" * 2**19
    assert writing(lab, *WRITE, "/workspace/large", content=content).status == "ok"
    assert (lab.workspace / "large").read_text() == content
    assert lab.run(*READ, "/workspace/large").stdout == content


def test_a_read_only_workspace_is_not_written(lab: Lab) -> None:
    outcome = lab.run(*WRITE, "/workspace/a", stdin=b'{"content":"x"}')
    assert (outcome.status, outcome.exit) == ("failed", 1)
    assert outcome.stderr == "fs: cannot write /workspace/a: the sandbox has it read-only\n"


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../etc/passwd", "here", "/proc/self/environ"])
def test_a_link_is_not_followed(lab: Lab, target: str) -> None:
    (lab.workspace / "here").write_text("here")
    (lab.workspace / "link").symlink_to(target)
    (lab.workspace / "folder").symlink_to(os.path.dirname(target) or ".")  # noqa: PTH120  # the text of a link
    for path in ("/workspace/link", "/workspace/folder/passwd"):
        outcome = lab.run(*READ, path)
        assert (outcome.status, outcome.exit, outcome.stdout) == ("failed", 1, "")
        assert "links are not followed" in outcome.stderr


def test_a_link_made_inside_leads_nowhere_either(lab: Lab) -> None:
    lab.run("/bin/ln", "-s", "/etc/passwd", "/workspace/link", mounts=(WRITABLE,))
    assert (lab.workspace / "link").is_symlink()
    assert lab.run(*READ, "/workspace/link").stdout == ""


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/proc/self/environ", "/workspace/../etc/passwd", "/dev/zero"]
)
def test_a_path_elsewhere_is_refused(lab: Lab, path: str) -> None:
    outcome = lab.run(*READ, path)
    assert (outcome.exit, outcome.stdout) == (1, "")


def test_a_pipe_of_the_host_is_not_waited_for(lab: Lab) -> None:
    os.mkfifo(lab.workspace / "pipe")
    assert "special file" in lab.run(*READ, "/workspace/pipe").stderr


def test_scratch_is_within_reach(lab: Lab) -> None:
    assert lab.run(*WRITE, "/tmp/a/b", stdin=b'{"content":"x"}').status == "ok"
