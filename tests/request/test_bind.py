"""Calls as written to typed calls of the standard library, and every reason why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from governance.errors import RequestError
from governance.request import Origin, parse_request
from governance.request.bind import IllTypedError, UnknownCapabilityError, bind
from governance.request.surface import read_call

if TYPE_CHECKING:
    from governance.capabilities import Call
    from tests.request.conftest import Capabilities


def bound(text: str, capabilities: Capabilities) -> Call:
    return bind(read_call(parse_request(text.encode(), Origin())), capabilities)


@pytest.mark.parametrize(
    ("text", "canonical", "argv"),
    [
        (
            'fs.read(path="/a")',
            'fs.read(path="/a", offset=0, limit=1048576)',
            ("/usr/lib/governance/fs", "read", "--offset=0", "--limit=1048576", "/a"),
        ),
        (
            'fs_read(limit="2KiB", path="/-x")',
            'fs.read(path="/-x", offset=0, limit=2048)',
            ("/usr/lib/governance/fs", "read", "--offset=0", "--limit=2048", "/-x"),
        ),
        (
            'proc.exec(argv=["--x","a b",""])',
            'proc.exec(argv=["--x", "a b", ""])',
            ("--x", "a b", ""),
        ),
        (
            'python.run(module="unittest", path="/t")',
            'python.run(module="unittest", path="/t")',
            ("/usr/bin/python3", "-m", "unittest", "/t"),
        ),
        (
            'fs.edit(path="/a", old="\\u0000", new="")',
            'fs.edit(path="/a", old="\\u0000", new="", every=false)',
            ("/usr/lib/governance/fs", "edit", "--every=false", "/a"),
        ),
    ],
)
def test_call_is_bound_in_its_one_form(
    text: str, canonical: str, argv: tuple[str, ...], capabilities: Capabilities
) -> None:
    call = bound(text, capabilities)
    assert str(call) == canonical
    assert call.argv == argv


def test_revision_stays_behind_the_end_of_options(capabilities: Capabilities) -> None:
    argv = bound('git.show(repo="/a", revision="--output=/a/b")', capabilities).argv
    assert argv[-3:] == ("--end-of-options", "--output=/a/b", "--")


@pytest.mark.parametrize(
    ("text", "column", "message", "mend"),
    [
        ("fs.read()", 1, "`path` is missing", "fs.read takes path: Path, offset: Int(0..)"),
        ('fs.read(path="/a", ofset=1)', 20, "`fs.read` has no parameter `ofset`", "did you mean `offset`?"),
        ('fs.read(path="/a", xyzzyx=1)', 20, "has no parameter `xyzzyx`", "fs.read takes"),
        ('fs.read(path="/a", model_config=1)', 20, "has no parameter `model_config`", ""),
        ('fs.read(path="/a", __class__=1)', 20, "has no parameter `__class__`", ""),
        ('fs.read(Path="/a")', 1, "`path` is missing", ""),
        ('fs.read(path="/a", offset=null)', 27, "`offset` is null", "leave the argument out"),
        ('fs.read(path="/a", offset=1.0)', 27, "`offset`: a number with a fraction is no Int", "Int(0..)"),
        ('fs.read(path="/a", offset=1e2)', 27, "a number with a fraction is no Int", ""),
        ('fs.read(path="/a", offset=true)', 27, "a truth value is no Int", ""),
        ('fs.read(path="/a", offset="0")', 27, "a string is no Int", ""),
        ('fs.read(path="/a", offset=-1)', 27, "-1 is not between 0 and 9007199254740991", ""),
        ('fs.read(path="/a", offset=9007199254740992)', 27, "9007199254740992 is not between", ""),
        ('fs.read(path="/a", limit="17MiB")', 26, "17825792 is not between 1 and 16777216", ""),
        ('fs.read(path="/a", limit=0)', 26, "0 is not between 1 and", ""),
        (
            'fs.read(path="/a\\u0000")',
            14,
            "`path`: a path holds no control character",
            "declared as path: Path",
        ),
        ('fs.read(path="/a/../b")', 14, "a path has no `..`", ""),
        ('fs.read(path=["/a"])', 14, "a list is no Path", ""),
        ('fs.read(path={"x":"/a"})', 14, "an object is no Path", ""),
        ('fs.edit(path="/a",old="x",new="y",every=1)', 41, "a whole number is no Bool", ""),
        ('fs.edit(path="/a",old="x",new="y",every=0)', 41, "a whole number is no Bool", ""),
        ('fs.edit(path="/a",old="x",new="y",every="true")', 41, "a string is no Bool", ""),
        ('python.run(module=true, path="/a")', 19, "a truth value is no Enum", ""),
        ('python.run(module="pytest ", path="/a")', 19, "it is none of pytest, unittest", ""),
        ('fs.search(path="/a", text="x", glob="/etc/*")', 37, "a glob here does not begin with /", ""),
        ('fs.search(path="/a", text="x", glob="../*")', 37, "a glob has no `..`", ""),
        ('fs.search(path="/a", text="", glob="*")', 27, "it has 0 characters", ""),
        ("proc.exec(argv=[])", 16, "it has 0 words", ""),
        ('proc.exec(argv="ls -l")', 16, "a string is no Argv", ""),
        ('proc.exec(argv=["ls",null])', 16, "null is no word", ""),
        ('proc.exec(argv=["ls",["-l"]])', 16, "a list is no word", ""),
        ('proc.exec(argv=["ls\\u0000"])', 16, "a word holds no NUL", ""),
        ('git.show(repo="/a", revision="a\\u0000b")', 30, "no word of a command line holds a NUL", ""),
        ('git.log(repo="/a", path=null)', 25, "`path` is null", ""),
    ],
)
def test_argument_that_does_not_fit_is_refused_at_its_place(
    text: str, column: int, message: str, mend: str, capabilities: Capabilities
) -> None:
    with pytest.raises(IllTypedError) as caught:
        bound(text, capabilities)
    diagnostic = caught.value.diagnostics[0]
    assert diagnostic.span is not None
    assert (diagnostic.code, diagnostic.span.column) == ("ill-typed", column)
    assert message in diagnostic.message
    assert mend in diagnostic.help


def test_everything_that_does_not_fit_is_told_at_once(capabilities: Capabilities) -> None:
    with pytest.raises(IllTypedError) as caught:
        bound('fs.read(offset="x", limit=true, more=1)', capabilities)
    assert [diagnostic.message.split("`")[1] for diagnostic in caught.value.diagnostics] == [
        "path",
        "offset",
        "limit",
        "fs.read",
    ]


def test_place_within_arguments_of_their_own_is_told_there(capabilities: Capabilities) -> None:
    text = '{"type":"function_call","name":"fs.read","arguments":"{\\"path\\":\\n 1}"}'
    with pytest.raises(IllTypedError) as caught:
        bound(text, capabilities)
    span = caught.value.diagnostics[0].span
    assert span is not None
    assert span.place == "arguments:2:2"


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ('fs.raed(path="/a")', "did you mean fs.read"),
        ("FS.READ()", "known: archive.*"),
        ("fs.read_()", "did you mean fs.read"),
        ('{"name":"fs.read ","arguments":{}}', "did you mean fs.read"),
        ('{"name":"fs.read\\n","arguments":{}}', "did you mean fs.read"),
        ('{"name":"fs\\u2024read","arguments":{}}', "did you mean fs.read"),
        ('{"name":"mcp__fs__read","arguments":{}}', "known: archive.*"),
    ],
)
def test_name_that_is_not_exactly_one_is_unknown(text: str, mend: str, capabilities: Capabilities) -> None:
    with pytest.raises(UnknownCapabilityError) as caught:
        bound(text, capabilities)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.help.startswith(mend)
    assert diagnostic.message.isprintable()


@pytest.mark.parametrize("value", ["0", "null", '"x"', "[[[]]]"])
@pytest.mark.parametrize("form", ["fs.read({})", '{{"name":"fs.read","arguments":{{{}}}}}'])
def test_answer_does_not_grow_with_the_number_of_wrong_arguments(
    form: str, value: str, capabilities: Capabilities
) -> None:
    quote, sign = ("", "=") if form.startswith("fs") else ('"', ":")
    text = form.format(",".join(f"{quote}k{index}{quote}{sign}{value}" for index in range(20_000)))
    with pytest.raises(RequestError) as caught:
        bound(text, capabilities)
    assert len(caught.value.diagnostics) <= 9
    assert len(str(caught.value)) < 1_000


def test_rest_of_many_wrong_arguments_is_counted(capabilities: Capabilities) -> None:
    text = f"fs.read({','.join(f'k{index}=0' for index in range(20))})"
    with pytest.raises(IllTypedError) as caught:
        bound(text, capabilities)
    assert caught.value.diagnostics[-1].message == "13 more arguments do not fit"


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000 + "()",
        f"fs.read({'k' * 1_000_000}=1)",
        f'{{"name":"fs.read","arguments":{{"{"k" * 1_000_000}":1}}}}',
        f'fs.read(path="{"a" * 1_000_000}")',
        f'python.run(module="{"a" * 1_000_000}", path="/a")',
        f"proc.exec(argv=[{','.join(['1'] * 50_000)}])",
        f'proc.exec(argv=["{"a" * 1_000_000}"])',
        f'fs.read(path="/a", limit="{"9" * 1_000_000}B")',
    ],
)
def test_answer_does_not_grow_with_what_is_wrong(text: str, capabilities: Capabilities) -> None:
    with pytest.raises(RequestError) as caught:
        bound(text, capabilities)
    assert len(str(caught.value)) < 500
    assert len(caught.value.render()) < 5_000
