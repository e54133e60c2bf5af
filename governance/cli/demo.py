"""The command `demo`: the main job on real input, from a recorded agent session to a verified log."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from governance import resources
from governance.cli.console import Exit, out
from governance.cli.lines import read_lines
from governance.cli.options import say
from governance.cli.replaying import replay_log
from governance.cli.show import decision_line, outcome_text
from governance.errors import Diagnostic, SandboxError
from governance.gateway import open_engine
from governance.gateway.service import configure
from governance.journal import verify
from governance.library import load_policies
from governance.request.wire import Origin
from governance.sandbox.engine_setup import ensure_engine
from governance.sandbox.image import ensure_image

if TYPE_CHECKING:
    from governance.gateway import Engine
    from governance.request.wire import Line

__all__ = ["demo"]

_AGENT: Final = "claude-1"
_WORKSPACE: Final = "repos/web"
_SANDBOX_USER: Final = 65532
_COMMIT: Final = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (
        ("NAME", "Dana Example"),
        ("EMAIL", "dana@example.org"),
        ("DATE", "2021-11-21T12:00:00Z"),
    )
}


def demo(
    folder: Annotated[
        Path | None,
        typer.Option("--folder", help="Where the log and the workspace are put; default: the state folder."),
    ] = None,
) -> None:
    """Send a recorded agent session through parse, decide, log and sandbox; then replay and verify the log."""
    configure(verbose=False)
    example = resources.folder("policies") / "examples" / "coder"
    place = folder or _state_folder()
    url = ensure_engine(say)
    ensure_image(url, say)
    workspaces, log = place / "workspaces", place / "log"
    _fresh_repository(example / "repository", workspaces / _WORKSPACE)
    shutil.rmtree(log, ignore_errors=True)
    bundle = load_policies(example / "coder.policy")
    out.print(f"policies {example.name}: {len(bundle.rules)} rules, bundle {bundle.digest[:19]}…")
    out.print(f"agent {_AGENT} works in {workspaces / _WORKSPACE}\n")
    with open_engine(log, bundle, workspaces, say) as engine, (example / "session.txt").open("rb") as session:
        answered = [_answer(engine, number, line) for number, line in enumerate(read_lines(session), 1)]
    _conclude(log, answered)


def _answer(engine: Engine, number: int, line: Line) -> bool:
    """Answer one request and show it; return whether it was allowed."""
    decided = engine.decide(line, Origin(_AGENT, "issue-1867"))
    asked = decided.request.source.text if decided.work is None else str(decided.work)
    out.print(decision_line(number, decided.decision, asked))
    if decided.fault is not None:
        raise decided.fault
    outcome = engine.dispatch(decided)
    if outcome is not None:
        out.print(outcome_text(outcome))
    return outcome is not None


def _conclude(log: Path, answered: list[bool]) -> None:
    """Replay and verify the log; leave with an error when either does not hold."""
    replayed = list(replay_log(log, None))
    again = [each for each in replayed if each.kind == "decision"]
    identical = sum(1 for each in again if not each.differences)
    verification = verify(log)
    allowed = sum(answered)
    out.print(
        f"\n{len(answered)} requests: {allowed} allowed and run, {len(answered) - allowed} denied, nobody was asked"
    )
    out.print(f"replay: {identical} of {len(again)} identical")
    if verification.problems or any(each.differences for each in replayed):
        for problem in verification.problems:
            out.print(problem.render())
        raise typer.Exit(Exit.FAILS)
    out.print(f"log verifies: {verification.records} records, head {verification.head}")
    out.print(f"read it with: governance log show {log}")


def _state_folder() -> Path:
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "governance" / "demo"


def _fresh_repository(files: Path, place: Path) -> None:
    """Make a git repository of `files` in `place`, the same one every time, that the sandbox's user can write."""
    git = shutil.which("git")
    if git is None:
        raise SandboxError(Diagnostic("no-git", "git is not installed", None, "install git"))
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(files, place)
    (place / "latest-report").symlink_to("/etc/passwd")
    environment = {**os.environ, **_COMMIT, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    for words in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "."],
        ["commit", "--quiet", "-m", "TimeDelta field"],
    ):
        subprocess.run([git, "-C", str(place), *words], check=True, env=environment)  # noqa: S603 - our words
    if os.geteuid() == 0:
        for path in (place, *place.rglob("*")):
            os.chown(path, _SANDBOX_USER, _SANDBOX_USER, follow_symlinks=False)
