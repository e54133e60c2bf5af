"""Two agents at once: the first leaves traces wherever it can, the second looks for them."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

from governance.sandbox.doctor.inside.base import LIBC, PROBES, TOLD, attempt, listing  # joined

KEY = 0x676F76
PORT = 47113
NAME = "governance-doctor-trace"
CREATE = 0o1600
HELD: list[socket.socket] = []


def shared_memory(flags: int) -> int:
    result: int = LIBC.shmget(KEY, 4096, flags)
    return result


def leave() -> str:
    """Leave a file, shared memory, a socket with an abstract name and a port, all open to who finds them."""
    for place in ("/tmp", "/dev/shm"):
        (Path(place) / NAME).write_text("here")
    shared_memory(CREATE)
    for family, address in ((socket.AF_UNIX, f"\0{NAME}"), (socket.AF_INET, ("127.0.0.1", PORT))):
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.bind(address)
        listener.listen()
        HELD.append(listener)
    return "left"


def connected(family: int, address: Any) -> str:
    def connect() -> None:
        with socket.socket(family, socket.SOCK_STREAM) as outward:
            outward.settimeout(2.0)
            outward.connect(address)

    return attempt(connect)


def found(place: str) -> str:
    return "found" if (Path(place) / NAME).exists() else "not there"


def others() -> str:
    mine = {1, os.getpid()}
    return "none" if {int(name) for name in listing("/proc") if name.isdigit()} <= mine else "some"


PROBES["agents.leave"] = leave
PROBES["agents.scratch"] = lambda: found("/tmp")
PROBES["agents.shared-memory-files"] = lambda: found("/dev/shm")
PROBES["agents.shared-memory"] = lambda: attempt(lambda: shared_memory(0))
PROBES["agents.abstract-socket"] = lambda: connected(socket.AF_UNIX, f"\0{NAME}")
PROBES["agents.loopback"] = lambda: connected(socket.AF_INET, ("127.0.0.1", PORT))
PROBES["agents.processes"] = others
PROBES["agents.workspace"] = lambda: (
    "found" if os.path.exists(f"/workspace/../{TOLD['other']}") else "not there"
)
PROBES["agents.own-workspace"] = lambda: " ".join(listing("/workspace"))
