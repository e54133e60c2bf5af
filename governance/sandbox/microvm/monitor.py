"""The machine monitor of a guest that is being made a snapshot of: three commands of QEMU's protocol (QMP).

Only the maker of snapshots speaks it; a restored VM has no monitor.
"""

from __future__ import annotations

import array
import json
import socket
import time
from typing import TYPE_CHECKING, Final

from governance.errors import Diagnostic, SandboxError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Monitor"]

_PATIENCE: Final = 60.0
_LINE: Final = 64 * 1024
_TICK: Final = 0.05
_FASTEST: Final = 2**40
"""Bytes a second: as fast as the disk takes them."""


class Monitor:
    """A connected monitor. Its methods raise SandboxError `guest-snapshot`."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(_PATIENCE)
        self._connection = connection
        self._lines = connection.makefile("rb")

    def close(self) -> None:
        """Close the connection."""
        self._lines.close()
        self._connection.close()

    def save(self, file: int) -> None:
        """Write the guest's memory and devices to the open file `file`; it stands still from then on.

        QEMU itself stops the guest, last of all: one that was stopped before would be restored as stopped.
        """
        self._ask({"execute": "qmp_capabilities"})
        fast = {"max-bandwidth": _FASTEST}
        self._ask({"execute": "migrate-set-parameters", "arguments": fast})
        self._ask({"execute": "getfd", "arguments": {"fdname": "memory"}}, file)
        self._ask({"execute": "migrate", "arguments": {"uri": "fd:memory"}})
        until = time.monotonic() + _PATIENCE
        while (state := self._ask({"execute": "query-migrate"}).get("status")) != "completed":
            if state not in {"setup", "active", "device", "pre-switchover"} or time.monotonic() > until:
                raise _refusal(f"the guest's memory was not saved: it is {state}")
            time.sleep(_TICK)

    def _ask(self, command: Mapping[str, object], file: int | None = None) -> Mapping[str, object]:
        """Send a command, with a descriptor where there is one; return the answer to it, past all events."""
        carried = [] if file is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [file]))]
        try:
            self._connection.sendmsg([json.dumps(command).encode() + b"\n"], carried)
            while line := self._lines.readline(_LINE):
                told = json.loads(line)
                if not isinstance(told, dict):
                    raise _refusal(f"QEMU answered {command['execute']} with no object")
                if "error" in told:
                    raise _refusal(f"QEMU refused to {command['execute']}: {told['error']}")
                if isinstance(told.get("return"), dict):
                    return dict(told["return"])
        except (OSError, ValueError) as error:
            raise _refusal(f"QEMU did not answer {command['execute']}: {error}") from error
        raise _refusal(f"QEMU ended instead of answering {command['execute']}")


def _refusal(message: str) -> SandboxError:
    mend = "run the same command again; if it fails again, the installed QEMU does not save this machine"
    return SandboxError(Diagnostic("guest-snapshot", message, help=mend))
