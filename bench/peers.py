"""How fast a typed call is decided, against policy engines and expression languages that Python programs use.

Run as `python bench/peers.py [--json]`. The peers are installed, locked by hashes, into `.build/peers`; each runs in
processes of its own, and the comparison is void if any of them answers a question otherwise than all must. What
cannot be installed or run is named with the reason, and proves nothing. `bench/peers/task.py` says what is asked.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import venv
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from report import Goal, Row, report

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parent.parent
ASKED = ROOT / "bench" / "peers"
LOCKED = ROOT / "bench" / "requirements-peers.txt"
PLACE = ROOT / ".build" / "peers"
PYTHON = PLACE / "bin" / "python"
RULES = (10, 100, 1000)
OURS_TOO = 10_000
LONGEST = 600
"""How many seconds one peer has for one number of rules, its start included."""
FASTER = 20
GROWTH = 3


class Peer(NamedTuple):
    """One way to decide: the module that asks, the package and form it asks, whether that is a policy engine."""

    module: str
    package: str
    form: str = ""
    engine: bool = True

    def name(self, version: str, rules: int) -> str:
        """Return what a row says of it."""
        note = f", permits as {self.form}" if self.form else ""
        note += "" if self.engine else " (expressions, not an engine)"
        return f"{self.package} {version}".rstrip() + f"{note}, {rules:,} rules"


PEERS = (
    Peer("ask_cedarpy", "cedarpy"),
    Peer("ask_casbin", "casbin"),
    Peer("ask_regopy", "regopy", "rules"),
    Peer("ask_regopy", "regopy", "data"),
    Peer("ask_celpy", "cel-python", engine=False),
    Peer("ask_cel", "common-expression-language", engine=False),
)


class Found(NamedTuple):
    """What a process that asks says, but for wrong answers, which there are none of."""

    version: str
    median_us: float
    p99_us: float


class NotRunError(Exception):
    """A peer could not be run; the message says why."""


def install() -> dict[str, str]:
    """Install the peers and return which could not be, and why; one does not keep the others out."""
    mark, digest = PLACE / "installed", sha256(LOCKED.read_bytes()).hexdigest()
    if mark.is_file() and mark.read_text() == digest:
        return {}
    print("installing the peers into .build/peers …", file=sys.stderr)
    try:
        venv.create(PLACE, with_pip=True, clear=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return {peer.package: f"no virtual environment: {error}" for peer in PEERS}
    if _refused(LOCKED) is None:
        mark.write_text(digest)
        return {}
    missing = {}
    with tempfile.TemporaryDirectory() as folder:
        one = Path(folder) / "one.txt"
        for line in LOCKED.read_text().replace("\\\n", " ").splitlines():
            one.write_text(line)
            why = _refused(one, "--no-deps", "--retries", "0", "--timeout", "5")
            if why is not None:
                missing[line.partition("==")[0]] = why
    return missing


def _refused(requirements: Path, *options: str) -> str | None:
    """Install what is required and return None, or why that cannot be."""
    command = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--retries", "1"]
    locked = ["--require-hashes", "--only-binary", ":all:", *options, "-r", requirements]
    done = subprocess.run([*command, *locked], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return None
    said = [line for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
    return f"pip: {(said or ['failed'])[0].removeprefix('ERROR: ')}"


def measured(python: Sequence[str], module: str, rules: int, form: str = "") -> Found:
    """Return what a process that asks says; raise `NotRunError` if it cannot.

    A wrong answer ends the benchmark.
    """
    command = [*python, str(ASKED / f"{module}.py"), str(rules), *([form] if form else [])]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST)
    except subprocess.TimeoutExpired as error:
        raise NotRunError(f"took longer than {LONGEST} s") from error
    except OSError as error:
        raise NotRunError(str(error)) from error
    if done.returncode != 0:
        raise NotRunError((done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1])
    found = json.loads(done.stdout.splitlines()[-1])
    if found["wrong"]:
        sys.exit(f"the comparison is void: {module} with {rules} rules answers {'; '.join(found['wrong'])}")
    return Found(found["version"], found["median_us"], found["p99_us"])


def ours(rules: int) -> Row:
    """Return this engine's row."""
    print(f"asking governance, {rules:,} rules …", file=sys.stderr)
    found = measured([sys.executable], "ask_governance", rules)
    return Row(f"governance, {rules:,} rules", found.median_us, found.p99_us)


def theirs(peer: Peer, rules: int, missing: str | None, other: Row) -> Row:
    """Return the peer's row against `other`, or one without numbers that says why it did not run.

    `missing` says why it is not installed.
    """
    print(f"asking {peer.name('', rules)} …", file=sys.stderr)
    why = missing
    if why is None:
        try:
            found = measured([str(PYTHON), "-E"], peer.module, rules, peer.form)
            return against(Row(peer.name(found.version, rules), found.median_us, found.p99_us), other)
        except NotRunError as reason:
            why = str(reason)
    said = why.replace("|", "/").replace(str(ROOT), ".")
    return Row(f"{peer.name('', rules)}: not run: {said:.150}", None, None)


def against(row: Row, other: Row | None) -> Row:
    """Return `row` with how many times faster than `other` it is."""
    if other is None:
        return row
    return Row(row.what, row.median_us, row.p99_us, other.median_us / row.median_us, other.what)


def goals(mine: dict[int, Row], engines: Sequence[Row]) -> list[Goal]:
    """Return what was aimed at; `engines` are the rows of the policy engines with 100 rules, run or not.

    Which engine is the fastest is known only if all ran; one that is too fast is enough to miss the goal.
    """
    ran = [row.median_us for row in engines if row.median_us is not None]
    faster = min(ran) / mine[100].median_us if ran else None
    if len(ran) < len(engines) and (faster is None or faster >= FASTER):
        faster = None
    growth = mine[1000].median_us / mine[10].median_us
    return [
        Goal(
            "times faster than the fastest policy engine among the peers, 100 rules",
            f"at least {FASTER}",
            faster,
            faster is not None and faster >= FASTER,
        ),
        Goal("growth from 10 to 1,000 rules", f"at most {GROWTH}", growth, growth <= GROWTH),
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    missing = install()
    rows: list[Row] = []
    mine: dict[int, Row] = {}
    engines: dict[int, list[Row]] = {}
    for rules in RULES:
        mine[rules] = ours(rules)
        others = {peer: theirs(peer, rules, missing.get(peer.package), mine[rules]) for peer in PEERS}
        engines[rules] = [row for peer, row in others.items() if peer.engine]
        ran = [row for row in engines[rules] if row.median_us is not None]
        fastest = min(ran, key=lambda row: row.median_us, default=None)
        rows += [against(mine[rules], fastest), *others.values()]
    rows.append(against(ours(OURS_TOO), mine[10]))
    report("peers", rows, goals(mine, engines[100]), json=arguments.json)


if __name__ == "__main__":
    main()
