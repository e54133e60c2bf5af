"""Command lines that people and agents wrote: the whole corpora where they lie beside the checkout, else a sample.

tldr's `{{placeholders}}` are filled by one rule: of alternatives the last, of a list its first member, and
everything but letters, digits and `/._-` becomes `_`. A coding agent's own commands that take a block of text
(`edit 1:2`, lines, `end_of_edit`) are no command lines, and are told apart by their last line.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[3]
WHOLE: Final = ROOT.parent / "shared" / "corpora"
SAMPLE: Final = ROOT / "tests" / "data" / "shell.sample.jsonl"
NAMES: Final = ("nl2bash", "tldr", "agents")

FOLDER: Final = "/workspace"
HOME: Final = {"HOME": "/home/agent", "PWD": FOLDER}
"""Where command lines are typed that the corpora hold, and what is known of variables there."""

_PLACEHOLDER: Final = re.compile(r"\{\{(.*?)\}\}")


def filled(template: str) -> str:
    """Return a command line of tldr with its placeholders filled."""

    def fill(found: re.Match[str]) -> str:
        inner = found[1]
        if inner.startswith("[") and inner.endswith("]") and "|" in inner:
            inner = inner[1:-1]
        word = inner.rpartition("|")[2].split(" ")[0]
        return re.sub(r"[^A-Za-z0-9/._-]", "_", word) or "x"

    return _PLACEHOLDER.sub(fill, template)


def is_block(command: str) -> bool:
    """Say whether a line is an agent's own command with a block of text."""
    return command.rstrip().endswith("end_of_edit")


def _whole(name: str) -> list[str]:
    if name == "agents":
        lines = _records(WHOLE / "shell" / "sweagent.actions.jsonl")
        commands = [str(line["cmd"]) for line in lines]
        for line in _records(WHOLE / "toolcalls" / "sweagent.openai.jsonl"):
            arguments = json.loads(line["call"]["function"]["arguments"])
            if "command" in arguments and line["call"]["function"]["name"] == "bash":
                commands.append(str(arguments["command"]))
        return [command for command in commands if not is_block(command)]
    commands = [str(line["cmd"]) for line in _records(WHOLE / "shell" / f"{name}.jsonl")]
    return [filled(command) for command in commands] if name == "tldr" else commands


def _records(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@cache
def commands(name: str) -> list[str]:
    """Return the command lines of one corpus."""
    if WHOLE.is_dir():
        return _whole(name)
    return [line["cmd"] for line in _records(SAMPLE) if line["corpus"] == name]
