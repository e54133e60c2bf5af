from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.documents import DOCUMENTS, ROOT, Command, commands, normal, run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("command", [each for each in commands() if not each.needs_engine], ids=str)
def test_command_prints_what_the_document_says(command: Command) -> None:
    assert normal(run(command.words)) == normal(command.output)


@pytest.mark.parametrize(
    "document", [*DOCUMENTS, *sorted((ROOT / "docs").rglob("*.md"))], ids=lambda path: path.name
)
def test_links_and_paths_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?://)([^)#]+)", document.read_text()):
        assert (document.parent / target).exists(), target


def test_every_diagnostic_code_is_listed() -> None:
    rows = re.findall(r"^\| (`[^|]+`) \|", (ROOT / "docs" / "diagnostics.md").read_text(), re.MULTILINE)
    listed = {code for row in rows for code in re.findall(r"`([a-z0-9-]+)`", row)}
    source = "".join(path.read_text() for path in sorted((ROOT / "governance").rglob("*.py")))
    used = set(
        re.findall(r'(?:report|Diagnostic|Fault|refused|refusal|problem|broken)\(\s*"([a-z0-9-]+)"', source)
    )
    assert len(used) > 80
    assert used - listed == set()
