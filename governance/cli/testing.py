"""The command `test`: the tests and examples that stand in policies, and what they cover."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from governance.cli import junit as xml
from governance.cli.console import Exit, err, out, print_json
from governance.cli.show import explanation_table
from governance.gateway.clock import now
from governance.instant import milliseconds
from governance.library import examine_policies
from governance.policy.coverage import cases_of_examples, coverage
from governance.policy.trial import run_scenario
from governance.text import Source, shown

if TYPE_CHECKING:
    from governance.canonical import Json
    from governance.policy.bundle import Bundle
    from governance.policy.check import Examination
    from governance.policy.coverage import RuleCoverage
    from governance.policy.trial import Failure, Trial
    from governance.text import Span

__all__ = ["run_tests"]


def run_tests(
    policies: Annotated[
        Path, typer.Argument(exists=True, readable=True, help="A .policy file or a folder of them.")
    ],
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write the results as JUnit XML.")] = None,
    only: Annotated[str | None, typer.Option("--only", help="Run the tests whose name holds this.")] = None,
    least: Annotated[
        int, typer.Option("--least-coverage", min=0, max=100, help="Fail below so many per cent of rules.")
    ] = 0,
) -> None:
    """Run the `test` blocks and examples of policies; show what failed and why, and what they cover."""
    found = examine_policies(policies, milliseconds(now()))
    if found.bundle is None:
        if junit is not None:
            xml.write(junit, xml.unloaded(found.errors))
        _refuse(found, json=json)
        raise typer.Exit(Exit.FAILS)
    bundle = found.bundle
    scenarios = [each for each in bundle.tests if only is None or only in each.reference.name]
    if only is not None and not scenarios:
        raise typer.BadParameter(f"no test is called like {shown(only)!r}", param_hint="--only")
    trials = [run_scenario(bundle, each) for each in scenarios]
    cases = [case for trial in trials for case in trial.cases]
    covered = coverage(bundle, [*cases, *cases_of_examples(bundle)])
    decided = sum(1 for each in covered if each.determined)
    percent = 100 * decided // len(covered) if covered else 100
    if junit is not None:
        xml.write(junit, xml.results(bundle, trials))
    if json:
        print_json(_as_json(bundle, trials, covered, percent))
    else:
        _show(bundle, trials, covered, percent)
    if any(trial.failures for trial in trials) or percent < least:
        raise typer.Exit(Exit.FAILS)


def _refuse(found: Examination, *, json: bool) -> None:
    """Say, as `check` does, why there is nothing that can be tested."""
    if json:
        diagnostics = [each.to_json() for each in found.diagnostics]
        print_json({"ok": False, "bundle": None, "diagnostics": diagnostics})
        return
    for each in found.diagnostics:
        err.print(each.render())
    err.print(f"{len(found.errors)} to mend before anything can be tested", style="red")


def _show(bundle: Bundle, trials: list[Trial], covered: tuple[RuleCoverage, ...], percent: int) -> None:
    for trial in trials:
        for failure in trial.failures:
            _show_failure(bundle, trial, failure)
    failed = sum(1 for trial in trials if trial.failures)
    steps = sum(len(trial.cases) for trial in trials)
    examples = sum(len(rule.examples) for rule in bundle.rules)
    result = f"{failed} FAILED" if failed else "all pass"
    out.print(f"{len(trials)} tests, {steps} calls, {examples} examples: {result}")
    for proof in bundle.proofs:
        out.print(f"prove {proof.reference.name}: not proven, this version has no solver")
    out.print(f"{percent}% of the rules decide in some test or example")
    out.print(_coverage_table(covered))


def _show_failure(bundle: Bundle, trial: Trial, failure: Failure) -> None:
    span = _span(bundle, trial, failure)
    caret = span.caret().replace("\n", "\n  | ")
    out.print(f"test {shown(trial.scenario.reference.name)} fails\n --> {span.place}\n  | {caret}")
    out.print(f"  expected {failure.expected}\n  came     {failure.came}: {shown(failure.reason)}")
    out.print(explanation_table(failure.why))


def _span(bundle: Bundle, trial: Trial, failure: Failure) -> Span:
    file = trial.scenario.reference.file
    return Source(file, bundle.sources[file]).span(failure.step.start, failure.step.end)


def _coverage_table(covered: tuple[RuleCoverage, ...]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading, side in (("rule", "left"), ("applied", "right"), ("decided", "right"), ("not seen", "left")):
        table.add_column(heading, justify="right" if side == "right" else "left", overflow="fold")
    for each in covered:
        name = shown(f"{each.rule.kind} {each.rule.reference.name}")
        missing = "; ".join(each.missing)
        table.add_row(name, str(each.applied), str(each.determined), shown(missing))
    return table


def _as_json(
    bundle: Bundle, trials: list[Trial], covered: tuple[RuleCoverage, ...], percent: int
) -> dict[str, Json]:
    return {
        "ok": not any(trial.failures for trial in trials),
        "bundle": bundle.digest,
        "tests": [
            {
                "name": trial.scenario.reference.name,
                "place": trial.scenario.reference.place,
                "calls": len(trial.cases),
                "failures": [
                    {
                        "place": _span(bundle, trial, each).place,
                        "expected": each.expected,
                        "came": each.came,
                        "reason": each.reason,
                    }
                    for each in trial.failures
                ],
            }
            for trial in trials
        ],
        "proofs": [{"name": proof.reference.name, "result": "not proven"} for proof in bundle.proofs],
        "covered": percent,
        "rules": [
            {
                "rule": each.rule.reference.name,
                "applied": each.applied,
                "decided": each.determined,
                "tests": [
                    {
                        "part": test.part,
                        "text": test.text,
                        "true": test.true,
                        "false": test.false,
                        "some": test.some,
                    }
                    for test in each.tests
                ],
                "not_seen": each.missing,
            }
            for each in covered
        ],
    }
