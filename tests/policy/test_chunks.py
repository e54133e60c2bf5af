"""The language tests written in the language: `tests/chunks/*.chunks`.

A file holds policies split by lines of `---`. A line that is wrong ends in `# ERROR code: piece`, or `# WARNING …`, once
for each; the piece is in the message or the help. Nothing else may be reported, and a chunk without such a
comment loads.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from governance import resources
from governance.errors import PolicyError
from governance.instant import milliseconds
from governance.policy.stored import examine_bundle
from tests.policy.build import library, reading_once

if TYPE_CHECKING:
    from collections.abc import Iterator

    from governance.errors import Diagnostic

CHUNKS = Path(__file__).parents[1] / "chunks"
PRELUDE = """
agent "claude-1" { tenant "web" groups coders workspace "repos/web" }
agent "claude-2" { groups reviewers workspace "repos/docs" }
sandbox reader { image "governance/base" mount workspace at "/workspace" read-only }
sandbox editor { image "governance/base" mount workspace at "/workspace" writable }
let keys = ["**/.env", "**/*.pem"]
"""
OTHERS = {"prelude.policy": PRELUDE, "other.policy": 'let others = ["**/x"]\n'}
IMPORT = '\nimport "prelude.policy"\n'
"""Stands at the end, so that no line of a chunk moves."""

ERROR = re.compile(r"# (?:ERROR|WARNING) ([a-z-]+): (.+?)(?= # (?:ERROR|WARNING) |$)")
AT = milliseconds("2026-11-23T12:00:00.000Z")


def chunks() -> Iterator[tuple[str, str]]:
    for path in sorted(CHUNKS.glob("*.chunks")):
        line = 1
        for chunk in re.split(r"(?m)^---\n", path.read_text()):
            yield f"{path.stem}:{line}", chunk
            line += chunk.count("\n") + 1


def expected(chunk: str) -> list[tuple[int, str, str]]:
    lines = enumerate(chunk.split("\n"), 1)
    return [(number, code, piece.strip()) for number, line in lines for code, piece in ERROR.findall(line)]


def diagnostics(chunk: str) -> tuple[Diagnostic, ...]:
    """Return what is reported; that a rule has no example only where the chunk is about that."""
    with reading_once():
        found = examine_bundle(library(), {**OTHERS, "x.policy": chunk + IMPORT}, AT).diagnostics
    told = "WARNING no-example" in chunk
    return tuple(each for each in found if told or each.code != "no-example")


@pytest.mark.parametrize("chunk", [pytest.param(chunk, id=name) for name, chunk in chunks()])
def test_chunk_reports_just_what_it_says(chunk: str) -> None:
    found = diagnostics(chunk)
    assert all(each.span is not None and each.span.source.name == "x.policy" for each in found)
    places = [(each.span.line, each.code) for each in found if each.span]
    wanted = sorted(expected(chunk))
    assert sorted(places) == [(line, code) for line, code, _ in wanted], PolicyError(*found).render()
    for line, code, piece in wanted:
        texts = [
            f"{each.message} | {each.help}"
            for each in found
            if each.span and (each.span.line, each.code) == (line, code)
        ]
        assert any(piece in text for text in texts), (piece, texts)
        assert all(text.rpartition(" | ")[2] for text in texts)


def declared_codes() -> set[str]:
    """Return the codes that stand in the checker's text, and the kinds of names that can be unknown."""
    codes: set[str] = set()
    for path in (resources.folder("policy")).rglob("*.py"):
        text = path.read_text()
        codes |= set(re.findall(r'(?:report|Diagnostic)\(\s*"([a-z-]+)"', text))
        codes |= {f"unknown-{kind}" for kind in re.findall(r'(?:find|unknown)\(\s*"([a-z]+)"', text)}
    return codes


def test_every_code_of_the_checker_has_a_chunk() -> None:
    stored = {"no-policies", "no-bundle", "bundle-edited", "other-meaning"}  # not about a policy's text
    codes = declared_codes() - stored
    assert len(codes) > 40
    assert codes <= {code for _, chunk in chunks() for _, code, _ in expected(chunk)}
