"""Runs every benchmark and writes `docs/performance.md` from what they say.

Run as `python bench/run.py [NAME …]`; where some are named, the others' sections stay as they are. A benchmark that needs a container engine says so and is noted as not measured.
"""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
from pathlib import Path

from report import times

ROOT = Path(__file__).resolve().parent.parent
NAMES = (
    "decide",
    "parsing",
    "shell",
    "english",
    "toolcalls",
    "growth",
    "bundles",
    "journal",
    "replay",
    "commit",
    "dispatch",
    "microvm",
    "peers",
)
NOTES = {
    "journal": "Group commit gains what a sync costs over what a record costs. Where a sync takes 0.2 ms, as here, CPython's\n"
    "own work on a record (to encode it, to hash it, to wake its writer) is the bound, and twenty times one sync a record\n"
    "is out of reach; on a disk that takes 2 ms it is reached.\n",
    "shell": "People's command lines come from scripts: many use variables that nothing in the line gives a value, or the\n"
    "script's own parameters. What such a line would do is not known, so with just HOME and PWD declared it is refused, as are\n"
    "process substitution, expansions beyond a variable, aliases and commands in the background, all by design: nine lines in ten are\n"
    "out of reach there, and are reached where the variables are declared.\n",
    "peers": (ROOT / "bench" / "peers" / "comparable.md").read_text(),
}
"""What a reader must know to read a section."""

_SECTION = re.compile(r"^## (\w+)\n(.*?)(?=\n## )", re.MULTILINE | re.DOTALL)

HEAD = """# Performance

Written by `make bench`; every section is from one run on one machine ({machine}). Machines are noisy: read the
ratios, and measure on your own. A ratio says how many times faster a row is than the one it is set against.
"""


def measured(name: str) -> dict[str, list[dict[str, object]]] | None:
    """Return what the benchmark says, None when it cannot run here."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "bench" / f"{name}.py"), "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        print(f"{name}: not measured\n{done.stderr}", file=sys.stderr)
        return None
    found: dict[str, list[dict[str, object]]] = json.loads(done.stdout.splitlines()[-1])
    return found


def section(name: str) -> str:
    """Return the benchmark's part of the document."""
    print(f"measuring {name} …", file=sys.stderr)
    found = measured(name)
    if found is None:
        return f"\n## {name}\n\nNot measured.\n"
    lines = [f"\n## {name}\n"]
    if found["rows"]:
        lines += ["| what | median | p99 | ratio | against |", "|---|---:|---:|---:|---|"]
    for row in found["rows"]:
        ratio = "" if row["ratio"] is None else times(row["ratio"])
        median, p99 = ("" if row[name] is None else f"{row[name]:.1f} µs" for name in ("median_us", "p99_us"))
        lines.append(f"| {row['what']} | {median} | {p99} | {ratio} | {row['against'] or ''} |")
    lines += [""] if found["rows"] else []
    lines += ["| goal | aimed at | measured | met |", "|---|---|---:|---|"]
    for goal in found["goals"]:
        value, met = f"{goal['value'] or 0:.2f}", "yes" if goal["met"] else "**no**"
        if goal["value"] is None:
            value, met = "", "**not proven**"
        lines.append(f"| {goal['what']} | {goal['goal']} | {value} | {met} |")
    return "\n".join(lines) + "\n" + (f"\n{NOTES[name]}" if name in NOTES else "")


def main() -> None:
    """Run all and write the document."""
    machine = f"{platform.system()} {platform.machine()}, CPython {platform.python_version()}"
    document = ROOT / "docs" / "performance.md"
    kept = {
        name: f"\n## {name}\n{rest}" for name, rest in _SECTION.findall(document.read_text() + "\n## end\n")
    }
    fresh = {name: section(name) for name in sys.argv[1:] or NAMES}
    found = kept | fresh
    text = HEAD.format(machine=machine) + "".join(found[name] for name in NAMES if name in found)
    document.write_text(text.rstrip("\n") + "\n")
    print(text)


if __name__ == "__main__":
    main()
