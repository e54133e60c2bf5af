"""What a call that sends gets: a network of its own with the proxy on it, for as long as the call runs.

The order is fixed: secrets, socket, network, relay, and only once all of them are seen to be as they must be is the
sandbox joined to it. Afterwards the socket is closed first, so that nothing is let through once the call has ended.
"""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from governance.canonical import digest_of
from governance.capabilities.declaration import OWN_TOOLS
from governance.errors import Diagnostic, SandboxError
from governance.policy.connection import sees_inside
from governance.policy.decision import Mount, SandboxSpec
from governance.sandbox.attest import attest
from governance.sandbox.egress.authority import Authority
from governance.sandbox.egress.door import SOCKET, Door, Loop
from governance.sandbox.egress.gate import Budget, DecisionDecider, Gate
from governance.sandbox.egress.link import PORT, Link, on_network
from governance.sandbox.egress.network import address_on, attest_network, make_network, subnet_of
from governance.sandbox.image import BASE
from governance.sandbox.plan import name_for, plan
from governance.sandbox.workspace import NOBODY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from governance.policy.connection import Asked, Reach, Refused
    from governance.policy.decision import Isolation
    from governance.sandbox.egress.outside import Outside
    from governance.sandbox.egress.vault import Vault
    from governance.sandbox.engine import ContainerEngine
    from governance.sandbox.engine_networks import EngineNetworks
    from governance.sandbox.plan import Owner

__all__ = ["TIERS", "Egress", "Opened", "Record", "reap_folders"]

TIERS: Final[tuple[Isolation, ...]] = ("container",)
"""The tiers whose sandboxes can be given a network."""

_DOOR: Final = "/egress"
_WRITERS: Final = 8

Record: TypeAlias = "Callable[[Asked | None, tuple[str, ...], Refused | None], None]"
"""Makes a connection of the call durable, with its verdict; JournalError if it cannot."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A call's network while it is there: how a sandbox is joined to it, and afterwards what went through.

    `left` is what could not be removed at the end, and is left to the reaper.
    """

    link: Link
    subnet: str
    gate: Gate
    left: list[str]


class Egress:
    """Opens networks for calls on one engine; its methods may be called from any thread."""

    def __init__(
        self,
        engine: ContainerEngine,
        networks: EngineNetworks,
        folder: Path,
        outside: Outside,
        vault: Vault,
        budget: Budget | None = None,
    ) -> None:
        """Use `folder` for sockets and certificates; it is made where it is not there."""
        self._engine = engine
        self._networks = networks
        self._folder = folder
        self._outside = outside
        self._vault = vault
        self._budget = budget or Budget()
        self._loop = Loop()
        self._writers = ThreadPoolExecutor(_WRITERS, "egress-log")

    def close(self) -> None:
        """Open nothing more; all that was opened must be closed by now."""
        self._writers.shutdown()
        self._loop.close()

    @contextmanager
    def opened(self, reach: Reach, owner: Owner, record: Record) -> Iterator[Opened]:
        """Yield the network of the call whose decision has `reach`. SandboxError where it cannot be had: nothing ran."""
        gate = self._gate(reach, record)
        left: list[str] = []
        with ExitStack() as stack:
            folder = stack.enter_context(_place(self._folder, owner, left))
            door = Door(gate, self._outside)
            stack.callback(self._loop.run_later, door.close)
            self._loop.run(door.open(folder / "door", relay_user()))
            stack.callback(_tried, partial(self._networks.remove, name_for(owner)), left)
            network = make_network(self._networks, owner)
            relay = stack.enter_context(self._relay(folder / "door", network, owner, left))
            stack.callback(self._loop.run_later, door.close)
            self._loop.run(door.ready())
            found = self._networks.inspect(network)
            attest_network(found, network, owner, frozenset((relay,)))
            trust = None if gate.authority is None else _trusted(folder, gate.authority)
            link = Link(network, address_on(found, relay), trust)
            yield Opened(link, subnet_of(found), gate, left)

    def _gate(self, reach: Reach, record: Record) -> Gate:
        return Gate(
            DecisionDecider(reach),
            record,
            self._writers,
            self._budget,
            Authority(reach.network.hosts) if sees_inside(reach) else None,
            {secret.name: self._vault.seal(secret) for secret in reach.secrets},
        )

    @contextmanager
    def _relay(self, door: Path, network: str, owner: Owner, left: list[str]) -> Iterator[str]:
        """Yield the running relay's container: made like any other, and attested like any other."""
        image = self._engine.facts((BASE,)).image(BASE)
        if image is None:
            mend = "build it with `governance image build`"
            raise SandboxError(Diagnostic("image-missing", f"the engine has no image {BASE}", help=mend))
        spec = _relay_spec(f"{BASE}@{image}")
        sources = {"door": str(door)}
        planned = on_network(plan(spec, owner, relay_user(), sources, program=spec.argv), network)
        container = self._engine.create(planned)
        try:
            attest(planned, self._engine.inspect(container), self._engine.image(image), self._engine.socket)
            self._engine.start(container)
            yield container
        finally:
            _tried(partial(self._engine.remove, container), left)


def relay_user() -> tuple[int, int]:
    """Return the user and group of relays, and of the sockets they connect to: never root."""
    return (os.geteuid(), os.getegid() or NOBODY) if os.geteuid() else (NOBODY, NOBODY)


def _relay_spec(image: str) -> SandboxSpec:
    return SandboxSpec(
        image=image,
        isolation="container",
        argv=(f"{OWN_TOOLS}relay", str(PORT), f"{_DOOR}/{SOCKET}"),
        stdin=None,
        mounts=(Mount("door", _DOOR, writable=False),),
        scratch=(),
        root=False,
        network=None,
        secrets=(),
        memory=64 << 20,
        cpus=1000,
        pids=8,
        timeout=1,
        output=0,
        reuse=None,
    )


@contextmanager
def _place(base: Path, owner: Owner, left: list[str]) -> Iterator[Path]:
    """Yield a folder of the call's own, which no other user can enter, and in it `door`, which is the relay's."""
    folder = base / f"{_prefix(owner.log)}{digest_of([owner.gateway, owner.number])[-16:]}-{owner.expires}"
    try:
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
        (folder / "door").mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(folder / "door", *relay_user())
    except OSError as error:
        mend = "see that this user may write there"
        raise SandboxError(
            Diagnostic("egress-folder", f"{folder} cannot be made: {error}", help=mend)
        ) from None
    try:
        yield folder
    finally:
        try:
            shutil.rmtree(folder)
        except OSError as error:
            left.append(f"{folder} was not removed: {error.strerror}")


def _trusted(folder: Path, authority: Authority) -> str:
    """Write what the sandbox is to trust, and return the folder to mount."""
    trust = folder / "trust"
    trust.mkdir(mode=0o755)
    (trust / "ca.pem").write_bytes(authority.pem)
    return str(trust)


def _prefix(log_id: str) -> str:
    return f"{digest_of(log_id)[-16:]}-"


def _tried(removal: Callable[[], None], left: list[str]) -> None:
    try:
        removal()
    except SandboxError as error:
        left.append(f"something of its network was not removed, and is left to the reaper: {error}")


def reap_folders(base: Path, log_id: str, now: int) -> None:
    """Remove the folders that an earlier process of the log `log_id` left, and all that expired by `now`."""
    for folder in base.iterdir() if base.is_dir() else ():
        expires = folder.name.rpartition("-")[2]
        if folder.name.startswith(_prefix(log_id)) or (expires.isdigit() and int(expires) < now):
            shutil.rmtree(folder, ignore_errors=True)
