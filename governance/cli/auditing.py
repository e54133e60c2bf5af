"""How the audit of programs is shown, to people and to machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from governance.cli.console import out
from governance.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from governance.canonical import Json
    from governance.policy.audit import Audited, Bounds, Finding

__all__ = ["audit_json", "show_audit", "undeclared"]


def undeclared(audited: Sequence[Audited]) -> int:
    """Return how many things can be done that a capability does not declare."""
    return sum(bool(finding.undeclared) for each in audited for finding in each.findings)


def show_audit(audited: Sequence[Audited]) -> None:
    """Print what is found, what bounds it where code runs or something is amiss, and how much it is."""
    table = Table(box=None, pad_edge=False)
    for heading in ("capability", "program", "by", "can", "declared", "why"):
        table.add_column(heading, overflow="fold")
    for each in audited:
        _add(table, each)
    if table.row_count:
        out.print(table)
    findings = sum(len(each.findings) for each in audited)
    unknown = sorted({name for each in audited for name in each.unknown})
    out.print(
        f"{len(audited)} capabilities may be permitted: {findings} found, {undeclared(audited)} not declared"
    )
    if unknown:
        out.print(f"nothing is known of {', '.join(map(shown, unknown))}")


def _add(table: Table, audited: Audited) -> None:
    name = shown(audited.capability)
    for cells in (*map(_cells, audited.findings), *_others(audited)):
        table.add_row(name, *map(shown, cells))
        name = ""
    if audited.opaque or any(finding.undeclared for finding in audited.findings):
        for bounds in audited.bounds:
            table.add_row(name, shown(f"in {bounds.sandbox}"), "", "", "", shown(_reach(bounds)))
            name = ""


def _cells(finding: Finding) -> tuple[str, ...]:
    found = finding.found
    declared = f"NOT {', '.join(finding.undeclared)}" if finding.undeclared else "yes"
    return found.program, found.by or "itself", ", ".join(found.can), declared, found.why


def _others(audited: Audited) -> Iterator[tuple[str, ...]]:
    """Yield the programs of which nothing is known, and where code runs those that can do nothing else."""
    for program in audited.unknown:
        yield program, "", "?", "?", "Nothing is known of it."
    said = {*audited.unknown, *(finding.found.program for finding in audited.findings)}
    for program in audited.programs if audited.opaque else ():
        if program not in said and not any(each.startswith(f"{program} ") for each in said):
            yield program, "", "-", "yes", "It can do nothing beside what its operands name."


def _reach(bounds: Bounds) -> str:
    """Return what a sandbox bounds, as words."""
    mount = "no workspace"
    if bounds.mount is not None:
        mount = f"{bounds.mount} {'writable' if bounds.writable else 'read-only'}"
    parts = [mount]
    if bounds.scratch:
        parts.append(f"scratch {', '.join(bounds.scratch)}")
    if bounds.root:
        parts.append("root writable")
    parts.append(f"network {', '.join(bounds.hosts)}" if bounds.hosts else "no network")
    return f"{bounds.rule}: {'; '.join(parts)}; {bounds.isolation}"


def audit_json(audited: Sequence[Audited]) -> list[Json]:
    """Return what is found, for machines: one object a capability."""
    return [
        {
            "capability": each.capability,
            "opaque": each.opaque,
            "programs": list(each.programs),
            "unknown": list(each.unknown),
            "findings": [_finding_json(finding) for finding in each.findings],
            "bounds": [_bounds_json(bounds) for bounds in each.bounds],
        }
        for each in audited
    ]


def _finding_json(finding: Finding) -> dict[str, Json]:
    found = finding.found
    return {
        "program": found.program,
        "by": found.by,
        "parameter": found.parameter or None,
        "can": [each.value for each in found.can],
        "undeclared": [each.value for each in finding.undeclared],
        "why": found.why,
    }


def _bounds_json(bounds: Bounds) -> dict[str, Json]:
    return {
        "rule": bounds.rule,
        "sandbox": bounds.sandbox,
        "isolation": bounds.isolation,
        "mount": bounds.mount,
        "writable": bounds.writable,
        "scratch": list(bounds.scratch),
        "root": "writable" if bounds.root else "read-only",
        "hosts": list(bounds.hosts),
    }
