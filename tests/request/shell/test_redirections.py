"""Redirections are what bash makes of them: where output and errors of a program go, and what it reads.

Bash runs a function that reads all its input and writes to both outputs, in an empty folder; PATH is empty too.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from governance.errors import RequestError
from governance.request.shell import parse_shell
from governance.request.shell.tree import Command, Duplicate, File, Here
from governance.text import Source
from tests.request.shell import oracle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

pytestmark = pytest.mark.skipif(oracle.BASH is None, reason="there is no bash here")

FILES: Final = ("f", "g", "h i")
_DRIVER: Final = r"""
A() { local text; IFS= read -r -d '' text; printf 'read:%s' "$text"; printf o; printf e >&2; }
trap : PIPE
eval "$1" 2>&1
"""

_redirections = st.lists(
    st.sampled_from(
        [
            *(">f", "> g", ">>f", "1>g", "2>f", "2>>g", "2> 'h i'", "&>f", "&>>g", ">|f", "1>>'h i'"),
            *(
                "2>&1",
                ">&2",
                "1>&2",
                "<f",
                "< g",
                "0<f",
                "<<< a",
                "<<< 'b c'",
                "<<<''",
                "3>f",
                "3>&1",
                "1>&3",
                "2>&3",
            ),
        ]
    ),
    max_size=4,
)


class _Opened:
    """Files as a program meets them: what each holds, by the names they have."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = dict(files)
        self.out = ""

    def run(self, command: Command) -> bool:
        """Do what the redirections say and what the function does; say whether bash would start it."""
        slots: dict[int, tuple[str, str] | None] = {0: ("text", ""), 1: ("out", ""), 2: ("out", "")}
        for each in command.redirections:
            match each:
                case File(descriptor, mode, target):
                    name = target.text or ""
                    if mode == "<" and name not in self.files:
                        return False
                    if mode == ">" or name not in self.files:
                        self.files[name] = ""
                    slots[descriptor] = (mode, name)
                case Duplicate(descriptor, source):
                    if source is not None and slots.get(source) is None:
                        return False
                    slots[descriptor] = None if source is None else slots[source]
                case Here(descriptor, word):
                    slots[descriptor] = ("text", word.text or "")
        given = slots[0]
        assert given is not None
        text = self.files[given[1]] if given[0] == "<" else given[1]
        self._write(slots[1], f"read:{text}o")
        self._write(slots[2], "e")
        return True

    def _write(self, slot: tuple[str, str] | None, text: str) -> None:
        assert slot is not None
        if slot[0] == "out":
            self.out += text
        else:
            self.files[slot[1]] += text


def by_bash(line: str, files: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            (Path(folder) / name).write_text(text)
        assert oracle.BASH is not None
        done = subprocess.run(
            [oracle.BASH, "--norc", "--noprofile", "-c", _DRIVER, "x", line],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            env={"LC_ALL": "C.UTF-8", "PATH": ""},
            cwd=folder,
            timeout=20,
        )
        return done.stdout.decode(), {path.name: path.read_text() for path in Path(folder).iterdir()}


def one_file_twice(redirections: Sequence[object]) -> bool:
    """Say whether a file is opened twice, so that two writers, or a reader and one, overwrite each other."""
    names = [each.target.text for each in redirections if isinstance(each, File)]
    return len(set(names)) < len(names)


@settings(max_examples=60, deadline=None)
@given(redirections=_redirections, there=st.booleans())
@example(redirections=[">f", "2>&1"], there=True)
@example(redirections=["2>&1", ">f"], there=True)
@example(redirections=["<f", "&>>g"], there=True)
def test_output_goes_where_the_tree_says(redirections: list[str], there: bool) -> None:
    line = " ".join(["A", *redirections])
    files = dict.fromkeys(FILES, "old\n") if there else {}
    try:
        (step,) = parse_shell(Source("request", line)).steps
    except RequestError:
        return
    (command,) = step.pipeline.stages
    assert isinstance(command, Command)
    if one_file_twice(command.redirections):
        return
    opened = _Opened(files)
    if opened.run(command):
        assert by_bash(line, files) == (opened.out, opened.files)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("A <<'E'\na $b `c`\n\td\nE", "a $b `c`\n\td\n"),
        ("A <<-'E'\n\t\ta\n\t b\n\tE", "a\n b\n"),
        ('A <<E\nit\'s "a" \\ \\b $ 5\nE', 'it\'s "a" \\ \\b $ 5\n'),
        ("A <<\\E\n\\\nE", "\\\n"),
        ("A <<'E F'\nE\nE F", "E\n"),
        ("A <<X <<Y\n1\nX\n2\nY", "2\n"),
        ("A <<'E'\nE", ""),
        ("A <<< 'a  b'\"c\"{d,e}* ", "a  bc{d,e}*\n"),
    ],
)
def test_text_is_read_as_the_tree_says(line: str, text: str) -> None:
    (step,) = parse_shell(Source("request", line)).steps
    last = step.pipeline.stages[0].redirections[-1]
    assert (last.word.text if isinstance(last, Here) else "") == text
    assert by_bash(line, {})[0] == f"read:{text}oe"
