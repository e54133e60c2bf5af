"""The language server: what an editor asks of the Language Server Protocol, answered from the text being written.

https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

from governance.editor.bundles import place_of
from governance.editor.index import Index
from governance.editor.positions import Positions
from governance.editor.proposals import propose
from governance.editor.words import Role, named_at
from governance.errors import Diagnostic, PolicyError
from governance.library import standard_library
from governance.policy.format import format_text
from governance.policy.stored import examine_bundle
from governance.text import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from governance.editor.bundles import Place
    from governance.editor.index import Declaration
    from governance.editor.words import Named
    from governance.text import Span

__all__ = ["PolicyServer"]

_QUIET: Final = 0.2
"""Seconds without a change before policies are checked."""

_NOWHERE: Final = Path("/dev/null")
"""A folder that cannot be: a text which was never saved is a bundle by itself."""

_PROPOSED: Final = {
    None: lsp.CompletionItemKind.Keyword,
    Role.AGENT: lsp.CompletionItemKind.Constant,
    Role.ARGUMENT: lsp.CompletionItemKind.Property,
    Role.CAPABILITY: lsp.CompletionItemKind.Function,
    Role.FILE: lsp.CompletionItemKind.File,
    Role.LET: lsp.CompletionItemKind.Constant,
    Role.PARAMETER: lsp.CompletionItemKind.Property,
    Role.SANDBOX: lsp.CompletionItemKind.Struct,
    Role.TYPE: lsp.CompletionItemKind.Class,
}
_OUTLINED: Final = {
    Role.AGENT: lsp.SymbolKind.Object,
    Role.CAPABILITY: lsp.SymbolKind.Function,
    Role.LABEL: lsp.SymbolKind.Key,
    Role.LET: lsp.SymbolKind.Constant,
    Role.RULE: lsp.SymbolKind.Event,
    Role.SANDBOX: lsp.SymbolKind.Struct,
    Role.TEST: lsp.SymbolKind.Method,
}


class PolicyServer(LanguageServer):
    """One editor's server. It reads policy files and what is open; it writes nothing and runs nothing."""

    def __init__(self) -> None:
        super().__init__(
            "governance",
            version("capability-governance"),
            # Changes are whole texts, for the library finds the place of a partial one by Python's lines.
            text_document_sync_kind=lsp.TextDocumentSyncKind.Full,
        )
        self._one = ThreadPoolExecutor(max_workers=1)
        """Where bundles are checked, one after the other."""
        self._checks: dict[Place, asyncio.Task[None]] = {}
        self._told: dict[Place, frozenset[Path]] = {}
        """The files of each bundle that have diagnostics."""
        for method in (
            lsp.TEXT_DOCUMENT_DID_OPEN,
            lsp.TEXT_DOCUMENT_DID_CHANGE,
            lsp.TEXT_DOCUMENT_DID_SAVE,
            lsp.TEXT_DOCUMENT_DID_CLOSE,
        ):
            self.feature(method)(partial(_changed, self))
        triggers = lsp.CompletionOptions(trigger_characters=[".", '"', "$", "("])
        self.feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)(partial(_watched, self))
        self.feature(lsp.TEXT_DOCUMENT_COMPLETION, triggers)(partial(_completion, self))
        self.feature(lsp.TEXT_DOCUMENT_HOVER)(partial(_hover, self))
        self.feature(lsp.TEXT_DOCUMENT_DEFINITION)(partial(_definition, self))
        self.feature(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)(partial(_outline, self))
        self.feature(lsp.TEXT_DOCUMENT_FORMATTING)(partial(_formatting, self))

    @property
    def opened(self) -> dict[Path, str]:
        """The text of each file that is open in the editor."""
        documents = self.workspace.text_documents.values()
        return {_path(document.uri): document.source for document in documents}

    def place(self, uri: str) -> Place:
        """Return the bundle of a file."""
        return place_of(_path(uri), [_path(folder.uri) for folder in self.workspace.folders.values()])

    def source(self, uri: str) -> Source:
        """Return the text of a file as its bundle calls it."""
        return Source(self.place(uri).name(_path(uri)), self.workspace.get_text_document(uri).source)

    def index(self, uri: str) -> Index:
        """Return what the bundle of a file declares; of files that cannot be read, nothing."""
        try:
            return Index(self.place(uri).sources(self.opened))
        except PolicyError:
            return Index([self.source(uri)])

    def positions(self, source: Source) -> Positions:
        """Return the positions of a text in the editor's units."""
        return Positions(source, self.workspace.position_codec)

    def word(self, uri: str, position: lsp.Position) -> Named | None:
        """Return the word at a position if it names something."""
        source = self.source(uri)
        return named_at(source, self.positions(source).offset(position))

    def location(self, place: Place, span: Span) -> lsp.Location:
        """Return where a span of one of the bundle's files stands."""
        return lsp.Location(_uri(place.path(span.source.name)), self.positions(span.source).range(span))

    def check_soon(self, uri: str) -> None:
        """Check the bundle of a file once nothing has changed for a moment; what is being checked is forgotten."""
        place = self.place(uri)
        if place in self._checks:
            self._checks[place].cancel()
        self._checks[place] = asyncio.get_running_loop().create_task(self._check(place, _path(uri)))

    async def _check(self, place: Place, written: Path) -> None:
        try:
            await self._checked(place, written)
        except Exception as error:  # noqa: BLE001 - nobody waits for this task: what goes wrong is told here or never
            message = f"the policies of {place.folder} could not be checked: {error!r}"
            self.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Error, message))

    async def _checked(self, place: Place, written: Path) -> None:
        await asyncio.sleep(_QUIET)
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._one, _examined, place, self.opened)
        by_path: dict[Path, list[lsp.Diagnostic]] = {path: [] for path in self._told.get(place, ())}
        for each in found:
            path = place.path(each.span.source.name) if each.span else written
            by_path.setdefault(path, []).append(self._diagnostic(each))
        self._told[place] = frozenset(path for path, diagnostics in by_path.items() if diagnostics)
        for path, diagnostics in by_path.items():
            self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(_uri(path), diagnostics))

    def _diagnostic(self, found: Diagnostic) -> lsp.Diagnostic:
        start = lsp.Position(0, 0)
        kinds = lsp.DiagnosticSeverity
        return lsp.Diagnostic(
            range=self.positions(found.span.source).range(found.span)
            if found.span
            else lsp.Range(start, start),
            message="\n".join(filter(None, (found.message, found.help))),
            severity=kinds.Warning if found.warning else kinds.Error,
            code=found.code,
            source="governance",
        )


def _examined(place: Place, opened: dict[Path, str]) -> tuple[Diagnostic, ...]:
    """Return what is to be said of a bundle as it stands just now."""
    if place.is_standard:
        return ()
    try:
        return examine_bundle(
            standard_library(), place.files(opened), time.time_ns() // 1_000_000
        ).diagnostics
    except PolicyError as error:
        return error.diagnostics


def _changed(
    server: PolicyServer,
    what: lsp.DidOpenTextDocumentParams
    | lsp.DidChangeTextDocumentParams
    | lsp.DidSaveTextDocumentParams
    | lsp.DidCloseTextDocumentParams,
) -> None:
    server.check_soon(what.text_document.uri)


def _watched(server: PolicyServer, what: lsp.DidChangeWatchedFilesParams) -> None:
    for change in what.changes:
        server.check_soon(change.uri)


def _hover(server: PolicyServer, where: lsp.HoverParams) -> lsp.Hover | None:
    uri = where.text_document.uri
    source, named, index = server.source(uri), server.word(uri, where.position), server.index(uri)
    if named is None:
        return None
    told = [each.shown for each in index.meant(named)]
    kind = index.type_of(named) if named.role is Role.VALUE else None
    if kind is not None and "." in named.name:
        told.insert(0, f"{named.name}: {kind}")
    if not told:
        return None
    text = "\n\n".join(dict.fromkeys(told))
    content = lsp.MarkupContent(lsp.MarkupKind.Markdown, f"```policy\n{text}\n```")
    return lsp.Hover(content, server.positions(source).range(source.span(named.start, named.end)))


def _definition(server: PolicyServer, where: lsp.DefinitionParams) -> Sequence[lsp.Location]:
    uri = where.text_document.uri
    named = server.word(uri, where.position)
    place = server.place(uri)
    return [server.location(place, each.span) for each in server.index(uri).meant(named)] if named else []


def _completion(server: PolicyServer, where: lsp.CompletionParams) -> lsp.CompletionList:
    source = server.source(where.text_document.uri)
    positions = server.positions(source)
    found = propose(source, positions.offset(where.position), server.index(where.text_document.uri))
    place = positions.range(found.span)
    items = [
        lsp.CompletionItem(
            each.text,
            kind=_PROPOSED.get(each.role, lsp.CompletionItemKind.Value),
            detail=each.detail or None,
            text_edit=lsp.TextEdit(place, each.text),
            filter_text=each.text,
        )
        for each in found.ways
    ]
    return lsp.CompletionList(is_incomplete=False, items=items)


def _outline(server: PolicyServer, what: lsp.DocumentSymbolParams) -> Sequence[lsp.DocumentSymbol]:
    source = server.source(what.text_document.uri)
    positions = server.positions(source)
    return [_symbol(each, positions) for each in Index([source]).statements(source.name)]


def _symbol(found: Declaration, positions: Positions) -> lsp.DocumentSymbol:
    kind = _OUTLINED[found.role]
    return lsp.DocumentSymbol(found.name, kind, positions.range(found.whole), positions.range(found.span))


def _formatting(server: PolicyServer, what: lsp.DocumentFormattingParams) -> Sequence[lsp.TextEdit]:
    """Return the one edit to the canonical layout, none for a text that cannot be read: that is told elsewhere."""
    source = server.source(what.text_document.uri)
    try:
        wanted = format_text(source.text, source.name)
    except PolicyError:
        return []
    return [] if wanted == source.text else [lsp.TextEdit(server.positions(source).whole, wanted)]


def _path(uri: str) -> Path:
    path = to_fs_path(uri) if uri.startswith("file:") else None
    return Path(path) if path else _NOWHERE / quote(uri, safe="")


def _uri(path: Path) -> str:
    if path.parent == _NOWHERE:
        return unquote(path.name)
    return from_fs_path(str(path)) or path.as_uri()
