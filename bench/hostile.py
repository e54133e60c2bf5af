"""Texts that are made to wear a parser out, of any size, and the parsers that read them.

Used to count work in tests and to measure time here. Nothing is expected of a text but an answer: a value, or the
parser's own error.
"""

from __future__ import annotations

import json
from functools import cache, partial
from typing import TYPE_CHECKING, Final, NamedTuple

from governance.canonical import canonical, digest
from governance.errors import GovernanceError
from governance.journal.chain import GENESIS, draft, parse
from governance.library import standard_library
from governance.policy.format import format_text
from governance.policy.parse import parse_file
from governance.policy.stored import examine_bundle, load_bundle, make_bundle
from governance.request import Origin, parse_request
from governance.request.bind import bind
from governance.request.english.sentence import parse_sentence
from governance.request.patch import parse_patch
from governance.request.placed import read_call as placed_call
from governance.request.placed import read_json as placed_json
from governance.request.shell import parse_shell
from governance.request.surface import read_call
from governance.text import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from governance.capabilities import Capability

__all__ = ["CASES", "SHELL", "SIZES", "Case"]

SIZES: Final = (1_000, 10_000, 100_000, 1_000_000)
"""Characters; a request and a policy file have at most 1,048,576 bytes."""


class Case(NamedTuple):
    """One parser and one kind of text that is hostile to it."""

    parser: str
    shape: str
    read: Callable[[str], object]
    made: Callable[[int], str]

    @property
    def name(self) -> str:
        """The two together."""
        return f"{self.parser}: {self.shape}"

    def answer(self, size: int) -> Callable[[], object]:
        """Return what reads a text of about `size` characters, which is made beforehand."""
        text = self.made(size)
        return lambda: _answered(self.read, text)


def _answered(read: Callable[[str], object], text: str) -> object:
    try:
        return read(text)
    except GovernanceError as error:
        return error.render()


@cache
def _capabilities() -> Mapping[str, Capability]:
    return make_bundle(standard_library(), {"a.policy": ""}).capabilities


def _request(text: str) -> object:
    return bind(read_call(parse_request(text.encode(), Origin("ann"))), _capabilities())


def _json_by_lark(text: str) -> object:
    return placed_json(Source("json", text))


def _call_by_lark(text: str) -> object:
    return placed_call(Source("call", text))


def _command_line(text: str) -> object:
    return parse_shell(Source("request", text))


def _sentence(text: str) -> object:
    return parse_sentence(Source("request", text), _capabilities())


def _patch(text: str) -> object:
    return parse_patch(Source("patch", text))


def _statements(text: str) -> object:
    return [each.render() for each in parse_file(Source("a.policy", text))[1]]


def _bundle(text: str) -> object:
    found = examine_bundle(standard_library(), {"a.policy": text}, None)
    return [each.render() for each in found.diagnostics]


def _laid_out(text: str) -> object:
    return format_text(text, "a.policy")


def _record(text: str) -> object:
    return parse(text.encode())


def _stored(text: str) -> object:
    data = text.encode()
    return load_bundle(data, digest(data))


def _repeated(piece: str, size: int, before: str = "", after: str = "") -> str:
    return before + piece * (size // len(piece)) + after


def _numbered(piece: str, size: int, before: str = "", after: str = "") -> str:
    """Return the text of pieces that differ in the number which stands for `#`."""
    count = size // (len(piece) + 4)
    return before + "".join(piece.replace("#", str(number)) for number in range(count)) + after


def _lists(size: int) -> str:
    """Return a call of fifteen arguments, each a long list, that is never closed."""
    return "fs.read(" + "".join(f"k{number}=[{'1,' * (size // 40)}1]," for number in range(15))


def _lineage(size: int) -> str:
    """Return agents of which each narrows the one before."""
    count = size // 44
    first = 'agent "a0" { groups g  workspace "w" }\n'
    return first + "".join(f'agent "a{at}" {{ groups g  narrows "a{at - 1}" }}\n' for at in range(1, count))


def _record_of(text: str) -> str:
    line, _ = draft("message", "2026-11-23T10:00:00.000Z", {"text": text}).placed(0, GENESIS)
    return line[:-1].decode()


def _bundle_of(text: str) -> str:
    return canonical({"sources": {"a.policy": text}}).decode()


_JSON: Final[Mapping[str, Callable[[int], str]]] = {
    "brackets": partial(_repeated, "["),
    "nested objects": partial(_repeated, '{"a":'),
    "a string": partial(_repeated, "a", before='["', after='"]'),
    "escapes": partial(_repeated, "\\u00e9", before='["', after='"]'),
    "backslashes, never closed": partial(_repeated, "\\\\", before='["'),
    "an open string": partial(_repeated, "a", before='["'),
    "digits": partial(_repeated, "9", before="[", after="]"),
    "keys that are nearly alike": partial(_numbered, '"aaaaaaaa#":1,', before="{", after='"b":1}'),
    "one key again and again": partial(_repeated, '"a":1,', before="{", after='"a":1}'),
    "numbers": partial(_repeated, "1,", before="[", after="1]"),
    "spaces": partial(_repeated, " ", before="[", after="1"),
    "half pairs": partial(_repeated, "\\ud800", before='["', after='"]'),
    "pairs": partial(_repeated, "\\ud83d\\ude00", before='["', after='"]'),
    "empty objects": partial(_repeated, '"a":{},', before="{", after='"b":1}'),
}
_CALL: Final[Mapping[str, Callable[[int], str]]] = {
    "a name": partial(_repeated, "a"),
    "names and points": partial(_repeated, "a."),
    "an argument": partial(_repeated, "a", before='fs.read(path="/', after='")'),
    "arguments": partial(_numbered, "a#=1, ", before="fs.read(", after="b=1)"),
    "almost a call": partial(_repeated, 'a="x", ', before="fs.read(", after=";"),
    "spaces": partial(_repeated, " ", before="fs.read("),
    "spaces before a sign": partial(_repeated, " ", before="fs.read(path=", after=";"),
    "an open string": partial(_repeated, "a", before='fs.read(path="'),
    "escapes, never closed": partial(_repeated, '\\"', before='fs.read(path="'),
    "calls in a call": partial(_repeated, "a(b="),
    "a list": partial(_repeated, '"a",', before="proc.exec(argv=[", after='"a"])'),
    "folders": partial(_repeated, "/a", before='fs.read(path="', after='")'),
    "stars": partial(_repeated, "*a", before='fs.search(path="/w", text="a", glob="', after='")'),
    "digits": partial(_repeated, "9", before="fs.read(offset=", after=")"),
    "a fraction": partial(_repeated, "0", before="fs.read(offset=0.", after="e"),
    "spaces before all": partial(_repeated, " "),
    "spaces after the name": partial(_repeated, " ", before="fs.read", after="x"),
    "spaces after a value": partial(_repeated, " ", before="fs.read(offset=1", after="y"),
    "spaces in a list": partial(_repeated, " ", before="proc.exec(argv=["),
    "a list of numbers, never closed": partial(_repeated, "1,", before="proc.exec(argv=["),
    "a list of strings that ends in another": partial(_repeated, '"",', before="proc.exec(argv=[", after="["),
    "lists in a list": partial(_repeated, "],[", before="proc.exec(argv=["),
    "lists one after another": _lists,
}
_POLICY: Final[Mapping[str, Callable[[int], str]]] = {
    "a word": partial(_repeated, "x"),
    "digits": partial(_repeated, "9", before="let a = ", after="\n"),
    "an open string": partial(_repeated, "a", before='let a = "'),
    "escapes": partial(_repeated, '\\"', before='let a = "', after='"\n'),
    "a comment without an end": partial(_repeated, "# ", before="let a = 1 "),
    "comments": partial(_repeated, "# a\n"),
    "brackets": partial(_repeated, "[", before="let a = "),
    "not and not": partial(_repeated, "not ", before="forbid f { call any  when "),
    "spaces": partial(_repeated, " ", before="let a ="),
    "lines": partial(_repeated, "\n"),
    "stars": partial(
        _repeated, "*a", before='forbid f { call fs.read  when path matches "/', after='"  because "x" }\n'
    ),
    "any folders": partial(
        _repeated,
        "**/a/",
        before='forbid f { call fs.read  when path matches "/',
        after='b"  because "x" }\n',
    ),
    "bad statements": partial(_repeated, "let let\n"),
    "one bad statement after another good one": partial(_numbered, 'let a# = "x"\nlet b# = \n'),
    "good statements": partial(_numbered, 'let a# = "x"\n'),
    "one name again and again": partial(_repeated, 'let a = "x"\n'),
    "rules": partial(_numbered, 'forbid f# { call fs.read  when offset == #  because "x" }\n'),
    "rules of unknown things": partial(_numbered, "permit p# { agent in g#  call a.b#  sandbox s# }\n"),
    "unknown among many": partial(
        _numbered, 'let a# = "x"\nforbid f# { call fs.read  when path matches b#  because "x" }\n'
    ),
    "unknown groups among many": partial(
        _numbered, 'agent "a#" { groups g# }\nforbid f# { agent in h#  call any  because "x" }\n'
    ),
    "permits of one call": partial(
        _numbered,
        'permit p# { agent in g  call fs.read  when path under "/w/#"  sandbox s  because "x" }\n',
        before='agent "a" { groups g }\nsandbox s { image "governance/base" mount workspace at "/w" read-only }\n',
    ),
    "sandboxes": partial(_numbered, 'sandbox s# { image "governance/base" }\n'),
    "capabilities": partial(
        _numbered, 'capability x.c# "x" { a: Path  effects { read a }  argv { /bin/cat $a } }\n'
    ),
    "any of many": partial(_numbered, 'forbid f# { call any  because "x" }\n'),
    "tests": partial(
        _numbered, 'test "t#" { agent "a"  fs.read(path="/a") -> deny }\n', before='agent "a" { groups g }\n'
    ),
    "history": partial(_numbered, 'forbid f# { call any  when earlier fs.read within #s  because "x" }\n'),
    "agents that narrow unknown ones": partial(_numbered, 'agent "a#" { groups g  narrows "b#" }\n'),
    "a long lineage": _lineage,
    "a line of many errors": partial(_numbered, ' forbid f# { call x.y#  because "x" }'),
    "agents": partial(_numbered, 'agent "a#" { groups g# }\n'),
    "alternatives": partial(
        _repeated,
        "offset == 1 or ",
        before="forbid f { call fs.read  when ",
        after='offset == 2  because "x" }\n',
    ),
    "groups": partial(_numbered, "g#, ", before='agent "a" { groups ', after="g }\n"),
    "a list": partial(_numbered, '"a#", ', before="let a = [", after='"b"]\n'),
    "examples": partial(
        _numbered,
        'fs.read(path="/a#"), ',
        before='forbid f { call fs.read  because "x"  denies ',
        after='fs.read(path="/b") }\n',
    ),
    "hidden characters": partial(_repeated, "# \u202e"),
    "letters of other alphabets": partial(_repeated, "permit \u0430\u00e9 {"),
}
_KEPT: Final[Mapping[str, Callable[[int], str]]] = {
    "brackets": partial(_repeated, "["),
    "nested objects": partial(_repeated, '{"a":'),
    "digits": partial(_repeated, "9", before='{"sources":', after="}"),
    "an open string": partial(_repeated, "a", before='{"sources":"'),
    "one key again and again": partial(_repeated, '"a":1,', before="{", after='"a":1}'),
}


SHELL: Final[Mapping[str, Callable[[int], str]]] = {
    "a word": lambda size: "a" * size,
    "words": lambda size: "a " * (size // 2),
    "commands": lambda size: "a;" * (size // 2),
    "pipes": lambda size: "a|" * (size // 2),
    "blanks": lambda size: "a" + " " * size,
    "newlines": lambda size: "\n" * size,
    "an open quote": lambda size: 'a "' + "b" * size,
    "quotes": lambda size: '"' * size + "'" * size,
    "escapes": lambda size: "a" + "\\b" * (size // 2),
    "escapes in quotes": lambda size: 'a "' + "\\b" * (size // 2) + '"',
    "joined lines": lambda size: "a " + "\\\n" * (size // 2),
    "substitutions": lambda size: "a " + "$(b " * (size // 4),
    "substitutions in quotes": lambda size: 'a "' + "$(b)" * (size // 4) + '"',
    "backticks": lambda size: "a " + "`b` " * (size // 4),
    "parentheses": lambda size: "( " * (size // 2),
    "braces": lambda size: "a " + "{" * size + "}" * size,
    "alternatives": lambda size: "a " + "{b,c}" * (size // 5),
    "conditions": lambda size: "if a; then " * (size // 11),
    "loops": lambda size: "while a; do " * (size // 12),
    "here-documents": lambda size: "a " + "<<E " * (size // 4) + "\n",
    "here-documents on lines": lambda size: "a <<E\n" * (size // 6),
    "stars": lambda size: "a " + "*" * size,
    "sets": lambda size: "a " + "[b" * (size // 2) + "]",
    "variables": lambda size: "a " + "$b" * (size // 2),
    "assignments": lambda size: "a=b " * (size // 4),
    "redirections": lambda size: "a" + " >b" * (size // 3),
    "hidden characters": lambda size: "a " + "\u202e" * (size // 3),
    "a quote in a comment": lambda size: "a # '\n" + "a " * (size // 2) + "'",
    "a quote behind quotes": lambda size: '"$(a)\'"' + " a" * (size // 2) + "'",
}
"""Command lines that are made to wear a shell's reader out."""
_SENTENCES: Final[Mapping[str, Callable[[int], str]]] = {
    "a name": partial(_repeated, "a"),
    "words": partial(_repeated, "list "),
    "politeness": partial(_repeated, "please "),
    "values": partial(_repeated, '"a" in ', before="search for "),
    "paths": partial(_repeated, "/a and ", before="read the file "),
    "an open quote": partial(_repeated, "a", before='search for "'),
    "spaces": partial(_repeated, " ", before="list"),
}
_PATCHES: Final[Mapping[str, Callable[[int], str]]] = {
    "files": partial(
        _numbered, "*** Delete File: /a#\n", before="*** Begin Patch\n", after="*** End Patch\n"
    ),
    "added lines": partial(_repeated, "+a\n", before="*** Begin Patch\n*** Add File: /a\n"),
    "changes": partial(
        _repeated, "@@\n-a\n+b\n", before="*** Begin Patch\n*** Update File: /a\n", after="*** End Patch\n"
    ),
    "changes without any": partial(_repeated, "@@\n", before="*** Begin Patch\n*** Update File: /a\n"),
    "lines of nothing": partial(_repeated, "\n", before="*** Begin Patch\n"),
}


def _as_argument(made: Callable[[int], str], size: int) -> str:
    """Return hostile JSON as OpenAI sends arguments: in a string of JSON."""
    return json.dumps({"type": "function_call", "name": "fs.read", "arguments": made(size)})


def _as_params(made: Callable[[int], str], size: int) -> str:
    return f'{{"name":"fs.read","arguments":{made(size)}}}'


CASES: Final = (
    *(Case("request", f"call, {name}", _request, made) for name, made in _CALL.items()),
    *(Case("request", f"MCP, {name}", _request, partial(_as_params, made)) for name, made in _JSON.items()),
    *(
        Case("request", f"OpenAI, {name}", _request, partial(_as_argument, made))
        for name, made in _JSON.items()
    ),
    *(Case("call by Lark", name, _call_by_lark, made) for name, made in _CALL.items()),
    *(Case("JSON by Lark", name, _json_by_lark, made) for name, made in _JSON.items()),
    *(Case("command line", name, _command_line, made) for name, made in SHELL.items()),
    *(Case("sentence", name, _sentence, made) for name, made in _SENTENCES.items()),
    *(Case("patch", name, _patch, made) for name, made in _PATCHES.items()),
    *(Case("policy file", name, _statements, made) for name, made in _POLICY.items()),
    *(Case("layout", name, _laid_out, made) for name, made in _POLICY.items()),
    *(Case("bundle", name, _bundle, made) for name, made in _POLICY.items()),
    *(Case("record", name, _record, made) for name, made in _KEPT.items()),
    Case("record", "a text", _record, lambda size: _record_of("a" * size)),
    Case("record", "escapes", _record, lambda size: _record_of('"' * (size // 2))),
    *(Case("stored bundle", name, _stored, made) for name, made in _KEPT.items()),
    Case("stored bundle", "bad statements", _stored, lambda size: _bundle_of("let let\n" * (size // 8))),
)
"""Every parser with every kind of text."""
