"""Hook events of Claude Code, Codex and Gemini CLI: the calls they mean, and what is refused, where, with what help."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.errors import RequestError
from governance.request import Origin, Syntax, parse_request
from governance.request.asked import read_work
from governance.request.bind import IllTypedError, bind
from governance.request.native import TOOLS, Command, Mapped, Patch, Refused
from governance.request.roots import parse_root
from governance.request.surface import read_call
from governance.request.surfaces.conversions import LITERAL, Event, NoCounterpartError
from governance.request.syntax import CommandLine, parse_call
from governance.text import Source
from tests.effort import examples
from tests.laws.strategies import HOSTILE, json_values, standard

if TYPE_CHECKING:
    from governance.capabilities import Call
    from governance.capabilities.work import Work

ROOTS = (parse_root("/home/me/web=/workspace"),)
RECORDS = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "data" / "hooks.jsonl").read_text().splitlines()
]
EVENTS = {
    Syntax.CLAUDE_CODE: {
        "session_id": "s", "transcript_path": "/t", "cwd": "/home/me/web/src", "permission_mode": "default",
        "hook_event_name": "PreToolUse", "tool_use_id": "u",
    },
    Syntax.CODEX: {
        "session_id": "s", "turn_id": "1", "transcript_path": None, "cwd": "/home/me/web/src",
        "permission_mode": "default", "hook_event_name": "PreToolUse", "model": "m", "tool_use_id": "u",
    },
    Syntax.GEMINI: {
        "session_id": "s", "transcript_path": "", "cwd": "/home/me/web/src", "hook_event_name": "BeforeTool",
        "timestamp": "2026-11-24T10:00:00Z",
    },
}  # fmt: skip
CLAUDE, CODEX, GEMINI = EVENTS


def event(syntax: Syntax, tool: object, given: object, **more: object) -> dict[str, Any]:
    return {**EVENTS[syntax], "tool_name": tool, "tool_input": given, **more}


def read(body: object, syntax: Syntax = Syntax.AUTO, roots: tuple[Any, ...] = ROOTS) -> Call | CommandLine:
    line = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    found = read_call(parse_request(line, Origin("ann", syntax=syntax, roots=roots)))
    return found if isinstance(found, CommandLine) else bind(found, standard())


def _syntax(body: dict[str, Any]) -> Syntax:
    return GEMINI if body["hook_event_name"] == "BeforeTool" else CODEX if "model" in body else CLAUDE


def refusal(body: object, roots: tuple[Any, ...] = ROOTS) -> RequestError:
    with pytest.raises(RequestError) as caught:
        read(body, roots=roots)
    assert caught.value.render()
    return caught.value


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record["call"][:60])
def test_event_means_the_call_told_or_not(record: dict[str, Any]) -> None:
    meant = bind(read_call(parse_request(record["call"].encode(), Origin())), standard())
    for body in (record["event"], {"agent": "bob", "request": record["event"]}):
        for syntax in (Syntax.AUTO, Syntax(record["syntax"])):
            assert read(body, syntax) == meant


def test_every_tool_that_means_a_call_has_an_example() -> None:
    shown = {(record["syntax"], record["event"]["tool_name"]) for record in RECORDS}
    mapped = {
        (syntax.value, name)
        for syntax, tools in TOOLS.items()
        for name, tool in tools.items()
        if isinstance(tool, Mapped | Patch)
    }
    assert mapped == shown


def test_every_field_that_becomes_an_argument_is_one_of_its_capability() -> None:
    for tool in (tool for tools in TOOLS.values() for tool in tools.values()):
        if isinstance(tool, Mapped):
            capability = standard()[tool.capability]
            given = [field.parameter for field in tool.fields.values() if field.parameter]
            assert len(given) == len(set(given))
            assert {*given, *tool.fixed} <= {each.name for each in capability.parameters}
            assert {each.name for each in capability.parameters if each.required} <= {*given, *tool.fixed}


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record["call"][:60])
def test_broken_event_is_refused(record: dict[str, Any]) -> None:
    """No part can be left out, doubled, misspelt or of another kind without a refusal, unless it may be left out."""
    body = record["event"]
    required = {"session_id", "transcript_path", "cwd", "tool_name", "tool_input", "hook_event_name"}
    nullable = {"transcript_path"} if record["syntax"] == "codex" else set()
    for key in body:
        others = {name: value for name, value in body.items() if name != key}
        assert refusal({**others, key.upper(): body[key]}).code == "shape"
        broken = [{**body, key: [1]}]
        broken += [others] * (key in required)
        broken += [{**body, key: None}] * (key not in nullable)
        assert {refusal(each).code for each in broken} == {"shape"}
    given = body["tool_input"]
    for key, value in given.items():
        wrong = [None, {"x": 1}] if not isinstance(value, dict) else [None, [1]]
        broken = [{**body, "tool_input": {**given, key: each}} for each in wrong]
        broken.append({**body, "tool_input": {**given, f"{key}_": value}})
        assert {refusal(each).code for each in broken} == {"shape"}
    assert refusal({**body, "tool_input": {**given, "x": 1}}).code == "shape"
    text = json.dumps(body)
    twice = text.replace('"tool_name":', '"tool_name": "Bash", "tool_name":')
    assert refusal(twice.encode()).code == "duplicate-key"
    assert refusal(text.replace('"tool_input": {', '"tool_input": {"a": NaN, ').encode()).code == "syntax"


@pytest.mark.parametrize(
    ("body", "code", "where", "message", "mend"),
    [
        (event(CLAUDE, "Raed", {}), "unknown-tool", "tool_name", "no tool is called `Raed`", "did you mean Read"),
        (event(CLAUDE, "mcp__x__y", {}), "unknown-tool", "tool_name", "no tool is called", "known: Read"),
        (event(CLAUDE, "read", {}), "unknown-tool", "tool_name", "no tool is called `read`", "Read"),
        (event(CLAUDE, "\u202eRead", {}), "unknown-tool", "tool_name", r"`\u202eRead`", "Read"),
        (event(CODEX, "Read", {"file_path": "/a"}), "unknown-tool", "tool_name", "no tool is called `Read`", "known"),
        (event(GEMINI, "Bash", {"command": "ls"}), "unknown-tool", "tool_name", "no tool is called `Bash`", "glob"),
        (event(CLAUDE, "WebFetch", {"url": "http://example.org/", "prompt": "p"}), "no-counterpart", '"http:', "over TLS",
         "write https://"),
        (event(CLAUDE, "WebFetch", {"url": "https://example.org/"}), "shape", "{", "lacks `prompt`", "keys"),
        (event(CLAUDE, "WebSearch", {"query": "q"}), "no-counterpart", "tool_name", "nothing here does what WebSearch does",
         "by its address"),
        (event(CLAUDE, "LS", {"path": "/home/me/web", "ignore": ["a"]}), "no-counterpart", "[", "all that is", "write []"),
        (event(CLAUDE, "LS", {"path": "/home/me"}), "host-path", '"/home', "under no host root", "beneath"),
        (event(CLAUDE, "MultiEdit", {}), "no-counterpart", "tool_name", "MultiEdit", "each of its edits as an Edit"),
        (event(GEMINI, "web_fetch", {"prompt": "p"}), "no-counterpart", "tool_name", "web_fetch", "curl --silent URL"),
        (event(GEMINI, "read_file", {"file_path": "/home/me/web/a"}, mcp_context={"server_name": "x"}), "unknown-tool",
         "mcp_context", "an MCP server's", "tools/call"),
        (event(CLAUDE, "Read", {"file_path": "/etc/passwd"}), "host-path", "/etc/passwd", "under no host root",
         "beneath a host root"),
        (event(CLAUDE, "Read", {"file_path": "/workspace/a"}), "host-path", "/workspace/a",
         "known: /home/me/web=/workspace", "beneath a host root"),
        (event(CLAUDE, "Read", {"file_path": "../../.ssh/id_rsa"}), "host-path", "../..", "no `..`", "plain path"),
        (event(CLAUDE, "Read", {"file_path": "~/.ssh/id_rsa"}), "host-path", "~/", "home", "plain path"),
        (event(CLAUDE, "Read", {"file_path": "a"}, cwd="/tmp"), "host-path", '"a"', "of that: it is under no", "plain"),
        (event(CLAUDE, "Glob", {"pattern": "a/*"}, cwd="/tmp"), "host-path", '{"pattern', "`path`: it is relative",
         "plain"),
        (event(CLAUDE, "Read", {"file_path": "/home/me/web/a.pdf", "pages": "1-5"}), "shape", "pages",
         "the input of Read has no key `pages`", "keys: file_path, limit, offset"),
        (event(CLAUDE, "Read", {"file_path": 1}), "shape", "1}", "`file_path` must be a string", "write a string"),
        (event(CLAUDE, "Read", {"file_path": "/home/me/web/a", "offset": "1"}), "shape", '"1"', "a whole number", ""),
        (event(CLAUDE, "Read", {"file_path": "/home/me/web/a", "offset": True}), "shape", "true", "a whole number", ""),
        (event(CLAUDE, "Read", {"file_path": "/home/me/web/a", "offset": 1.0}), "shape", "1.0", "a whole number", ""),
        (event(CLAUDE, "Read", {}), "shape", "{}", "the input of Read lacks `file_path`", ""),
        (event(CLAUDE, "Edit", {"file_path": "a", "old_string": "", "new_string": "x"}), "no-counterpart", '""',
         "an empty text stands nowhere", "writes whole files"),
        (event(CLAUDE, "Grep", {"pattern": "a.b"}), "no-counterpart", '"a.b"', "`.` makes this a regular expression",
         "just this text is `a\\.b`"),
        (event(CLAUDE, "Grep", {"pattern": "a|b"}), "no-counterpart", '"a|b"', "`|` makes this", ""),
        (event(CLAUDE, "Grep", {"pattern": "\\bword"}), "no-counterpart", '"\\\\b', "`\\` makes this", ""),
        (event(CLAUDE, "Grep", {"pattern": "word\\"}), "no-counterpart", '"word', "`\\` makes this", ""),
        (event(CLAUDE, "Grep", {"pattern": "a", "-i": True}), "no-counterpart", "true", "capitals", "write false"),
        (event(CLAUDE, "Grep", {"pattern": "a", "-A": 3}), "no-counterpart", "3", "no lines around", "write 0"),
        (event(CLAUDE, "Grep", {"pattern": "a", "multiline": True}), "no-counterpart", "true", "within one line", ""),
        (event(CLAUDE, "Grep", {"pattern": "a", "type": "py"}), "shape", "type", "has no key `type`", ""),
        (event(CLAUDE, "Grep", {"pattern": "a", "output_mode": "count"}), "no-counterpart", '"count"', "not counted",
         'write "content"'),
        (event(CLAUDE, "Grep", {"pattern": "a", "output_mode": "lines"}), "shape", '"lines"', 'must be "content"', ""),
        (event(CLAUDE, "Grep", {"pattern": "a", "glob": "*.{ts,js}"}), "no-counterpart", '"*.{', "`{` in a glob", ""),
        (event(CLAUDE, "Grep", {"pattern": "a", "glob": "*.ts *.js"}), "no-counterpart", '"*.ts', "` ` in a glob", ""),
        (event(CLAUDE, "Grep", {"pattern": "a", "glob": "!*.ts"}), "no-counterpart", '"!*', "`!` in a glob", ""),
        (event(CLAUDE, "Grep", {"pattern": "a", "glob": "src/*.ts"}), "no-counterpart", '"src', "another folder",
         "begin it with `**/`"),
        (event(CLAUDE, "Glob", {"pattern": "*.py"}), "no-counterpart", '"*.py"', "without a slash", "write `**/*.py`"),
        (event(CLAUDE, "Glob", {"pattern": "/home/me/web/**"}), "no-counterpart", '"/home', "relative", "field for it"),
        (event(CLAUDE, "Glob", {"pattern": "**/a?.py"}), "no-counterpart", '"**/a', "`?` in a glob", ""),
        (event(GEMINI, "glob", {"pattern": "*.py"}), "no-counterpart", "{", "`case_sensitive`: capitals", "write true"),
        (event(GEMINI, "grep_search", {"pattern": "a"}), "no-counterpart", "{", "`case_sensitive`: capitals", ""),
        (event(GEMINI, "grep_search", {"pattern": "a(", "case_sensitive": True}), "no-counterpart", '"a("', "`(`", ""),
        (event(GEMINI, "list_directory", {"dir_path": ".", "ignore": ["x"]}), "no-counterpart", "[", "whole", "[]"),
        (event(GEMINI, "read_file", {"file_path": "a", "start_line": 5, "end_line": 4}), "no-counterpart", "4",
         "ends before it starts", ""),
        (event(GEMINI, "read_file", {"absolute_path": "/home/me/web/a"}), "shape", "{", "lacks `file_path`", ""),
        (event(CLAUDE, "Bash", {"command": "ls", "run_in_background": True}), "no-counterpart", "true", "background", ""),
        (event(CLAUDE, "Bash", {"command": "ls", "dangerouslyDisableSandbox": True}), "no-counterpart", "true", "", ""),
        (event(CODEX, "exec_command", {"cmd": "ls", "workdir": "/etc"}), "host-path", '"/etc"', "under no host root", ""),
        (event(CODEX, "exec_command", {"cmd": "ls", "sandbox_permissions": "x"}), "shape", "sandbox_permissions", "", ""),
        (event(CODEX, "apply_patch", {"input": "x"}), "shape", "{", "lacks `command`", ""),
    ],
)  # fmt: skip
def test_other_event_is_refused_where_it_is_wrong_with_help(
    body: dict[str, Any], code: str, where: str, message: str, mend: str
) -> None:
    (diagnostic,) = refusal(body).diagnostics
    assert diagnostic.code == code
    assert message in diagnostic.message
    assert diagnostic.help
    assert mend in diagnostic.help
    assert diagnostic.span is not None
    where = json.dumps(body[where], ensure_ascii=False) if where in body else where
    assert where in diagnostic.span.source.text[diagnostic.span.start : diagnostic.span.end + 1]


@pytest.mark.parametrize(
    ("syntax", "tool", "given"),
    [
        (
            CLAUDE,
            "Bash",
            {"command": "rm -rf /", "description": "Tidy up", "timeout": 1000, "run_in_background": False},
        ),
        (CODEX, "Bash", {"command": "git status"}),
        (CODEX, "exec_command", {"cmd": "ls", "workdir": "/home/me/web", "login": True, "yield_time_ms": 1}),
        (CODEX, "shell", {"command": ["bash", "-lc", "ls"], "workdir": ".", "timeout_ms": 5}),
        (GEMINI, "run_shell_command", {"command": "ls", "description": "List", "dir_path": "."}),
    ],
)
def test_command_lines_are_read_in_the_sandbox_folder(
    syntax: Syntax, tool: str, given: dict[str, object]
) -> None:
    found = read(event(syntax, tool, given))
    assert isinstance(found, CommandLine)
    assert found.folder.startswith("/workspace")
    assert (found.words is None) == (tool != "shell")
    assert found.source.text


@pytest.mark.parametrize("words", [[], [1], ["ls", None], [""]])
def test_words_of_a_command_are_strings(words: list[object]) -> None:
    assert refusal(event(CODEX, "shell", {"command": words})).code == "shape"


def work(command: object, syntax: Syntax = CLAUDE, roots: tuple[Any, ...] = ROOTS) -> Work:
    body = event(syntax, "shell" if isinstance(command, list) else "Bash", {"command": command})
    request = parse_request(json.dumps(body).encode(), Origin("ann", roots=roots))
    return read_work(request, standard()).work


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("cat /home/me/web/a", 'text.cat(paths=["/workspace/a"])'),
        ("cat b ./c//d /home/me/web", 'text.cat(paths=["/workspace/src/b", "/workspace/src/c/d", "/workspace"])'),
        ("cat '/home/me/web/./a b'", 'text.cat(paths=["/workspace/a b"])'),
        ("cat /home/me/web/*.py", 'text.cat(paths=["/workspace/*.py"])'),
        ("cd /home/me/web/lib && cat a", 'text.cat(paths=["/workspace/lib/a"])'),
        ("bash -c 'cat /home/me/web/a'", 'text.cat(paths=["/workspace/a"])'),
        ("git -C /home/me/web/lib log -- a", 'git.log(repo="/workspace/lib", most=-1, dates="default", path="/workspace/lib/a")'),
        ("cat a > /dev/null", 'text.cat(paths=["/workspace/src/a"])'),
        ("cat /dev/null", 'text.cat(paths=["/dev/null"])'),
        ("cat < /home/me/web/a", 'text.cat(paths=["/workspace/a"]) text.cat()'),
        ("cat a > /home/me/web/b", 'text.cat(paths=["/workspace/src/a"]) fs.put(path="/workspace/b")'),
        ("grep -e /home/me/web /home/me/web/a", 'text.grep(pattern="/home/me/web", paths=["/workspace/a"])'),
        ("echo /home/me/web", 'words.echo(text="/home/me/web")'),
        ("/usr/bin/cat a", 'text.cat(paths=["/workspace/src/a"])'),
        ("/home/me/web/run x", 'proc.exec(argv=["/workspace/run", "x"])'),
        ("tool --file=/home/me x", 'proc.exec(argv=["/usr/bin/tool", "--file=/home/me", "x"])'),
    ],
)  # fmt: skip
def test_paths_of_the_host_in_a_command_line_are_those_of_the_sandbox(command: str, expected: str) -> None:
    wanted = [
        str(bind(parse_call(Source("call", f"{each})")), standard()))
        for each in re.split(r"\) ?", expected)
        if each
    ]
    assert sorted(map(str, work(command).calls)) == sorted(wanted)
    if not set(command) & set("'*<>&"):
        assert sorted(map(str, work(command.split(), CODEX).calls)) == sorted(wanted)


@pytest.mark.parametrize(
    ("command", "word"),
    [
        ("cat /etc/passwd", "/etc/passwd"),
        ("cat a /workspace/b", "/workspace/b"),
        ("cat /home/me/website/a", "/home/me/website/a"),
        ("cat /home/me/we*/a", "/home/me/we*/a"),
        ("cat /home/*/web/a", "/home/*/web/a"),
        ("cat ~/a", "~/a"),
        ("cd /tmp && cat a", "/tmp"),
        ("cat a > /tmp/b", "/tmp/b"),
        ("cat < /etc/passwd", "/etc/passwd"),
        ("cat a 2> /dev/tty", "/dev/tty"),
        ("bash -c 'cat /etc/passwd'", "/etc/passwd"),
        ("git -C /srv/x log", "/srv/x"),
        ("grep -rn x --include=a /etc", "/etc"),
        ("tool /home/me/web/a", "/home/me/web/a"),
        ("tool --out=/home/me/web", "--out=/home/me/web"),
        ("python3 /home/me/web/a.py --out /home/me/web/b", "/home/me/web/b"),
        ("find . -exec grep x /home/me/web/a ;", "/home/me/web/a"),
        ("find . -exec /etc/x {} ;", ""),
        ("xargs tool /home/me/web/a", "/home/me/web/a"),
        ("cat $PWD/a", "$PWD"),
    ],
)
def test_what_is_no_path_of_the_sandbox_in_a_command_line_is_refused(command: str, word: str) -> None:
    asked: list[tuple[Syntax, object]] = [(CLAUDE, command.replace(" ;", " \\;"))]
    if not set(command) & set("~'*<>&$"):
        asked.append((CODEX, command.split()))
    for syntax, typed in asked:
        if not word:  # a program of the image
            assert work(typed, syntax).calls
            continue
        with pytest.raises(RequestError) as caught:
            work(typed, syntax)
        (diagnostic,) = caught.value.diagnostics
        assert diagnostic.code in ("host-path", "undeclared-variable")
        assert diagnostic.help
        assert diagnostic.span is not None
        assert diagnostic.span.source.text[diagnostic.span.start : diagnostic.span.end] == word


def test_roots_that_are_called_alike_change_no_word() -> None:
    roots = (parse_root("/home/me/web=/home/me/web"),)
    assert (
        str(work("tool /home/me/web/a", roots=roots)) == 'proc.exec(argv=["/usr/bin/tool", "/home/me/web/a"])'
    )


@given(
    st.lists(st.sampled_from(["a", "*", "b c", "..", ".", "", "~", "$x"]), max_size=4),
    st.sampled_from(["/home/me/web", "/home/me/we", "/home/me", "/workspace", "/"]),
    st.sampled_from(
        ["/home/me/web=/workspace", "/home/me=/workspace/me", "/=/workspace/root", "/home/m*=/workspace"]
    ),
)
@settings(max_examples=examples(200), deadline=None)
def test_no_path_of_a_command_line_is_mapped_otherwise_than_that_of_a_tool(
    parts: list[str], before: str, root: str
) -> None:
    path, roots = "/".join([before.rstrip("/"), *parts]) or "/", (parse_root(root),)
    body = event(CLAUDE, "Bash", {"command": f"cat '{path}'"}, cwd=roots[0].host)
    request = parse_request(json.dumps(body).encode(), Origin("ann", roots=roots))
    try:
        (call,) = read_work(request, standard()).work.calls
    except RequestError:
        return
    if call.capability.name != "text.cat":  # its words say nothing that is known
        return
    plain = "/" + "/".join(part for part in path.split("/") if part not in ("", "."))
    alone = read(event(CLAUDE, "Read", {"file_path": plain}, cwd=roots[0].host), roots=roots)
    assert not isinstance(alone, CommandLine)
    assert call.arguments["paths"] == (alone.arguments["path"],)


def test_command_line_is_typed_beneath_a_root() -> None:
    outside = event(CLAUDE, "Bash", {"command": "ls"}) | {"cwd": "/elsewhere"}
    assert refusal(outside).code == "host-path"


@pytest.mark.parametrize(
    ("hook_event_name", "more", "syntax"),
    [
        ("PreToolUse", {}, CLAUDE),
        ("PreToolUse", {"model": "m"}, CODEX),
        ("PreToolUse", {"turn_id": "1"}, CODEX),
        ("PostToolUse", {}, CLAUDE),
        ("PostToolUse", {"model": "m"}, CODEX),
        ("BeforeTool", {}, GEMINI),
        ("BeforeTool", {"model": "m"}, GEMINI),
        (None, {}, CLAUDE),
    ],
)
def test_events_are_told_apart_by_shape_alone(
    hook_event_name: object, more: dict[str, str], syntax: Syntax
) -> None:
    what = {CLAUDE: "a Claude Code event", CODEX: "a Codex event", GEMINI: "a Gemini CLI event"}[syntax]
    assert what in str(refusal({"hook_event_name": hook_event_name, **more}))


def test_other_events_ask_for_nothing() -> None:
    body = event(CLAUDE, "Read", {"file_path": "a"}, hook_event_name="PostToolUse")
    assert '`hook_event_name` must be "PreToolUse"' in str(refusal(body))
    body = event(GEMINI, "read_file", {"file_path": "a"}, hook_event_name="AfterTool")
    assert "a Claude Code event" in str(refusal(body))


def test_without_roots_no_event_names_a_file() -> None:
    body = event(CLAUDE, "Read", {"file_path": "/home/me/web/a"})
    error = refusal(body, ())
    assert error.code == "host-path"
    assert "--host-root" in str(error)


def test_roots_never_come_from_the_request() -> None:
    body = event(CLAUDE, "Read", {"file_path": "/etc/passwd"}, roots=[["/etc", "/workspace"]])
    assert refusal(body).code == "shape"
    enveloped = {
        "request": event(CLAUDE, "Read", {"file_path": "/etc/passwd"}),
        "roots": [["/etc", "/workspace"]],
    }
    assert refusal(enveloped).code == "envelope"


def test_what_does_not_fit_is_shown_at_the_native_field() -> None:
    body = event(CLAUDE, "Read", {"file_path": "/home/me/web/a", "offset": 0})
    error = refusal(body)
    assert isinstance(error, IllTypedError)
    (diagnostic,) = error.diagnostics
    assert diagnostic.span is not None
    assert diagnostic.span.source.text[diagnostic.span.start : diagnostic.span.end] == "0"
    assert "`first_line`: 0 is not between 1" in diagnostic.message


def test_fault_in_a_patch_is_shown_in_the_patch() -> None:
    (diagnostic,) = refusal(event(CODEX, "apply_patch", {"command": "*** Begin Patch\nrm -rf /"})).diagnostics
    assert diagnostic.span is not None
    assert (diagnostic.code, diagnostic.span.place) == ("patch", "patch:2:1")
    text = "*** Begin Patch\n*** Delete File: /etc/passwd\n*** End Patch"
    (diagnostic,) = refusal(event(CODEX, "apply_patch", {"command": text})).diagnostics
    assert diagnostic.code == "host-path"
    assert diagnostic.message.startswith("`/etc/passwd`: it is under no host root")


def answer(body: object) -> Call | RequestError:
    try:
        return read(body)
    except RequestError as error:
        return error


_texts = st.one_of(
    st.sampled_from([*HOSTILE, "/home/me/web/a", "a.py", ".", "**/*.py", "*** Begin Patch\n", "content"]),
    st.text(),
)
_inputs = st.one_of(_texts, st.integers(-1, 5), st.booleans(), json_values)


@st.composite
def _events(draw: st.DrawFn) -> dict[str, Any]:
    syntax = draw(st.sampled_from([CLAUDE, CODEX, GEMINI]))
    name = draw(st.sampled_from(sorted(TOOLS[syntax])))
    tool = TOOLS[syntax][name]
    fields = {} if isinstance(tool, Refused) else tool.fields
    given = {
        key: draw(_texts if field.kind.said == "a string" and draw(st.integers(0, 9)) else _inputs)
        for key, field in fields.items()
        if field.required or draw(st.booleans())
    }
    more = draw(
        st.dictionaries(st.sampled_from(["cwd", "model", "x", "hook_event_name"]), _texts, max_size=1)
    )
    return event(syntax, name, given, **(more if draw(st.booleans()) else {}))


@settings(max_examples=examples(600), deadline=None)
@given(_events())
def test_any_event_is_a_call_beneath_the_roots_or_refused(body: dict[str, Any]) -> None:
    found = answer(body)
    if isinstance(found, RequestError):
        assert found.render()
        assert len(str(found)) < 5_000
        return
    if isinstance(found, CommandLine):
        assert isinstance(TOOLS[_syntax(body)].get(body["tool_name"]), Command)
        return
    path = found.arguments["path"]
    assert isinstance(path, str)
    assert path == "/workspace" or path.startswith("/workspace/")
    assert not isinstance(TOOLS[CLAUDE].get(body["tool_name"]), Command)
    again = bind(read_call(parse_request(str(found).encode(), Origin())), standard())
    assert again == found


@given(st.text("ab.*\\()[]{}|^$-/ #é\n", max_size=8), st.text("ab.*\\()[]{}|^$-/ #é\n", max_size=8))
def test_regular_expression_is_taken_for_the_one_text_that_it_matches(pattern: str, text: str) -> None:
    alone = Event({}, "/", ())
    assert LITERAL.apply(re.escape(text).replace("\\ ", " ").replace("\\\n", "\n"), alone) == text
    try:
        literal = LITERAL.apply(pattern, alone)
    except NoCounterpartError as error:
        assert "regular expression" in str(error)  # noqa: PT017 - a pattern may be refused or taken
    else:
        assert isinstance(literal, str)
        assert re.fullmatch(pattern, literal)
        assert bool(re.fullmatch(pattern, text)) == (literal == text)
