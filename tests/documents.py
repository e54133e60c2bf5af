"""Console blocks of the documents: commands with the output they must give.

In a block marked `console`, a line that begins with `$ ` is a command, what follows up to the next one is its
output (both streams). What differs from run to run is normalised on both sides: durations, digests of records,
folders of the state. `python -m tests.documents` writes the present output into the documents.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parent.parent
DOCUMENTS: Final = (
    ROOT / "README.md",
    *(ROOT / "docs" / f"{name}.md" for name in ("tutorial", "surfaces", "programs", "doctor", "egress")),
)
NEEDS_ENGINE: Final = ("governance demo", "governance run", "governance doctor", "/tmp/demo.txt")

_BLOCK: Final = re.compile(r"^```(console|policy /[^\n]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_VARYING: Final = (
    (re.compile(r"\b[0-9]+ ms\b"), "N ms"),
    (re.compile(r"in [0-9.]+s\b"), "in N s"),
    (re.compile(r"head sha256:[0-9a-f]{64}"), "head sha256:…"),
    (re.compile(r"~?(?:/[^/\s]+)+/governance/demo"), "~/.local/state/governance/demo"),
)


class Command(NamedTuple):
    """One command of a document with the output that stands there."""

    document: Path
    line: int
    words: str
    output: str
    files: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.document.name}:{self.line}:{self.words[:40]}"

    @property
    def needs_engine(self) -> bool:
        return any(need in self.words for need in NEEDS_ENGINE)


def commands() -> list[Command]:
    """Return the commands of all documents, in order."""
    return [command for document in DOCUMENTS for command in _commands(document)]


def _commands(document: Path) -> list[Command]:
    text = document.read_text()
    found = []
    files: dict[str, str] = {}
    for block in _BLOCK.finditer(text):
        if block[1] != "console":
            files[block[1].removeprefix("policy ")] = block[2]
            continue
        start = text.count("\n", 0, block.start(2)) + 1
        parts = re.split(r"^\$ ", block[2], flags=re.MULTILINE)
        for part in parts[1:]:
            words, _, output = part.partition("\n")
            found.append(Command(document, start, words, output, tuple(files.items())))
    return found


def run(words: str, files: tuple[tuple[str, str], ...] = ()) -> str:
    """Return what a command prints, on both streams, as a person at a wide terminal would see it.

    `files` are those that the document has shown so far; their folder holds nothing else.
    """
    for folder in {Path(name).parent for name, _ in files}:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    for name, text in files:
        Path(name).write_text(text)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "COLUMNS": "200", "NO_COLOR": "1"}
    done = subprocess.run(
        ["bash", "-c", words],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=600,
        check=False,
    )
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.decode().splitlines())


def normal(text: str) -> str:
    """Return `text` with everything that may differ between two runs replaced."""
    for pattern, replacement in _VARYING:
        text = pattern.sub(replacement, text)
    return text


def rewrite(document: Path) -> None:
    """Write the present output of every command into the document."""

    files: dict[str, str] = {}

    def block(match: re.Match[str]) -> str:
        if match[1] != "console":
            files[match[1].removeprefix("policy ")] = match[2]
            return match[0]
        parts = re.split(r"^\$ ", match[2], flags=re.MULTILINE)
        shown = tuple(files.items())
        said = (
            f"$ {words}\n{normal(run(words, shown))}"
            for words in (part.partition("\n")[0] for part in parts[1:])
        )
        return f"```console\n{''.join(said)}```"

    document.write_text(_BLOCK.sub(block, document.read_text()))


if __name__ == "__main__":
    for each in DOCUMENTS:
        rewrite(each)
