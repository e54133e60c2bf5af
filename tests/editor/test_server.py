"""The language server, asked by a real client over pipes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from lsprotocol import types as lsp

from tests.editor.client import editor

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from tests.editor.client import Editor

pytestmark = pytest.mark.slow

COMMON = """\
agent "ann" { groups coders  workspace "w" }
let keys = ["**/.env"]
sandbox reader { image "governance/base"  mount workspace at "/w" read-only }
"""
RULES = """\
import "common.policy"

permit read {
  agent   in coders
  call    fs.read
  when    path under "/w"
  sandbox reader
  because "work"
  allows  fs.read(path="/w/a")
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "common.policy").write_text(COMMON)
    (tmp_path / "rules.policy").write_text(RULES)
    return tmp_path


def ask(folder: Path, question: Callable[[Editor], Awaitable[None]], encoding: str | None = None) -> None:
    async def session() -> None:
        async with editor(folder, encoding=encoding) as client:
            await question(client)
            assert client.said == []

    asyncio.run(session())


def test_diagnostics_come_while_one_types_and_go_when_it_is_mended(folder: Path) -> None:
    async def question(client: Editor) -> None:
        client.open("rules.policy")
        client.change("rules.policy", RULES.replace("in coders", "in codrs"))
        assert await client.codes("rules.policy") == ["unknown-group"]
        [found] = client.diagnostics[client.uri("rules.policy")]
        assert (found.range.start, found.range.end) == (lsp.Position(3, 13), lsp.Position(3, 18))
        assert found.message == "no group is called `codrs`\ndid you mean coders?"
        assert (found.severity, found.source) == (lsp.DiagnosticSeverity.Error, "governance")
        client.change("rules.policy", RULES)
        assert await client.codes("rules.policy") == []

    ask(folder, question)


def test_open_files_count_before_saved_ones_in_the_whole_bundle(folder: Path) -> None:
    async def question(client: Editor) -> None:
        client.open("rules.policy")
        client.open("common.policy", COMMON.replace("sandbox reader", "sandbox writer"))
        assert await client.codes("rules.policy") == ["unknown-sandbox"]
        closed = lsp.DidCloseTextDocumentParams(lsp.TextDocumentIdentifier(client.uri("common.policy")))
        client.text_document_did_close(closed)
        assert await client.codes("rules.policy") == []

    ask(folder, question)


def test_half_of_a_file_is_an_error_at_its_place_and_nothing_ends(folder: Path) -> None:
    async def question(client: Editor) -> None:
        client.open("rules.policy")
        for length in range(0, len(RULES), 25):
            client.change("rules.policy", RULES[:length])
        client.change("rules.policy", RULES[:60])
        assert "syntax" in await client.codes("rules.policy")
        client.change("rules.policy", RULES + 'let broken = "\u2028\U0001f600\n')
        assert "syntax" in await client.codes("rules.policy")

    ask(folder, question)


def test_file_that_is_no_text_is_told_where_one_writes(folder: Path) -> None:
    (folder / "other.policy").write_bytes(b"\xff")

    async def question(client: Editor) -> None:
        client.open("rules.policy")
        assert await client.codes("rules.policy") == ["not-utf-8"]
        assert await client.definition("rules.policy", 3, 14) == []

    ask(folder, question)


def test_hover_shows_types_effects_and_what_is_declared(folder: Path) -> None:
    async def question(client: Editor) -> None:
        client.open("rules.policy")
        shown = await client.hover("rules.policy", 4, 12)
        assert 'capability fs.read "' in shown
        assert "effects { read path }" in shown
        assert (
            await client.hover("rules.policy", 5, 11)
            == "```policy\n# of fs.read\npath: Path\n  read path\n```"
        )
        assert (await client.hover("rules.policy", 3, 15)).startswith('```policy\nagent "ann" {')
        assert (await client.hover("rules.policy", 6, 12)).startswith("```policy\nsandbox reader {")
        assert await client.hover("rules.policy", 1, 0) == ""

    ask(folder, question)


def test_hover_tells_the_type_of_a_field(folder: Path) -> None:
    (folder / "web.policy").write_text(
        'capability web.get "Fetch" { url: Url  effects { receive url }  argv { /bin/curl $url } }\n'
        'forbid far { call web.get  unless url.host within "example.org"  because "ours" }\n'
    )

    async def question(client: Editor) -> None:
        client.open("web.policy")
        assert "url.host: Host\n" in await client.hover("web.policy", 1, 36)

    ask(folder, question)


def test_definitions_are_found_in_other_files_and_in_the_library(folder: Path) -> None:
    async def question(client: Editor) -> None:
        client.open("rules.policy")
        assert await client.definition("rules.policy", 0, 10) == ["common.policy:0:0"]
        assert await client.definition("rules.policy", 3, 14) == ["common.policy:0:21"]
        assert await client.definition("rules.policy", 6, 12) == ["common.policy:2:8"]
        [capability] = await client.definition("rules.policy", 4, 12)
        assert capability.startswith("fs.policy:")
        assert await client.definition("rules.policy", 7, 2) == []

    ask(folder, question)


def test_completion_proposes_what_replaces_the_word_that_is_begun(folder: Path) -> None:
    async def question(client: Editor) -> None:
        client.open("rules.policy", f"{RULES}\npermit more {{\n  call fs.re")
        last = RULES.count("\n") + 2
        where = client.at("rules.policy", last, 12)
        found = await client.text_document_completion_async(lsp.CompletionParams(*where))
        assert isinstance(found, lsp.CompletionList)
        [read] = [each for each in found.items if each.label == "fs.read"]
        assert read.kind == lsp.CompletionItemKind.Function
        place = lsp.Range(lsp.Position(last, 7), lsp.Position(last, 12))
        assert read.text_edit == lsp.TextEdit(place, "fs.read")
        assert "agent" not in [each.label for each in found.items]

    ask(folder, question)


def test_formatting_is_that_of_fmt(folder: Path) -> None:
    async def question(client: Editor) -> None:
        client.open("rules.policy", RULES.replace("  agent   in", "      agent in"))
        options = lsp.FormattingOptions(tab_size=2, insert_spaces=True)
        what = lsp.DocumentFormattingParams(lsp.TextDocumentIdentifier(client.uri("rules.policy")), options)
        edits = await client.text_document_formatting_async(what)
        assert edits
        assert [edit.new_text for edit in edits] == [RULES]
        assert edits[0].range == lsp.Range(lsp.Position(0, 0), lsp.Position(10, 0))
        client.change("rules.policy", "permit {")
        assert not await client.text_document_formatting_async(what)

    ask(folder, question)


def test_outline_names_the_statements(folder: Path) -> None:
    async def question(client: Editor) -> None:
        client.open("common.policy")
        what = lsp.DocumentSymbolParams(lsp.TextDocumentIdentifier(client.uri("common.policy")))
        found = await client.text_document_document_symbol_async(what)
        assert [each.name for each in found or ()] == ["ann", "keys", "reader"]

    ask(folder, question)


@pytest.mark.parametrize(("encoding", "column"), [(None, 18), ("utf-16", 18), ("utf-8", 20), ("utf-32", 17)])
def test_places_count_in_the_units_of_the_editor(folder: Path, encoding: str | None, column: int) -> None:
    async def question(client: Editor) -> None:
        client.open("rules.policy", 'let face = ["\U0001f600", nowhere]\n')
        await client.codes("rules.policy")
        [found] = [each for each in client.diagnostics[client.uri("rules.policy")] if each.code == "syntax"]
        assert found.range.start == lsp.Position(0, column)

    ask(folder, question, encoding)


def test_unsaved_file_is_a_bundle_by_itself(folder: Path) -> None:
    async def question(client: Editor) -> None:
        item = lsp.TextDocumentItem("untitled:Untitled-1", "policy", 0, "permit {")
        client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        assert await client.codes_of("untitled:Untitled-1") == ["syntax"]

    ask(folder, question)
