"""From the tree of a command line to work: every command a typed call, every redirection one too.

What starts a command for another (`env`, `timeout`, `sh -c`) is unfolded to what it starts, or refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING, Final, TypeAlias, assert_never

from governance.capabilities.work import Arm, Branches, Opposite, Pipe, Run, Start, Steps, Wired, Work
from governance.request.folder import Folder
from governance.request.programs import SHELLS, STOPPED, base_name, reads_as_bash
from governance.request.shell.calls import Commands
from governance.request.shell.folders import changes_folder, only_assigns
from governance.request.shell.prefixes import deadline_of, harm_of
from governance.request.shell.tree import (
    Command,
    Duplicate,
    File,
    For,
    Group,
    Here,
    If,
    Loop,
    Script,
    Subshell,
    Word,
)
from governance.request.shell.unbound import refuse
from governance.request.shell.where import Where, assigns, passed_words, placed_word, typed_word
from governance.request.typed import Said, TypedWord
from governance.text import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import NoReturn

    from governance.capabilities.call import Call
    from governance.capabilities.declaration import Capability
    from governance.capabilities.work import Flow, Joint, Output
    from governance.request.nodes import Plain
    from governance.request.shell.tree import Pipeline, Redirection, Stage
    from governance.request.shell.unbound import Placed
    from governance.request.syntax import CommandLine

__all__ = ["bind_command"]

_MOST_CALLS: Final = 64
_DEEPEST_TEXT: Final = 4
_READ: Final = "text.cat"
_WRITE: Final = "fs.put"
_DEVICES: Final = ("/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/fd")

Reader: TypeAlias = "Callable[[Source, Mapping[str, str]], Script]"
"""Makes a tree of a text, in which these variables have values."""


def bind_command(
    line: CommandLine, capabilities: Mapping[str, Capability], read: Reader
) -> tuple[Work, tuple[str, ...]]:
    """Return the work that a command line is, and what kept its programs from being known better.

    Raises `RequestError`.
    """
    binder, where = (
        _Binder(line.source, Commands(capabilities), read),
        Where(Folder(line.folder, line.roots)),
    )
    if line.words is None:
        flow = binder.script(read(line.source, where.variables), where)
    else:
        flow = binder.words(passed_words(line.words), where)
    return Work(tuple(binder.starts), flow), tuple(dict.fromkeys(binder.commands.notes))


@dataclass(slots=True)
class _Binder:
    """Binds one text; texts inside it, as behind `sh -c`, are bound by another that adds to the same calls."""

    source: Source
    commands: Commands
    read: Reader
    starts: list[Start] = field(default_factory=list)
    depth: int = 0

    def refuse(self, place: Placed, reason: str, *found: str) -> NoReturn:
        """Raise the error about what stands at `place`."""
        refuse(self.source, place, reason, *found)

    def script(self, script: Script, where: Where) -> Flow:
        """Return the flow of a script; a `cd` in it is where what follows it runs, and no more than that.

        Such a step, and one that only gives a variable a value, is not run: what follows it stands in its place.
        """
        arms: list[Arm] = []
        instead: Joint | None = None
        moved = False
        for joint, pipeline in script.steps:
            place = pipeline.stages[0]
            if moved and joint != "&&":
                self.refuse(place, "cd-unsure")
            if joint == ";" and only_assigns(pipeline):
                instead = ";"
                continue
            if instead == ";" and not moved and joint == "||":
                self.refuse(place, "never")
            folder = self._folder(pipeline, where)
            if folder is not None:
                if joint == "||":
                    self.refuse(place, "cd-behind-or")
                where, moved, instead = where.entered(folder), True, instead or joint
                continue
            arms.append(Arm(instead or joint, self._pipeline(pipeline, where)))
            instead = None
        if not arms or instead is not None:
            self.refuse(script.steps[-1].pipeline.stages[0], "ends-idle")
        return arms[0].flow if len(arms) == 1 else Steps(tuple(arms))

    def _folder(self, pipeline: Pipeline, where: Where) -> str | None:
        """Return the folder that a `cd` leads to, None where the pipeline is none."""
        stage = pipeline.stages[0]
        if not isinstance(stage, Command) or not stage.words or stage.words[0].text != "cd":
            return None
        if len(pipeline.stages) > 1 or pipeline.negated or stage.redirections or stage.assignments:
            self.refuse(stage, "cd-without-effect")
        if len(stage.words) != 2:
            self.refuse(stage, "cd-words")
        word = typed_word(self.source, stage.words[1], where)
        if word.text is None or word.glob or word.text.startswith("-"):
            self.refuse(word, "cd-folder")
        return placed_word(self.source, word.text, word, where)

    def _pipeline(self, pipeline: Pipeline, where: Where) -> Flow:
        first, *others = pipeline.stages
        if pipeline.timed:
            self.refuse(Word((), pipeline.start, first.start), "time")
        if not others and not isinstance(first, Command) and changes_folder(first):
            self.refuse(first, "cd-in-here")
        stages = tuple(self._stage(stage, where) for stage in pipeline.stages)
        flow = Pipe(stages) if others else stages[0]
        return Opposite(flow) if pipeline.negated else flow

    def _stage(self, stage: Stage, where: Where) -> Flow:
        match stage:
            case Command():
                return self._command(stage, where)
            case Subshell() | Group():
                flow = self.script(stage.script, where)
            case If():
                branches = tuple(
                    (self.script(each.condition, where), self.script(each.script, where))
                    for each in stage.branches
                )
                otherwise = None if stage.otherwise is None else self.script(stage.otherwise, where)
                flow = Branches(branches, otherwise)
            case For():
                flow = self._unrolled(stage, where)
            case Loop():
                self.refuse(stage, "loop")
            case _:
                assert_never(stage)
        return self._wired(flow, stage.redirections, where)

    def _unrolled(self, loop: For, where: Where) -> Flow:
        """Return the script of a loop once for each of its words."""
        flows = []
        for word in loop.words:
            typed = typed_word(self.source, word, where)
            if typed.text is None or typed.glob:
                self.refuse(word, "loop-word")
            values = {**where.values, loop.name: typed.text}
            flows.append(self.script(loop.script, where._replace(values=values)))
        if not flows:
            self.refuse(loop, "loop-empty")
        return flows[0] if len(flows) == 1 else Steps(tuple(Arm(";", flow) for flow in flows))

    def _command(self, command: Command, where: Where) -> Flow:
        if not command.words:
            self.refuse(command, "assigned-alone")
        where = self._with(((each, each.name, each.value.text) for each in command.assignments), where)
        words = tuple(typed_word(self.source, word, where) for word in command.words)
        return self._wired(self.words(words, where), command.redirections, where)

    def _with(self, given: Iterable[tuple[Placed, str, str | None]], where: Where) -> Where:
        """Return where a command stands that has variables in its environment, too: each with its place."""
        found: list[tuple[str, str]] = []
        for place, name, value in given:
            why = harm_of(name, value)
            if why is not None or value is None:
                self.refuse(place, "environment", why or "")
            found.append((name, value))
        return where._replace(environment=(*where.environment, *found))

    def words(self, words: Sequence[TypedWord], where: Where) -> Flow:
        """Return what a command does: what it starts for another is that other command."""
        name = words[0].text
        if name is None or words[0].glob:
            self.refuse(words[0], "program")
        program = base_name(name)
        if program in STOPPED:
            self.refuse(words[0], "wrapper", *STOPPED[program])
        if program == "env" and len(words) > 1:
            return self._env(words, where)
        if program == "timeout":
            return self._timeout(words, where)
        if program in SHELLS:
            return self._text(words, where)
        call = partial(self.commands.call, self.source, words, where.folder)
        return Run(self._started(words[0], call, where))

    def _started(self, place: Placed, call: Callable[[], Call], where: Where) -> int:
        """Add a call, and return its number."""
        if len(self.starts) >= _MOST_CALLS:
            self.refuse(place, "too-many", str(_MOST_CALLS))
        self.starts.append(Start(call(), where.folder.path, where.environment, where.deadline))
        return len(self.starts) - 1

    def _env(self, words: Sequence[TypedWord], where: Where) -> Flow:
        assigning = tuple(takewhile(assigns, words[1:]))
        parts = ((word, (word.text or "").partition("=")) for word in assigning)
        where = self._with(((word, name, value) for word, (name, _, value) in parts), where)
        rest = words[len(assigning) + 1 :]
        if not rest or (rest[0].text or "-").startswith("-"):
            self.refuse(words[0], "env")
        return self.words(rest, where)

    def _timeout(self, words: Sequence[TypedWord], where: Where) -> Flow:
        deadline = deadline_of(words[1].text) if len(words) > 2 else None
        if deadline is None:
            self.refuse(words[0], "timeout")
        earlier = deadline if where.deadline is None else min(deadline, where.deadline)
        flow = self.words(words[2:], where._replace(deadline=earlier))
        if not isinstance(flow, Run):
            self.refuse(words[0], "timeout-of-several")
        return flow

    def _text(self, words: Sequence[TypedWord], where: Where) -> Flow:
        """Return the flow of a text behind `sh -c`."""
        text = words[2].text if len(words) == 3 and words[1].text in ("-c", "-lc") else None
        if text is None or words[2].glob:
            self.refuse(words[0], "shell")
        shell = base_name(words[0].text or "")
        if not reads_as_bash(shell, text):
            self.refuse(words[2], "shell-dialect", shell)
        if self.depth == _DEEPEST_TEXT:
            self.refuse(words[0], "shell-too-deep")
        inner = replace(self, source=Source("command", text), depth=self.depth + 1)
        return inner.script(self.read(inner.source, where.variables), where._replace(values={}))

    def _wired(self, body: Flow, redirections: Sequence[Redirection], where: Where) -> Flow:
        """Return a flow with its redirections, done from left to right."""
        if not redirections:
            return body
        source: int | None = None
        text: str | None = None
        outputs: dict[int, Output] = {1: "out", 2: "err"}
        for each in redirections:
            match each:
                case Here(descriptor=0):
                    source, text = None, typed_word(self.source, each.word, where).text
                    if text is None:
                        self.refuse(each.word, "text")
                case File(descriptor=0, mode="<"):
                    source, text = self._opened(each, where), None
                case File(descriptor=1 | 2) if each.mode != "<":
                    found = self._opened(each, where)
                    outputs[each.descriptor] = "null" if found == -1 else found
                case Duplicate(descriptor=1 | 2, source=1 | 2):
                    outputs[each.descriptor] = outputs[each.source or 1]
                case _:
                    self.refuse(each, "descriptor")
        return Wired(body, source, text, outputs[1], outputs[2])

    def _opened(self, each: File, where: Where) -> int:
        """Return the call that reads or writes a file, -1 for the device that is nothing."""
        word = typed_word(self.source, each.target, where)
        if word.text is None or word.glob:
            self.refuse(word, "not-one-file")
        path = placed_word(self.source, word.text, word, where)
        if path == "/dev/null":
            return -1
        if path in _DEVICES or path.startswith("/dev/fd/"):
            self.refuse(word, "device")
        reads = each.mode == "<"
        values: dict[str, Plain] = (
            {"paths": (path,)} if reads else {"path": path, "append": each.mode == ">>"}
        )
        name = _READ if reads else _WRITE
        capability = self.commands.capabilities.get(name)
        if capability is None:
            self.refuse(word, "no-file-capability", name)
        said = Said(values, dict.fromkeys(values, word))
        call = partial(self.commands.bound, self.source, capability, said, word)
        return self._started(word, call, Where(where.folder))
