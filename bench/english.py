"""How exactly and how fast sentences are read: real requests that people wrote to tools, and written ones.

Run as `python bench/english.py [--json] [--corpora FOLDER]`. The corpora lie beside the repository, in `shared/corpora`,
if nothing else is said; without them the sample in `tests/data` is measured.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from governance.errors import RequestError
from governance.request.bind import bind
from governance.request.english import parse_sentence, phrasebook_of
from governance.request.english.examples import sentence
from governance.request.english.values import written
from governance.request.syntax import parse_call
from governance.text import Source
from policies import bundle_of
from report import Goal, report, row, time_us
from schemas import declared, is_expected

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from governance.capabilities import Capability
    from governance.request.syntax import CallSyntax
    from report import Row
    from schemas import Declared

ROOT = Path(__file__).resolve().parent.parent
CORPORA = ROOT.parent / "shared" / "corpora"
SAMPLE = ROOT / "tests" / "data" / "bfcl.requests.jsonl"
SAID = "Please read the file /workspace/src/app.py from byte 10 up to 64KiB."
CALL = 'fs.read(path="/workspace/src/app.py", offset=10, limit="64KiB")'
REPEATS = 3000


def corpus(corpora: Path) -> Iterator[dict[str, Any]]:
    """Yield requests with the tools that were offered; those that no tool can serve expect no calls."""
    folder = corpora / "nl2call"
    files = [folder / "bfcl.jsonl", folder / "bfcl.irrelevance.jsonl"] if folder.is_dir() else [SAMPLE]
    for file in files:
        for line in file.read_text().splitlines():
            yield {"calls": [], **json.loads(line)}


def read(text: str, capabilities: Mapping[str, Capability]) -> CallSyntax | None:
    """Return the call that the sentence is, None where it is refused."""
    try:
        return parse_sentence(Source("request", text), capabilities)
    except RequestError:
        return None


def written_by(known: Declared, call: Mapping[str, Any]) -> str | None:
    """Return a sentence for an expected call by the first phrase of its capability, None where it cannot be said."""
    name = next(short for short, full in known.names.items() if full == call["name"])
    capability = known.capabilities[name]
    values: dict[str, str] = {}
    for parameter in capability.parameters:
        value = call["arguments"].get(known.parameters[name][parameter.name])
        if value is None:
            continue
        exact = _exact(value)
        try:
            parameter.type.check(exact)
        except ValueError:
            return None
        values[parameter.name] = written(exact, parameter.type)
    for phrase in capability.spoken:
        said = {item.parameter for item in phrase.always if hasattr(item, "parameter")}
        if said == set(values):
            return sentence(capability, phrase.always, values)
    return None


def _exact(value: object) -> object:
    """Return a value of JSON as requests hold it: numbers exact, lists as tuples."""
    if isinstance(value, list):
        return tuple(_exact(each) for each in value)
    return Decimal(str(value)) if isinstance(value, float) else value


def counted(rows: list[dict[str, Any]]) -> dict[str, int]:
    """Return what became of the requests, and of the sentences that are written for the calls they expect."""
    found = dict.fromkeys(("requests", "right", "wrong", "none", "made", "written", "read", "misread"), 0)
    for each in rows:
        known = declared(each["tools"])
        call = read(each["request"], known.capabilities)
        if not each["calls"]:
            found["none"] += 1
            found["made"] += call is not None
            continue
        found["requests"] += 1
        if call is not None:
            found["right" if is_expected(call, known, each) else "wrong"] += 1
        for expected in each["calls"]:
            text = written_by(known, expected)
            if text is not None:
                again = read(text, known.capabilities)
                found["written"] += 1
                found["read"] += again is not None
                found["misread"] += again is not None and not is_expected(again, known, {"calls": [expected]})
    return found


def speed() -> list[Row]:
    """Return how long sentences take, against the same call in the call syntax."""
    with tempfile.TemporaryDirectory() as folder:
        capabilities = bundle_of(10, Path(folder)).capabilities
    phrasebook_of(capabilities)
    hostile = ("search for " + '"a" in ' * 20_000)[:65_000]
    floor = row(
        "the same call, in the call syntax",
        time_us(lambda: bind(parse_call(Source("request", CALL)), capabilities), REPEATS),
    )
    spoken = partial(parse_sentence, Source("request", SAID), capabilities)
    return [
        floor,
        row("a sentence", time_us(lambda: bind(spoken(), capabilities), REPEATS), floor),
        row("a short sentence", time_us(partial(read, "list /workspace", capabilities), REPEATS), floor),
        row(
            "a sentence that is refused, with what can be said",
            time_us(partial(read, "open the /workspace/a", capabilities), 300),
            floor,
        ),
        row("64 KiB of hostile text", time_us(partial(read, hostile, capabilities), 20), floor),
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--corpora", type=Path, default=CORPORA)
    arguments = parser.parse_args()
    rows = speed()
    found = counted(list(corpus(arguments.corpora)))
    made = found["right"] + found["wrong"]
    report("english", rows, _goals(found, made), json=arguments.json)


def _goals(found: dict[str, int], made: int) -> list[Goal]:
    precision = 100 * found["right"] / made if made else None
    recall = 100 * found["right"] / found["requests"]
    said = 100 * found["read"] / found["written"] if found["written"] else None
    return [
        Goal(f"precision on {found['requests']} requests of BFCL, in %", "100", precision, precision == 100),
        Goal(
            "recall on them, in % (free English; phrases by one rule from the schemas)",
            "reported",
            recall,
            met=True,
        ),
        Goal(
            f"calls made of {found['none']} requests that no tool can serve",
            "0",
            found["made"],
            not found["made"],
        ),
        Goal(
            f"{found['written']} sentences written by the phrases that are read, in %",
            "100",
            said,
            met=said == 100,
        ),
        Goal("of those, read as another call", "0", found["misread"], not found["misread"]),
    ]


if __name__ == "__main__":
    main()
