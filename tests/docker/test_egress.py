"""Calls that send, with the real engine: what the decision lets through arrives, and there is nothing else to reach.

The hosts are servers of this process, on loopback: the proxy's resolver and dialler are given to it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from governance.errors import JournalError
from governance.gateway import open_engine
from governance.journal import read, verify
from governance.library import load_policies
from governance.policy.connection import Reach
from governance.policy.decision import Network
from governance.replay import replay
from governance.request.wire import Origin, Syntax
from governance.resources import state_path
from governance.sandbox import ContainerEngine
from governance.sandbox.egress.authority import Authority
from governance.sandbox.egress.network import reap_networks
from governance.sandbox.egress.prove import host_addresses
from governance.sandbox.egress.service import Egress
from governance.sandbox.egress.vault import Vault
from governance.sandbox.engine_networks import EngineNetworks
from governance.sandbox.plan import Owner
from governance.sandbox.provision import install, this_host
from tests.sandbox.egress.world import HOST, OTHER, PUBLIC, Outdoors, trusting

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from governance.sandbox import Outcome
    from governance.sandbox.engine import Container
    from tests.docker.conftest import DerivedImage

pytestmark = pytest.mark.engine

POLICY = """
agent "a-1" { groups coders }
agent "b-1" { groups seen }
agent "c-1" { groups probes }
sandbox clear  { image "governance/curl"  network hosts "api.example.org" port 80  timeout 60s }
sandbox seen   {
  image "governance/curl"  network hosts "api.example.org" methods GET  timeout 60s
  secret API_TOKEN to "api.example.org/v1" as bearer
}
sandbox opaque { image "governance/base"  network hosts "api.example.org", "*.inside.example.org"  timeout 60s  pids 256 }
permit clear  { agent in coders  call http.get  when url.host == "api.example.org"  sandbox clear  because "fetch" }
permit seen   { agent in seen  call http.get, http.post  when url.host == "api.example.org"  sandbox seen  because "fetch" }
sandbox keyless {
  image "governance/curl"  network hosts "api.example.org"  secret NOT_KEPT to "api.example.org" as bearer
}
permit keyless { agent in seen  call http.head  when url.host == "api.example.org"  sandbox keyless  because "fetch" }
permit probes { agent in probes  call proc.exec  when argv starts ["/usr/bin/python3"]  sandbox opaque  because "probe" }
"""
TOKEN = "tok-0123456789abcdef"  # noqa: S105 - made up


class Handler(BaseHTTPRequestHandler):
    """Says what it was asked, the credentials it was shown among that; `/moved` leads elsewhere."""

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers["Authorization"]))  # type: ignore[attr-defined]
        body = f"{self.command} {self.path} {self.headers['Authorization']}\n".encode()
        self.send_response(302 if self.path == "/moved" else 200)
        if self.path == "/moved":
            self.send_header("Location", "http://evil.example.org/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the library's own name

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Hosts(NamedTuple):
    """The world outside, what its servers were asked, and what vouches for them."""

    outdoors: Outdoors
    seen: list[tuple[str, str | None]]
    authority: Authority


@contextmanager
def serving(seen: list[tuple[str, str | None]], context: ssl.SSLContext | None = None) -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.seen = seen  # type: ignore[attr-defined]
        if context is not None:
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    authority = Authority([HOST])
    seen: list[tuple[str, str | None]] = []
    with serving(seen) as clear, serving(seen, authority.context(HOST)) as tls:
        names = {
            HOST: (PUBLIC,),
            "meta.inside.example.org": ("169.254.169.254",),
            "evil.example.org": (OTHER,),
        }
        outdoors = Outdoors(
            names, {(PUBLIC, 80): clear, (PUBLIC, 443): tls, (OTHER, 80): clear}, trusting(authority)
        )
        yield Hosts(outdoors, seen, authority)


@pytest.fixture(scope="session")
def curl(derived_image: DerivedImage, image: str) -> str:
    """Return an image of one's own, with this host's curl in it."""
    assert image
    assert shutil.which("curl") or install(this_host(), ["curl"], print)
    needed = subprocess.run(["ldd", "/usr/bin/curl"], check=True, capture_output=True, text=True).stdout
    paths = {line.split("=> ")[1].split(" ")[0] for line in needed.splitlines() if "=> /" in line}
    files = {
        f"/usr{path}" if path.startswith("/lib/") else path: (0o755, Path(path).read_bytes())
        for path in paths
    }
    return derived_image(
        "governance/curl", {**files, "/usr/bin/curl": (0o755, Path("/usr/bin/curl").read_bytes())}
    )


class Gateway:
    """The way of a request, over a log in a folder, with a world outside."""

    def __init__(self, root: Path, hosts: Hosts) -> None:
        self.log = root / "log"
        self.root = root
        self.hosts = hosts
        self.said: list[str] = []
        (root / "egress.policy").write_text(POLICY)
        (root / "token").write_text(f"{TOKEN}\n")
        (root / "token").chmod(0o600)
        (root / "secrets.toml").write_text(f'API_TOKEN = {{ file = "{root}/token" }}\n')

    def run(self, agent: str, *requests: str) -> list[tuple[dict[str, Any], Outcome | None]]:
        bundle = load_policies(self.root / "egress.policy")
        vault = Vault.read(self.root / "secrets.toml")
        answers = []
        with open_engine(
            self.log, bundle, self.root, self.said.append, vault=vault, outside=self.hosts.outdoors
        ) as engine:
            for request in requests:
                decided = engine.decide(request.encode(), Origin(agent, "", Syntax.CALL))
                answers.append((json.loads(json.dumps(decided.decision.to_json())), engine.dispatch(decided)))
        return answers

    def connections(self) -> list[tuple[str, str | None, str | None]]:
        """Return the code, host and target of each connection in the log, which holds and replays."""
        assert verify(self.log).holds
        bundles = {event.body["bundle"] for event in read(self.log) if event.kind == "bundle"}
        assert len(bundles) == 1
        stored = load_policies(self.root / "egress.policy").stored
        assert [again for again in replay(read(self.log), lambda _: stored) if again.differences] == []
        found = [event.body for event in read(self.log) if event.kind == "connection"]
        return [
            (
                str(body["code"]),
                *((asked["host"], asked["target"]) if (asked := body["asked"]) else (None, None)),
            )  # type: ignore[misc, index, call-overload]
            for body in found
        ]


@pytest.fixture
def gateway(tmp_path: Path, hosts: Hosts, engine_url: str, curl: str) -> Iterator[Gateway]:
    assert curl
    made = Gateway(tmp_path, hosts)
    yield made
    engine = ContainerEngine.connect(engine_url)
    networks = EngineNetworks(engine.socket)
    log_id = next(iter(read(made.log))).body["log"]
    assert engine.containers(f"governance.log={log_id}") == ()
    assert networks.labelled(f"governance.log={log_id}") == ()
    networks.close()
    engine.close()


def test_a_permitted_fetch_runs_through_the_proxy(gateway: Gateway) -> None:
    ((decision, outcome), (_, moved), (denied, nothing)) = gateway.run(
        "a-1",
        'http.get(url="http://api.example.org/a?b=1", silent=true)',
        'http.get(url="http://api.example.org/moved", silent=true)',
        'http.get(url="http://evil.example.org/", silent=true)',
    )
    assert decision["decision"] == "allow"
    assert decision["sandbox"]["network"] == {"hosts": ["api.example.org"], "port": 80, "methods": []}
    assert outcome is not None
    assert (outcome.status, outcome.stdout, outcome.stderr) == ("ok", "GET /a?b=1 None\n", "")
    assert [(each.host, each.port, each.connections) for each in outcome.sent] == [(HOST, 80, 1)]
    assert moved is not None
    assert moved.stdout == "GET /moved None\n"
    assert (denied["decision"], nothing) == ("deny", None)
    assert gateway.hosts.seen == [("/a?b=1", None), ("/moved", None)]
    assert gateway.connections() == [("permitted", HOST, "/a?b=1"), ("permitted", HOST, "/moved")]
    assert gateway.said == []


def test_a_secret_is_put_in_on_the_way_and_never_in_the_sandbox_or_the_log(gateway: Gateway) -> None:
    ((decision, outcome), (_, elsewhere), (_, posted), (_, keyless)) = gateway.run(
        "b-1",
        'http.get(url="https://api.example.org/v1/x", silent=true)',
        'http.get(url="https://api.example.org/v2/x", silent=true)',
        'http.post(url="https://api.example.org/v1/x", body="a", silent=true)',
        'http.head(url="https://api.example.org/v1/x")',
    )
    assert decision["sandbox"]["secrets"] == [
        {"name": "API_TOKEN", "host": HOST, "path": "/v1", "as": "bearer"}
    ]
    assert outcome is not None
    assert elsewhere is not None
    assert posted is not None
    assert outcome.stdout == f"GET /v1/x Bearer {'*' * len(TOKEN)}\n"
    assert elsewhere.stdout == "GET /v2/x None\n"
    assert "refused by the egress proxy: method: this call may not use POST" in posted.stdout
    assert posted.message == "connections refused by the egress proxy: 1; see the log"
    assert keyless is not None
    assert keyless.status == "sandbox-error"
    assert keyless.message == "nothing was run: the operator's store has no secret NOT_KEPT"
    assert gateway.hosts.seen == [("/v1/x", f"Bearer {TOKEN}"), ("/v2/x", None)]
    assert gateway.connections() == [
        ("permitted", HOST, "/v1/x"),
        ("permitted", HOST, "/v2/x"),
        ("method", HOST, "/v1/x"),
    ]
    for path in gateway.log.rglob("*"):
        assert path.is_dir() or TOKEN.encode() not in path.read_bytes()


PROBE = """
import json, os, socket, ssl, struct, sys
from concurrent.futures import ThreadPoolExecutor
many = ThreadPoolExecutor(100)
proxy = os.environ['https_proxy'].removeprefix('http://').partition(':')[0]
gateway = proxy.rpartition('.')[0] + '.' + str(int(proxy.rpartition('.')[2]) - 1)
def attempt(host, port, kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as end:
        end.settimeout(1)
        try:
            end.connect((host, port))
            if kind == socket.SOCK_STREAM:
                return 'connected'
            end.send(struct.pack('>6H', 7, 256, 1, 0, 0, 0) + b'\\3api\\7example\\3org\\0\\0\\1\\0\\1')
            answer = end.recv(512)
            return 'resolved' if answer[3] & 15 == 0 else 'nothing'
        except ConnectionRefusedError:
            return 'refused'
        except OSError:
            return 'nothing'
def name(host):
    try:
        return socket.gethostbyname(host)
    except OSError:
        return 'nothing'
def asked(host, port=443):
    with socket.create_connection((proxy, 3128)) as end:
        end.sendall(f'CONNECT {host}:{port} HTTP/1.1\\r\\nHost: {host}:{port}\\r\\n\\r\\n'.encode())
        return end.makefile().read()
def fetched(host):
    with socket.create_connection((proxy, 3128)) as end:
        end.sendall(f'CONNECT {host}:443 HTTP/1.1\\r\\nHost: {host}:443\\r\\n\\r\\n'.encode())
        assert end.recv(4096).startswith(b'HTTP/1.1 200 ')
        with ssl.create_default_context(cadata=sys.argv[1]).wrap_socket(end, server_hostname=host) as tls:
            tls.sendall(b'GET /tls HTTP/1.1\\r\\nHost: api.example.org\\r\\nConnection: close\\r\\n\\r\\n')
            return tls.makefile().read()
where = {'gateway': gateway, 'metadata': '169.254.169.254', 'public': '93.184.216.34', 'other': sys.argv[2]}
where.update({f'host {each}': each for each in sys.argv[3:]})
direct = {key: [many.submit(attempt, host, port) for port in (22, 53, 80, 443, 3128)] for key, host in where.items()}
udp = {key: many.submit(attempt, host, 53, socket.SOCK_DGRAM) for key, host in {**where, 'engine': '127.0.0.11'}.items()}
print(json.dumps({
    'direct': {key: [each.result() for each in tries] for key, tries in direct.items()},
    'udp': {key: each.result() for key, each in udp.items()},
    'names': [name('api.example.org')],
    'ports of the proxy': [attempt(proxy, port) for port in (22, 53, 80, 443)],
    'other families': [os.path.getsize('/proc/net/if_inet6') + len(open('/proc/net/if_inet6').read())],
    'asked': [asked('169.254.169.254'), asked('meta.inside.example.org'), asked('evil.example.org'), asked('api.example.org', 22)],
    'fetched': fetched('api.example.org'),
}))
"""


@contextmanager
def another_call(engine_url: str, root: Path, hosts: Hosts) -> Iterator[str]:
    """Yield the address of the proxy of a call that runs beside."""
    engine = ContainerEngine.connect(engine_url)
    networks = EngineNetworks(engine.socket)
    egress = Egress(engine, networks, root / "beside", hosts.outdoors, Vault())
    owner = Owner(f"beside-{os.getpid()}", "another", 0, int(time.time()) + 300)
    with egress.opened(Reach(Network((HOST,), 443, ())), owner, lambda *_: None) as opened:
        yield opened.link.address
    assert opened.left == []
    egress.close()
    networks.close()
    engine.close()


def test_a_sandbox_reaches_nothing_but_what_was_allowed(gateway: Gateway, engine_url: str) -> None:
    with another_call(engine_url, gateway.root, gateway.hosts) as other:
        pem = gateway.hosts.authority.pem.decode()
        words = ["/usr/bin/python3", "-IS", "-c", PROBE, pem, other, *host_addresses()]
        ((decision, outcome),) = gateway.run("c-1", f"proc.exec(argv={json.dumps(words)})")
    assert decision["decision"] == "allow", decision
    assert outcome is not None
    assert outcome.status == "ok", outcome
    found = json.loads(outcome.stdout)
    assert set(map(tuple, found["direct"].values())) == {("nothing",) * 5}
    assert set(found["udp"].values()) == {"nothing"}
    assert found["names"] == ["nothing"]
    assert found["ports of the proxy"] == ["refused"] * 4
    assert found["other families"] == [0]
    assert [text.partition("egress proxy: ")[2].partition(":")[0] for text in found["asked"]] == [
        "target",
        "address",
        "host",
        "port",
    ]
    assert found["fetched"].endswith("GET /tls None\n")
    assert gateway.connections() == [
        ("target", None, None),
        ("address", "meta.inside.example.org", None),
        ("host", "evil.example.org", None),
        ("port", HOST, None),
        ("permitted", HOST, None),
    ]
    assert gateway.hosts.outdoors.dialled == [(PUBLIC, 443, None)]


def test_what_a_crash_left_is_removed(engine_url: str, tmp_path: Path, hosts: Hosts, image: str) -> None:
    assert image
    engine = ContainerEngine.connect(engine_url)
    networks = EngineNetworks(engine.socket)
    egress = Egress(engine, networks, tmp_path / "egress", hosts.outdoors, Vault())
    owner = Owner(f"crash-{os.getpid()}", "decision", 0, int(time.time()) + 300)
    with egress.opened(Reach(Network((HOST,), 443, ())), owner, lambda *_: None) as opened:
        engine.remove(engine.containers(f"governance.log={owner.log}")[0].id)
        assert reap_networks(networks, log_id=None, now=int(time.time()), say=print) == ()
        assert len(reap_networks(networks, log_id=owner.log, now=int(time.time()), say=print)) == 1
    assert opened.left == []
    assert networks.labelled(f"governance.log={owner.log}") == ()
    egress.close()
    networks.close()
    engine.close()


def test_a_killed_gateway_leaves_nothing_behind_the_next_start(gateway: Gateway, engine_url: str) -> None:
    words = json.dumps(["/usr/bin/python3", "-c", "import time; time.sleep(300)"])
    command = [sys.executable, "-m", "governance", "run", "--policies", str(gateway.root / "egress.policy")]
    command += ["--agent", "c-1", "--workspaces", str(gateway.root), "--log", str(gateway.log)]
    engine = ContainerEngine.connect(engine_url)
    networks = EngineNetworks(engine.socket)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as running:
        assert running.stdin is not None
        running.stdin.write(f"proc.exec(argv={words})\n".encode())
        running.stdin.flush()
        log_id = ""
        deadline = time.monotonic() + 60
        while [each.state for each in running_there(engine, log_id)] != ["running"] * 2 or not allowed(
            gateway.log
        ):
            assert time.monotonic() < deadline
            time.sleep(0.1)
            log_id = next((str(event.body["log"]) for event in events_of(gateway.log)), "")
        assert len(networks.labelled(f"governance.log={log_id}")) == 1
        running.kill()
    assert list((state_path("egress")).iterdir()) != []
    gateway.run("a-1")
    assert running_there(engine, log_id) == ()
    assert networks.labelled(f"governance.log={log_id}") == ()
    assert not verify(gateway.log).problems
    networks.close()
    engine.close()


def allowed(log: Path) -> bool:
    return any(event.kind == "decision" for event in events_of(log))


def events_of(log: Path) -> list[Any]:
    try:
        return list(read(log))
    except JournalError:
        return []


def running_there(engine: ContainerEngine, log_id: str) -> tuple[Container, ...]:
    return engine.containers(f"governance.log={log_id}")
