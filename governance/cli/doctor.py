"""The command `doctor`: whether every control of the sandbox is really in force here."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Final

import typer

from governance.cli.console import Exit, err, out, print_json
from governance.errors import Diagnostic, SandboxError
from governance.gateway.clock import now
from governance.resources import state_path
from governance.sandbox import ContainerEngine
from governance.sandbox.doctor import PROBES, examine, key, remember, require
from governance.sandbox.engine_setup import locate
from governance.sandbox.image import BASE
from governance.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from governance.canonical import Json
    from governance.policy.decision import Isolation
    from governance.sandbox.doctor import Probe, Result

__all__ = ["doctor"]

_TIERS: Final[tuple[Isolation, ...]] = ("container", "gvisor")
_STYLES: Final = {"passed": "green", "failed": "red", "not proven": "yellow"}


def doctor(
    *,
    tier: Annotated[
        list[str] | None,
        typer.Option("--tier", help=f"Only this tier: {', '.join(_TIERS)}. May be repeated."),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only", metavar="ID", help="Only this probe, or this area (`network`). May be repeated."
        ),
    ] = None,
    gate: Annotated[bool, typer.Option("--gate", help="Only the ten that a pool asks.")] = False,
    last: Annotated[
        bool,
        typer.Option(
            "--last", help="Run nothing: say whether the last whole run holds for what is here now."
        ),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Try to break out of real sandboxes, and say of each control whether it held: passed, failed, or not proven.

    A probe that cannot run is not proven, and never passed. Ends with 1 if any failed.
    """
    tiers = _tiers(tier)
    probes = _chosen(only, gate=gate)
    url = locate()
    if url is None:
        raise SandboxError(
            Diagnostic("no-engine", "no container engine answers here", help="governance engine up")
        )
    folder = state_path("doctor")
    with closing(ContainerEngine.connect(url)) as engine:
        if last:
            _tell_last(engine, tiers, json=json)
            return
        image = engine.facts([BASE]).image(BASE)
        if image is None:
            raise SandboxError(
                Diagnostic("image-missing", f"the engine has no image {BASE}", help="governance image build")
            )
        results: list[Result] = []
        for each in tiers:
            of = key(engine, each)
            found = _examined(engine, each, image, probes)
            if probes == PROBES and any(result.verdict != "not proven" for result in found):
                remember(folder, each, of, now(), found)
            results += found
    if json:
        print_json(_data(results, url))
    else:
        _show(results)
    if any(result.verdict == "failed" for result in results):
        raise typer.Exit(Exit.FAILS)
    if all(result.verdict == "not proven" for result in results):
        raise typer.Exit(Exit.ENVIRONMENT)


def _tiers(names: list[str] | None) -> tuple[Isolation, ...]:
    unknown = sorted(set(names or ()) - set(_TIERS))
    if unknown:
        raise typer.BadParameter(f"there are {', '.join(_TIERS)}", param_hint="--tier")
    return tuple(each for each in _TIERS if not names or each in names)


def _chosen(only: list[str] | None, *, gate: bool) -> tuple[Probe, ...]:
    """Return the probes to run; each word of `only` must name one, or an area."""
    for word in only or ():
        if not any(_named(probe, word) for probe in PROBES):
            areas = sorted({probe.id.partition(".")[0] for probe in PROBES})
            raise typer.BadParameter(
                f"no probe or area is called {word}; areas: {', '.join(areas)}", param_hint="--only"
            )
    chosen = [probe for probe in PROBES if not only or any(_named(probe, word) for word in only)]
    return tuple(probe for probe in chosen if probe.gate or not gate)


def _named(probe: Probe, word: str) -> bool:
    return word in (probe.id, probe.id.partition(".")[0])


def _examined(
    engine: ContainerEngine, tier: Isolation, image: str, probes: Sequence[Probe]
) -> tuple[Result, ...]:
    text = f"isolation {tier}: {len(probes)} probes"
    with err.status(text) as status:
        return examine(engine, tier, image, probes, lambda done: status.update(f"{text}, {done} done"))


def _tell_last(engine: ContainerEngine, tiers: Iterable[Isolation], *, json: bool) -> None:
    """Say of each tier whether its last whole run holds; leave with 1 where one does not."""
    found: dict[str, Json] = {}
    for tier in tiers:
        try:
            require(engine, tier, state_path("doctor"))
            found[tier] = None
        except SandboxError as error:
            found[tier] = error.diagnostics[0].message
    if json:
        print_json({"holds": {tier: why is None for tier, why in found.items()}, "why": found})
    for name, why in () if json else found.items():
        out.print(
            f"isolation {name} holds: its last whole run is of what is here now" if why is None else str(why)
        )
    if any(why is not None for why in found.values()):
        raise typer.Exit(Exit.FAILS)


def _show(results: Sequence[Result]) -> None:
    wide = max(len(result.probe.id) for result in results)
    for result in results:
        line = f"{result.tier:<9} {result.probe.id:<{wide}}  "
        out.print(line, end="")
        out.print(f"{result.verdict:<10}", style=_STYLES[result.verdict], end="")
        wanted = " or ".join(result.probe.expected(result.tier))
        expected = f" where {wanted} is expected" if result.verdict == "failed" else ""
        out.print(f"  {result.probe.tries}: {shown(result.seen)}{expected}")
    for tier in dict.fromkeys(result.tier for result in results):
        counts = _counts(result for result in results if result.tier == tier)
        out.print(f"isolation {tier}: " + ", ".join(f"{number} {word}" for word, number in counts.items()))


def _counts(results: Iterable[Result]) -> dict[str, int]:
    counts = dict.fromkeys(_STYLES, 0)
    for result in results:
        counts[result.verdict] += 1
    return counts


def _data(results: Sequence[Result], url: str) -> Json:
    tiers: dict[str, Json] = {
        tier: _counts(result for result in results if result.tier == tier)
        for tier in dict.fromkeys(result.tier for result in results)
    }
    return {"engine": url, "tiers": tiers, "results": [result.to_json() for result in results]}
