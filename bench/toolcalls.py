"""How many real tool calls are refused though they are what the schema of their tool says, and how many broken ones are not.

Run as `python bench/toolcalls.py [--json]`. The calls are those of the whole corpora where they lie beside the checkout,
else of the samples in the tests; the schemas are declared as capabilities, and each call is sent as an MCP request, an
OpenAI and an Anthropic tool call. A broken call has one thing wrong: a key, a value's kind, what lacks, what stands twice.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from governance.errors import RequestError
from governance.request import Syntax
from report import Goal, report

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.request import test_schemas as schemas
from tests.schemas import CORPORA, DATA

if TYPE_CHECKING:
    from governance.capabilities import Capability

_MEANT = re.compile(r"did you mean `([A-Za-z0-9_]+)`")


def advised(capability: Capability, called: schemas.Called, wrong: dict[str, Any]) -> bool | None:
    """Return whether a refused call is the right one once the name is as its help says, None where it says no name."""
    answer = schemas.read(Syntax.MCP, capability, called, json.dumps(wrong))
    if not isinstance(answer, RequestError):
        return None
    found = next(filter(None, (_MEANT.search(each.help) for each in answer.diagnostics)), None)
    if found is None:
        return None
    [misspelt] = wrong.keys() - called.arguments.keys()
    mended = {found[1] if name == misspelt else name: value for name, value in wrong.items()}
    right = schemas.read(Syntax.MCP, capability, called, json.dumps(called.arguments))
    again = schemas.read(Syntax.MCP, capability, called, json.dumps(mended))
    return not isinstance(again, RequestError) and str(again) == str(right)


def second_try(calls: list[tuple[Capability, schemas.Called]]) -> tuple[int, int]:
    """Return how many calls with one misspelt argument are told a name, and how many are right with it."""
    answers = [
        advised(
            capability,
            called,
            {f"{each}_" if each == name else each: value for each, value in called.arguments.items()},
        )
        for capability, called in calls
        for name in called.arguments
    ]
    told = [each for each in answers if each is not None]
    return len(told), sum(told)


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
        told, right = second_try(calls)
        what = f"{name}: of {told} calls with a misspelt argument and a name in the help, right with it, in %"
        goals.append(Goal(what, "at least 99", share := 100 * right / max(1, told), share >= 99))
        if fractions:
            what = f"{name}: more benign calls, refused for a fraction in a value that may be anything"
            goals.append(Goal(what, "reported", fractions, met=True))
    report("toolcalls", [], goals, json=arguments.json)


if __name__ == "__main__":
    main()
