"""One VM as a process of this host, and the thread that carries its streams.

The thread starts the process and lives as long as it does, because the kernel ends the process with the thread
that started it: however the gateway ends, its VMs end too. What a VM says is hostile; it can only end its link.
"""

from __future__ import annotations

import json
import queue
import socket
import subprocess
import threading
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Final

from governance.errors import Diagnostic, SandboxError
from governance.sandbox.microvm.frames import FrameError
from governance.sandbox.microvm.link import Link
from governance.sandbox.provision import search_path
from governance.text import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

__all__ = ["VmProcess"]

_SOCKET: Final = "docker.sock"
_LINE: Final = 4096
_BACKLOG: Final = 128
_TAIL: Final = 1000
_STARTED: Final = 30.0
_ENDED: Final = 10.0


class VmProcess:
    """A VM whose files lie in `folder`; its methods may be called from any thread."""

    def __init__(self, folder: Path, command: Callable[[int], list[str]], files: tuple[int, ...]) -> None:
        """Start it: `command` makes the words from the number of the port's descriptor; `files` go with them.

        Raises SandboxError `guest-start`, `long-path`.
        """
        self.folder = folder
        self._wanted: queue.SimpleQueue[tuple[bytes, socket.socket]] = queue.SimpleQueue()
        self._closing = ExitStack()
        self._port, theirs = self._pair()
        self._rung, self._bell = self._pair()
        self._listener = self._listening()
        self._started: queue.SimpleQueue[OSError | None] = queue.SimpleQueue()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(
            target=self._carry, args=(command, theirs, files), name=f"microvm {folder.name}", daemon=True
        )
        self._thread.start()
        failed = self._started.get(timeout=_STARTED)
        if failed is not None:
            self.stop()
            mend = "apt-get install qemu-system-x86"
            raise SandboxError(Diagnostic("guest-start", f"QEMU cannot be started: {failed}", help=mend))

    @property
    def url(self) -> str:
        """The address of the engine inside."""
        return f"unix://{self.folder / _SOCKET}"

    @property
    def pid(self) -> int:
        """The process's number on this host."""
        return self._process.pid if self._process else 0

    @property
    def alive(self) -> bool:
        """Whether it runs and can be spoken to."""
        return self._thread.is_alive()

    def complaint(self) -> str:
        """Return the end of what QEMU itself had to say."""
        with suppress(OSError):
            return shown((self.folder / "log").read_text(errors="replace")[-_TAIL:].strip())
        return ""

    def connect(self, service: bytes) -> socket.socket:
        """Return a stream to a service inside; one that the guest does not have ends at once."""
        ours, theirs = socket.socketpair()
        self._wanted.put((service, theirs))
        with suppress(OSError):
            self._bell.send(b"\0")
        return ours

    def control(self, request: Mapping[str, object], seconds: float) -> Mapping[str, object]:
        """Return the guest's answer to one request of its own service. Raises SandboxError `guest-silent`."""
        try:
            with self.connect(b"control") as stream, stream.makefile("rb") as lines:
                stream.settimeout(seconds)
                stream.sendall(json.dumps(request).encode() + b"\n")
                answer = json.loads(lines.readline(_LINE))
        except (OSError, ValueError, RecursionError) as error:
            raise self.silent(f"gave no answer to {request['do']}: {error or 'nothing came'}") from error
        if not isinstance(answer, dict):
            raise self.silent("gave an answer that is none")
        return answer

    def silent(self, problem: str) -> SandboxError:
        """Return the error that says what is wrong with this VM, with QEMU's own words."""
        message = "; ".join(filter(None, (f"the micro VM {problem}", self.complaint())))
        mend = "nothing was run outside of the VM instead; look at the host's memory and load, and try again"
        return SandboxError(Diagnostic("guest-silent", message, help=mend))

    def stop(self) -> None:
        """End it; its folder is its owner's."""
        if self._process is not None:
            self._process.kill()
        with suppress(OSError):
            self._port.shutdown(socket.SHUT_RDWR)
        self._thread.join(_ENDED)

    def _pair(self) -> tuple[socket.socket, socket.socket]:
        ours, theirs = socket.socketpair()
        self._closing.callback(ours.close)
        self._closing.callback(theirs.close)
        ours.setblocking(False)  # noqa: FBT003 - as the library has it
        return ours, theirs

    def _listening(self) -> socket.socket:
        listener = self._closing.enter_context(socket.socket(socket.AF_UNIX))
        try:
            listener.bind(str(self.folder / _SOCKET))
        except OSError as error:
            self._closing.close()
            message = f"no socket can be made in {self.folder}: {error}"
            raise SandboxError(
                Diagnostic("long-path", message, help="set XDG_STATE_HOME to a shorter path")
            ) from error
        listener.listen(_BACKLOG)
        listener.setblocking(False)  # noqa: FBT003 - as the library has it
        return listener

    def _carry(
        self, command: Callable[[int], list[str]], theirs: socket.socket, files: tuple[int, ...]
    ) -> None:
        """Start the process and carry until it ends; then close everything."""
        with self._closing:
            link = Link(self._port.fileno())
            self._closing.callback(link.close)
            try:
                self._process = self._spawn(command(theirs.fileno()), (theirs.fileno(), *files))
            except OSError as error:
                self._started.put(error)
                return
            theirs.close()
            self._started.put(None)
            try:
                link.watch(self._listener.fileno(), lambda: self._accept(link))
                link.watch(self._rung.fileno(), lambda: self._open(link))
                link.run()
            except (FrameError, OSError):
                return  # whoever speaks to it sees its streams end
            finally:
                self._process.kill()
                self._process.wait()

    def _spawn(self, words: list[str], files: tuple[int, ...]) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("wb") as log:
            return subprocess.Popen(  # noqa: S603 - the words are ours
                words,
                cwd="/",
                env={"PATH": search_path()},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=files,
                start_new_session=True,
            )

    def _accept(self, link: Link) -> None:
        with suppress(BlockingIOError):
            link.open(b"engine", self._listener.accept()[0])

    def _open(self, link: Link) -> None:
        with suppress(BlockingIOError):
            self._rung.recv(1)
        while not self._wanted.empty():
            link.open(*self._wanted.get())
