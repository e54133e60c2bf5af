"""How decisions, outcomes and explanations are shown to people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from governance.text import shown

if TYPE_CHECKING:
    from governance.canonical import Json
    from governance.policy.decision import Decision
    from governance.policy.explain import Explanation
    from governance.sandbox.outcome import Outcome

__all__ = ["decision_line", "explanation_json", "explanation_table", "outcome_text"]

_COLOURS: Final = {"allow": "green", "deny": "red", "ask": "yellow"}
_CLIP: Final = 76
_LINES: Final = 3


def clip(text: str, width: int = _CLIP) -> str:
    """Return the first line of `text`, safe to show, no wider than `width`."""
    line = shown(text.split("\n", 1)[0])
    return line if len(line) <= width else line[: width - 1] + "…"


def decision_line(number: int, decision: Decision, asked: str) -> Text:
    """Return a decision as one line: its number, the verdict, what was asked, the code and the reason."""
    text = Text(f"{number:>4}  ")
    text.append(f"{decision.verdict:<5}", _COLOURS[decision.verdict])
    text.append(f" {clip(asked, 60):<60}  ")
    text.append(f"{decision.code.value}: {shown(decision.reason)}", "dim")
    return text


def outcome_text(outcome: Outcome) -> Text:
    """Return an outcome: its status, how long it took, and the first lines that were printed."""
    lines = [line for line in (outcome.stdout + "\n" + outcome.stderr).split("\n") if line.strip()]
    text = Text("       → ")
    text.append(outcome.status, "green" if outcome.status == "ok" else "yellow")
    took = "" if outcome.wall_ms is None else f" {outcome.wall_ms} ms"
    text.append(f"{took}  {shown(outcome.message)}".rstrip(), "dim")
    for line in lines[:_LINES]:
        text.append(f"\n         | {clip(line, 100)}", "dim")
    if len(lines) > _LINES:
        text.append(f"\n         | … {len(lines) - _LINES} more lines", "dim")
    return text


def explanation_table(explanation: Explanation) -> Table:
    """Return every rule as rows: whether it applies, and what each part of it came to."""
    table = Table(box=None, pad_edge=False)
    for heading in ("rule", "part", "says", "of", "holds"):
        table.add_column(heading, overflow="fold")
    for each in explanation.rules:
        rule = each.rule
        mark = "*" if each.determines else ("applies" if each.applies else "-")
        place = f"{rule.kind} {rule.reference.name} ({rule.reference.place})"
        table.add_row(place, "", f"because {escape(rule.because)}", "", mark)
        for finding in each.findings:
            holds = {True: "yes", False: "no", None: "of some"}[finding.truth]
            table.add_row("", finding.part, escape(shown(finding.text)), escape(shown(finding.value)), holds)
    return table


def explanation_json(explanation: Explanation) -> list[Json]:
    """Return what `explanation_table` shows as data; of a part that holds of some, `holds` is null."""
    return [
        {
            "rule": each.rule.reference.name,
            "kind": each.rule.kind,
            "place": each.rule.reference.place,
            "because": each.rule.because,
            "applies": each.applies,
            "determines": each.determines,
            "parts": [
                {"part": part.part, "says": part.text, "of": part.value, "holds": part.truth}
                for part in each.findings
            ],
        }
        for each in explanation.rules
    ]
