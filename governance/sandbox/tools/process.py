"""Processes: how judged programs are started in a sandbox, without a shell, and how their end is told.

The one place for it: the resident runner and the plans that it carries out start programs by this. A program that
is one of the sandbox's own tools would be read by the very interpreter that runs here, started with the same
options; it is read in a child of this process instead, which has the interpreter and its library loaded already.
"""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False  # as in `fs`
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Final, NoReturn

OWN: Final = "/usr/lib/governance/"
"""Where the sandbox's own tools lie, in the image, which nobody in a sandbox can change."""

_OURS: Final = b"#!/usr/bin/python3 -IS\n"
"""The first line of a file that the kernel would have this interpreter read, as it was itself started."""

_MOST_DESCRIPTORS: Final = 65_536
NOT_STARTED: Final = 126


class RefusedError(Exception):
    """A program is not started; the text says why, the number is the status."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


def forked(what: Callable[[], int], fds: tuple[int, int, int]) -> int:
    """Do `what` in a process of its own, which has no descriptors but these and the standard ones; return the process."""
    process = os.fork()
    if process == 0:
        close_others(fds)
        leave(what)
    return process


def close_others(fds: tuple[int, ...]) -> None:
    """Close what this process has of its parent's pipes: as long as anyone holds an end, the other waits for it."""
    at = 3
    for kept in sorted({*fds, _MOST_DESCRIPTORS}):
        if at < kept:
            os.closerange(at, kept)
        at = max(kept + 1, 3)


def take(fds: tuple[int, int, int]) -> None:
    """Make these descriptors the standard ones."""
    # Lifted first, so that none that is still needed is overwritten.
    lifted = [os.dup(descriptor) for descriptor in fds]
    for target, descriptor in enumerate(lifted):
        os.dup2(descriptor, target)
        os.close(descriptor)


def leave(what: Callable[[], int]) -> NoReturn:
    """End this process with the status that `what` returns; what cannot be done is said."""
    status = 2
    try:
        status = what()
    except RefusedError as error:
        os.write(2, f"run: {error}\n".encode("utf-8", "backslashreplace"))
        status = error.status
    except BaseException as error:  # noqa: BLE001 - whatever it is, the process ends here and says so
        os.write(2, f"run: {type(error).__name__}: {error}\n".encode("utf-8", "backslashreplace"))
    finally:
        os._exit(status)


def become(argv: list[str], environment: Mapping[str, str]) -> int:
    """Become the program, or do what it does and return its status where it is one of our own tools."""
    source = own_tool(argv[0])
    if source is not None:
        return read(source, argv)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execvpe(argv[0], argv, environment)  # noqa: S606 - that is what this is for
    except OSError as error:
        raise RefusedError(f"{argv[0]} cannot be started: {error.strerror}", NOT_STARTED) from error


def own_tool(program: str) -> bytes | None:
    """Return the text of a tool of our own, None for any other program: that is for the kernel to start."""
    if not program.startswith(OWN):
        return None
    try:
        with open(program, "rb") as file:  # noqa: PTH123 - pathlib is slow to import
            source = file.read() if os.access(program, os.X_OK) else b""
    except OSError:
        return None
    return source if source.startswith(_OURS) else None


def read(source: bytes, argv: list[str]) -> int:
    """Run the text of a program as the interpreter does that is started with it, and return its status."""
    sys.argv = argv
    status = 0
    try:
        exec(compile(source, argv[0], "exec"), {"__name__": "__main__", "__file__": argv[0]})  # noqa: S102 - the image's own
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:  # nobody reads it any more
            status = status or 1
    return status


def status_of(process: int) -> int:
    """Wait for a process and return its status as a shell tells it: 128 and the signal's number where one ended it."""
    return shown(os.waitpid(process, 0)[1])


def shown(status: int) -> int:
    """Return what a wait said of a process as a shell tells it."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code
