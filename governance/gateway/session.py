"""Setting a governance engine up on this host: the log, the container engine, the clock, the workspaces.

The only place where the pure parts meet the world they are told about.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from governance.errors import Diagnostic, SandboxError
from governance.gateway.clock import now
from governance.gateway.pipeline import Engine
from governance.gateway.service import service_log
from governance.journal import Journal
from governance.resources import state_path
from governance.sandbox import Bounds, ContainerEngine, Dispatcher, Pool, Warrants, Workspaces, reap
from governance.sandbox.egress.network import reap_networks
from governance.sandbox.egress.outside import Internet
from governance.sandbox.egress.prove import is_shut_in
from governance.sandbox.egress.service import TIERS, Egress, reap_folders
from governance.sandbox.egress.vault import Vault
from governance.sandbox.engine_networks import EngineNetworks
from governance.sandbox.engine_setup import locate
from governance.sandbox.pool_status import POOLS, StatusFile
from governance.sandbox.tier import Witness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from governance.policy.bundle import Bundle
    from governance.policy.connection import Asked, Reach, Refused
    from governance.sandbox.egress.outside import Outside
    from governance.sandbox.egress.service import Opened
    from governance.sandbox.plan import Owner

__all__ = ["open_engine"]

_HELP: Final = "start one with: governance engine up"


@contextmanager
def open_engine(
    log: Path,
    bundle: Bundle | None,
    workspaces: Path,
    say: Callable[[str], None],
    *,
    vault: Vault | None = None,
    outside: Outside | None = None,
) -> Iterator[Engine]:
    """Yield the engine over the log in folder `log`, which is made if it is not there.

    `workspaces` is the operator's root of the folders that agents work in, `vault` the operator's secrets, `outside`
    the network beyond the egress proxy (default: this host's). What a crash left running is removed first, and `say`
    is told. Raises `SandboxError` without a container engine, `JournalError` for the log.
    """
    url = locate()
    if url is None:
        raise SandboxError(Diagnostic("no-engine", "no container engine answers here", None, _HELP))
    with ExitStack() as stack:
        journal = stack.enter_context(Journal.open(log, now=now()))
        if journal.loss is not None:
            say(f"the log's last record was cut short: {journal.loss.bytes} bytes dropped, which is recorded")
        containers = ContainerEngine.connect(url)
        stack.callback(containers.close)
        reap(containers, log_id=journal.log_id, now=int(time.time()), say=say)
        networks = EngineNetworks(containers.socket)
        stack.callback(networks.close)
        reap_networks(networks, log_id=journal.log_id, now=int(time.time()), say=say)
        sockets = state_path("egress")
        reap_folders(sockets, journal.log_id, int(time.time()))
        roots = Workspaces(workspaces, containers.socket)
        roots.store.recover(say)
        stack.callback(roots.store.close)
        facts = containers.facts(bundle.images if bundle else ())
        egress = None
        if bundle is not None and bundle.sends:
            if outside is None:
                outside = internet = Internet()
                stack.callback(internet.close)
            egress = Egress(containers, networks, sockets, outside, vault or Vault())
            stack.callback(egress.close)
            if is_shut_in(egress, containers, journal.log_id, say):
                facts = replace(facts, egress=TIERS)
        service_log.info(
            "opened", log=str(log), bundle=bundle.digest if bundle else None, engine=facts.to_json()
        )
        warrants = Warrants()
        witness = Witness(containers, journal.keep_evidence, state_path("tiers"))
        status = StatusFile(state_path(POOLS), journal.log_id)
        pool = Pool(containers, journal.log_id, Bounds(), status, say=say, attested=witness)

        def record(
            decision: str, asked: Asked | None, found: tuple[str, ...], refused: Refused | None
        ) -> None:
            engine.connected(decision, asked, found, refused)

        opened = partial(_opened, egress, record) if egress else None
        dispatcher = Dispatcher(containers, warrants, roots, journal.log_id, pool, opened)
        stack.callback(dispatcher.close)
        engine = Engine(journal, bundle, facts, warrants, dispatcher, now)
        yield engine


def _opened(
    egress: Egress,
    record: Callable[[str, Asked | None, tuple[str, ...], Refused | None], None],
    reach: Reach,
    owner: Owner,
    decision: str,
) -> AbstractContextManager[Opened]:
    """Open the network of the call of `decision`, whose connections are recorded as its."""
    return egress.opened(reach, owner, partial(record, decision))
