"""How long it takes to read a command line, how hostile ones are refused, and how much of what is written is read.

Run as `python bench/shell.py [--json]`. Lark is the whole reading, which decides whatever is not surely read fast. The
shares are of what bash accepts, where there is a bash; of the sample in the tests where the whole corpora are not
at hand.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from governance.decide import judge
from governance.errors import RequestError
from governance.library import load_policies
from governance.policy import Deny, State
from governance.request import Origin, Syntax, parse_request
from governance.request.shell import parse_shell
from governance.request.shell.parse import read_shell
from governance.request.shell.work import bind_command
from governance.request.syntax import CommandLine
from governance.text import Source
from hostile import SHELL
from report import Goal, Row, report, row, time_us

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.request.shell import corpora, oracle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from governance.errors import Diagnostic
    from governance.policy import Decision

SIMPLE = "git log -n 5 -- src/app.py"
PIPELINE = "cat src/app.py | grep -n 'def main' | head -5"
MIXED = 'cd src && for f in a b; do wc -l "$f.py" 2>/dev/null; done | sort -n'
REPEATS = 20_000
CODER = load_policies(Path(__file__).resolve().parent.parent / "policies" / "examples" / "coder")
AGENTS_OWN = frozenset(
    {
        "close_file", "connect_exec", "connect_sendline", "connect_start", "connect_stop", "create", "debug_start", "decompile",
        "disassemble", "edit", "exit_forfeit", "find_file", "goto", "insert", "open", "scroll_down", "scroll_up", "search_dir",
        "search_file", "skip", "submit",
    }
)  # fmt: skip
"""The commands of a coding agent that are tools of its own, and no programs."""
MEGABYTE = 1 << 20
_MOST_TOLD = 8


def read(text: str, variables: Mapping[str, str] | None = None) -> bool:
    """Say whether a command line is read."""
    try:
        parse_shell(Source("request", text), variables or {})
    except RequestError:
        return False
    return True


def by_lark(text: str) -> object:
    return read_shell(Source("request", text))


def used(text: str) -> dict[str, str]:
    """Return a value for each variable that a command line uses."""
    return {**dict.fromkeys(re.findall(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)", text), "value"), **corpora.HOME}


def share(name: str, variables: Callable[[str], Mapping[str, str]]) -> float:
    """Return how many of a hundred lines that bash accepts are read."""
    accepted = [text for text in corpora.commands(name) if oracle.BASH is None or oracle.accepts(text)]
    return 100 * sum(read(text, variables(text)) for text in accepted) / max(1, len(accepted))


def refused(name: str) -> Counter[str]:
    """Return what is refused of the lines that bash accepts, by its code, with what every line has declared."""
    found: Counter[str] = Counter()
    for text in corpora.commands(name):
        try:
            parse_shell(Source("request", text), corpora.HOME)
        except RequestError as error:
            if oracle.BASH is None or oracle.accepts(text):
                found[error.code] += 1
    return found


def specific(name: str) -> float:
    """Return how many of a hundred calls that the lines come to are of a capability more specific than any program's.

    Commands that an agent's own tools give it are left out: no program is called so.
    """
    calls: list[str] = []
    for text in corpora.commands(name):
        line = CommandLine(Source("request", text), corpora.FOLDER)
        try:
            work, _ = bind_command(line, CODER.capabilities, parse_shell)
        except RequestError:
            continue
        calls += [
            call.capability.name
            for call in work.calls
            if call.capability.name != "proc.exec" or call.argv[0].rpartition("/")[2] not in AGENTS_OWN
        ]
    return 100 * sum(each != "proc.exec" for each in calls) / max(1, len(calls))


def second_try(name: str) -> float | None:
    """Return how many of a hundred lines that are refused with calls to make instead are allowed with the first of them."""
    refused = [judged(text, Syntax.SHELL) for text in corpora.commands(name)]
    offered = [each.nearest[0] for each in refused if isinstance(each, Deny) and each.nearest]
    allowed = sum(judged(text, Syntax.CALL).verdict == "allow" for text in offered)
    return 100 * allowed / len(offered) if offered else None


def understood(text: str) -> Diagnostic | None:
    """Return why a command line is no calls, None where it is some."""
    line = CommandLine(Source("request", text), corpora.FOLDER)
    try:
        bind_command(line, CODER.capabilities, parse_shell)
    except RequestError as error:
        return error.diagnostics[0]
    return None


def mended(text: str, why: Diagnostic) -> str | None:
    """Return a command line with that done which the help says, where it says what to do with what it points at."""
    if why.span is None or why.span.source.text != text or not why.help:
        return None
    before, found, behind = text[: why.span.start], text[why.span.start : why.span.end], text[why.span.end :]
    if why.help.startswith("put it into double quotes"):
        return f'{before}"{found}"{behind}'
    if why.help.startswith(("leave it out", "leave `&` out")):
        return (before + behind).strip()
    return None


def second_reading(name: str) -> tuple[int, int]:
    """Return how many lines are no calls and are told exactly what to do, and how many of them then are."""
    told = [
        found
        for text in corpora.commands(name)
        if (why := understood(text)) is not None and (found := mended(text, why)) is not None
    ]
    return len(told), sum(understood(text) is None for text in told)


def judged(text: str, syntax: Syntax) -> Decision:
    """Return the decision of the coder's example on a request."""
    request = parse_request(text.encode(), Origin("claude-1", syntax=syntax))
    return judge(CODER, request, State(), "2026-11-24T10:00:00.000Z").decision


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    read(MIXED)
    rows: list[Row] = []
    for name, text in (("simple command", SIMPLE), ("pipeline", PIPELINE)):
        lark = row(f"{name}: Lark", time_us(partial(by_lark, text), REPEATS // 20))
        rows += [lark, row(f"{name}: read", time_us(partial(read, text), REPEATS), lark)]
    rows.append(row("a loop in a pipeline: Lark", time_us(partial(by_lark, MIXED), REPEATS // 20)))
    hostile = [
        row(f"1 MiB of {name}, refused", time_us(partial(read, made(MEGABYTE - 8)), 5))
        for name, made in SHELL.items()
    ]
    goals = [
        _most("p50 of a simple command, in µs", 8, rows[1].median_us or 0),
        _most("p50 of a pipeline through Lark, in µs", 150, rows[2].median_us or 0),
        _most(
            "1 MiB of hostile text refused, the slowest, in ms",
            100,
            max(each.median_us or 0 for each in hostile) / 1000,
        ),
    ]
    for name, least in (("nl2bash", 90), ("agents", 97), ("tldr", 90)):
        if not corpora.commands(name):
            continue
        goals.append(
            _least(
                f"of 100 lines of {name}, read with HOME declared", least, share(name, lambda _: corpora.HOME)
            )
        )
        goals.append(
            _least(f"of 100 lines of {name}, read with all variables declared", least, share(name, used))
        )
    goals += [
        Goal(f"lines of nl2bash refused for `{code}` with HOME declared", "reported", count, met=True)
        for code, count in refused("nl2bash").most_common(_MOST_TOLD)
    ]
    goals.append(_least("of 100 calls in lines of agents, of a specific capability", 80, specific("agents")))
    for name in corpora.NAMES:
        if (tried := second_try(name)) is not None:
            what = (
                f"of 100 lines of {name} that are denied with a call to make instead, allowed when it is made"
            )
            goals.append(_least(what, 100, tried))
        told, mend = second_reading(name)
        if told:
            what = f"of {told} lines of {name} that are no calls and told what to do, calls when it is done, in %"
            goals.append(Goal(what, "reported", 100 * mend / told, met=True))
    report("shell", [*rows, *hostile], goals, json=arguments.json)


def _most(what: str, most: float, measured: float) -> Goal:
    return Goal(what, f"at most {most}", measured, measured <= most)


def _least(what: str, least: float, measured: float) -> Goal:
    return Goal(what, f"at least {least}", measured, measured >= least)


if __name__ == "__main__":
    main()
