"""Command lines to work: every command a typed call, and how the programs that they start hang together."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

import pytest

from governance.capabilities.work import RUNNER
from governance.errors import RequestError
from governance.request.shell import parse_shell
from governance.request.shell.tree import Word
from governance.request.shell.unbound import UNBOUND, refuse
from governance.request.shell.work import bind_command
from governance.request.syntax import CommandLine
from governance.text import Source
from tests.policy.build import bundle_of

if TYPE_CHECKING:
    from governance.capabilities.work import Work
    from governance.policy import Bundle

DECLARED = """
capability x.show "s" { paths: List<PathGlob>(1..9)?  lines: Int(0..) = 10  effects { read paths }
  argv { /usr/bin/show --lines=$lines [ -- $paths ] }
  command show { option -n $lines  operands $paths } }
capability x.either "s" { path: Path  effects { read path }  argv { /usr/bin/either $path }  command either { operand $path } }
capability x.other "s" { file: Path  effects { read file }  argv { /usr/bin/either $file }  command either { operand $file } }
"""


@cache
def bundle() -> Bundle:
    return bundle_of(DECLARED)


def work(line: str, folder: str = "/workspace") -> tuple[Work, tuple[str, ...]]:
    return bind_command(CommandLine(Source("request", line), folder), bundle().capabilities, parse_shell)


def shortly(asked: Work) -> list[str]:
    """Return what is called, in short: the name, and the arguments that are no defaults."""
    found = []
    for call in asked.calls:
        arguments = [f"{name}={value}" for name, value in call.arguments.items() if value not in (10, False)]
        found.append(f"{call.capability.name}({', '.join(arguments)})")
    return found


def calls(line: str) -> list[str]:
    return shortly(work(line)[0])


def flow(line: str) -> object:
    """Return the flow of a line as the runner is told of it."""
    found = work(line)[0]
    assert found.argv[0] == RUNNER
    return json.loads(found.argv[1])["do"]


CALLS = [
    ("show a", ["x.show(paths=('/workspace/a',))"]),
    ("/usr/bin/show a", ["x.show(paths=('/workspace/a',))"]),
    ("./show a", ["proc.exec(argv=('/workspace/show', 'a'))"]),
    ("tool --x 'a b' ''", ["proc.exec(argv=('/usr/bin/tool', '--x', 'a b', ''))"]),
    ("show 'a b' \"c\"d", ["x.show(paths=('/workspace/a b', '/workspace/cd'))"]),
    ("show *.py src/*/x", ["x.show(paths=('/workspace/*.py', '/workspace/src/*/x'))"]),
    ("show **", ["x.show(paths=('/workspace/*',))"]),
    ("show -n 3 a | show", ["x.show(paths=('/workspace/a',), lines=3)", "x.show()"]),
    ("cd src && show a", ["x.show(paths=('/workspace/src/a',))"]),
    ("cd src && cd /tmp && show a", ["x.show(paths=('/tmp/a',))"]),
    ("(cd src && show a); show b", ["x.show(paths=('/workspace/src/a',))", "x.show(paths=('/workspace/b',))"]),
    ("LANG=C show a", ["x.show(paths=('/workspace/a',))"]),
    ("env LC_ALL=C TZ=UTC show a", ["x.show(paths=('/workspace/a',))"]),
    ("timeout 5s show a", ["x.show(paths=('/workspace/a',))"]),
    ("sh -c 'show a | show'", ["x.show(paths=('/workspace/a',))", "x.show()"]),
    ("bash -lc \"cd src && show 'x y'\"", ["x.show(paths=('/workspace/src/x y',))"]),
    ("show $PWD/a", ["x.show(paths=('/workspace/a',))"]),
    ("sh -c 'show \"$PWD\"'", ["x.show(paths=('/workspace',))"]),
    ("cd src && sh -c 'tool $PWD'", ["proc.exec(argv=('/usr/bin/tool', '/workspace/src'))"]),
    ("LANG=C sh -c 'tool $LANG'", ["proc.exec(argv=('/usr/bin/tool', 'C'))"]),
    ("env LANG=C bash -c 'cd a && sh -c \"tool \\$PWD \\$LANG\"'",
     ["proc.exec(argv=('/usr/bin/tool', '/workspace/a', 'C'))"]),
    ("for f in a 'b c'; do show \"$f\"; done", ["x.show(paths=('/workspace/a',))", "x.show(paths=('/workspace/b c',))"]),
    ("if show a; then show b; else show c; fi", [f"x.show(paths=('/workspace/{name}',))" for name in "abc"]),
    ("show < a", ["text.cat(paths=('/workspace/a',))", "x.show()"]),
    ('x=a; show "$x"', ["x.show(paths=('/workspace/a',))"]),
    ("tool | xargs -0 grep x", ["proc.exec(argv=('/usr/bin/tool',))", "proc.each(argv=('/usr/bin/grep', 'x'), null=True)"]),
]  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), CALLS, ids=[line for line, _ in CALLS])
def test_line_is_these_calls(line: str, expected: list[str]) -> None:
    assert sorted(calls(line)) == sorted(expected)


FLOWS = [
    ("show a", 0),
    ("show a | show | show", {"pipe": [0, 1, 2]}),
    ("show a && show b || show c; show d", {"steps": [[";", 0], ["&&", 1], ["||", 2], [";", 3]]}),
    ("! show a", {"not": 0}),
    ("show a 2>&1 | show", {"pipe": [{"run": 0, "err": "out"}, 1]}),
    ("show a 2>/dev/null", {"run": 0, "err": "null"}),
    ("show a >/dev/null 2>&1", {"run": 0, "out": "null", "err": "null"}),
    ("show a 2>&1 >/dev/null", {"run": 0, "out": "null", "err": "out"}),
    ("show < a", {"run": 0, "in": 1}),
    ("show </dev/null", {"run": 0, "in": -1}),
    ("show <<'E'\nb\nE", {"run": 0, "text": "b\n"}),
    ("{ show a; show b; } | show", {"pipe": [{"steps": [[";", 0], [";", 1]]}, 2]}),
    ("if show a; then show b; fi", {"if": [[0, 1]], "else": None}),
    ("cd src && show a && show b", {"steps": [[";", 0], ["&&", 1]]}),
    ("x=a; show b", 0),
    ("x=a && show b || show c", {"steps": [[";", 0], ["||", 1]]}),
    ("show a; x=a; show b", {"steps": [[";", 0], [";", 1]]}),
    ("{ cd src && show a; } | show", {"pipe": [0, 1]}),
    ("show a; cd src && show b", {"steps": [[";", 0], [";", 1]]}),
    ("show a && cd src && show b", {"steps": [[";", 0], ["&&", 1]]}),
]  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), FLOWS, ids=[line for line, _ in FLOWS])
def test_programs_hang_together_as_the_line_says(line: str, expected: object) -> None:
    assert flow(line) == expected


def test_folder_environment_and_deadline_go_with_their_program() -> None:
    found = work("cd src && LANG=C timeout 1.5 show a | tool")[0]
    plan = json.loads(found.argv[1])
    assert plan["calls"] == [
        {
            "argv": ["/usr/bin/show", "--lines=10", "--", {"path": "/workspace/src/a"}],
            "folder": "/workspace/src",
            "environment": {"LANG": "C"},
            "deadline": 1500,
        },
        {"argv": ["/usr/bin/tool"], "folder": "/workspace/src"},
    ]


def test_what_kept_a_command_from_being_known_is_noted() -> None:
    found, notes = work("show --deep a")
    assert found.calls[0].capability.name == "proc.exec"
    assert notes == ("`show` has no option `--deep` here; known: -n",)


REFUSED = [
    ('for f in a b; do f=$(tool); show "$f"; done', "nothing-runs", 18),
    ('for f in a b; do read f; show "$f"; done', "wrapper", 18),
    ('for f in a b; do export f="$(tool)"; show "$f"; done', "wrapper", 18),
    ("! time show a", "wrapper", 1),
    ("show a | time show", "reserved-word", 10),
    ("LANG=C FOO=1 show a", "environment", 8),
    ("env LANG=C FOO=1 show a", "environment", 12),
    ("sh -c 'show {a,b}'", "wrapper", 7),
    ("cd https://example.org && show a", "path", 4),
    ("cd src; show a", "folder-unsure", 9),
    ("cd src && show a; show b", "folder-unsure", 19),
    ("cd src && show a || show b", "folder-unsure", 21),
    ("show a || cd src && show b", "folder-unsure", 11),
    ("cd src", "nothing-runs", 1),
    ("cd ../x && show a", "path", 4),
    ("cd -P x && show a", "folder-unsure", 1),
    ("cd * && show a", "folder-unsure", 4),
    ("cd src | show", "folder-unsure", 1),
    ("FOO=1 show a", "environment", 1),
    ("LD_PRELOAD=x show a", "environment", 1),
    ("PATH=/tmp show a", "environment", 1),
    ("TZ=:/etc/passwd show a", "environment", 1),
    ("env -i show a", "wrapper", 1),
    ("env FOO=1 show a", "environment", 5),
    ("env LANG=C *", "not-known", 12),
    ("timeout 5 $(show) a", "not-known", 11),
    ("env LANG=C sudo show a", "wrapper", 12),
    ("timeout 5 sudo show a", "wrapper", 11),
    ("sh -c 'sudo show a'", "wrapper", 1),
    ("sudo show a", "wrapper", 1),
    ("/usr/bin/sudo show a", "wrapper", 1),
    ("nohup show a", "wrapper", 1),
    ("ssh host show", "wrapper", 1),
    ("command show a", "wrapper", 1),
    ("time show a", "wrapper", 1),
    ("timeout -k 1 2 show a", "wrapper", 1),
    ("timeout 5 sh -c 'show a; show b'", "wrapper", 1),
    ("timeout 0 show a", "wrapper", 1),
    ("bash script.sh", "wrapper", 1),
    ("sh -c 'show a' x", "wrapper", 1),
    ("sh -c 'show $(x)'", "not-known", 6),
    ("show ?.py", "glob", 6),
    ("show [ab]*", "glob", 6),
    ("show '*'*", "glob", 6),
    ("tool *.py", "glob", 6),
    ("tool $(show)", "not-known", 6),
    ("while show a; do show b; done", "loop", 1),
    ('for f in *.py; do show "$f"; done', "loop", 10),
    ("show a 3>b", "descriptor", 8),
    ("show a >&-", "descriptor", 8),
    ("show a > /dev/stderr", "descriptor", 10),
    ("show a > *.py", "file-list", 10),
    ("show < ../a", "path", 8),
    ("either a", "ambiguous", 1),
    ("; ".join(["show a"] * 65), "too-many", 513),
    ("x=1", "nothing-runs", 1),
    ("x=1 || show a", "nothing-runs", 8),
    ("show a; x=1", "nothing-runs", 9),
    ("show a && x=1", "nothing-runs", 11),
    ("x=$(show); show a", "nothing-runs", 1),
    ("cd src; x=1; show a", "folder-unsure", 9),
    ("{ cd src && show a; } && show b", "folder-unsure", 1),
    ('for d in a b; do cd "$d" && show x; done', "folder-unsure", 1),
    ("if show a; then cd b && show c; fi; show d", "folder-unsure", 1),
    ("if { cd b && show c; }; then show d; fi", "folder-unsure", 1),
]  # fmt: skip


@pytest.mark.parametrize(("line", "code", "column"), REFUSED, ids=[line[:40] for line, _, _ in REFUSED])
def test_line_is_refused_with_its_place(line: str, code: str, column: int) -> None:
    with pytest.raises(RequestError) as caught:
        work(line)
    [found] = caught.value.diagnostics
    assert found.help
    assert found.span is not None
    assert (found.code, found.span.column) == (code, column)


def test_value_that_does_not_fit_is_refused_where_it_stands() -> None:
    with pytest.raises(RequestError) as caught:
        work("show -n -1 a")
    [found] = caught.value.diagnostics
    assert found.code == "ill-typed"
    assert found.span is not None
    assert found.span.column == 9


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("show", "a b", "$x"), ["x.show(paths=('/w/a b', '/w/$x'))"]),
        (("bash", "-lc", "show a | show"), ["x.show(paths=('/w/a',))", "x.show()"]),
        (("tool", "*"), ["proc.exec(argv=('/usr/bin/tool', '*'))"]),
    ],
)
def test_words_are_passed_as_they_are(words: tuple[str, ...], expected: list[str]) -> None:
    line = CommandLine(Source("command", " ".join(words)), "/w", words)
    found, _ = bind_command(line, bundle().capabilities, parse_shell)
    assert shortly(found) == expected


def test_every_reason_is_said_with_what_was_found() -> None:
    for reason, (code, message, mend) in UNBOUND.items():
        with pytest.raises(RequestError) as caught:
            refuse(Source("request", "x"), Word((), 0, 1), reason, "found", "mend")
        assert caught.value.code == code
        assert reason.split("-")[0].isalpha()
        assert "{}" not in str(caught.value)
        assert message
        assert mend
