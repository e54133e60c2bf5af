"""Runs inside the sandbox and prints, as one JSON object, what it finds there and what it is refused."""

from __future__ import annotations

import ctypes
import json
import os
import platform
import resource
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LIBC = ctypes.CDLL(None, use_errno=True)
BUFFER = ctypes.create_string_buffer(256)


def attempt(action: Callable[[], object]) -> int:
    """Return the number of the kernel's refusal, or 0; a negative result of a C function is one."""
    try:
        result = action()
    except OSError as error:
        return error.errno or -1
    return ctypes.get_errno() if isinstance(result, int) and result < 0 else 0


def fill(path: Path, size: int) -> None:
    try:
        path.write_bytes(b"x" * size)
    finally:
        path.unlink()


def script(path: Path) -> None:
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    subprocess.run([path], check=True)


def large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**30 + 1)


def descriptors() -> int:
    opened: list[int] = []
    try:
        while len(opened) < 5000:
            opened.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        return len(opened)
    finally:
        for descriptor in opened:
            os.close(descriptor)
    return len(opened)


def reach() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outward:
        outward.connect(("192.0.2.1", 53))


CALLS: dict[str, Callable[[], object]] = {
    "ptrace": lambda: LIBC.ptrace(0, 0, 0, 0),
    "mknod": lambda: LIBC.mknod(b"/tmp/node", 0o010644, 0),
    "mknod-device": lambda: LIBC.mknod(b"/tmp/device", 0o020644, 0x101),
    "unshare-user": lambda: LIBC.unshare(0x10000000),
    "setns": lambda: LIBC.setns(0, 0),
    "mount": lambda: LIBC.mount(b"none", b"/tmp", b"tmpfs", 0, None),
    "personality": lambda: LIBC.personality(0xFFFFFFFF),
    "process_vm_readv": lambda: LIBC.process_vm_readv(os.getpid(), None, 0, None, 0, 0),
    "name_to_handle_at": lambda: LIBC.name_to_handle_at(-100, b"/tmp", BUFFER, BUFFER, 0),
    "vmsplice": lambda: LIBC.vmsplice(1, None, 0, 0),
    "chroot": lambda: LIBC.chroot(b"/tmp"),
    "sethostname": lambda: LIBC.sethostname(b"x", 1),
    "io_uring_setup": lambda: LIBC.syscall(425, 1, BUFFER),
    "clone3": lambda: LIBC.syscall(435, BUFFER, 88),
    "socket-vsock": lambda: LIBC.socket(40, 1, 0),
    "socket-alg": lambda: LIBC.socket(38, 5, 0),
    "setuid-root": lambda: LIBC.setuid(0),
}
FOLDERS = ("/", "/etc", "/usr", "/var", "/root", "/dev", "/proc", "/sys", "/workspace", "/tmp")
TMP = Path("/tmp")


def status() -> dict[str, str]:
    lines = Path("/proc/self/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def found() -> dict[str, object]:
    return {
        "status": status(),
        "mounts": [line.split(" ") for line in Path("/proc/self/mountinfo").read_text().splitlines()],
        "ids": [os.getuid(), os.geteuid(), os.getgid(), os.getgroups()],
        "pids": sorted(int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()),
        "interfaces": sorted(entry.name for entry in Path("/sys/class/net").iterdir()),
        "hostname": platform.node(),
        "environment": dict(os.environ),
        "here": str(Path.cwd()),
        "core": resource.getrlimit(resource.RLIMIT_CORE),
        "processes": resource.getrlimit(resource.RLIMIT_NPROC),
        "descriptors": descriptors(),
        "scratch-owner": TMP.stat().st_uid,
        "masked": [Path(path).read_text() for path in ("/proc/keys", "/proc/interrupts")],
        "calls": {name: attempt(call) for name, call in CALLS.items()},
        "writes": {folder: attempt(Path(folder, "new").touch) for folder in FOLDERS},
        "write-sysctl": attempt(lambda: Path("/proc/sys/kernel/core_pattern").write_text("x")),
        "reach": attempt(reach),
        "run-in-tmp": attempt(lambda: script(TMP / "script")),
        "fill-tmp": attempt(lambda: fill(TMP / "full", 2**24)),
        "fill-shm": attempt(lambda: fill(Path("/dev/shm/full"), 2**25)),
        "large-file": attempt(lambda: large(TMP / "large")),
    }


print(json.dumps(found()))
