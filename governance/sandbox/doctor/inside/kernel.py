"""The kernel's surface: system calls that must be refused, privileges that must not be there."""

from __future__ import annotations

import ctypes
import os
import stat
from functools import partial
from pathlib import Path

from governance.sandbox.doctor.inside.base import (  # joined: this line is left out inside
    LIBC,
    PROBES,
    TOLD,
    UnknownError,
    apart,
    attempt,
    field,
    listing,
    machine,
    openable,
    read,
)  # fmt: skip

NUMBERS = {
    "x86_64": (
        "ptrace 101 process_vm_readv 310 process_vm_writev 311 mount 165 umount2 166 pivot_root 155 chroot 161 "
        "unshare 272 setns 308 clone 56 clone3 435 bpf 321 perf_event_open 298 userfaultfd 323 io_uring_setup 425 "
        "keyctl 250 add_key 248 request_key 249 mknodat 259 name_to_handle_at 303 open_by_handle_at 304 "
        "personality 135 modify_ldt 154 vmsplice 278 kexec_load 246 init_module 175 finit_module 313 "
        "delete_module 176 reboot 169 swapon 167 sethostname 170 setdomainname 171 clock_settime 227 "
        "clock_adjtime 305 syslog 103 iopl 172 acct 163 quotactl 179 fsopen 430 open_tree 428 move_mount 429 "
        "pidfd_getfd 438 process_madvise 440 kcmp 312 move_pages 279 set_mempolicy 238 fanotify_init 300 "
        "mount_setattr 442 setuid 105 setgid 106 setgroups 116 getpid 39"
    ),
    "aarch64": (
        "ptrace 117 process_vm_readv 270 process_vm_writev 271 mount 40 umount2 39 pivot_root 41 chroot 51 "
        "unshare 97 setns 268 clone 220 clone3 435 bpf 280 perf_event_open 241 userfaultfd 282 io_uring_setup 425 "
        "keyctl 219 add_key 217 request_key 218 mknodat 33 name_to_handle_at 264 open_by_handle_at 265 "
        "personality 92 vmsplice 75 kexec_load 104 init_module 105 finit_module 273 delete_module 106 reboot 142 "
        "swapon 224 sethostname 161 setdomainname 162 clock_settime 112 clock_adjtime 266 syslog 116 acct 89 "
        "quotactl 60 fsopen 430 open_tree 428 move_mount 429 pidfd_getfd 438 process_madvise 440 kcmp 272 "
        "move_pages 239 set_mempolicy 237 fanotify_init 262 mount_setattr 442 setuid 146 setgid 144 setgroups 159"
    ),
}
NEW_USER, NEW_MOUNT, NEW_NET, NEW_PID = 0x10000000, 0x20000, 0x40000000, 0x20000000
REMOUNT, BIND = 0x20, 0x1000
GET_NO_NEW_PRIVILEGES, SET_NO_NEW_PRIVILEGES = 39, 38
CHILD_SIGNAL = 17
X32 = 0x40000000
BUFFER = ctypes.create_string_buffer(256)
ROOT, TEXT = b"/\0", b"x\0"


def number(name: str) -> int:
    words = NUMBERS.get(machine(), "").split()
    if name not in words:
        raise UnknownError(f"{machine()} has no such call")
    return int(words[words.index(name) + 1])


def call(name: str, *arguments: object) -> int:
    result: int = LIBC.syscall(number(name), *arguments)
    return result


def cloned(flags: int) -> int:
    made = call("clone", flags | CHILD_SIGNAL, 0, 0, 0, 0)
    if made == 0:
        os._exit(0)
    return made


def foreign() -> int:
    """Call `getpid` as x32 has it: a filter for the native architecture alone ends the caller."""
    result: int = LIBC.syscall(X32 | number("getpid"))
    return result


CALLS: dict[str, tuple[object, ...]] = {
    "ptrace": (0, 0, 0, 0), "process_vm_readv": (1, 0, 0, 0, 0, 0), "process_vm_writev": (1, 0, 0, 0, 0, 0),
    "mount": (TEXT, b"/tmp\0", b"tmpfs\0", 0, 0), "umount2": (b"/proc\0", 2), "pivot_root": (ROOT, ROOT),
    "chroot": (b"/tmp\0",), "setns": (0, 0), "bpf": (0, BUFFER, 72), "perf_event_open": (BUFFER, 0, -1, -1, 0),
    "userfaultfd": (1,), "io_uring_setup": (1, BUFFER), "keyctl": (0, -3, 0), "add_key": (b"user\0", TEXT, TEXT, 1, -3),
    "request_key": (b"user\0", TEXT, 0, -3), "name_to_handle_at": (-100, b"/tmp\0", BUFFER, BUFFER, 0),
    "open_by_handle_at": (-100, BUFFER, 0), "personality": (0xFFFFFFFF,), "modify_ldt": (0, BUFFER, 16),
    "vmsplice": (1, 0, 0, 0), "kexec_load": (0, 0, 0, 0), "init_module": (BUFFER, 0, TEXT),
    "finit_module": (-1, TEXT, 0), "delete_module": (TEXT, 0), "reboot": (0, 0, 0, 0), "swapon": (TEXT, 0),
    "sethostname": (TEXT, 1), "setdomainname": (TEXT, 1), "clock_settime": (0, 0), "clock_adjtime": (0, BUFFER),
    "syslog": (3, BUFFER, 16), "iopl": (3,), "acct": (0,), "quotactl": (0, 0, 0, 0), "fsopen": (b"proc\0", 0),
    "open_tree": (-100, ROOT, 1), "move_mount": (-1, TEXT, -1, TEXT, 0), "pidfd_getfd": (-1, 0, 0),
    "process_madvise": (-1, 0, 0, 0, 0), "kcmp": (1, 1, 0, 0, 0), "move_pages": (0, 0, 0, 0, 0, 0),
    "set_mempolicy": (0, 0, 0), "fanotify_init": (0, 0), "mount_setattr": (-100, ROOT, 0, BUFFER, 32),
    "setuid": (0,), "setgid": (0,), "setgroups": (1, BUFFER), "clone3": (BUFFER, 88),
}  # fmt: skip
"""Each call with arguments that do no harm should it be let through."""

for each, values in CALLS.items():
    PROBES[f"kernel.{each}"] = partial(apart, partial(call, each, *values))

PROBES["kernel.unshare-user"] = lambda: apart(lambda: call("unshare", NEW_USER))
PROBES["kernel.unshare-mount"] = lambda: apart(lambda: call("unshare", NEW_MOUNT))
PROBES["kernel.unshare-net"] = lambda: apart(lambda: call("unshare", NEW_NET))
PROBES["kernel.clone-user"] = lambda: apart(lambda: cloned(NEW_USER))
PROBES["kernel.clone-pid"] = lambda: apart(lambda: cloned(NEW_PID))
PROBES["kernel.remount-root"] = lambda: apart(lambda: call("mount", 0, ROOT, 0, REMOUNT | BIND, 0))
PROBES["kernel.mknod-device"] = lambda: apart(
    lambda: call("mknodat", -100, b"/tmp/device\0", 0o020644, 0x101)
)
PROBES["kernel.mknod-pipe"] = lambda: apart(lambda: call("mknodat", -100, b"/tmp/pipe\0", 0o010644, 0))
PROBES["kernel.foreign-calls"] = lambda: apart(foreign)


def capabilities() -> str:
    """Name the sets that hold any; a kernel without ambient capabilities does not list them."""
    names = ("CapInh", "CapPrm", "CapEff", "CapBnd")
    held = [name for name in (*names, "CapAmb") if int(field(name, "0" if name == "CapAmb" else None), 16)]
    return " ".join(held) or "none"


def filter_mode() -> str:
    return {"0": "no filter", "2": "a filter"}.get(field("Seccomp"), field("Seccomp"))


def identity() -> str:
    ids = {os.getuid(), os.geteuid(), os.getgid(), os.getegid(), *os.getgroups()}
    return "root" if 0 in ids else "not root"


def set_id_files() -> str:
    for place in ("/usr/bin", "/usr/sbin", "/usr/libexec", "/usr/lib", "/usr/local", "/opt"):
        for folder, _, names in os.walk(place):
            for name in names:
                status = os.lstat(f"{folder}/{name}")
                if stat.S_ISREG(status.st_mode) and status.st_mode & 0o6000:
                    return f"{folder}/{name}"
    return "none"


def devices() -> str:
    usual = {
        "console", "core", "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout",
        "tty", "urandom", "zero",
    }  # fmt: skip
    return " ".join(sorted(set(listing("/dev")) - usual)) or "only the usual"


def blocks() -> str:
    found = [name for name in listing("/dev") if stat.S_ISBLK(os.stat(f"/dev/{name}").st_mode)]
    return " ".join(found) or "none"


def whose(path: str, told: str) -> str:
    try:
        seen = read(path).rstrip("\n")
    except FileNotFoundError:
        return "none told"
    return "the host's" if seen == TOLD[told] else "its own"


def addresses() -> str:
    """Tell whether the kernel's own addresses can be read: they are all zero for who may not."""
    try:
        with Path("/proc/kallsyms").open() as symbols:
            shown = {symbols.readline().split(" ")[0].strip("0") for _ in range(100)}
    except OSError:
        return "hidden"
    return "hidden" if shown <= {""} else "shown"


def hidden(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            return "shown" if file.read(1) else "hidden"
    except OSError:
        return "hidden"


PROBES["kernel.capabilities"] = capabilities
PROBES["kernel.no-new-privileges"] = lambda: str(LIBC.prctl(GET_NO_NEW_PRIVILEGES, 0, 0, 0, 0))
PROBES["kernel.drop-no-new-privileges"] = lambda: attempt(
    lambda: LIBC.prctl(SET_NO_NEW_PRIVILEGES, 0, 0, 0, 0)
)
PROBES["kernel.filter"] = filter_mode
PROBES["kernel.identity"] = identity
PROBES["kernel.set-id-files"] = set_id_files
PROBES["kernel.devices"] = devices
PROBES["kernel.block-devices"] = blocks
PROBES["kernel.version"] = lambda: whose("/proc/version", "kernel")
PROBES["kernel.boot"] = lambda: whose("/proc/sys/kernel/random/boot_id", "boot")
PROBES["kernel.addresses"] = addresses
PROBES["kernel.memory-image"] = lambda: hidden("/proc/kcore")
PROBES["kernel.key-list"] = lambda: hidden("/proc/keys")
PROBES["kernel.timers"] = lambda: hidden("/proc/timer_list")
PROBES["kernel.firmware"] = lambda: hidden("/sys/firmware/dmi/tables/DMI")
PROBES["kernel.log-device"] = lambda: attempt(lambda: os.open("/dev/kmsg", os.O_RDONLY))
PROBES["kernel.memory-device"] = lambda: attempt(lambda: os.open("/dev/mem", os.O_RDONLY))
PROBES["kernel.set-core-pattern"] = lambda: openable("/proc/sys/kernel/core_pattern")
PROBES["kernel.magic-keys"] = lambda: openable("/proc/sysrq-trigger")
PROBES["kernel.set-sysfs"] = lambda: openable("/sys/kernel/uevent_helper")
