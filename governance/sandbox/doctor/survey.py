"""One look at a tier: a neighbour that leaves traces, a sandbox that probes from inside, the host that looks at both."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from governance.canonical import canonical
from governance.policy.decision import Mount
from governance.sandbox.doctor.hostview import LOOKS, View, namespaces
from governance.sandbox.doctor.joined import program
from governance.sandbox.doctor.staging import staged
from governance.sandbox.trial import SCRATCH, image_of, trial

if TYPE_CHECKING:
    from collections.abc import Collection
    from contextlib import AbstractContextManager

    from governance.canonical import Json
    from governance.policy.decision import Isolation
    from governance.sandbox.doctor.staging import Stage
    from governance.sandbox.engine import ContainerEngine
    from governance.sandbox.trial import Trial

__all__ = ["survey"]

_TIMEOUT: Final = 60_000
_AGENTS: Final = "agents."
_LEAVE: Final = "agents.leave"
_TOGETHER: Final = "agents.namespaces"
_ATTESTED: Final = "host.attested"


def survey(engine: ContainerEngine, tier: Isolation, image: str, wanted: Collection[str]) -> dict[str, str]:
    """Return the word of each wanted probe that runs inside or looks from the host; what did not run has none.

    Raises SandboxError where no container of the tier runs.
    """
    with staged() as stage, ExitStack() as held:
        first = None
        if any(name.startswith(_AGENTS) for name in wanted):
            first = held.enter_context(_started(engine, tier, image, stage, "a"))
            _answers(first, stage, [_LEAVE])
        second = held.enter_context(_started(engine, tier, image, stage, "b"))
        inside = [name for name in wanted if name not in LOOKS and name not in (_ATTESTED, _TOGETHER)]
        words = _answers(second, stage, inside)
        looks = View(second, stage)
        words |= {name: looks.look(name) for name in wanted if name in LOOKS}
        if _ATTESTED in wanted:
            words[_ATTESTED] = second.difference or "as planned"
        if first is not None and _TOGETHER in wanted:
            words[_TOGETHER] = namespaces(first.pid, second.pid)
        for each in (first, second):
            if each is not None:
                each.send(b"\n")
        return words


def _started(
    engine: ContainerEngine, tier: Isolation, image: str, stage: Stage, workspace: str
) -> AbstractContextManager[Trial]:
    spec = replace(
        image_of(tier, image),
        argv=("/usr/bin/python3", "-IS", "-c", program()),
        mounts=(Mount(workspace, "/workspace", writable=False),),
        scratch=SCRATCH,
        timeout=_TIMEOUT,
    )
    return trial(engine, spec, sources={workspace: str(stage.root / workspace)}, attested=False)


def _answers(running: Trial, stage: Stage, probes: list[str]) -> dict[str, str]:
    """Ask for probes and read the words; none where the program did not answer."""
    asked: Json = {"probes": probes, "told": stage.told(running.engine.socket, running.name)}
    running.send(canonical(asked) + b"\n")
    if not running.until(lambda capture: capture.stdout.endswith("\n")):
        return {}
    try:
        found = json.loads(running.capture.stdout)
    except ValueError:
        return {}
    told = found if isinstance(found, dict) else {}
    return {name: word for name, word in told.items() if isinstance(word, str)}
