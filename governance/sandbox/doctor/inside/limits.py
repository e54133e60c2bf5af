"""Limits that a probe can meet without ending its sandbox."""

from __future__ import annotations

import os
import resource
from pathlib import Path

from governance.sandbox.doctor.inside.base import PROBES, UnknownError, attempt, read  # joined

PIECE = 2**20


def fill(path: str, most: int) -> str:
    """Write up to `most` bytes; what was written is removed."""
    target = Path(path)

    def write() -> None:
        with target.open("wb") as file:
            for _ in range(most // PIECE):
                file.write(bytes(PIECE))
                file.flush()

    try:
        return attempt(write)
    finally:
        target.unlink(missing_ok=True)


def grow(size: int) -> str:
    target = Path("/tmp/large")
    try:
        with target.open("wb") as file:
            return attempt(lambda: file.truncate(size))
    finally:
        target.unlink()


def descriptors() -> str:
    opened: list[int] = []
    try:
        while len(opened) < 2048:
            opened.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        return "fewer than 1024" if len(opened) < 1024 else str(len(opened))
    finally:
        for descriptor in opened:
            os.close(descriptor)
    return "more than 2048"


def limit(which: int) -> str:
    return " ".join(map(str, resource.getrlimit(which)))


def raised(which: int) -> str:
    soft, hard = resource.getrlimit(which)
    try:
        resource.setrlimit(which, (soft, hard + 1))
    except (ValueError, OSError):
        return "refused"
    return "done"


def kill_score() -> str:
    try:
        return read("/proc/self/oom_score_adj").strip()
    except FileNotFoundError:
        raise UnknownError("this kernel shows no oom_score_adj") from None


PROBES["limits.scratch-bytes"] = lambda: fill("/tmp/full", 32 * PIECE)
PROBES["limits.shared-memory-bytes"] = lambda: fill("/dev/shm/full", 32 * PIECE)
PROBES["limits.file-size"] = lambda: grow(2**30 + 1)
PROBES["limits.sparse-file"] = lambda: grow(2**40)
PROBES["limits.descriptors"] = descriptors
PROBES["limits.core"] = lambda: limit(resource.RLIMIT_CORE)
PROBES["limits.user-processes"] = lambda: limit(resource.RLIMIT_NPROC)
PROBES["limits.raise-descriptors"] = lambda: raised(resource.RLIMIT_NOFILE)
PROBES["limits.raise-core"] = lambda: raised(resource.RLIMIT_CORE)
PROBES["limits.kill-score"] = kill_score
PROBES["limits.lower-kill-score"] = lambda: attempt(
    lambda: Path("/proc/self/oom_score_adj").write_text("-1000")
)
PROBES["limits.priority"] = lambda: attempt(lambda: os.setpriority(os.PRIO_PROCESS, 0, -10))
PROBES["limits.real-time"] = lambda: attempt(
    lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
)
