"""The system calls a sandboxed program may make: data, and the engine's form of it.

An allow-list by name. It is what moby's default profile leaves a process without capabilities, less what
reads or steers other processes, makes device nodes, turns file handles into names, or changes how the
kernel runs the program. No architecture is listed: the filter then knows the native one alone, and a call
by any other convention kills the caller. Names that a host's kernel or libseccomp lacks are skipped there.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from governance.canonical import canonical

if TYPE_CHECKING:
    from governance.canonical import Json

__all__ = ["REFUSED", "profile"]

_FILES: Final = """
    access chmod chown chown32 close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64
    fadvise64_64 fallocate fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync
    fgetxattr flistxattr flock fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate
    ftruncate64 futimesat getcwd getdents getdents64 getxattr getxattrat inotify_add_watch inotify_init
    inotify_init1 inotify_rm_watch ioctl lchown lchown32 lgetxattr link linkat listxattr listxattrat llistxattr
    _llseek lremovexattr lseek lsetxattr lstat lstat64 mkdir mkdirat newfstatat open openat openat2 pipe pipe2
    pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv removexattr
    removexattrat rename renameat renameat2 rmdir sendfile sendfile64 setxattr setxattrat splice stat stat64
    statfs statfs64 statx symlink symlinkat sync sync_file_range syncfs tee truncate truncate64 umask unlink
    unlinkat utime utimensat utimensat_time64 utimes write writev chdir
"""
_MEMORY: Final = """
    brk cachestat madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall mmap
    mmap2 mprotect mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect
    process_mrelease remap_file_pages
"""
_PROCESSES: Final = """
    arch_prctl capget capset execve execveat exit exit_group fork getcpu getegid getegid32 geteuid geteuid32
    getgid getgid32 getgroups getgroups32 getpgid getpgrp getpid getppid getpriority getresgid getresgid32
    getresuid getresuid32 getrlimit getrusage get_robust_list getsid gettid getuid getuid32 get_thread_area
    ioprio_get ioprio_set kill landlock_add_rule landlock_create_ruleset landlock_restrict_self pidfd_open
    pidfd_send_signal prctl prlimit64 restart_syscall rseq sched_getaffinity sched_getattr sched_getparam
    sched_get_priority_max sched_get_priority_min sched_getscheduler sched_rr_get_interval
    sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield
    seccomp set_robust_list set_thread_area set_tid_address setfsgid setfsgid32 setfsuid setfsuid32 setgid
    setgid32 setgroups setgroups32 setpgid setpriority setregid setregid32 setresgid setresgid32 setresuid
    setresuid32 setreuid setreuid32 setrlimit setsid setuid setuid32 sysinfo tgkill times tkill ugetrlimit uname
    vfork wait4 waitid waitpid
"""
_SIGNALS_AND_TIME: Final = """
    alarm clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64
    eventfd eventfd2 getitimer gettimeofday nanosleep pause rt_sigaction rt_sigpending rt_sigprocmask
    rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo setitimer
    sigaltstack signalfd signalfd4 sigprocmask sigreturn time timer_create timer_delete timer_getoverrun
    timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64
    timerfd_settime timerfd_settime64
"""
_WAITING_AND_EXCHANGE: Final = """
    accept accept4 bind connect epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2
    epoll_wait epoll_wait_old futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake getpeername
    getrandom getsockname getsockopt io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64
    io_setup io_submit ipc listen mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64
    mq_timedsend mq_timedsend_time64 mq_unlink msgctl msgget msgrcv msgsnd _newselect poll ppoll ppoll_time64
    pselect6 pselect6_time64 recv recvfrom recvmmsg recvmmsg_time64 recvmsg select semctl semget semop
    semtimedop semtimedop_time64 send sendmmsg sendmsg sendto setsockopt shmat shmctl shmdt shmget shutdown
    socketpair
"""

_SOCKET_FAMILIES: Final = (1, 2, 10, 16)
"""AF_UNIX, AF_INET, AF_INET6, AF_NETLINK."""

_NEW_NAMESPACES: Final = 0x7E020000
"""Every CLONE_NEW* flag that `clone` takes."""

_ENOSYS: Final = 38

REFUSED: Final = (
    "bpf", "io_uring_setup", "keyctl", "kexec_load", "mknod", "mknodat", "modify_ldt", "mount",
    "name_to_handle_at", "open_by_handle_at", "perf_event_open", "personality", "pidfd_getfd",
    "process_madvise", "process_vm_readv", "process_vm_writev", "ptrace", "setns", "unshare", "userfaultfd",
    "vmsplice",
)  # fmt: skip
"""Calls that are never allowed; the list is an allow-list, so this is for those who check it."""


@cache
def profile(*, own_kernel: bool = False) -> str:
    """Return the profile as the engine takes it in `SecurityOpt`, after `seccomp=`.

    A tier with an `own_kernel` that applies the filter may know no error but EPERM for what it refuses (gVisor), and
    the C library makes threads without `clone3` only where that is missing: there the call is left to the kernel.
    """
    allowed = (_FILES, _MEMORY, _PROCESSES, _SIGNALS_AND_TIME, _WAITING_AND_EXCHANGE)
    rules: list[Json] = [_rule(sorted(" ".join(allowed).split()), "SCMP_ACT_ALLOW")]
    rules += [_when("socket", family, "SCMP_CMP_EQ") for family in _SOCKET_FAMILIES]
    rules += [_when("clone", _NEW_NAMESPACES, "SCMP_CMP_MASKED_EQ")]
    rules += [
        _rule(["clone3"], "SCMP_ACT_ALLOW")
        if own_kernel
        else _rule(["clone3"], "SCMP_ACT_ERRNO") | {"errnoRet": _ENOSYS}
    ]
    value: Json = {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "syscalls": rules}
    return canonical(value).decode()


def _rule(names: list[str], action: str) -> dict[str, Json]:
    return {"names": names, "action": action}


def _when(name: str, value: int, comparison: str) -> Json:
    """Allow a call by its first argument; a masked comparison is with zero."""
    condition: Json = {"index": 0, "value": value, "valueTwo": 0, "op": comparison}
    return _rule([name], "SCMP_ACT_ALLOW") | {"args": [condition]}
