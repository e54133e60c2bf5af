"""What is asked of each parser for any bytes: a value or its own error, the same on every way, and the same again.

A target takes bytes and returns nothing; whatever it raises is a fault of the parser. Nothing here knows how the
bytes were found, so that an input which once failed can be given again.
"""

from __future__ import annotations

import json
import tempfile
from contextlib import suppress
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from governance.canonical import EXACT_INTEGER, canonical, decimal_text, digest
from governance.capabilities.glob import PathSet, path_parts
from governance.capabilities.values import TYPE_NAMES, Type
from governance.errors import JournalError, PolicyError, RequestError
from governance.evidence import recorded_request
from governance.instant import milliseconds
from governance.journal.chain import GENESIS, draft, parse
from governance.journal.recover import find_end
from governance.journal.verify import verify
from governance.policy.case import Case, session_key
from governance.policy.compiled import Compiled
from governance.policy.evaluate import evaluate
from governance.policy.format import format_text
from governance.policy.parse import parse_file
from governance.policy.state import State
from governance.policy.stored import examine_bundle, load_bundle
from governance.request.bind import bind
from governance.request.english import parse_sentence
from governance.request.nodes import plain
from governance.request.patch import parse_patch
from governance.request.placed import read_call as placed_call
from governance.request.placed import read_json
from governance.request.quick import quick_call, quick_json
from governance.request.shell import parse_shell, print_shell
from governance.request.shell.parse import read_shell
from governance.request.shell.quick import quick_shell
from governance.request.syntax import parse_call
from governance.text import Source
from tests.laws.strategies import standard
from tests.laws.test_fast_path import agree
from tests.laws.test_fuzz import ask
from tests.policy.test_chunks import IMPORT, OTHERS, library

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from governance.errors import Diagnostic
    from governance.policy import Bundle
    from governance.request.nodes import Plain

__all__ = ["TARGETS"]

AT: Final = milliseconds("2026-11-23T12:00:00.000Z")
CALLS: Final = (
    'fs.read(path="/workspace/.env")',
    'fs.write(path="/workspace/a", content="x")',
    'proc.exec(argv=["/bin/true"])',
)
"""What is asked under every policy that loads."""
SHELL_VARIABLES: Final = {"HOME": "/home/ann", "NAME": "a b"}
"""What command lines may say."""


def request(data: bytes) -> None:
    """A line of input to a typed call, on every surface; both ways, and printed and read again."""
    agree(data)
    ask(data)


def call(data: bytes) -> None:
    text = data.decode(errors="replace")
    try:
        placed = placed_call(Source("call", text))
    except RequestError as error:
        told(error.diagnostics)
        refuses(lambda: quick_call(text))
        return
    values = {argument.name: plain(argument.value) for argument in placed.arguments}
    try:
        name, quick = quick_call(text)
    except ValueError:
        return
    assert (name, repr(quick)) == (placed.name, repr(values))


def json_value(data: bytes) -> None:
    text = data.decode(errors="replace")
    try:
        value = plain(read_json(Source("json", text)))
    except RequestError as error:
        told(error.diagnostics)
        refuses(lambda: quick_json(text))
        return
    with suppress(ValueError):
        assert repr(quick_json(text)) == repr(value)
    json.loads(text)  # the standard library takes whatever is taken here
    again = canonical(value).decode()
    assert plain(read_json(Source("json", again))) == _in_json(value)


def policy(data: bytes) -> None:
    """One file: its statements or what is wrong with them, and its layout, which is that of itself."""
    text = data.decode(errors="replace")
    _, diagnostics = parse_file(Source("x.policy", text))
    told(diagnostics)
    try:
        once = format_text(text, "x.policy")
    except PolicyError as error:
        told(error.diagnostics)
        return
    assert format_text(once, "x.policy") == once


def bundle(data: bytes) -> None:
    """A whole bundle: what is checked loads again from its stored form, and both evaluators agree on it."""
    text = data.decode(errors="replace")
    found = examine_bundle(library(), {**OTHERS, "x.policy": text + IMPORT}, AT)
    told(found.diagnostics)
    if found.bundle is not None:
        assert load_bundle(found.bundle.stored, found.bundle.digest).stored == found.bundle.stored
        _same_rulings(found.bundle)


def stored(data: bytes) -> None:
    """Bytes that are kept as a bundle."""
    try:
        assert load_bundle(data, digest(data)).stored == data
    except PolicyError as error:
        told(error.diagnostics)


def glob(data: bytes) -> None:
    """A pattern, a path and another pattern, each on a line: what is a member, and what the sets are to each other."""
    lines = data.decode(errors="replace").split("\n")
    first, path, second = [*lines, "", "", ""][:3]
    one, other = _glob(first), _glob(second)
    assert one.meets(other) == other.meets(one)
    parts = path_parts("/" + "/".join(part for part in path.split("/") if part))
    inside = one.contains(parts)
    assert inside == _member(one, parts)
    if inside:
        assert not one.within(other) or other.contains(parts)
        assert not other.contains(parts) or one.meets(other)


def value(data: bytes) -> None:
    """The text of a value of each type, which is the same when it is checked once more."""
    text = data.decode(errors="replace")
    for kind in _kinds():
        for given in (text, (text,)):
            try:
                found = kind.check(given)
            except ValueError as error:
                bounded(str(error))
                continue
            assert kind.check(found) == found


def record(data: bytes) -> None:
    """A line of the log: only what the writer writes is read. And any body: it is written exactly, or refused."""
    try:
        found = parse(data)
    except JournalError as error:
        told(error.diagnostics)
    else:
        event = found.event
        line, own = draft(event.kind, event.at, event.body).placed(event.seq, found.prev)
        assert (line, own) == (data + b"\n", found.hash)
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        return
    try:
        line, _ = draft("decision", "2026-11-23T10:00:00.000Z", body).placed(0, GENESIS)
    except JournalError as error:
        told(error.diagnostics)
        return
    assert parse(line[:-1]).event.body == body


def segment(data: bytes) -> None:
    """A file of a log: it is verified with its problems said, and its end is found or it is left alone."""
    folder = _folder()
    (folder / f"{0:020d}.jsonl").write_bytes(data)
    found = verify(folder)
    told(found.problems)
    try:
        end = find_end(folder)
    except JournalError as error:
        told(error.diagnostics)
        return
    assert end.size + (end.loss.bytes if end.loss else 0) == len(data)


def evidence(data: bytes) -> None:
    """The body of a decision's record: the request that it holds, or that it holds none."""
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        return
    try:
        recorded_request(body)
    except JournalError as error:
        told(error.diagnostics)


def command_line(data: bytes) -> None:
    """A line of a shell: read fast as it is read whole, and the same when it is written and read again."""
    text = data.decode(errors="replace")
    try:
        script = read_shell(Source("request", text), SHELL_VARIABLES)
    except RequestError as error:
        told(error.diagnostics)
        refuses(lambda: quick_shell(text))
        return
    with suppress(ValueError):
        assert quick_shell(text) == script
    printed = print_shell(script)
    assert print_shell(parse_shell(Source("request", printed), SHELL_VARIABLES)) == printed


def sentence(data: bytes) -> None:
    """A sentence to the call that it asks for, or what could be said."""
    try:
        asked = parse_sentence(Source("request", data.decode(errors="replace")), standard())
        bind(asked, standard())
    except RequestError as error:
        told(error.diagnostics)


def patch(data: bytes) -> None:
    """What a model writes to change files."""
    try:
        found = parse_patch(Source("patch", data.decode(errors="replace")))
    except RequestError as error:
        told(error.diagnostics)
    else:
        assert found


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    "bundle": bundle,
    "call": call,
    "command_line": command_line,
    "evidence": evidence,
    "glob": glob,
    "json": json_value,
    "patch": patch,
    "policy": policy,
    "record": record,
    "request": request,
    "segment": segment,
    "sentence": sentence,
    "stored": stored,
    "value": value,
}
"""The parsers by the names that the command line knows."""


def told(diagnostics: tuple[Diagnostic, ...]) -> None:
    """Hold that each diagnostic can be shown, and shows nothing that a terminal could obey."""
    for each in diagnostics:
        assert each.code
        assert each.message
        assert all(line.isprintable() for line in each.render().split("\n"))
        canonical(each.to_json())


def bounded(message: str) -> None:
    """Hold that a message says something, and does not grow with what it is about."""
    assert 0 < len(message) < 1_000


def refuses(reader: Callable[[], object]) -> None:
    """Hold that the fast reader takes nothing that the whole reading refuses."""
    try:
        found = reader()
    except ValueError:
        return
    raise AssertionError(f"the fast way takes what the whole way refuses: {found!r}")


def _in_json(value: Plain) -> Plain:
    """Return `value` as it is after canonical JSON, which writes a decimal as its text."""
    match value:
        case Decimal():
            return decimal_text(value)
        case tuple():
            return tuple(_in_json(item) for item in value)
        case dict():
            return {name: _in_json(item) for name, item in value.items()}
        case _:
            return value


def _same_rulings(bundle: Bundle) -> None:
    compiled = Compiled(bundle)
    for text in CALLS:
        asked = bind(parse_call(Source("call", text)), bundle.capabilities)
        for agent in bundle.agents.values():
            case = Case(asked, bundle.lineage(agent), session_key(agent.name, ""), AT, State())
            assert compiled(case) == evaluate(bundle, case)


def _glob(text: str) -> PathSet:
    return PathSet.glob(text if text.startswith("/") else "/" + text)


def _member(paths: PathSet, parts: tuple[str, ...]) -> bool:
    """The definition, by a table: whether the first patterns match the first components."""
    reach = [True] + [False] * len(parts)
    for part in paths.components:
        if part is None:
            reach = [any(reach[: at + 1]) for at in range(len(reach))]
        else:
            reach = [False, *(reach[at] and _fits("*".join(part), parts[at]) for at in range(len(parts)))]
    return reach[-1]


def _fits(pattern: str, word: str) -> bool:
    reach = [True] + [False] * len(word)
    for sign in pattern:
        if sign == "*":
            reach = [any(reach[: at + 1]) for at in range(len(reach))]
        else:
            reach = [False, *(reach[at] and sign == word[at] for at in range(len(word)))]
    return reach[-1]


@cache
def _kinds() -> tuple[Type, ...]:
    text = Type("String")
    made = {
        "Enum": Type("Enum", names=("a", "b")),
        "List": Type("List", item=text),
        "Set": Type("Set", item=text),
        "Int": Type("Int", low=0, high=EXACT_INTEGER),
    }
    return tuple(made.get(name) or Type(name) for name in TYPE_NAMES)


@cache
def _folder() -> Path:
    """Return the folder of the one log that is written anew for each input."""
    place = tempfile.TemporaryDirectory(prefix="governance-fuzz-")
    _KEPT.append(place)
    return Path(place.name)


_KEPT: Final[list[tempfile.TemporaryDirectory[str]]] = []
"""Folders that are removed when the process ends."""
