"""Killing the writer: what it acknowledged is there, however it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from governance.journal import Journal, verify
from tests.journal.samples import NOW

if TYPE_CHECKING:
    from pathlib import Path

CHILD = """
import pathlib, sys, threading
from governance.journal import Journal
journal = Journal.open(pathlib.Path(sys.argv[1]), now=sys.argv[2], segment_bytes=20_000)
def write():
    while True:
        receipt = journal.record("message", sys.argv[2], {"what": "x" * 300}, None)
        sys.stdout.write(f"{receipt.seq} {receipt.hash}\\n")
        sys.stdout.flush()
for _ in range(4):
    threading.Thread(target=write).start()
"""
ROUNDS = 20


@pytest.mark.slow
def test_every_acknowledged_record_is_there_after_kill_9(tmp_path: Path) -> None:
    acknowledged: dict[int, str] = {}
    for turn in range(ROUNDS):
        command = [sys.executable, "-c", CHILD, str(tmp_path), NOW]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            answers = [child.stdout.readline() for _ in range(10 + 17 * turn)]
            child.send_signal(signal.SIGKILL)
            answers += child.stdout.read().splitlines(keepends=True)
        assert child.returncode == -signal.SIGKILL
        whole = [answer.split() for answer in answers if answer.endswith("\n")]
        assert len(whole) >= 10
        acknowledged |= {int(seq): own for seq, own in whole}
    with Journal.open(tmp_path, now=NOW) as journal:
        last = journal.head.seq
    assert max(acknowledged) <= last
    found = {}
    for path in sorted(tmp_path.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            found[int(line.rsplit('"seq":', 1)[1][:-1])] = line
    assert all(own in found[seq] for seq, own in acknowledged.items())
    assert verify(tmp_path).problems == ()
