"""`governance log`: reading a decision log and proving that it is whole.

Nothing here changes a log. Every text in a record may be an agent's: it reaches a terminal only escaped.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.text import Text

from governance.canonical import Json
from governance.cli.console import Exit, err, out, print_json
from governance.errors import Diagnostic, JournalError
from governance.journal.ledger import Ledger
from governance.journal.record import Event
from governance.journal.verify import Verification, read_records, verify
from governance.text import shown

__all__ = ["log"]

log = typer.Typer(no_args_is_help=True, help="Read a decision log and prove that it is whole.")

_CLIP: Final = 72
_VERDICT_STYLE: Final = {"allow": "green", "deny": "red", "ask": "yellow"}
_KINDS: Final = ("bundle", "session", "decision", "connection", "commit", "outcome", "message")

_Folder = Annotated[Path, typer.Argument(metavar="LOG", help="The folder of the log.")]


@log.command("verify", epilog="Example: governance log verify ./log")
def verify_command(
    folder: _Folder,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check every byte of a log: the chain, the bundles it names, and that every outcome has its allow.

    A log whose last records were cut off looks whole: compare the head that is printed with one kept elsewhere.
    """
    with _missing_is_usage(), err.status("reading the log") as status:
        found = verify(folder, progress=lambda records: status.update(f"{records} records read"))
    if as_json:
        print_json(_verification_json(found))
    elif found.holds:
        out.print(_verification_text(found))
    for problem in () if as_json else found.problems:
        err.print(shown_lines(problem))
    if not found.holds:
        if not as_json:
            err.print(f"log does not verify: {found.records} records hold, head {found.head}")
        raise typer.Exit(Exit.FAILS)


@log.command("show", epilog="Example: governance log show ./log --kind decision --last 20")
def show_command(
    folder: _Folder,
    last: Annotated[
        int | None, typer.Option("--last", min=1, metavar="N", help="Only the last N records.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="K", help=f"Only {', '.join(_KINDS)}.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the records as they are in the log.")
    ] = False,
) -> None:
    """Print a log, one record a line: number, instant, kind, and what happened.

    An allow that has no outcome is shown as `unknown outcome`. Of a damaged log, what stands before the damage
    is shown, then the damage.
    """
    if kind is not None and kind not in _KINDS:
        raise typer.BadParameter(f"there are {', '.join(_KINDS)}", param_hint="--kind")
    with _missing_is_usage():
        count, unsettled = _survey(folder, kind)
    skipped = 0 if last is None else max(0, count - last)
    ledger = Ledger()
    try:
        for found in read_records(folder):
            event = found.record.event
            line = Text() if as_json else _line(event, unsettled, ledger.decision_of(event))
            ledger.take(event)
            if kind not in (None, event.kind):
                continue
            if skipped:
                skipped -= 1
            elif as_json:
                typer.echo(found.line)
            else:
                out.print(line)
    except JournalError as error:
        _only_damage(error)
        for problem in error.diagnostics:
            err.print(shown_lines(problem))
        raise typer.Exit(Exit.FAILS) from error


def shown_lines(problem: Diagnostic) -> str:
    """Return the rendered problem with each of its lines escaped."""
    return "\n".join(shown(line) for line in problem.render().split("\n"))


@contextmanager
def _missing_is_usage() -> Iterator[None]:
    """Let a log that is not there end the command as wrong usage."""
    try:
        yield
    except JournalError as error:
        if error.code != "no-log":
            raise
        err.print(shown_lines(error.diagnostics[0]))
        raise typer.Exit(Exit.USAGE) from error


def _only_damage(error: JournalError) -> None:
    """Pass on what is no damage of the log: files that cannot be read."""
    if error.code in ("no-log", "log-unreadable"):
        raise error


def _survey(folder: Path, kind: str | None) -> tuple[int, frozenset[int]]:
    """Return how many readable records are of `kind`, and the numbers of the allows without an outcome."""
    ledger, count = Ledger(), 0
    try:
        for found in read_records(folder):
            event = found.record.event
            ledger.take(event)
            count += kind in (None, event.kind)
    except JournalError as error:
        if error.code in ("no-log", "log-unreadable"):
            raise
    return count, frozenset(ledger.unsettled.values())


def _line(event: Event, unsettled: frozenset[int], settles: int | None) -> Text:
    line = Text(f"{event.seq:>7}  {event.at}  {event.kind:<8}  ")
    if event.kind == "decision":
        line.append_text(_decision(event, unknown=event.seq in unsettled))
    elif event.kind == "connection":
        line.append_text(_connection(event, settles))
    elif event.kind == "commit":
        line.append(_commit(event))
    elif event.kind == "outcome":
        line.append(_outcome(event, settles))
    elif event.kind == "bundle":
        line.append(_bundle(event))
    else:
        line.append("  ".join(f"{shown(name)}={_short(value)}" for name, value in event.body.items()))
    return line


def _decision(event: Event, *, unknown: bool) -> Text:
    verdict = _word(_at(event.body, "decision", "decision"))
    line = Text()
    line.append(f"{verdict:<5}", style=_VERDICT_STYLE.get(verdict, ""))
    line.append(f"  {_word(_at(event.body, 'decision', 'code'))}  {_asked(event)}")
    line.append(f"  {_word(_at(event.body, 'decision', 'reason'))}")
    if unknown:
        line.append("  unknown outcome", style="yellow")
    return line


def _connection(event: Event, belongs: int | None) -> Text:
    verdict, asked = _word(event.body.get("decision")), event.body.get("asked")
    line = Text()
    line.append(f"{verdict:<5}", style=_VERDICT_STYLE.get(verdict, ""))
    method, target = (_at(asked, name) for name in ("method", "target"))
    what = "" if method is None else f"{_word(method)} "
    place = f"{_word(_at(asked, 'scheme'))}://{_word(_at(asked, 'host'))}:{_word(_at(asked, 'port'))}"
    path = "" if target is None else _clip(_word(target))
    named = "nothing that can be read" if asked is None else f"{what}{place}{path}"
    line.append(f"  {_word(event.body.get('code'))}  {named}  {_word(event.body.get('reason'))}")
    return line.append("  of no open allow" if belongs is None else f"  of record {belongs}")


def _asked(event: Event) -> str:
    """Return the calls that were judged, or the request where it could not be read as calls."""
    calls = _at(event.body, "decision", "calls")
    if isinstance(calls, list) and calls:
        return "; ".join(_call(call) for call in calls)
    request = event.body.get("request")
    size = _at(request, "oversize")
    if isinstance(size, int):
        return f"<{size} bytes>"
    text = _at(request, "text")
    return (
        _clip(_word(text)) if isinstance(text, str) else f"<not text: {_clip(_word(_at(request, 'base64')))}>"
    )


def _call(call: Json) -> str:
    arguments = _at(call, "arguments")
    named = arguments.items() if isinstance(arguments, dict) else ()
    inner = ", ".join(f"{shown(name)}={_short(value)}" for name, value in named)
    return f"{_word(_at(call, 'capability'))}({_clip(inner)})"


def _outcome(event: Event, settles: int | None) -> str:
    decision = "no open allow" if settles is None else f"record {settles}"
    status, code = _word(event.body.get("status")), _word(event.body.get("exit"))
    return f"{status}  exit {code}  {_word(_at(event.body, 'usage', 'wall_ms'))} ms  of {decision}"


def _commit(event: Event) -> str:
    """Return what was said of what a call wrote, and how many of its changes were kept."""
    changes, left = _at(event.body, "difference", "alterations"), event.body.get("left_out")
    total = len(changes) if isinstance(changes, list) else 0
    kept = total - len(left) if isinstance(left, list) and event.body.get("verdict") == "commit" else 0
    said = "  ".join(_word(event.body.get(name)) for name in ("verdict", "code", "reason"))
    return f"{said}  {kept} of {total} changes kept"


def _bundle(event: Event) -> str:
    tiers = _at(event.body, "engine", "tiers")
    engine = "no engine" if not isinstance(tiers, list) else f"tiers {', '.join(map(_word, tiers)) or 'none'}"
    digest = event.body.get("bundle")
    return f"{'no bundle: everything is denied' if digest is None else _word(digest)}  {engine}"


def _at(value: Json, *names: str) -> Json:
    """Return what stands in `value` under `names`, or None."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _word(value: Json) -> str:
    return "-" if value is None else shown(value if isinstance(value, str) else json.dumps(value))


def _short(value: Json) -> str:
    return _clip(shown(json.dumps(value, ensure_ascii=False)))


def _clip(text: str) -> str:
    return text if len(text) <= _CLIP else text[: _CLIP - 1] + "…"


def _verification_text(found: Verification) -> str:
    text = (
        f"log verifies: {found.records} records, head {found.head}, {found.first_at} to {found.last_at}, "
        f"{found.segments} segment{'' if found.segments == 1 else 's'}, {found.bytes} bytes"
    )
    return f"{text}; {found.unsettled} allowed without an outcome" if found.unsettled else text


def _verification_json(found: Verification) -> Json:
    return {
        "verifies": found.holds,
        "log": found.log_id,
        "records": found.records,
        "head": found.head,
        "first_at": found.first_at,
        "last_at": found.last_at,
        "segments": found.segments,
        "bytes": found.bytes,
        "unknown_outcomes": found.unsettled,
        "problems": [
            {"code": problem.code, "message": problem.message, "help": problem.help}
            for problem in found.problems
        ],
    }
