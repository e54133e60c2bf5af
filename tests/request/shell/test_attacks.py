"""What has been used to smuggle commands past a reader: `tests/chunks/attacks/shell.chunks`.

A chunk is a command line and, as its last line, what it must come to: `# REFUSED code line:column`, or `# MEANS` and
the arguments of each program in turn, as JSON. `\\u` and four digits stand for a character that does not show. A word
that is known only while something runs stands in brackets, as it is printed.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from governance.errors import RequestError
from governance.request.shell import parse_shell
from governance.request.shell.write import print_word
from governance.text import Source
from tests.request.shell import oracle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from governance.request.shell.tree import Script

CHUNKS = Path(__file__).parents[2] / "chunks" / "attacks" / "shell.chunks"


def chunks() -> Iterator[tuple[int, str, str]]:
    line = 1
    for chunk in CHUNKS.read_text().split("\n---\n"):
        text, _, verdict = chunk.rstrip("\n").rpartition("\n# ")
        shown = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), text)
        yield line, shown, verdict
        line += chunk.count("\n") + 2


def verdict(text: str) -> str:
    try:
        script = parse_shell(Source("request", text))
    except RequestError as error:
        return refused(error)
    return f"MEANS {' '.join(json.dumps(argv) for argv in meant(script))}"


def refused(error: RequestError) -> str:
    (diagnostic,) = error.diagnostics
    assert diagnostic.span is not None
    assert diagnostic.help
    assert all(line.isprintable() for line in error.render().split("\n"))
    return f"REFUSED {diagnostic.code} {diagnostic.span.line}:{diagnostic.span.column}"


def meant(script: Script) -> Iterator[list[str | list[str]]]:
    for command in oracle.commands(script):
        yield [[print_word(word)] if word.text is None else word.text for word in command.words]


@pytest.mark.parametrize(
    ("text", "wanted"), [pytest.param(text, wanted, id=f"{line}") for line, text, wanted in chunks()]
)
def test_attack_comes_to_what_it_must(text: str, wanted: str) -> None:
    assert verdict(text) == wanted


def test_there_are_attacks_enough() -> None:
    found = list(chunks())
    assert len(found) >= 150
    assert len({text for _, text, _ in found}) == len(found)


@pytest.mark.skipif(oracle.BASH is None, reason="there is no bash here")
def test_bash_takes_what_is_read_for_the_same() -> None:
    texts = [text for _, text, wanted in chunks() if wanted.startswith("MEANS")]
    parsed = [(text, parse_shell(Source("request", text))) for text in texts]
    assert oracle.wrong(parsed) == []
    assert [text for text in texts if not oracle.accepts(text)] == []
