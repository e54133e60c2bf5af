from __future__ import annotations

import json
import os
import shutil
import signal
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import docker
import pytest
from typer.testing import CliRunner

from governance.cli import engine as engine_commands
from governance.errors import Diagnostic, SandboxError
from governance.resources import state_path
from governance.sandbox import engine_daemon, engine_setup
from governance.sandbox.engine_daemon import PrivateEngine, answers
from governance.sandbox.engine_processes import daemons, kill_all
from governance.sandbox.engine_runtimes import runtimes
from governance.sandbox.engine_setup import ensure_engine, load_image, locate, stop_engine
from governance.sandbox.image import build_archive
from governance.sandbox.image_layer import files_layer
from governance.sandbox.provision import Host, alone, install, this_host

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from governance.sandbox.provision import Say

MINUTE = 60


class Ping(socketserver.StreamRequestHandler):
    """Answers every request as an engine answers a ping, or with the status that the server was given."""

    def handle(self) -> None:
        assert self.rfile.readline().startswith(b"GET /_ping")
        status: bytes = self.server.status  # type: ignore[attr-defined]
        self.wfile.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\n\r\nOK")


@contextmanager
def fake_engine(path: Path, status: bytes = b"200 OK") -> Iterator[str]:
    """An engine that answers pings and nothing else."""
    with socketserver.ThreadingUnixStreamServer(str(path), Ping) as server:
        server.status = status  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"unix://{path}"
        server.shutdown()
        thread.join()


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A host where nothing is set up, with short paths: its state, its Docker configuration, its socket."""
    with tempfile.TemporaryDirectory(prefix="g", dir="/tmp") as name:
        place = Path(name)
        monkeypatch.setenv("XDG_STATE_HOME", str(place / "state"))
        monkeypatch.setenv("DOCKER_CONFIG", str(place / "docker"))
        monkeypatch.delenv("DOCKER_HOST", raising=False)
        monkeypatch.delenv("DOCKER_CONTEXT", raising=False)
        monkeypatch.setattr(engine_setup, "_SYSTEM", f"unix://{place}/system.sock")
        yield place


class FakeHost:
    """A host with some programs; what is run on it is written down, and `installs` happens then."""

    def __init__(self, *programs: str, root: bool = True) -> None:
        self.programs = set(programs)
        self.ran: list[Sequence[str]] = []
        self.host = Host(root, self.find, self.run)

    def find(self, program: str) -> str | None:
        return f"/usr/bin/{program}" if program in self.programs else None

    def run(self, what: str, command: Sequence[str], say: Say, environment: Mapping[str, str] | None) -> None:
        say(what)
        self.ran.append(command)
        assert environment == {"DEBIAN_FRONTEND": "noninteractive"}
        if "install" in command:
            self.programs.update({"docker.io": "dockerd"}.get(word, word) for word in command)


def refusal(host: Host) -> SandboxError:
    with pytest.raises(SandboxError) as raised:
        ensure_engine(print, host)
    return raised.value


def context(place: Path, name: str, host: str) -> None:
    folder = place / "docker" / "contexts" / "meta" / sha256(name.encode()).hexdigest()
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": {"docker": {"Host": host}}}))


def test_nothing_is_found_and_nothing_made_where_there_is_nothing(place: Path) -> None:
    assert locate() is None
    assert list(place.iterdir()) == []


def test_engine_that_docker_host_names_comes_first(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with fake_engine(place / "system.sock") as system, fake_engine(place / "named.sock") as named:
        assert locate() == system
        monkeypatch.setenv("DOCKER_HOST", named)
        assert locate() == named
        assert ensure_engine(print, FakeHost().host) == named


def test_current_context_names_an_engine(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with fake_engine(place / "a.sock") as first, fake_engine(place / "b.sock") as second:
        context(place, "first", first)
        context(place, "second", second)
        (place / "docker" / "config.json").write_text('{"currentContext": "first"}')
        assert locate() == first
        monkeypatch.setenv("DOCKER_CONTEXT", "second")
        assert locate() == second


@pytest.mark.parametrize("config", ["", "[]", "{}", '{"currentContext": 7}', '{"currentContext": "gone"}'])
def test_broken_docker_configuration_names_nothing(place: Path, config: str) -> None:
    (place / "docker").mkdir()
    (place / "docker" / "config.json").write_text(config)
    assert locate() is None


def test_private_engine_that_is_up_is_found_after_the_hosts_own(place: Path) -> None:
    (place / "state" / "governance" / "engine").mkdir(parents=True)
    with fake_engine(place / "state" / "governance" / "engine" / "docker.sock") as private:
        assert locate() == private
        with fake_engine(place / "system.sock") as system:
            assert locate() == system


def test_engine_of_another_host_is_passed_over_aloud(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setenv("DOCKER_HOST", "tcp://engine.example.org:2375")
    assert locate() is None
    with pytest.raises(SandboxError):
        ensure_engine(told.append, FakeHost(root=False).host)
    assert told == ["the engine tcp://engine.example.org:2375 is not on this host: looking for another"]
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("status", [b"500 Internal Server Error", b"404 Not Found", b""])
def test_engine_that_refuses_a_ping_does_not_answer(place: Path, status: bytes) -> None:
    with fake_engine(place / "system.sock", status) as url:
        assert not answers(url)


def test_socket_that_nobody_listens_on_does_not_answer(place: Path) -> None:
    with fake_engine(place / "dead.sock") as url:
        assert answers(url)
    assert not answers(url)
    assert not answers(f"unix://{place}/absent.sock")
    assert not answers("unix://" + "x" * 200)


def test_docker_is_installed_with_apt_as_root(place: Path) -> None:
    host = FakeHost("apt-get")
    told: list[str] = []
    with fake_engine(place / "later.sock") as url:
        (place / "system.sock").symlink_to(place / "absent.sock")

        def say(line: str) -> None:
            told.append(line)
            if line == "installing docker.io":
                (place / "system.sock").unlink()
                (place / "later.sock").rename(place / "system.sock")

        assert ensure_engine(say, host.host) == f"unix://{place}/system.sock" != url
        (place / "system.sock").rename(place / "later.sock")
    assert [(command[0], [word for word in command if word in {"update", "install", "docker.io"}]) for command in host.ran] == [
        ("apt-get", ["update"]), ("apt-get", ["install", "docker.io"]),
    ]  # fmt: skip
    assert told[0] == "this host lacks docker.io: installing from its own package sources"


@pytest.mark.parametrize(
    ("host", "advice"),
    [
        (FakeHost(), "apt-get install docker.io"),
        (FakeHost("apt-get", root=False), "apt-get install docker.io"),
        (FakeHost("apt-get", "dockerd", root=False), "systemctl start docker"),
    ],
)
def test_what_cannot_be_set_up_says_what_to_type(place: Path, host: FakeHost, advice: str) -> None:
    error = refusal(host.host)
    assert error.code == "no-engine"
    assert advice in error.diagnostics[0].help
    assert "DOCKER_HOST=unix://" in error.diagnostics[0].help
    assert host.ran == []
    assert list(place.iterdir()) == []


def test_state_folder_too_deep_for_a_socket_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(place / ("d" * 60)))
    error = refusal(FakeHost("dockerd").host)
    assert error.code == "long-path"
    assert "XDG_STATE_HOME" in error.diagnostics[0].help


RUNSC = {"runsc": {"path": "/usr/bin/runsc", "runtimeArgs": ["--network=none", "--oci-seccomp"]}}


def test_gvisor_that_is_there_is_registered_in_silence() -> None:
    told: list[str] = []
    assert runtimes(FakeHost("runsc").host, told.append) == RUNSC
    assert told == []


def test_gvisor_is_installed_aloud_where_it_can_be() -> None:
    told: list[str] = []
    assert runtimes(FakeHost("apt-get").host, told.append) == RUNSC
    assert told[0] == "this host lacks runsc: installing from its own package sources"


@pytest.mark.parametrize("host", [FakeHost(), FakeHost("apt-get", root=False)])
def test_engine_without_gvisor_says_so_and_has_no_such_tier(host: FakeHost) -> None:
    told: list[str] = []
    assert runtimes(host.host, told.append) == {}
    assert told == ["no gVisor (runsc) here: sandboxes with isolation gvisor are denied"]


def test_gvisor_that_cannot_be_installed_leaves_the_engine_without() -> None:
    def fail(what: str, command: Sequence[str], say: Say, environment: object) -> None:
        del command, say, environment
        raise SandboxError(Diagnostic("set-up-failed", f"{what}: no network"))

    told: list[str] = []
    assert runtimes(Host(root=True, find=FakeHost("apt-get").find, run=fail), told.append) == {}
    assert "no network" in told[1]
    assert "isolation gvisor are denied" in told[2]


def test_running_engine_learns_of_gvisor_by_a_signal_and_only_once(place: Path) -> None:
    engine = PrivateEngine.of_this_user()
    engine.folder.mkdir(parents=True)
    told: list[str] = []
    script = "trap 'echo again' HUP; echo; while true; do read line; done"
    with process("dockerd", "--data-root", f"{engine.folder}/data", script=script) as daemon:
        assert engine.configure(told.append, FakeHost("runsc").host) == RUNSC
        assert daemon.stdout
        assert daemon.stdout.readline() == b"again\n"
        assert engine.configure(told.append, FakeHost("runsc").host) == {}
    assert told == ["telling the private Docker engine of its runtimes; what runs goes on"]
    assert json.loads((engine.folder / "daemon.json").read_text()) == {"runtimes": RUNSC}
    assert place.is_dir()


def program(place: Path, name: str, text: str) -> None:
    (place / "bin").mkdir(exist_ok=True)
    (place / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
    (place / "bin" / name).chmod(0o755)


def test_daemon_that_does_not_start_is_told_with_its_last_words(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(place, "unshare", 'shift\nexec "$@"')
    program(place, "dockerd", 'echo "no cgroups here: $*"\nexit 1')
    monkeypatch.setenv("PATH", f"{place}/bin:{os.environ['PATH']}")
    error = refusal(FakeHost("dockerd").host)
    assert error.code == "engine-start"
    assert f"no cgroups here: --config-file {place}/state/governance/engine/daemon.json" in str(error)
    assert (place / "state/governance/engine").stat().st_mode & 0o777 == 0o700


def test_failed_command_is_told_with_its_last_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SandboxError) as raised:
        this_host().run("trying", ["sh", "-c", "echo first; echo last words >&2; exit 7"], print, None)
    assert raised.value.code == "set-up-failed"
    assert "sh ended with 7\nfirst\nlast words" in str(raised.value)
    assert capsys.readouterr().out == "trying: sh\n"


def test_long_command_shows_how_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("governance.sandbox.provision._QUIET", 0.0)
    told: list[str] = []
    this_host().run(
        "trying", ["sh", "-c", 'echo one; echo "$COLOUR\033[31m"'], told.append, {"COLOUR": "red"}
    )
    assert [line.strip() for line in told] == [
        "trying: sh", "0 s  one", "0 s  red\\u001b[31m", "trying: done in 0 s",
    ]  # fmt: skip


def test_nothing_is_installed_without_root_or_without_apt() -> None:
    for host in (FakeHost("apt-get", root=False), FakeHost()):
        assert not install(host.host, ["mmdebstrap"], print)
        assert host.ran == []


def test_who_comes_second_waits(tmp_path: Path) -> None:
    told: list[str] = []
    entered = threading.Event()

    def second() -> None:
        with alone(tmp_path / "state", told.append):
            entered.set()

    thread = threading.Thread(target=second)
    with alone(tmp_path / "state", print):
        thread.start()
        assert not entered.wait(0.3)
        assert told == [f"waiting for another process that works in {tmp_path}/state"]
    thread.join()
    assert entered.is_set()


@contextmanager
def process(name: str, *arguments: str, script: str = "echo; read line") -> Iterator[subprocess.Popen[bytes]]:
    """A process that calls itself `name` and has these arguments; it is ready when the script echoes."""
    words = [name, "-c", script, *arguments]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(words, executable="/bin/sh", **pipes) as started:
        assert started.stdout
        started.stdout.readline()
        yield started
        started.kill()


def test_number_in_a_file_never_leads_to_a_foreign_process(place: Path) -> None:
    folder = state_path("engine")
    folder.mkdir(parents=True)
    neighbour = f"{folder}2/data"
    with (
        process("dockerd", "--data-root", neighbour) as other,
        process("sleeper", f"{folder}/data") as foreign,
    ):
        for number in (other.pid, foreign.pid, 1, 999_999_999):
            (folder / "pid").write_text(str(number))
            assert not stop_engine(print)
        assert (other.poll(), foreign.poll()) == (None, None)
        assert daemons(folder) == ()
    assert not (folder / "pid").exists()
    assert place.is_dir()


def test_daemon_of_this_folder_is_stopped_in_order(place: Path) -> None:
    told: list[str] = []
    folder = state_path("engine")
    folder.mkdir(parents=True)
    with process("dockerd", "--data-root", f"{folder}/data") as daemon:
        assert stop_engine(told.append)
        assert daemon.wait(10) == -signal.SIGTERM
    assert told == ["stopping the private Docker engine"]
    assert not stop_engine(told.append)
    assert place.is_dir()


def test_daemon_that_does_not_stop_is_killed_aloud(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_daemon, "_STOP", 0.2)
    told: list[str] = []
    folder = state_path("engine")
    folder.mkdir(parents=True)
    deaf = "trap '' TERM; echo; read line"
    with process("dockerd", "--data-root", f"{folder}/data", script=deaf) as daemon:
        assert stop_engine(told.append)
        assert daemon.wait(10) == -signal.SIGKILL
    assert told[1] == "dockerd did not stop within 0 s and is killed"
    assert place.is_dir()


def test_what_a_killed_engine_left_is_killed_with_its_containers(tmp_path: Path) -> None:
    script = "sleep 100 & echo; read line"
    with process("containerd-shim-runc-v2", "-address", f"{tmp_path}/exec/c.sock", script=script) as shim:
        child = int(Path(f"/proc/{shim.pid}/task/{shim.pid}/children").read_text())
        assert kill_all(tmp_path) == 2
        assert shim.wait(10) == -signal.SIGKILL
        wait_until_gone(child)
    assert kill_all(tmp_path) == 0


@pytest.fixture
def private(place: Path) -> Iterator[PrivateEngine]:
    """A real private engine's folder; the engine is stopped afterwards."""
    ensure_engine(print, this_host())
    yield PrivateEngine.of_this_user()
    stop_engine(print)
    shutil.rmtree(place / "state")


@pytest.mark.engine
@pytest.mark.slow
def test_private_engine_lives_through_crashes_until_it_is_stopped(private: PrivateEngine) -> None:
    told: list[str] = []
    assert ensure_engine(told.append) == locate() == private.url
    assert told == []
    (private.folder / "daemon.json").write_text('{"runtimes":{}}')
    os.kill(daemons(private.folder, "dockerd")[0], signal.SIGHUP)
    assert ensure_engine(told.append) == private.url
    assert told == ["telling the private Docker engine of its runtimes; what runs goes on"]
    shown = CliRunner().invoke(engine_commands.app, ["status"])
    assert "container, gvisor" in shown.stdout
    told.clear()
    [first] = daemons(private.folder, "dockerd")
    os.kill(first, signal.SIGKILL)
    wait_until_gone(first)
    assert locate() is None
    assert ensure_engine(told.append) == private.url
    [second] = daemons(private.folder, "dockerd")
    assert second != first
    shown = CliRunner().invoke(engine_commands.app, ["status"])
    assert private.url in shown.stdout
    assert "governance image build" in shown.stdout
    done = CliRunner().invoke(engine_commands.app, ["down"])
    assert done.stdout == "stopped\n"
    assert daemons(private.folder) == ()
    assert str(private.folder) not in Path("/proc/self/mountinfo").read_text()
    assert CliRunner().invoke(engine_commands.app, ["status"]).exit_code == 3
    assert CliRunner().invoke(engine_commands.app, ["down"]).stdout == "no private engine was running\n"


@pytest.mark.engine
@pytest.mark.slow
def test_stop_after_a_crash_ends_the_containers_and_unmounts_their_files(private: PrivateEngine) -> None:
    load_image(private.url, build_archive("example/sleep", [files_layer("", with_libraries("/bin/sleep"))]))
    client = docker.APIClient(base_url=private.url)
    try:
        container = client.create_container("example/sleep", ["/bin/sleep", "500"], network_disabled=True)[
            "Id"
        ]
        client.start(container)
        sleeper = client.inspect_container(container)["State"]["Pid"]
    finally:
        client.close()
    [daemon] = daemons(private.folder, "dockerd")
    os.kill(daemon, signal.SIGKILL)
    wait_until_gone(daemon)
    assert Path(f"/proc/{sleeper}/cmdline").read_bytes() == b"/bin/sleep\x00500\x00"
    assert str(private.folder) in Path("/proc/self/mountinfo").read_text()
    told: list[str] = []
    assert stop_engine(told.append)
    assert told[0].startswith("ended ")
    wait_until_gone(sleeper)
    assert daemons(private.folder) == ()
    assert str(private.folder) not in Path("/proc/self/mountinfo").read_text()


def with_libraries(program: str) -> dict[str, tuple[int, bytes]]:
    """Return a program of this host and the libraries that it needs, by path."""
    told = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    paths = {word for word in told.split() if word.startswith("/")}
    return {path: (0o555, Path(path).read_bytes()) for path in (program, *paths)}


@pytest.mark.engine
@pytest.mark.slow
def test_processes_that_start_at_once_share_one_engine(private: PrivateEngine) -> None:
    stop_engine(print)
    code = "from governance.cli.app import main; main()"
    words = [sys.executable, "-c", code, "engine", "up"]
    starts = [
        subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for _ in range(3)
    ]
    told = {start.communicate(timeout=2 * MINUTE)[0] for start in starts}
    assert told == {f"engine: {private.url}\n"}
    assert len(daemons(private.folder, "dockerd")) == 1


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
        assert time.monotonic() < deadline
        time.sleep(0.01)
