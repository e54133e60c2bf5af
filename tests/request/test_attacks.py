"""What has been used to get past a reader of requests: `tests/chunks/attacks/*.chunks`, a file for each surface.

A chunk is a request and, as its last line, what it must come to: `# REFUSED code line:column`, or `# MEANS` and the
calls. `<U+202E>` stands for a character, `<9*a>` for a text so many times. The requests of `events` are an agent, a tool
and its input. What is refused is shown on lines that people can read.
"""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.errors import RequestError
from governance.request import Origin, Syntax, parse_request
from governance.request.asked import read_work
from tests.effort import examples
from tests.request.conftest import standard
from tests.request.shell import oracle
from tests.request.test_hooks import ROOTS, event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from governance.capabilities import Call

    Writing = Callable[[str], str]

T = TypeVar("T")

FOLDER: Final = Path(__file__).parent.parent / "chunks" / "attacks"
SYNTAXES: Final = {
    "commands": Syntax.SHELL,
    "calls": Syntax.CALL,
    "english": Syntax.ENGLISH,
    "events": Syntax.AUTO,
    "json": Syntax.AUTO,
}
"""How the requests of each file are read; those of `shell` are read by tests of their own."""


def chunks() -> Iterator[tuple[str, str, str]]:
    for name in SYNTAXES:
        for chunk in (FOLDER / f"{name}.chunks").read_text().rstrip("\n").split("\n---\n"):
            text, _, wanted = chunk.rpartition("\n# ")
            yield name, text, wanted


def written(text: str) -> str:
    """Return the request that a chunk writes."""
    text = re.sub(r"<U\+([0-9A-F]{4})>", lambda found: chr(int(found[1], 16)), text)
    return re.sub(r"<([0-9]+)\*([^>]+)>", lambda found: found[2] * int(found[1]), text)


def shortly(call: Call) -> str:
    """Return a call without the arguments that it has by default."""
    defaults = {each.name: each.default for each in call.capability.parameters}
    arguments = {name: value for name, value in call.arguments.items() if value != defaults[name]}
    written = (f"{name}={json.dumps(value)}" for name, value in arguments.items())
    return f"{call.capability.name}({', '.join(written)})"


def verdict(name: str, text: str) -> str:
    """Return what a request comes to, of the standard library's capabilities."""
    text = written(text)
    if name == "events":
        agent, tool, given = text.split(" ", 2)
        text = json.dumps(event(Syntax(agent), tool, json.loads(given)))
    line = text.encode(errors="surrogatepass")
    request = parse_request(
        line, Origin("ann", syntax=SYNTAXES[name], roots=ROOTS if name == "events" else ())
    )
    try:
        calls = read_work(request, standard()).work.calls
    except RequestError as error:
        return refused(error)
    return " ".join(["MEANS", *map(shortly, calls)])


def refused(error: RequestError) -> str:
    """Return why and where a request is refused, having seen that people can read it, and are told what to do."""
    assert all(line.isprintable() for line in error.render().split("\n"))
    first = error.diagnostics[0]
    assert first.help or first.message.startswith("expected ")
    place = "" if first.span is None else f" {first.span.line}:{first.span.column}"
    return f"REFUSED {first.code}{place}"


@pytest.mark.parametrize(("name", "text", "wanted"), list(chunks()))
def test_attack_comes_to_what_it_must(name: str, text: str, wanted: str) -> None:
    assert verdict(name, text) == wanted


def test_there_are_attacks_of_every_kind() -> None:
    found = [(name, text) for name, text, _ in chunks()]
    assert len(set(found)) == len(found)
    least = {"commands": 400, "calls": 180, "english": 25, "events": 65, "json": 70}
    for name, number in least.items():
        assert sum(each == name for each, _ in found) >= number, name


QUOTES: Final = (
    lambda word: word,
    lambda word: f"'{word}'",
    lambda word: f'"{word}"',
    lambda word: f"\\{word}",
    lambda word: f"{word[0]}''{word[1:]}",
    lambda word: f'{word[0]}"{word[1:]}"',
    lambda word: f"$'{word}'",
    lambda word: f'$"{word}"',
    lambda word: "$'" + "".join(f"\\x{ord(sign):02x}" for sign in word) + "'",
    lambda word: f"{word[0]}{{{word[1:]},}}",
    lambda word: f"{word[0]}?",
)
"""Ways to write a word: plain, quoted, escaped, and such that only a shell would know it."""

SEPARATORS: Final = (
    ";", "&&", "||", "|", "|&", "\n", " ; ", "&", "&;", ";;", "\r", "\r\n", "\v", "\f", "\x85", "\u2028", "\xa0", "\u200b",
    " #\n", "\\\n", " \\\n", "2>&1|", "'", '"', "<<E\n",
)  # fmt: skip

NESTINGS: Final = (
    lambda text: text,
    lambda text: f"({text})",
    lambda text: f"{{ {text}; }}",
    lambda text: f"tool $({text})",
    lambda text: f'tool "x$({text})"',
    lambda text: f"tool `{text}`",
    lambda text: f"if {text}; then {text}; fi",
    lambda text: f"for i in a; do {text}; done",
    lambda text: f"bash -c {shlex.quote(text)}",
    lambda text: f"bash -c {shlex.quote(f'bash -c {shlex.quote(text)}')}",
    lambda text: f"sh -c {shlex.quote(text)}",
    lambda text: f"env A=b {text}",
    lambda text: f"eval {shlex.quote(text)}",
    lambda text: f"find . -exec {text} {{}} \\;",
    lambda text: f"xargs {text}",
    lambda text: f"timeout 5 {text}",
    lambda text: f"tool <({text})",
    lambda text: f"! {text}",
    lambda text: f"tool '{text}'" if "'" not in text else text,
)
"""Places to put a command line into: shells, wrappers, words; and quotes, in which it is none."""

ENCODINGS: Final = (
    lambda text: text,
    lambda text: text.replace("r", "\uff52"),
    lambda text: text.replace("a", "\u0430"),
    lambda text: text.replace("m", "m\u0301"),
    lambda text: text.replace(" ", "\u3000"),
    lambda text: text.replace(" ", "\t"),
    lambda text: text.replace("rm", "%72m"),
    lambda text: text.replace("rm", "\\x72m"),
    lambda text: text.replace(" ", "${IFS}"),
    lambda text: f"\u202e{text}",
)


def mostly(writings: Sequence[T], first: int) -> st.SearchStrategy[T]:
    """Return a strategy for `writings`, the first of which, that a shell reads, come more often."""
    return st.one_of(
        st.sampled_from(writings[:first]), st.sampled_from(writings[:first]), st.sampled_from(writings)
    )


@given(
    mostly(QUOTES, 6), mostly(QUOTES, 6), mostly(SEPARATORS, 7), st.lists(mostly(NESTINGS, 11), max_size=3),
    mostly(ENCODINGS, 1),
)  # fmt: skip
@settings(max_examples=examples(200), deadline=None)
def test_what_would_be_removed_is_a_call_of_its_own_or_nothing_is_read(
    program: Writing, path: Writing, separator: str, nestings: list[Writing], encoding: Writing
) -> None:
    """Whatever stands around it: a command that bash would run is among the calls, or the whole line is refused."""
    line = encoding(f"cat a{separator}{program('rm')} {path('zz')}")
    for nesting in nestings:
        line = nesting(line)
    calls = commands_of(line)
    if calls is None or oracle.BASH is None:
        return
    assert oracle.accepts(line)
    words = [call.argv for call in calls]
    for run in ran(line):
        if run[:1] == ["rm"]:
            assert any(
                argv[0] == "/usr/bin/rm" and argv[-1].rpartition("/")[2] == run[-1] for argv in words
            ), run


def commands_of(line: str) -> tuple[Call, ...] | None:
    """Return what a command line calls, None where it is refused."""
    try:
        return read_work(
            parse_request(line.encode(), Origin("ann", syntax=Syntax.SHELL)), standard()
        ).work.calls
    except RequestError:
        return None


def ran(line: str) -> list[list[str]]:
    """Return what bash runs of a line in which every program succeeds, and those that another starts with it."""
    found = oracle.evaluated([(0, line.replace("/", "^"))])[0]
    inner = [run[2] for run in found if run[:2] in (["bash", "-c"], ["sh", "-c"])]
    started = [run[2:] for run in found if run[:1] in (["env"], ["timeout"])] + [
        run[1:] for run in found if run[:1] == ["xargs"]
    ]
    deeper = [run for text in inner for run in ran(text)]
    return [*found, *started, *deeper]
