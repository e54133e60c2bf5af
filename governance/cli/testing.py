"""The command `test`: the tests and examples that stand in policies, what they cover, and JUnit XML."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from xml.etree import ElementTree as ET

import typer
from rich.markup import escape
from rich.table import Table

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
    from governance.policy.coverage import RuleCoverage
    from governance.policy.trial import Failure, Trial

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
        for diagnostic in found.errors:
            err.print(diagnostic.render())
        err.print(f"{len(found.errors)} to mend before anything can be tested", style="red")
        raise typer.Exit(Exit.FAILS)
    bundle = found.bundle
    trials = [
        run_scenario(bundle, each) for each in bundle.tests if only is None or only in each.reference.name
    ]
    cases = [case for trial in trials for case in trial.cases]
    covered = coverage(bundle, [*cases, *cases_of_examples(bundle)])
    decided = sum(1 for each in covered if each.determined)
    percent = 100 * decided // len(covered) if covered else 100
    if junit is not None:
        _write(junit, _junit(bundle, trials))
    if json:
        print_json(_as_json(bundle, trials, covered, percent))
    else:
        _show(bundle, trials, covered, percent)
    if any(trial.failures for trial in trials) or percent < least:
        raise typer.Exit(Exit.FAILS)


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
    reference = trial.scenario.reference
    source = Source(reference.file, bundle.sources[reference.file])
    span = source.span(failure.step.start, failure.step.end)
    caret = span.caret().replace("\n", "\n  | ")
    out.print(f"test {shown(reference.name)} fails\n --> {span.place}\n  | {caret}")
    out.print(f"  expected {failure.expected}\n  came     {failure.came}: {shown(failure.why.ruling.reason)}")
    out.print(explanation_table(failure.why))


def _coverage_table(covered: tuple[RuleCoverage, ...]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading, side in (("rule", "left"), ("applied", "right"), ("decided", "right"), ("not seen", "left")):
        table.add_column(heading, justify="right" if side == "right" else "left", overflow="fold")
    for each in covered:
        name = f"{each.rule.kind} {each.rule.reference.name}"
        missing = "; ".join(each.missing)
        table.add_row(name, str(each.applied), str(each.determined), escape(shown(missing)))
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
                    {"expected": each.expected, "came": each.came, "reason": each.why.ruling.reason}
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
                "not_seen": each.missing,
            }
            for each in covered
        ],
    }


def _junit(bundle: Bundle, trials: list[Trial]) -> bytes:
    """Return JUnit XML: a test case for each `test` block, and one for the examples of each rule."""
    failed = sum(1 for trial in trials if trial.failures)
    examples = [rule for rule in bundle.rules if rule.examples]
    count = str(len(trials) + len(examples))
    root = ET.Element("testsuite", name="governance", tests=count, failures=str(failed), errors="0")
    for trial in trials:
        reference = trial.scenario.reference
        case = ET.SubElement(root, "testcase", classname=shown(reference.file), name=shown(reference.name))
        for each in trial.failures:
            message = f"expected {each.expected}, came {each.came}"
            failure = ET.SubElement(case, "failure", message=shown(message))
            failure.text = shown(each.why.ruling.reason)
    for rule in examples:
        name = f"examples of {rule.reference.name}"
        ET.SubElement(root, "testcase", classname=shown(rule.reference.file), name=shown(name))
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _write(place: Path, data: bytes) -> None:
    """Write the file whole or not at all."""
    part = place.with_name(f"{place.name}.part")
    part.write_bytes(data)
    part.replace(place)
