"""Is a sandbox on a call's network really shut in? Tried from inside, before anything is let onto one.

A container like any other is put on a network like any other and tries to reach what it must not: the bridge's
gateway, addresses of this host, name servers, the metadata address. An engine where any of them answers, or where
the proxy does not, has no governed way to the network, and calls that need one are denied.
"""

from __future__ import annotations

import time
from dataclasses import replace
from ipaddress import ip_network
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from governance.errors import SandboxError
from governance.policy.connection import Reach
from governance.policy.decision import Network, SandboxSpec
from governance.sandbox.attest import attest
from governance.sandbox.egress.link import PORT
from governance.sandbox.image import BASE
from governance.sandbox.plan import Owner, plan
from governance.sandbox.workspace import NOBODY

if TYPE_CHECKING:
    from collections.abc import Callable

    from governance.sandbox.egress.service import Egress, Opened
    from governance.sandbox.engine import ContainerEngine

__all__ = ["host_addresses", "is_shut_in"]

_NOWHERE: Final = Reach(Network(("proof.invalid",), 443, ()))
_SECONDS: Final = 60
_MOST_ADDRESSES: Final = 16
_ELSEWHERE: Final = ("169.254.169.254", "192.0.2.1", "8.8.8.8")
"""The metadata address of clouds, an address that nobody has, and a name server that everyone has."""

_PORTS: Final = (22, 53, 80, 2375)
_PROGRAM: Final = """\
import socket, struct, sys, threading
proxy, *others = sys.argv[1:]
found = []
def reached(kind, place):
    with socket.socket(socket.AF_INET, kind) as end:
        end.settimeout(1)
        try:
            end.connect(place)
            if kind == socket.SOCK_STREAM:
                return True
            end.send(struct.pack('>6H', 7, 256, 1, 0, 0, 0) + b'\\7example\\3org\\0\\0\\1\\0\\1')
            answer = end.recv(512)
            return place[0] != '127.0.0.11' or answer[3] & 15 == 0
        except ConnectionRefusedError:
            return place[0] != '127.0.0.11'
        except OSError:
            return False
def attempt(kind, place):
    if reached(kind, place):
        found.append(place)
tries = [(socket.SOCK_STREAM, (host, port)) for host in others for port in PORTS]
tries += [(socket.SOCK_DGRAM, (host, 53)) for host in (*others, '127.0.0.11')]
threads = [threading.Thread(target=attempt, args=each) for each in tries]
for each in threads: each.start()
for each in threads: each.join()
with socket.create_connection((proxy, PORT), 30) as end:
    end.sendall(b'CONNECT example.org:443 HTTP/1.1\\r\\nHost: example.org:443\\r\\n\\r\\n')
    refused = end.recv(64).startswith(b'HTTP/1.1 403 ')
sys.exit(3 if found else 0 if refused else 4)
"""
_ARGV: Final = ("/usr/bin/python3", "-IS", "-c")


def is_shut_in(egress: Egress, engine: ContainerEngine, log_id: str, say: Callable[[str], None]) -> bool:
    """Tell whether a sandbox of this engine reaches nothing but its proxy; what is not so is said."""
    owner = Owner(log_id, "egress-proof", 0, int(time.time()) + 2 * _SECONDS)
    try:
        with egress.opened(_NOWHERE, owner, lambda *_: None) as opened:
            code = _tried(engine, opened, owner)
    except SandboxError as error:
        say(f"no sandbox gets a network here: {error}")
        return False
    reasons = {0: "", 3: "it reaches more than the egress proxy", 4: "it does not reach the egress proxy"}
    reason = reasons.get(code if code is not None else -1, "the attempt did not end as it must")
    if reason:
        say(f"no sandbox gets a network here: {reason}")
    return not reason


def _tried(engine: ContainerEngine, opened: Opened, owner: Owner) -> int | None:
    image = engine.facts((BASE,)).image(BASE)
    gateway = str(next(ip_network(opened.subnet).hosts()))
    others = (gateway, *host_addresses(), *_ELSEWHERE)
    program = _PROGRAM.replace("PORTS", repr(_PORTS)).replace("PORT", repr(PORT))
    spec = SandboxSpec(
        image=f"{BASE}@{image}",
        isolation="container",
        argv=(*_ARGV, program, opened.link.address, *others),
        stdin=None,
        mounts=(),
        scratch=(),
        root=False,
        network=_NOWHERE.network,
        secrets=(),
        memory=128 << 20,
        cpus=1000,
        pids=256,
        timeout=_SECONDS * 1000,
        output=0,
        reuse=None,
    )
    planned = plan(spec, replace(owner, number=1), (NOBODY, NOBODY), {}, opened.link, spec.argv)
    container = engine.create(planned)
    try:
        attest(planned, engine.inspect(container), engine.image(planned.image), engine.socket)
        engine.start(container)
        return engine.wait(container, _SECONDS)
    finally:
        engine.remove(container)


def host_addresses() -> tuple[str, ...]:
    """Return the IPv4 addresses of this host, loopback ones left out, some of them where there are very many."""
    table = Path("/proc/net/fib_trie").read_text("ascii").splitlines()
    found = (
        line.rpartition(" ")[2] for line, following in pairwise(table) if following.endswith("/32 host LOCAL")
    )
    others = (address for address in dict.fromkeys(found) if not address.startswith("127."))
    return tuple(others)[:_MOST_ADDRESSES]
