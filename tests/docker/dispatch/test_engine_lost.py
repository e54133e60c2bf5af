"""An engine that dies in the middle of a call: what is said, and that the next start cleans up."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import TYPE_CHECKING
from uuid import uuid4

import docker
import pytest

from governance.errors import SandboxError
from governance.sandbox import ContainerEngine, Outcome, reap
from tests.docker.dispatch.lab import Lab, running, until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.engine, pytest.mark.slow]


class PrivateEngine:
    """An engine of the test's own, without a network, that may be killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"unix://{folder}/docker.sock"
        self.start()

    def start(self) -> None:
        daemon = shutil.which("dockerd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        assert daemon is not None, "this test needs dockerd on the host"
        options = [f"--data-root={self.folder}/data", f"--exec-root={self.folder}/exec", f"--host={self.url}"]
        options += [f"--pidfile={self.folder}/pid", "--bridge=none", "--iptables=false", "--ip6tables=false"]
        # A daemon that was killed leaves this file, whose number may by now be another process's.
        (self.folder / "exec" / "containerd" / "containerd.pid").unlink(missing_ok=True)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(["unshare", "-n", daemon, *options], stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while not self._answers():
            assert self._process.poll() is None, (self.folder / "log").read_text()[-2000:]
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            ContainerEngine.connect(self.url).close()
        except SandboxError:
            return False
        return True

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)


@pytest.fixture
def private(engine_url: str, image: str) -> Iterator[PrivateEngine]:
    """A private engine that has the sandbox's image."""
    with TemporaryDirectory(prefix="engine-", ignore_cleanup_errors=True) as folder:
        engine = PrivateEngine(Path(folder))
        try:
            copy_image(image, engine_url, engine.url)
            yield engine
        finally:
            engine.stop()


def copy_image(image: str, source_url: str, target_url: str) -> None:
    source, target = (docker.APIClient(url, version="auto", timeout=120) for url in (source_url, target_url))
    with closing(source), closing(target), TemporaryFile() as archive:
        archive.writelines(source.get_image(image))
        archive.seek(0)
        for line in target.load_image(archive):
            assert "error" not in line


def test_a_killed_engine_is_said_and_what_it_left_is_removed_at_the_next_start(
    private: PrivateEngine, image: str, tmp_path: Path
) -> None:
    mark = f"47{time.time_ns() % 10**9}"
    with closing(ContainerEngine.connect(private.url)) as engine:
        lab = Lab(engine, image, tmp_path, f"log-{uuid4()}")
        outcomes: list[Outcome] = []
        call = threading.Thread(target=lambda: outcomes.append(lab.run("/bin/sleep", mark, timeout=60_000)))
        call.start()
        until(lambda: lab.left() == ["running"] and running(mark) != [])
        private.kill()
        call.join(20)
        (lost,) = outcomes
        assert (lost.status, lost.exit, lost.stdout) == ("sandbox-error", None, "")
        assert lost.evidence is not None
        assert "is unknown" in lost.message
        assert "the engine did not answer when asked to wait" in lost.message
        assert "left to the reaper" in lost.message

        meanwhile = lab.run("/bin/true")
        assert (meanwhile.status, meanwhile.evidence) == ("sandbox-error", None)
        assert "nothing was run: the engine did not answer" in meanwhile.message

        private.start()
        assert len(reap(engine, log_id=lab.log, now=0, say=print)) == 1
        assert lab.left() == []
        assert running(mark) == []
        assert lab.run("/bin/echo", "again").stdout == "again\n"
