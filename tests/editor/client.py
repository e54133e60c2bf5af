"""An editor, for tests: a real client of the Language Server Protocol that speaks with `governance lsp` over pipes."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PATIENCE = 60


class Editor(LanguageClient):
    """One editor with a folder open."""

    def __init__(self, folder: Path) -> None:
        super().__init__("editor", "1")
        self.folder = folder
        self.version = 0
        self.said: list[str] = []
        self.diagnostics: dict[str, list[lsp.Diagnostic]] = {}
        self._news = asyncio.Event()
        self.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(partial(self._published))
        self.feature(lsp.WINDOW_SHOW_MESSAGE)(lambda params: self.said.append(params.message))

    def _published(self, params: lsp.PublishDiagnosticsParams) -> None:
        self.diagnostics[params.uri] = list(params.diagnostics)
        self._news.set()

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def open(self, name: str, text: str | None = None) -> None:
        text = (self.folder / name).read_text() if text is None else text
        item = lsp.TextDocumentItem(self.uri(name), "policy", 0, text)
        self.text_document_did_open(lsp.DidOpenTextDocumentParams(item))

    def change(self, name: str, text: str) -> None:
        self.version += 1
        document = lsp.VersionedTextDocumentIdentifier(self.version, self.uri(name))
        changes = [lsp.TextDocumentContentChangeWholeDocument(text)]
        self.text_document_did_change(lsp.DidChangeTextDocumentParams(document, changes))

    async def codes(self, name: str) -> list[str]:
        """Return the codes of the next diagnostics that come for a file."""
        return await self.codes_of(self.uri(name))

    async def codes_of(self, uri: str) -> list[str]:
        self.diagnostics.pop(uri, None)
        async with asyncio.timeout(PATIENCE):
            while uri not in self.diagnostics:
                self._news.clear()
                await self._news.wait()
        return [str(each.code) for each in self.diagnostics[uri]]

    def at(self, name: str, line: int, character: int) -> tuple[lsp.TextDocumentIdentifier, lsp.Position]:
        return lsp.TextDocumentIdentifier(self.uri(name)), lsp.Position(line, character)

    async def hover(self, name: str, line: int, character: int) -> str:
        found = await self.text_document_hover_async(lsp.HoverParams(*self.at(name, line, character)))
        if found is None:
            return ""
        assert isinstance(found.contents, lsp.MarkupContent)
        return found.contents.value

    async def definition(self, name: str, line: int, character: int) -> list[str]:
        """Return where a word is declared, as `file:line:character`."""
        found = await self.text_document_definition_async(
            lsp.DefinitionParams(*self.at(name, line, character))
        )
        assert isinstance(found, list)
        places = [(each.uri, each.range.start) for each in found if isinstance(each, lsp.Location)]
        return [f"{uri.rpartition('/')[2]}:{start.line}:{start.character}" for uri, start in places]


@asynccontextmanager
async def editor(folder: Path, *, encoding: str | None = None) -> AsyncIterator[Editor]:
    """An editor whose server has been greeted; it is taken leave of in the end, and must end well."""
    client = Editor(folder)
    await client.start_io(sys.executable, "-m", "governance", "lsp")
    general = lsp.GeneralClientCapabilities(position_encodings=[encoding]) if encoding else None
    async with asyncio.timeout(PATIENCE):
        await client.initialize_async(
            lsp.InitializeParams(
                lsp.ClientCapabilities(general=general),
                workspace_folders=[lsp.WorkspaceFolder(folder.as_uri(), "work")],
            )
        )
        client.initialized(lsp.InitializedParams())
        yield client
        await client.shutdown_async(None)
        client.exit(None)
        await client.stop()
