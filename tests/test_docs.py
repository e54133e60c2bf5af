from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from governance.errors import PolicyError
from governance.policy.stored import examine_bundle
from governance.policy.trial import run_scenario
from governance.request import Syntax
from tests import surfaces_page
from tests.diagnostics_page import PAGE, examples, page
from tests.documents import DOCUMENTS, ROOT, Command, commands, normal, run
from tests.policy.build import library
from tests.policy.test_chunks import declared_codes

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("command", [each for each in commands() if not each.needs_engine], ids=str)
def test_command_prints_what_the_document_says(command: Command) -> None:
    assert normal(run(command.words, command.files)) == normal(command.output)


@pytest.mark.parametrize(
    "document", [*DOCUMENTS, *sorted((ROOT / "docs").rglob("*.md"))], ids=lambda path: path.name
)
def test_links_and_paths_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?://)([^)#]+)", document.read_text()):
        assert (document.parent / target).exists(), target


def test_every_diagnostic_code_is_listed() -> None:
    text = (ROOT / "docs" / "diagnostics.md").read_text()
    rows = re.findall(r"^(?:\| (`[^|]+`) \||### (`[^`]+`))", text, re.MULTILINE)
    listed = {code for row in rows for code in re.findall(r"`([a-z0-9-]+)`", "".join(row))}
    source = "".join(path.read_text() for path in sorted((ROOT / "governance").rglob("*.py")))
    used = set(
        re.findall(r'(?:report|Diagnostic|Fault|refused|refusal|problem|broken)\(\s*"([a-z0-9-]+)"', source)
    )
    assert len(used) > 80
    assert used - listed == set()


def test_each_diagnostic_has_an_example_that_gives_just_it() -> None:
    """The chunk tests show that each gives its code and nothing else; here, that they are what the page shows."""
    codes = declared_codes() - {"no-policies", "no-bundle", "bundle-edited", "other-meaning"}
    assert codes <= examples().keys()
    assert PAGE.read_text() == page()


def test_the_table_of_native_tools_is_the_one_that_is_used() -> None:
    assert surfaces_page.PAGE.read_text() == surfaces_page.page()


def test_every_syntax_stands_on_the_page_of_surfaces() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| ", surfaces_page.PAGE.read_text(), re.MULTILINE)
    assert {syntax.value for syntax in Syntax} - {"auto"} <= set(rows)


def test_the_policies_of_the_language_page_load_together() -> None:
    text = (ROOT / "docs" / "language.md").read_text()
    blocks = re.findall(r"^```policy\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) > 5
    found = examine_bundle(library(), {"language.policy": "\n".join(blocks)}, None)
    assert found.bundle is not None, PolicyError(*found.errors).render()
    for scenario in found.bundle.tests:
        assert [(each.expected, each.came) for each in run_scenario(found.bundle, scenario).failures] == []
