"""What runs as the first process inside a micro VM: the container engine, the link to the host, and the wake-up.

It starts the engine and carries streams between the host and two services: `engine`, which is the engine's own
socket, and `control`, which takes one line of JSON and answers with one. If any part of it ends, all ends: the
kernel stops with its first process, and the VM with the kernel. Nothing here decides anything.
"""

from __future__ import annotations

import fcntl
import json
import mmap
import os
import platform
import select
import signal
import socket
import struct
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from governance.sandbox.microvm.link import Link

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["main"]

_PORTS: Final = Path("/sys/class/virtio-ports")
_PORT: Final = "governance"
_ENGINE: Final = "/run/docker.sock"
_CONTROL: Final = "/run/control.sock"
_DOCKERD: Final = (
    "/usr/sbin/dockerd", f"--host=unix://{_ENGINE}", "--data-root=/var/lib/docker", "--storage-driver=overlay2",
    "--exec-opt=native.cgroupdriver=cgroupfs", "--bridge=none", "--iptables=false", "--ip6tables=false",
    "--ip-forward=false", "--ip-masq=false", "--group=0", "--log-level=error",
)  # fmt: skip
_ENVIRONMENT: Final = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/run"}

_RNDADDENTROPY: Final = 0x40085203
_RNDRESEEDCRNG: Final = 0x5207
"""Requests of random(4): mix in and credit bytes; and take them into use at once."""

_TICK: Final = 0.01
_SPARE: Final = 24 * 2**20
"""Bytes that are left free while all other free memory is overwritten."""

_REQUEST: Final = 4096
_RANDOM: Final = Path("/proc/sys/kernel/random")


def main() -> None:
    """Start everything, and carry until the host is gone."""
    needed = {_start_engine(), _start_control()}
    signal.signal(signal.SIGCHLD, lambda *_: _reap(needed))
    port = os.open(_port(), os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    _await_host(port)
    Link(port, _serve).run()


def _port() -> str:
    """Return the device of the port that the host has named."""
    named = (port for port in _PORTS.iterdir() if (port / "name").read_text().strip() == _PORT)
    return f"/dev/{next(named).name}"


def _await_host(port: int) -> None:
    """Wait until the kernel knows that the host is there; until then the port reads as ended."""
    watched = select.poll()
    watched.register(port, 0)
    while watched.poll(0):
        time.sleep(_TICK)


def _start_engine() -> int:
    return os.posix_spawn(_DOCKERD[0], _DOCKERD, _ENVIRONMENT)


def _start_control() -> int:
    """Answer control requests in a process of their own, so that none holds up the link."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(_CONTROL)
        listener.listen()
        if child := os.fork():
            return child
        while True:
            connection, _ = listener.accept()
            with connection, connection.makefile("rwb") as lines:
                lines.write(json.dumps(_answer(lines.readline(_REQUEST))).encode() + b"\n")


def _reap(needed: set[int]) -> None:
    """Take note of ended processes; the first process inherits all orphans."""
    try:
        while ended := os.waitpid(-1, os.WNOHANG)[0]:
            if ended in needed:
                os._exit(1)
    except ChildProcessError:
        return


def _serve(service: bytes) -> socket.socket | None:
    path = {b"engine": _ENGINE, b"control": _CONTROL}.get(service)
    if path is None:
        return None
    local = socket.socket(socket.AF_UNIX)
    try:
        local.connect(path)
    except OSError:
        local.close()
        return None
    return local


def _answer(line: bytes) -> Mapping[str, str | int]:
    asked = json.loads(line)
    match asked["do"]:
        case "freeze":
            return _freeze()
        case "wake":
            return _wake(bytes.fromhex(asked["seed"]), int(asked["now"]))
        case unknown:
            return {"error": f"{unknown} is not known here"}


def _freeze() -> Mapping[str, str | int]:
    """Forget what can be read again, and empty the memory that is free: a snapshot has no empty pages."""
    Path("/proc/sys/vm/drop_caches").write_text("3\n")
    lines = Path("/proc/meminfo").read_text().splitlines()
    free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemFree:"))
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE
    mmap.mmap(-1, max(free - _SPARE, mmap.PAGESIZE), flags=flags).close()
    return {"frozen": 1}


def _wake(seed: bytes, now: int) -> Mapping[str, str | int]:
    """Take the host's entropy and time (nanoseconds since 1970) after a restore; say which kernel this is.

    The boot id is made when it is first read, which is here, after the reseeding; so no two restores share one.
    """
    time.clock_settime_ns(time.CLOCK_REALTIME, now)
    with Path("/dev/urandom").open("wb") as device:
        fcntl.ioctl(device, _RNDADDENTROPY, struct.pack("ii", 8 * len(seed), len(seed)) + seed)
        fcntl.ioctl(device, _RNDRESEEDCRNG)
    system = platform.uname()
    return {
        "boot": (_RANDOM / "boot_id").read_text().strip(),
        "kernel": f"{system.release} {system.version}",
        "clock": time.time_ns(),
    }


if __name__ == "__main__":
    main()
