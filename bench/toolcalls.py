"""How many real tool calls are refused though they are what the schema of their tool says, and how many broken ones are not.

Run as `python bench/toolcalls.py [--json]`. The calls are those of the whole corpora where they lie beside the checkout,
else of the samples in the tests; the schemas are declared as capabilities, and each call is sent as an MCP request, an
OpenAI and an Anthropic tool call. A broken call has one thing wrong: a key, a value's kind, what lacks, what stands twice.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from report import Goal, report

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.request import test_schemas as schemas
from tests.schemas import CORPORA, DATA


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    sources, folder = (schemas.WHOLE, CORPORA) if CORPORA.exists() else (schemas.SAMPLES, DATA)
    goals: list[Goal] = []
    for name, source in sources.items():
        _, calls = schemas.tools_of(list(source(folder)))
        fractions = schemas.with_fractions(calls)
        wrong = sum(1 for capability, called in calls for _ in schemas.broken(capability, called))
        refused, taken = len(schemas.refused(calls)), len(schemas.taken(calls))
        goals += [
            Goal(f"{name}: of {len(calls) - fractions} benign calls, refused", "0", refused, refused == 0),
            Goal(f"{name}: of {wrong} malformed calls, taken", "0", taken, taken == 0),
        ]
        if fractions:
            what = f"{name}: more benign calls, refused for a fraction in a value that may be anything"
            goals.append(Goal(what, "reported", fractions, met=True))
    report("toolcalls", [], goals, json=arguments.json)


if __name__ == "__main__":
    main()
