"""What is typed becomes exactly the call that it is, and what could do more becomes none of the standard library's."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from governance.errors import RequestError
from governance.request.bind import bind
from governance.request.shell import parse_shell
from governance.request.shell.work import bind_command
from governance.request.syntax import CommandLine, parse_call
from governance.text import Source
from tests.request.conftest import standard
from tests.std.commands import NOT_CANONICAL, PREFIXES, REFUSED, TABLE, UNTYPED, Typed

if TYPE_CHECKING:
    from governance.capabilities import Call


def calls(command: str, folder: str = "/workspace") -> tuple[Call, ...]:
    return bind_command(CommandLine(Source("command", command), folder), standard(), parse_shell)[0].calls


def called(text: str) -> Call:
    return bind(parse_call(Source("call", text)), standard())


def words(argv: str) -> tuple[str, ...]:
    """Return the words of a command line as the table writes them; a backslash is itself."""
    reader = shlex.shlex(argv, posix=True, punctuation_chars=False)
    reader.whitespace_split, reader.escape, reader.commenters = True, "", ""
    found: list[str] = []
    for word in reader:
        if word in PREFIXES and word != "W":
            found += PREFIXES[word].split()
        else:
            found.append(f"/workspace{word[1:]}" if word == "W" or word.startswith("W/") else word)
    return tuple(found)


@pytest.mark.parametrize("typed", TABLE, ids=lambda typed: typed.command)
def test_what_is_typed_is_the_call_and_runs_as_it(typed: Typed) -> None:
    (found,) = calls(typed.command)
    assert str(found) == str(called(typed.call))
    assert found.argv == words(typed.argv)


def test_each_capability_is_in_the_table_or_known_not_to_be_typed() -> None:
    names = {capability.name for capability in standard().values()}
    assert {called(typed.call).capability.name for typed in TABLE} | UNTYPED == names


def canonical() -> list[str]:
    """Return the calls of the table whose own command lines are typed so, beside those of git."""
    found = {str(called(typed.call)) for typed in TABLE}
    left_out = (*NOT_CANONICAL, "git.")
    return sorted(call for call in found if not call.startswith(left_out))


@pytest.mark.parametrize("call", canonical())
def test_what_runs_is_typed_as_the_same_call(call: str) -> None:
    wanted = called(call)
    pieces = (word if "/*" in word else shlex.quote(word) for word in wanted.argv)
    found = calls(" ".join(pieces), "/")
    assert tuple(map(str, found)) == (call,)


@pytest.mark.parametrize("command", REFUSED.strip().splitlines())
def test_what_could_do_more_is_no_capability_of_its_own(command: str) -> None:
    text = (
        command.replace("(", "\\(").replace(")", "\\)").replace(";", "\\;").replace("{", "\\{")
        if (command.startswith("find"))
        else command
    )
    try:
        found = calls(text)
    except RequestError:
        return
    assert [call.capability.name for call in found] == ["proc.exec"]
    assert found[0].arguments["argv"][1:] == tuple(shlex.split(text))[1:]


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (
            'files.find_each(folders=["/workspace"], argv=["/usr/bin/echo", ";", "-delete"])',
            "`;` would end it",
        ),
        (
            'files.find_all(folders=["/workspace"], argv=["/usr/bin/echo", "{}", "+", "-delete"])',
            "`+` would end it",
        ),
        (
            'files.find_all(folders=["/workspace"], argv=["/usr/bin/echo", ";", "-delete", "{}"])',
            "`;` would end it",
        ),
    ],
)
def test_a_program_for_each_file_cannot_hold_what_ends_it(call: str, what: str) -> None:
    with pytest.raises(RequestError) as caught:
        called(call)
    assert what in caught.value.render()


def test_what_a_folder_is_given_are_the_names_that_are_put_there() -> None:
    effects = called('files.copy(sources=["/a/x", "/b/*.py"], target="/c")').effects
    assert sorted(map(str, effects)) == [
        "create /c", "create /c/*.py", "create /c/x", "read /a/x", "read /b/*.py",
        "write /c", "write /c/*.py", "write /c/x",
    ]  # fmt: skip


def test_a_path_behind_a_folder_of_gits_is_in_that_folder() -> None:
    (found,) = calls("git -C sub log -- a")
    assert found.arguments["path"] == "/workspace/sub/a"
    assert found.arguments["repo"] == "/workspace/sub"
