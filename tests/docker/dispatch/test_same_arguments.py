"""What was judged is what runs: programs of the image are replaced by one that records its arguments."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.docker.dispatch.lab import Lab

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from governance.sandbox import ContainerEngine

pytestmark = pytest.mark.engine

RECORDER = b"import json, sys\nprint(json.dumps(sys.argv))\n"
OTHER = b"#!/usr/bin/env -S python3 -IS\n" + RECORDER
OURS = b"#!/usr/bin/python3 -IS\n" + RECORDER
PROGRAMS = {
    "/usr/bin/git": OTHER,
    "/usr/bin/rg": OURS,
    "/usr/lib/governance/fs": OTHER,
    "/usr/lib/governance/lines": OURS,
}
"""Programs that the kernel starts, and one that is read by the runner's own interpreter: a tool that begins like it."""
HOSTILE = (
    ("plain", "two words", "", " ", "''", '""', "'", '"', "\\", "\\\\", "\\n"),
    ("a\nb", "a\rb", "a\tb", "\x01\x7f\x1b[2J", "\n"),
    ("$(id)", "`id`", "$HOME", "${PATH}", "%s", "{0}", "$$", "!!", "~", "*", "?", "[a-z]", "{a,b}"),
    (";", "|", "&&", "||", "&", ">", "<", ">/tmp/x", "#", "a;b", "\\;"),
    ("-", "--", "-rf", "--help", "--exec=id", "-c", "@file", "=", "a=b"),
    ("é", "日本語", "🙂", "e\u0301", "\u202egpj.exe", "\ufeff", "\u2028", "\U0010ffff", "<&>"),
    ("x" * 100_000, *["y"] * 1000),
)


@pytest.fixture(scope="module")
def recording(derived_image: Callable[[str, Mapping[str, tuple[int, bytes]]], str]) -> str:
    return derived_image("governance/recording", {path: (0o555, text) for path, text in PROGRAMS.items()})


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("arguments", HOSTILE, ids=range(len(HOSTILE)))
def test_the_program_gets_the_judged_arguments(
    engine: ContainerEngine, recording: str, tmp_path: Path, program: str, arguments: tuple[str, ...]
) -> None:
    lab = Lab(engine, recording, tmp_path, f"log-{uuid4()}")
    outcome = lab.run(program, *arguments)
    assert (outcome.status, outcome.stderr) == ("ok", "")
    assert json.loads(outcome.stdout) == [program, *arguments]
