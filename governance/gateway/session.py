"""Setting a governance engine up on this host: the log, the container engine, the clock, the workspaces.

The only place where the pure parts meet the world they are told about.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

from governance.errors import Diagnostic, SandboxError
from governance.gateway.clock import now
from governance.gateway.pipeline import Engine
from governance.gateway.service import service_log
from governance.journal import Journal
from governance.resources import state_path
from governance.sandbox import Bounds, ContainerEngine, Dispatcher, Pool, Warrants, Workspaces, reap
from governance.sandbox.engine_setup import locate
from governance.sandbox.pool_status import POOLS, StatusFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from governance.policy.bundle import Bundle

__all__ = ["open_engine"]

_HELP: Final = "start one with: governance engine up"


@contextmanager
def open_engine(
    log: Path, bundle: Bundle | None, workspaces: Path, say: Callable[[str], None]
) -> Iterator[Engine]:
    """Yield the engine over the log in folder `log`, which is made if it is not there.

    `workspaces` is the operator's root of the folders that agents work in. What a crash left running is removed
    first, and `say` is told. Raises `SandboxError` without a container engine, `JournalError` for the log.
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
        facts = containers.facts(bundle.images if bundle else ())
        service_log.info(
            "opened", log=str(log), bundle=bundle.digest if bundle else None, engine=facts.to_json()
        )
        warrants = Warrants()
        status = StatusFile(state_path(POOLS), journal.log_id)
        pool = Pool(containers, journal.log_id, Bounds(), status, say=say)
        dispatcher = Dispatcher(containers, warrants, Workspaces(workspaces), journal.log_id, pool)
        stack.callback(dispatcher.close)
        yield Engine(journal, bundle, facts, warrants, dispatcher, now)
