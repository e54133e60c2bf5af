"""What bash passes to programs, asked of bash itself in a way in which nothing can run.

A command line that was parsed is rewritten before bash sees it. `A`, a function that writes its arguments down,
stands before each program, or is what bash calls for a program that it does not find, which is any; redirections and here-documents are taken out; every `/` is a `^`, so that no name is
a path. PATH leads nowhere, the folder is empty, globs are off and builtins are disabled. Then bash evaluates the line, and
what `A` was called with is compared with what the tree says, with `A` succeeding always and failing always.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from governance.request.shell.tree import (
    Command,
    File,
    For,
    Glob,
    Group,
    Here,
    If,
    Loop,
    Script,
    Subshell,
    Substitution,
    Text,
    Variable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from governance.request.shell.tree import Pipeline, Stage, Word

BASH: Final = shutil.which("bash")

_DRIVER: Final = r"""
exec 3>&1 1>/dev/null 2>/dev/null
set -f
A() {
  local all=a each
  for each in "$@"; do all+=$'\1'w$each; done
  all=${all//$'\3'/$'\3a'}
  printf '%s\0' "${all//$'\n'/$'\3b'}" >&3
  return "$STATUS"
}
command_not_found_handle() { A "$@"; }
for ORACLE in $(compgen -b); do
  case $ORACLE in enable|printf|eval|read|return|local) ;; *) enable -n "$ORACLE" ;; esac
done
while IFS= read -r -d '' ORACLE; do
  STATUS=${ORACLE%%:*}
  ( eval -- "${ORACLE#*:}" ) </dev/null
  printf 'end%s\0' "$?" >&3
done
"""

_MINE: Final = frozenset({"A", "enable", "eval", "local", "nothing", "printf", "read", "return"})
"""What the driver itself needs; where a line calls it, it is not asked for without `A` before it."""

_AT_ONCE: Final = 500
"""So many lines one bash is given, which then has a minute."""

_ENVIRONMENT: Final = {"LC_ALL": "C.UTF-8", "PATH": "nowhere"}


def accepts(text: str) -> bool:
    """Say whether bash finds no fault with a command line; nothing is evaluated."""
    return _accepts(text)


@cache
def _accepts(text: str) -> bool:
    assert BASH is not None
    done = subprocess.run(
        [BASH, "--norc", "--noprofile", "-n", "-c", "--", text],
        capture_output=True,
        check=False,
        env=_ENVIRONMENT,
        timeout=20,
    )
    return done.returncode == 0 and b"here-document" not in done.stderr


def evaluated(lines: Sequence[tuple[int, str]]) -> list[list[list[str]]]:
    """Return, for each status and rewritten line, the arguments of every call of `A`, sorted."""
    return [each for at in range(0, len(lines), _AT_ONCE) for each in _evaluated(lines[at : at + _AT_ONCE])]


def _evaluated(lines: Sequence[tuple[int, str]]) -> list[list[list[str]]]:
    assert BASH is not None
    given = "".join(f"{status}:{line}\0" for status, line in lines).encode()
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [BASH, "--norc", "--noprofile", "-c", _DRIVER],
            input=given,
            capture_output=True,
            check=False,
            env=_ENVIRONMENT,
            cwd=folder,
            timeout=60,
        )
        assert not any(Path(folder).iterdir())
    found: list[list[list[str]]] = [[]]
    for record in done.stdout.decode().split("\0")[:-1]:
        if record.startswith("end"):
            found.append([])
        else:
            found[-1].append([_as_passed(word[1:]) for word in record.split("\1")[1:]])
    assert len(found) == len(lines) + 1, done.stderr
    return [sorted(each) for each in found[:-1]]


def _as_passed(word: str) -> str:
    """Return a word without the driver's escapes.

    Bash writes out what it has at every line feed, and the programs of a pipeline write at once: a record with one
    in it would be torn apart by another's.
    """
    return word.replace("\3b", "\n").replace("\3a", "\3")


# The rewriting


def commands(script: Script) -> Iterator[Command]:
    """Give every simple command of a script, those within words too."""
    return (stage for stage in stages(script) if isinstance(stage, Command))


def stages(script: Script) -> Iterator[Stage]:
    """Give every stage of a script, those within others and within words too."""
    for step in script.steps:
        for stage in step.pipeline.stages:
            yield stage
            for inner in (*_blocks(stage), *_substituted(stage)):
                yield from stages(inner)


def _blocks(stage: Stage) -> Iterator[Script]:
    match stage:
        case If(branches, otherwise):
            yield from (script for branch in branches for script in branch)
            if otherwise:
                yield otherwise
        case Loop():
            yield from (stage.condition, stage.script)
        case For() | Group() | Subshell():
            yield stage.script


def _substituted(stage: Stage) -> Iterator[Script]:
    words = [*getattr(stage, "words", ()), *(each.value for each in getattr(stage, "assignments", ()))]
    for redirection in stage.redirections:
        words += [word for name in ("target", "word") if (word := getattr(redirection, name, None))]
    for word in words:
        for piece in word.pieces:
            if isinstance(piece, Substitution):
                yield piece.script


def rewritten(text: str, script: Script, *, called: bool) -> str:
    """Return the line that is evaluated instead of `text`, with `A` before each program if it is to be called."""
    edits: dict[int, tuple[int, str]] = {}
    for command in commands(script):
        if command.words:
            if not called:
                continue
            edits.setdefault(command.words[0].start, (command.words[0].start, "A "))
        elif not command.assignments:
            edits[command.start] = (command.start, " A " if called else " nothing ")
        _cut(edits, command, text)
    for stage in stages(script):
        _cut(edits, stage, text)
    pieces, done = [], 0
    for start in sorted(edits):
        end, new = edits[start]
        if start < done:
            continue
        pieces += [text[done:start], new]
        done = max(done, end)
    return "".join([*pieces, text[done:]]).replace("/", "^")


def _cut(edits: dict[int, tuple[int, str]], stage: Stage, text: str) -> None:
    for redirection in stage.redirections:
        if redirection.end > redirection.start:
            new = edits.get(redirection.start, (0, " "))[1]
            edits[redirection.start] = (redirection.end, new)
        if isinstance(redirection, Here) and redirection.word.start > redirection.end:
            body = redirection.word
            newline = text.find("\n", body.end)
            edits[body.start] = (newline + 1 if newline >= 0 else len(text), "")


# What the tree says


class EndlessError(Exception):
    """A loop would not end if all programs end alike."""


class _Trace:
    """The arguments that programs are called with if each ends with `status`.

    `values` are those of variables; what a process of its own gives them, nobody else sees. As no program prints anything,
    what one gives a variable is empty.
    """

    def __init__(self, status: int) -> None:
        self._status = status
        self.calls: list[list[str]] = []

    def script(self, script: Script, values: dict[str, str]) -> int:
        last = 0
        for step in script.steps:
            if step.joint == ";" or (step.joint == "&&") == (last == 0):
                last = self._pipeline(step.pipeline, values)
        return last

    def _pipeline(self, pipeline: Pipeline, values: dict[str, str]) -> int:
        last = 0
        own = len(pipeline.stages) > 1
        for stage in pipeline.stages:
            last = self._stage(stage, {**values} if own else values)
        return int(last == 0) if pipeline.negated else last

    def _stage(self, stage: Stage, values: dict[str, str]) -> int:
        match stage:
            case Command():
                return self._command(stage, values)
            case Subshell():
                return self.script(stage.script, {**values})
            case Group():
                return self.script(stage.script, values)
            case If():
                for branch in stage.branches:
                    if self.script(branch.condition, values) == 0:
                        return self.script(branch.script, values)
                return self.script(stage.otherwise, values) if stage.otherwise else 0
            case Loop():
                if (self.script(stage.condition, values) == 0) != stage.until:
                    raise EndlessError
                return 0
            case For():
                last = 0
                for word in stage.words:
                    for text in self._words(word, values):
                        values[stage.name] = text
                        last = self.script(stage.script, values)
                return last

    def _command(self, command: Command, values: dict[str, str]) -> int:
        ran = False
        for assignment in command.assignments:
            ran |= self._holds_one(assignment.value)
            given = self._words(assignment.value, values)
            if not command.words:
                values[assignment.name] = "".join(given)
        arguments = [text for word in command.words for text in self._words(word, values)]
        if command.assignments and not command.words:
            return self._status if ran else 0
        self.calls.append([argument.replace("/", "^") for argument in arguments])
        return self._status

    def _holds_one(self, word: Word) -> bool:
        return any(isinstance(piece, Substitution) for piece in word.pieces)

    def _words(self, word: Word, values: dict[str, str]) -> list[str]:
        """Return the word with substitutions empty: none where there is nothing else, and no quotes."""
        text, there = "", not word.pieces
        for piece in word.pieces:
            match piece:
                case Text(written) | Glob(written):
                    text, there = text + written, True
                case Variable(name):
                    text, there = text + values.get(name, ""), True
                case Substitution(script, quoted):
                    self.script(script, {**values})
                    there |= quoted
        return [text] if there else []


def expected(script: Script, status: int) -> list[list[str]]:
    """Return the arguments of every program of a script if each ends with `status`, sorted."""
    trace = _Trace(status)
    trace.script(script, {})
    return sorted(trace.calls)


def statuses(text: str, script: Script) -> Iterator[tuple[int, list[list[str]]]]:
    """Give each status that a line's programs can all end with so that the line ends, and the calls it makes."""
    names = {command.words[0].text for command in commands(script) if command.words}
    if ("~" in text and "/" in text) or names & {"export"} or len(text) > 3_000 or "\1" in text:
        return
    for stage in stages(script):
        for each in stage.redirections:
            if isinstance(each, File) and "<<" in text[each.start : each.end]:
                return  # an empty here-document has no place in the tree
    for status in (0, 1):
        try:
            yield status, expected(script, status)
        except EndlessError:
            continue


def wrong(parsed: Sequence[tuple[str, Script]]) -> list[tuple[str, str, list[list[str]], list[list[str]]]]:
    """Return what bash says otherwise of these lines than their trees do: line, rewritten, bash's, ours."""
    asked = [
        (text, status, rewritten(text, script, called=called), said)
        for text, script in parsed
        for called in (True, False)
        if called or not _MINE & {command.words[0].text for command in commands(script) if command.words}
        for status, said in statuses(text, script)
    ]
    answers = evaluated([(status, line) for _, status, line, _ in asked])
    return [
        (text, line, answer, said)
        for (text, _, line, said), answer in zip(asked, answers, strict=True)
        if sorted([] if words == ["nothing"] else words for words in answer) != said
    ]
