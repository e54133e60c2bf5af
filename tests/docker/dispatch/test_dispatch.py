"""A warrant's run on the real engine, from input to outcome."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from governance.errors import SandboxError
from tests.docker.dispatch.lab import running
from tests.sandbox.build import receipt

if TYPE_CHECKING:
    from tests.docker.dispatch.lab import Lab

pytestmark = pytest.mark.engine


def test_output_errors_and_exit_are_told_apart(lab: Lab) -> None:
    outcome = lab.run("/bin/sh", "-c", "echo out; echo err >&2; exit 3")
    assert (outcome.status, outcome.exit) == ("failed", 3)
    assert (outcome.stdout, outcome.stderr, outcome.bytes) == ("out\n", "err\n", 8)
    assert (outcome.id, outcome.tier, outcome.message) == ("decision-1", "container", "")
    assert outcome.evidence is not None
    assert outcome.wall_ms is not None


def test_a_program_that_ends_with_zero_is_ok(lab: Lab) -> None:
    outcome = lab.run("/bin/true")
    assert (outcome.status, outcome.exit, outcome.truncated) == ("ok", 0, False)


@pytest.mark.parametrize("size", [0, 1, 2**20])
def test_input_is_delivered_whole(lab: Lab, size: int) -> None:
    code = "import sys, hashlib; data = sys.stdin.buffer.read(); print(len(data), set(data) <= {120})"
    assert lab.python(code, stdin=b"x" * size).stdout == f"{size} True\n"


def test_input_comes_back_byte_for_byte(lab: Lab) -> None:
    data = bytes(range(32, 127)) * 10_000
    assert lab.run("/bin/cat", stdin=data).stdout.encode() == data


def test_without_input_the_program_reads_an_end(lab: Lab) -> None:
    assert lab.run("/bin/cat").status == "ok"


def test_a_program_that_leaves_its_input_unread_is_ok(lab: Lab) -> None:
    assert lab.run("/bin/true", stdin=b"x" * 2**20).status == "ok"


def test_a_deadline_ends_a_program_that_ignores_signals_and_its_children(lab: Lab) -> None:
    mark = f"47{time.time_ns() % 10**9}"
    begun = time.monotonic()
    outcome = lab.run("/bin/sh", "-c", f"trap '' TERM INT HUP; sleep {mark} & sleep {mark}", timeout=700)
    assert (outcome.status, outcome.exit) == ("timeout", None)
    assert "700 milliseconds" in outcome.message
    assert 0.7 <= time.monotonic() - begun < 10
    assert running(mark) == []


def test_a_deadline_holds_for_a_program_that_closed_its_streams(lab: Lab) -> None:
    assert lab.run("/bin/sh", "-c", "exec >&- 2>&-; sleep 60", timeout=700).status == "timeout"


def test_a_child_left_behind_does_not_delay_the_end(lab: Lab) -> None:
    begun = time.monotonic()
    outcome = lab.run("/bin/sh", "-c", "sleep 60 & echo done")
    assert (outcome.status, outcome.stdout) == ("ok", "done\n")
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("redirect", ["", ">&2"])
def test_endless_output_is_cut_and_ended(lab: Lab, redirect: str) -> None:
    begun = time.monotonic()
    outcome = lab.run("/bin/sh", "-c", f"exec yes {redirect}", output=5000)
    assert (outcome.status, outcome.truncated, outcome.exit) == ("limit", True, None)
    assert len(outcome.stdout) + len(outcome.stderr) == 5000
    assert outcome.bytes > 5000
    assert "5000 bytes" in outcome.message
    assert time.monotonic() - begun < 10


def test_output_of_exactly_the_cap_is_whole(lab: Lab) -> None:
    outcome = lab.python("print('x' * 4999)", output=5000)
    assert (outcome.status, outcome.truncated, outcome.bytes) == ("ok", False, 5000)


def test_output_that_is_no_text_is_shown_as_escapes(lab: Lab) -> None:
    outcome = lab.python("import sys; sys.stdout.buffer.write(b'a\\xff\\x01\\x00')")
    assert outcome.stdout == "a\\xff\x01\x00"


def test_output_that_looks_like_frames_is_output(lab: Lab) -> None:
    outcome = lab.python("import sys; sys.stdout.buffer.write(bytes([2, 0, 0, 0, 0, 0, 0, 3]) + b'err')")
    assert (outcome.stderr, outcome.stdout) == ("", "\x02\0\0\0\0\0\0\x03err")


def test_a_second_use_of_a_warrant_runs_nothing(lab: Lab) -> None:
    judged = receipt(lab.spec("/bin/true"))
    warrant = lab.warrants.issue(judged, None)
    assert lab.dispatcher.dispatch(warrant).status == "ok"
    with pytest.raises(SandboxError) as caught:
        lab.dispatcher.dispatch(warrant)
    assert caught.value.code == "warrant-used"


def test_an_image_that_is_not_there_is_said_and_not_pulled(lab: Lab) -> None:
    outcome = lab.run("/bin/true", image="governance/base@sha256:" + "0" * 64)
    assert outcome.status == "sandbox-error"
    assert "nothing was run: the engine has no image" in outcome.message


def test_an_image_that_was_not_known_at_the_decision_is_said(lab: Lab) -> None:
    outcome = lab.run("/bin/true", image="governance/base")
    assert outcome.status == "sandbox-error"
    assert "no image `governance/base`" in outcome.message


def test_a_program_that_the_image_lacks_is_said(lab: Lab) -> None:
    outcome = lab.run("/usr/bin/no-such-program")
    assert outcome.status == "sandbox-error"
    assert "not seen to start" in outcome.message
    assert "no-such-program" in outcome.message


def test_a_workspace_that_is_a_link_is_refused(lab: Lab) -> None:
    lab.workspace.rmdir()
    lab.workspace.symlink_to("/etc")
    outcome = lab.run("/bin/ls", "/workspace")
    assert (outcome.status, outcome.stdout) == ("sandbox-error", "")
    assert "symbolic link" in outcome.message


def test_a_workspace_that_is_not_there_is_not_made(lab: Lab) -> None:
    lab.workspace.rmdir()
    assert lab.run("/bin/true").status == "sandbox-error"
    assert not lab.workspace.exists()


def test_a_tier_that_the_engine_lacks_is_refused_and_never_replaced(lab: Lab) -> None:
    outcome = lab.run("/bin/true", isolation="microvm")
    assert (outcome.status, outcome.tier) == ("sandbox-error", "microvm")


def test_evidence_is_the_same_for_the_same_specification(lab: Lab) -> None:
    first, second, other = lab.run("/bin/true"), lab.run("/bin/true"), lab.run("/bin/true", pids=9)
    assert first.evidence == second.evidence
    assert first.evidence != other.evidence


def test_calls_at_the_same_time_keep_apart(lab: Lab) -> None:
    said: dict[int, str] = {}

    def run(number: int) -> None:
        said[number] = lab.run("/bin/sh", "-c", f"cat; echo {number}", stdin=f"{number} ".encode()).stdout

    threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == {number: f"{number} {number}\n" for number in range(6)}


def test_facts_name_the_images_that_are_there(lab: Lab) -> None:
    facts = lab.engine.facts([lab.image, "governance/no-such-image"])
    assert facts.images == ((lab.image, lab.image),)
    assert "container" in facts.tiers
