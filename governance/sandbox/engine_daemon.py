"""The private engine: a `dockerd` of this user's own, apart from whatever else the host runs.

It has its own data, socket and configuration, and a network namespace with nothing in it, so it changes
neither the host's network nor a Docker installed there. Processes are told by their arguments, which name
this engine's folder, and never by a number in a file: nothing foreign is ever signalled.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from governance.canonical import canonical
from governance.errors import Diagnostic, SandboxError
from governance.resources import state_path
from governance.sandbox.engine_processes import daemons, end, hang_up, kill_all, unmount_all
from governance.sandbox.engine_runtimes import runtimes
from governance.sandbox.provision import alone, search_path

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from governance.canonical import Json
    from governance.sandbox.provision import Host, Say

__all__ = ["LOCAL", "PrivateEngine", "answers"]

LOCAL: Final = "unix://"
"""How the address of an engine of this host begins."""

_PATIENCE: Final = 5
"""Seconds that an engine may take to answer a ping."""

_STATUS: Final = 100
"""Bytes that the first line of an answer may have."""

_START: Final = 90.0
_STOP: Final = 30.0
_TICK: Final = 0.1
_LONGEST_SOCKET: Final = 107
"""Bytes of a unix socket's path (unix(7)), without the NUL at its end."""

_TAIL: Final = 4000


def answers(url: str) -> bool:
    """Tell whether an engine of this host answers a ping at `url` (Engine API, `GET /_ping`)."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_PATIENCE)
            connection.connect(url.removeprefix(LOCAL))
            connection.sendall(b"GET /_ping HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n\r\n")
            with connection.makefile("rb") as answer:
                return answer.readline(_STATUS).split(b" ")[1:2] == [b"200"]
    except (OSError, ValueError):
        return False


def _settings(runtimes: Mapping[str, Json]) -> bytes:
    return canonical({"runtimes": runtimes})


@dataclass(frozen=True, slots=True)
class PrivateEngine:
    """The engine whose files lie in `folder`."""

    folder: Path

    @classmethod
    def of_this_user(cls) -> PrivateEngine:
        """Return the one private engine of the user."""
        return cls(state_path("engine"))

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{LOCAL}{self.folder}/docker.sock"

    @property
    def _file(self) -> Path:
        return self.folder / "daemon.json"

    def start(self, say: Say, host: Host) -> str:
        """Start it unless it answers already; return its address. Raises SandboxError `engine-start`."""
        self._check_length()
        with alone(self.folder, say):
            if answers(self.url):
                return self.url
            self._sweep(say)
            say("starting a private Docker engine (dockerd), which stays until `governance engine down`")
            self._file.write_bytes(_settings(runtimes(host, say)))
            begun = time.monotonic()
            self._launch()
            self._await(begun)
            say(f"the engine answers after {time.monotonic() - begun:.0f} s at {self.url}")
            return self.url

    def configure(self, say: Say, host: Host) -> dict[str, Json]:
        """Let the engine that runs know the runtimes that the host has by now; return those that are news to it."""
        with alone(self.folder, say):
            known = runtimes(host, say)
            wanted = _settings(known)
            if self._file.is_file() and self._file.read_bytes() == wanted:
                return {}
            say("telling the private Docker engine of its runtimes; what runs goes on")
            self._file.write_bytes(wanted)
            for pid in daemons(self.folder, "dockerd"):
                hang_up(pid, self.folder)
            return known

    def stop(self, say: Say) -> bool:
        """Stop it and everything it started; return whether anything ran."""
        if not self.folder.is_dir():
            return False
        with alone(self.folder, say):
            running = daemons(self.folder, "dockerd")
            if running:
                say("stopping the private Docker engine")
            for pid in running:
                if not end(pid, self.folder, signal.SIGTERM, _STOP):
                    say(f"dockerd did not stop within {_STOP:.0f} s and is killed")
            swept = self._sweep(say)
            return bool(running) or swept

    def _check_length(self) -> None:
        longest = len(os.fsencode(self.folder / "exec/containerd/containerd-debug.sock.ttrpc"))
        if longest > _LONGEST_SOCKET:
            mend = "set XDG_STATE_HOME to a shorter path"
            message = f"the path of the engine's sockets would be {longest} bytes long: {self.folder}"
            raise SandboxError(Diagnostic("long-path", message, help=mend))

    def _launch(self) -> None:
        """Run dockerd detached, in an empty network namespace."""
        command = ["setsid", "--fork", "unshare", "--net", "dockerd"]
        for option, name in (
            ("config-file", "daemon.json"), ("data-root", "data"), ("exec-root", "exec"), ("pidfile", "pid"),
        ):  # fmt: skip
            command += [f"--{option}", str(self.folder / name)]
        command += ["--host", self.url, "--bridge=none", "--iptables=false", "--ip6tables=false"]
        command += ["--ip-forward=false", "--ip-masq=false"]
        with (self.folder / "log").open("wb") as log:
            subprocess.run(  # noqa: S603 - the words are ours
                command,
                check=True,
                cwd="/",
                env={**os.environ, "PATH": search_path()},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _await(self, begun: float) -> None:
        while time.monotonic() - begun < _START:
            if answers(self.url):
                return
            if time.monotonic() - begun > 1 and not daemons(self.folder):
                break
            time.sleep(_TICK)
        log = (self.folder / "log").read_text(errors="replace")[-_TAIL:]
        mend = f"the end of its log stands above ({self.folder}/log); or start an engine and name it in DOCKER_HOST"
        raise SandboxError(Diagnostic("engine-start", f"dockerd does not start:\n{log}", help=mend))

    def _sweep(self, say: Say) -> bool:
        """Remove what an engine that was killed left: processes, containers, mounts, sockets."""
        killed = kill_all(self.folder)
        if killed:
            say(f"ended {killed} processes of an engine that had not stopped in order")
        unmounted = unmount_all(self.folder)
        for name in ("pid", "docker.sock"):
            (self.folder / name).unlink(missing_ok=True)
        shutil.rmtree(self.folder / "exec", ignore_errors=True)
        return bool(killed or unmounted)
