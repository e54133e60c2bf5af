"""Running the probes of a tier: all of them, some, or the gate; what cannot run is not proven, and never passed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from governance.errors import Diagnostic, SandboxError
from governance.sandbox.doctor.apart import APART, Setting
from governance.sandbox.doctor.bounds import AGENTS, HOST, LIMITS, STREAM
from governance.sandbox.doctor.kernel import KERNEL
from governance.sandbox.doctor.probe import judge
from governance.sandbox.doctor.surroundings import FILES, NETWORK, SECRETS
from governance.sandbox.doctor.survey import survey

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from governance.policy.decision import Isolation
    from governance.sandbox.doctor.probe import Probe, Result
    from governance.sandbox.engine import ContainerEngine

__all__ = ["GATE", "PROBES", "examine", "gate"]

PROBES: Final = (*KERNEL, *FILES, *LIMITS, *NETWORK, *SECRETS, *AGENTS, *STREAM, *HOST)
"""Every probe, in the order in which they are shown."""

GATE: Final = tuple(probe for probe in PROBES if probe.gate)
"""The ten that are asked before a pool takes a filling into use."""

_AT_ONCE: Final = 2


def examine(
    engine: ContainerEngine,
    tier: Isolation,
    image: str,
    probes: Sequence[Probe] = PROBES,
    progress: Callable[[int], None] = lambda _: None,
) -> tuple[Result, ...]:
    """Return what came of each of `probes` in a tier, run in containers of the image with this id.

    `progress` is told how many have been run. A probe that could not run is `not proven`, and says why.
    """
    together = [probe.id for probe in probes if probe.id not in APART]
    words: dict[str, str] = {}
    if together:
        words = _survey(engine, tier, image, together)
        progress(len(together))
    setting = Setting(engine, tier, image)
    alone = [probe.id for probe in probes if probe.id in APART]
    with ThreadPoolExecutor(_AT_ONCE) as workers:
        found = workers.map(lambda name: _word(name, setting), alone)
        for done, (name, word) in enumerate(zip(alone, found, strict=True), len(together) + 1):
            words[name] = word
            progress(done)
    return tuple(judge(probe, tier, words.get(probe.id)) for probe in probes)


def gate(engine: ContainerEngine, tier: Isolation, image: str) -> tuple[Result, ...]:
    """Return what came of the gate's probes, in one container; SandboxError `gate` unless all of them passed."""
    results = examine(engine, tier, image, GATE)
    open_ = [result for result in results if result.verdict != "passed"]
    if open_:
        raise SandboxError(
            *(
                Diagnostic(
                    "gate",
                    f"{result.probe.id} is {result.verdict} in isolation {tier}: {result.seen}",
                    help="nothing runs in a tier that is not in force; see what `governance doctor` says",
                )
                for result in open_
            )
        )
    return results


def _survey(engine: ContainerEngine, tier: Isolation, image: str, names: list[str]) -> dict[str, str]:
    try:
        return survey(engine, tier, image, names)
    except (SandboxError, OSError) as error:
        return dict.fromkeys(names, f"?{error}")


def _word(name: str, setting: Setting) -> str:
    try:
        return APART[name](setting)
    except (SandboxError, OSError, LookupError, ValueError) as error:
        return f"?{error}"
