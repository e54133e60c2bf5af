"""The relay passes bytes both ways, ends and all, and holds little of them."""

from __future__ import annotations

import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from governance.sandbox.tools import relay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECONDS = 20
START = "import sys; from governance.sandbox.tools import relay; sys.exit(relay.start())"


class Relayed:
    """A running relay and the socket that it connects to."""

    def __init__(self, listener: socket.socket, port: int) -> None:
        self.listener = listener
        self.port = port

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), SECONDS)

    def accept(self) -> socket.socket:
        far, _ = self.listener.accept()
        far.settimeout(SECONDS)
        return far


@pytest.fixture
def relayed(tmp_path: Path) -> Iterator[Relayed]:
    with socket.socket(socket.AF_UNIX) as listener, socket.socket() as free:
        listener.bind(str(tmp_path / "s"))
        listener.listen(256)
        listener.settimeout(SECONDS)
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        running = subprocess.Popen([sys.executable, "-c", START, str(port), str(tmp_path / "s")])
        made = Relayed(listener, port)
        with made.accept() as ready:
            assert ready.recv(100) == relay.READY
        yield made
        running.kill()
        running.wait()


def everything(end: socket.socket) -> bytes:
    return b"".join(iter(lambda: end.recv(65536), b""))


def test_bytes_and_ends_go_both_ways(relayed: Relayed) -> None:
    with relayed.connect() as near, relayed.accept() as far:
        near.sendall(b"question")
        assert far.recv(100) == b"question"
        near.shutdown(socket.SHUT_WR)
        assert far.recv(100) == b""
        far.sendall(b"answer")
        far.shutdown(socket.SHUT_WR)
        assert everything(near) == b"answer"


@pytest.mark.parametrize("outward", [True, False])
def test_much_goes_through_though_the_other_side_is_slow(relayed: Relayed, outward: bool) -> None:
    data = bytes(range(256)) * 40_000

    def send(end: socket.socket) -> None:
        end.sendall(data)
        end.shutdown(socket.SHUT_WR)

    with relayed.connect() as near, relayed.accept() as far, ThreadPoolExecutor(1) as pool:
        source, target = (near, far) if outward else (far, near)
        sending = pool.submit(send, source)
        assert everything(target) == data
        sending.result()


@pytest.mark.parametrize("broken", ["near", "far"])
def test_where_one_side_breaks_off_the_other_is_ended(relayed: Relayed, broken: str) -> None:
    with relayed.connect() as near, relayed.accept() as far:
        ends: dict[str, Callable[[], None]] = {"near": near.close, "far": far.close}
        ends[broken]()
        assert (far if broken == "near" else near).recv(100) == b""
    with relayed.connect() as near, relayed.accept() as far:
        near.sendall(b"still there")
        assert far.recv(100) == b"still there"


def test_many_at_a_time_wait_for_their_turn(relayed: Relayed) -> None:
    most = relay._MOST
    first = [(relayed.connect(), relayed.accept()) for _ in range(most)]
    waiting = relayed.connect()
    waiting.sendall(b"later")
    relayed.listener.settimeout(0.2)
    with pytest.raises(TimeoutError):
        relayed.accept()
    relayed.listener.settimeout(SECONDS)
    for end in first.pop():
        end.close()
    with relayed.accept() as far:
        assert far.recv(100) == b"later"
    for end in (waiting, *(each for pair in first for each in pair)):
        end.close()


@pytest.mark.parametrize("arguments", [[], ["x", "y"], ["80"], ["80", "a", "b"]])
def test_other_arguments_are_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert relay.main(arguments) == 2
    assert capsys.readouterr().err == "relay: the arguments are: PORT SOCKET\n"
