"""Nothing outlives its time: the removal of containers that a crash left behind.

Run when a gateway starts and then on a timer. A container is ours if it carries our label; one of this log
is left from an earlier process, whatever its expiry, and one of another log is left alone until it expires.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from governance.errors import SandboxError
from governance.sandbox.plan import EXPIRES, GATEWAY, LOG

if TYPE_CHECKING:
    from collections.abc import Callable

    from governance.sandbox.engine import Container, ContainerEngine

__all__ = ["reap"]


def reap(
    engine: ContainerEngine,
    *,
    log_id: str | None,
    now: int,
    say: Callable[[str], None],
    gateway: str | None = None,
) -> tuple[str, ...]:
    """Remove what is left of the log `log_id`, and all of ours that expired by `now` (Unix seconds).

    On a timer, the log's containers that process `gateway` made are in use, and are left until they expire. Returns
    the ids removed; one that could not be removed is said and left for the next time. SandboxError if the engine
    does not answer.
    """
    over = [each for each in engine.containers(LOG) if _is_over(each, log_id, gateway, now)]
    return tuple(container.id for container in over if _removed(engine, container, say))


def _removed(engine: ContainerEngine, container: Container, say: Callable[[str], None]) -> bool:
    say(f"removing the container {container.id[:12]} ({container.state}) that an earlier run left behind")
    try:
        _end(engine, container)
    except SandboxError as error:
        say(f"the container {container.id[:12]} is still there: {error}")
        return False
    return True


def _is_over(container: Container, log_id: str | None, gateway: str | None, now: int) -> bool:
    """Tell whether a container's time is past; without a readable expiry it is not one that `plan` made."""
    expires = container.labels.get(EXPIRES, "")
    if not (expires.isascii() and expires.isdigit()):
        return False
    left = container.labels.get(LOG) == log_id and (
        gateway is None or container.labels.get(GATEWAY) != gateway
    )
    return left or int(expires) < now


def _end(engine: ContainerEngine, container: Container) -> None:
    """Unpause, kill, remove: not every runtime can kill what is paused."""
    if container.state == "paused":
        engine.unpause(container.id)
    if container.state in ("paused", "restarting", "running"):
        engine.kill(container.id)
    engine.remove(container.id)
