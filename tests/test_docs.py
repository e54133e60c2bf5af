from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from governance.capabilities.values import TYPE_NAMES
from governance.errors import PolicyError, RequestError
from governance.policy.stored import examine_bundle
from governance.policy.trial import run_scenario
from governance.request import Syntax
from tests import surfaces_page
from tests.diagnostics_page import PAGE, examples, page
from tests.documents import DOCUMENTS, ROOT, Command, commands, normal, run
from tests.policy.build import bundle_of, call_of, library
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


def rows_of_values() -> list[tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]]:
    """Return the rows of the language page's table of values: a type, and how values of it are written."""
    text = (ROOT / "docs" / "language.md").read_text()
    table = text.partition("| type | in a call | in a policy | refused in a call |\n|---|---|---|---|\n")[2]
    rows = [row.strip("| \n").split(" | ") for row in table.partition("\n\n")[0].split("\n")]
    cells = [[tuple(re.findall(r"`([^`]+)`", cell)) for cell in row] for row in rows]
    return [(kind[0], in_call, in_policy, refused) for kind, in_call, in_policy, refused in cells]


DECLARED = """
capability a.b "s" {{ v: {}  n: Int(0..) = 0  effects {{ }}  argv {{ /bin/x $n }}  stdin {{ v }} }}
"""


@pytest.mark.parametrize("row", rows_of_values(), ids=lambda row: row[0])
def test_values_are_written_as_the_language_page_says(
    row: tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]],
) -> None:
    kind, in_call, in_policy, refused = row
    bundle = bundle_of(DECLARED.format(kind))
    for text in in_call:
        assert call_of(bundle, f"a.b(v={text})")
    for text in refused:
        with pytest.raises(RequestError):
            call_of(bundle, f"a.b(v={text})")
    for text in in_policy:
        assert bundle_of(DECLARED.format(f"{kind} = {text}"))
        assert bundle_of(f'{DECLARED.format(kind)}forbid f {{ call a.b  when v == {text}  because "x" }}\n')


def test_every_type_stands_in_the_table_of_values() -> None:
    named = {re.split(r"[ <(]", row[0])[0] for row in rows_of_values()}
    assert named == {*TYPE_NAMES, "{"}


def test_a_sandbox_is_what_the_language_page_says_where_it_says_nothing() -> None:
    text = (ROOT / "docs" / "language.md").read_text()
    said = re.search(r"What a sandbox does not say is (.*?)and every method", text, re.DOTALL)
    assert said is not None
    fields = " ".join(re.findall(r"`([^`]+)`", said[1].replace("\n", " "))).replace("port 443", "")
    permit = 'permit p { agent any  call fs.read  sandbox s  because "x" }\n'
    written, left_out = (
        next(
            rule.profile
            for rule in bundle_of(f'sandbox s {{ image "governance/base" {each} }}\n{permit}').rules
            if rule.kind == "permit"
        )
        for each in (fields, "")
    )
    assert written == left_out
    hosts, port = (
        bundle_of(f'sandbox s {{ image "governance/base"  network hosts "a.example.org" {each} }}\n{permit}')
        for each in ("", "port 443")
    )
    assert hosts.rules[0].profile == port.rules[0].profile


_RIGHT = {
    "Bool": "true", "Int": "1", "Decimal": "1", "Size": "1KiB", "Duration": "1s", "Instant": "2027-01-31T09:00:00Z",
    "Enum": '"a"', "Path": '"/w"', "Glob": '"a"', "PathGlob": '"/w"', "Url": '"https://example.org/"', "Cidr": '"10.0.0.0/8"',
    "Email": '"ann@example.org"', "Host": '"example.org"',
}  # fmt: skip
"""A literal of each type that is no text without more."""

_OPERATORS = (
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "in",
    "within",
    "starts",
    "ends",
    "contains",
    "under",
    "matches",
    "in cidr",
)


def test_operators_go_with_types_as_the_language_page_says() -> None:
    text = (ROOT / "docs" / "language.md").read_text()
    table = text.partition("| a parameter of | goes with |\n|---|---|\n")[2].partition("\n\n")[0]
    rows = [
        re.findall(r"`([^`]+)`", cell) for row in table.split("\n") for cell in row.strip("| ").split(" | ")
    ]
    said = {kind: set(operators) for kinds, operators in batched(rows) for kind in kinds}
    assert {re.split("[<]", kind)[0] for kind in said} == set(TYPE_NAMES)
    for kind, operators in said.items():
        right = _RIGHT.get(re.split("[<]", kind)[0], '"x"')
        declared = DECLARED.format("Enum(a, b)" if kind == "Enum" else kind)
        for operator in _OPERATORS:
            rule = f'forbid f {{ call a.b  when v {operator} {right}  because "x" }}\n'
            found = examine_bundle({}, {"x.policy": declared + rule}, None)
            codes = {each.code for each in found.diagnostics}
            assert ("bad-operator" in codes) is (operator not in operators), (kind, operator, codes)


def batched(rows: list[list[str]]) -> list[tuple[list[str], list[str]]]:
    return list(zip(rows[::2], rows[1::2], strict=True))
