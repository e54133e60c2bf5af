"""How long a decision takes: the call syntax through Lark, 100 rules; its parts, the floor, growth with rules.

Run as `python bench/decide.py [--json]`. The floor is what any JSON gateway pays: `json.loads` of the same call
and one SHA-256 of its bytes.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from hashlib import sha256
from pathlib import Path

from governance.decide import judge
from governance.policy import State
from governance.policy.evaluate import evaluate
from governance.request import Origin, parse_request
from governance.request.bind import bind
from governance.request.surface import read_call
from policies import bundle_of
from report import Goal, report, row, time_us

LINE = b'fs.read(path="/workspace/src/app.py", offset=0)'
AS_JSON = b'{"name":"fs.read","arguments":{"path":"/workspace/src/app.py","offset":0}}'
AT = "2026-11-23T10:00:00.000Z"
REPEATS = 4000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bundles = {rules: bundle_of(rules, Path(folder)) for rules in (10, 100, 1000)}
    origin, state = Origin("claude-1"), State()

    def decision(rules: int, line: bytes = LINE) -> list[float]:
        bundle = bundles[rules]
        return time_us(lambda: judge(bundle, parse_request(line, origin), state, AT), REPEATS)

    bundle = bundles[100]
    request = parse_request(LINE, origin)
    syntax = read_call(request)
    agent = bundle.agents["claude-1"]
    times = decision(100)
    floor = row(
        "floor: json.loads and SHA-256",
        time_us(lambda: (json.loads(AS_JSON), sha256(AS_JSON).hexdigest()), REPEATS),
    )
    whole = row("decide, call syntax, 100 rules", times, floor)
    rows = [
        floor,
        whole,
        row("decide, MCP params, 100 rules", decision(100, AS_JSON), whole),
        row("decide, 10 rules", decision(10), whole),
        row("decide, 1000 rules", decision(1000), whole),
        row("of it: Lark", time_us(lambda: read_call(request), REPEATS), whole),
        row("of it: bind", time_us(lambda: bind(syntax, bundle.capabilities), REPEATS), whole),
        row(
            "of it: bind and evaluate",
            time_us(lambda: evaluate(bundle, bind(syntax, bundle.capabilities), agent, None), REPEATS),
            whole,
        ),
    ]
    goal = Goal(
        "p50 of decide on the call syntax, 100 rules, in µs",
        "under 100",
        whole.median_us,
        whole.median_us < 100,
    )
    report("decide", rows, [goal], json=arguments.json)


if __name__ == "__main__":
    main()
