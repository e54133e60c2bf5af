"""From a durable allow to an outcome: warrants, the container derived from a decision, and its one run.

`dispatch` is the only way of a request to a container and takes nothing but a warrant; `trial` runs programs of our
own alone. A `box` is a container whose runner waits for a call; `pool` has some that wait before they are needed;
`tools` is what runs in them. `plan`, `attest`, `controls`, `seccomp`, `stream` and `outcome` are pure; the engine's
library is imported in `engine` alone.
"""

from __future__ import annotations

from governance.sandbox.dispatch import Dispatcher
from governance.sandbox.engine import ContainerEngine
from governance.sandbox.outcome import Outcome
from governance.sandbox.pool import Bounds, Pool
from governance.sandbox.reap import reap
from governance.sandbox.warrant import Warrant, Warrants
from governance.sandbox.workspace import Workspaces

__all__ = [
    "Bounds",
    "ContainerEngine",
    "Dispatcher",
    "Outcome",
    "Pool",
    "Warrant",
    "Warrants",
    "Workspaces",
    "reap",
]
