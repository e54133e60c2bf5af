"""How long a decision takes: from a typed call, from bytes, with history; the floor, and growth with rules.

Run as `python bench/decide.py [--json]`. The floor is what any JSON gateway pays: `json.loads` of the same call
and one SHA-256 of its bytes.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from governance.decide import judge
from governance.instant import milliseconds
from governance.library import load_policies
from governance.policy import State
from governance.policy.case import Case, session_key
from governance.policy.compiled import Compiled
from governance.policy.evaluate import evaluate
from governance.request import Origin, parse_request
from governance.request.bind import bind
from governance.request.surface import read_call
from policies import bundle_of
from report import Goal, in_turn, report, row, time_us

if TYPE_CHECKING:
    from governance.policy import Bundle
    from report import Row

LINE = b'fs.read(path="/workspace/team10/src/app.py", offset=0)'
AS_JSON = b'{"name":"fs.read","arguments":{"path":"/workspace/team10/src/app.py","offset":0}}'
AT = "2026-11-23T10:00:00.000Z"
MOMENT = milliseconds(AT)
REPEATS = 10_000
RULES = (10, 100, 1000, 10_000)
PAST = 100_000
HISTORY = """
agent "claude-1" { groups coders  workspace "repos/web" }
sandbox reader { image "governance/base"  mount workspace at "/workspace" read-only }
permit read { agent in coders  call fs.read  when path under "/workspace"  sandbox reader  because "work" }
limit reads { agent in coders  call fs.read  at most 10000000 per 1d, 10000000 per 1h  for each agent }
label secret { call fs.read  when path matches "**/.env" }
forbid late { call fs.read  when session carries secret  unless earlier fs.read within 1h  because "a key was read" }
"""


def case_of(bundle: Bundle, state: State, at: int) -> Case:
    """Return the call as a case that comes at `at`."""
    call = bind(read_call(parse_request(LINE, Origin("claude-1"))), bundle.capabilities)
    return Case(call, bundle.lineage(bundle.agents["claude-1"]), session_key("claude-1", "s"), at, state)


def after(bundle: Bundle, events: int) -> tuple[State, int]:
    """Return the state after so many allowed calls, one each 100 ms, and when that is."""
    decide, state, at = Compiled(bundle), State(), MOMENT
    case = case_of(bundle, state, at)
    for number in range(events):
        at += 100
        ruling = decide(Case(case.call, case.lineage, case.session, at, state))
        state = state.decided(ruling.changes, at, str(number))
    return state, at


def with_history(against: Row) -> list[Row]:
    """Return how long a ruling takes, and the state after it, after few events and after many."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "history.policy").write_text(HISTORY)
        bundle = load_policies(Path(folder))
    decide = Compiled(bundle)
    rulings, states = [], []
    for events in (10, PAST):
        past, at = after(bundle, events)
        case = case_of(bundle, past, at)
        ruling = decide(case)
        rulings.append(lambda case=case: decide(case))
        states.append(lambda past=past, at=at, ruling=ruling: past.decided(ruling.changes, at, "d"))
    few, many = in_turn(rulings, REPEATS)
    after_few, after_many = in_turn(states, REPEATS)
    first = row("with limits, labels and earlier, after 10 events", few, against)
    state = row("the state after it, after 10 events", after_few, first)
    last = row(f"with limits, labels and earlier, after {PAST:,} events", many, first)
    return [first, state, last, row(f"the state after it, after {PAST:,} events", after_many, state)]


def recorded(bundle: Bundle, origin: Origin) -> object:
    """Return the decision with everything that a record holds of it."""
    return judge(bundle, parse_request(LINE, origin), State(), AT).decision.to_json()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    bundles: dict[int, Bundle] = {}
    for rules in RULES:
        with tempfile.TemporaryDirectory() as folder:
            bundles[rules] = bundle_of(rules, Path(folder))
    origin, state = Origin("claude-1"), State()
    floor = row(
        "floor: json.loads and SHA-256",
        time_us(lambda: (json.loads(AS_JSON), sha256(AS_JSON).hexdigest()), REPEATS),
    )
    rows = [floor]
    typed = {}
    for rules, bundle in bundles.items():
        decide, case = Compiled(bundle), case_of(bundle, state, MOMENT)
        decide(case)
        typed[rules] = row(
            f"typed call to ruling, {rules} rules",
            time_us(lambda decide=decide, case=case: decide(case), REPEATS),
            typed.get(10, floor),
        )
        rows.append(typed[rules])
    reference, case = bundles[100], case_of(bundles[100], state, MOMENT)
    rows.append(
        row(
            "the reference evaluator, 100 rules", time_us(lambda: evaluate(reference, case), 2000), typed[100]
        )
    )
    remembered = with_history(typed[10])
    rows += remembered
    bundle = bundles[100]
    decide = Compiled(bundle)
    lineage = bundle.lineage(bundle.agents["claude-1"])

    def from_bytes(line: bytes) -> object:
        call = bind(read_call(parse_request(line, origin)), bundle.capabilities)
        return decide(Case(call, lineage, "agent:claude-1", MOMENT, state))

    call = row("bytes to ruling, call syntax, 100 rules", time_us(lambda: from_bytes(LINE), REPEATS), floor)
    mcp = row("bytes to ruling, MCP params, 100 rules", time_us(lambda: from_bytes(AS_JSON), REPEATS), floor)
    whole = row(
        "bytes to the decision as it is recorded, 100 rules",
        time_us(lambda: recorded(bundle, origin), 4000),
        floor,
    )
    rows += [call, mcp, whole]

    def goal(what: str, most: float, value: float) -> Goal:
        return Goal(what, f"at most {most}", value, value <= most)

    little, _, much, _ = (each.median_us for each in remembered)
    goals = [
        goal("p50 of typed call to ruling, 100 rules, in µs", 1.5, typed[100].median_us),
        goal("p50 of typed call to ruling, 10,000 rules, in µs", 1.5, typed[10_000].median_us),
        goal("growth from 10 to 10,000 rules", 3, typed[10_000].median_us / typed[10].median_us),
        goal("p50 with limits, labels and earlier, in µs", 6, little),
        goal("the same after 100,000 events, against after 10", 1.1, much / little),
        goal("p50 of bytes to ruling, call syntax, in µs", 6, call.median_us),
        goal("p50 of bytes to ruling, MCP params, in µs", 12, mcp.median_us),
    ]
    report("decide", rows, goals, json=arguments.json)


if __name__ == "__main__":
    main()
