"""From the tree of a command line to work: every command a typed call, every redirection one too.

What starts a command for another (`env`, `timeout`, `sh -c`) is unfolded to what it starts, or refused. A
program without a slash is that of `/usr/bin`, where the sandbox's image has its programs.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn, TypeAlias, assert_never

from governance.capabilities.declaration import ArgvWord
from governance.capabilities.work import Arm, Branches, Opposite, Pipe, Run, Start, Steps, Wired, Work
from governance.errors import Diagnostic, RequestError
from governance.request.bind import bind
from governance.request.command import (
    MisfitError,
    Said,
    TypedWord,
    placed,
    program_path,
    read_command,
    reads_as,
)
from governance.request.nodes import Argument, Literal
from governance.request.programs import SHELLS, STOPPED, base_name
from governance.request.shell.prefixes import deadline_of, environment_of
from governance.request.shell.tree import (
    Command,
    Duplicate,
    File,
    For,
    Glob,
    Group,
    Here,
    If,
    Loop,
    Script,
    Subshell,
    Text,
    Variable,
    Word,
)
from governance.request.syntax import CallSyntax, Places
from governance.text import Source, excerpt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from governance.capabilities.call import Call
    from governance.capabilities.command import CommandForm
    from governance.capabilities.declaration import Capability
    from governance.capabilities.work import Flow, Output
    from governance.request.nodes import Plain
    from governance.request.shell.tree import Piece, Pipeline, Redirection, Stage
    from governance.request.syntax import CommandLine

__all__ = ["bind_command"]

_MOST_CALLS: Final = 64
_DEEPEST_TEXT: Final = 4
_ANY: Final = "proc.exec"
_READ: Final = "text.cat"
_WRITE: Final = "fs.put"
_DEVICES: Final = ("/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/fd")

Reader: TypeAlias = "Callable[[Source], Script]"


class _Where(NamedTuple):
    """Where a command stands: its folder, the values of loops around it, what is in its environment, its deadline."""

    folder: str
    values: Mapping[str, str] = {}
    environment: tuple[tuple[str, str], ...] = ()
    deadline: int | None = None


def bind_command(
    line: CommandLine, capabilities: Mapping[str, Capability], read: Reader
) -> tuple[Work, tuple[str, ...]]:
    """Return the work that a command line is, and what kept its programs from being known better.

    `read` makes a tree of a text. Raises `RequestError`.
    """
    binder, where = _Binder(line.source, capabilities, read), _Where(line.folder)
    if line.words is None:
        flow = binder.script(read(line.source), where)
    else:
        flow = binder.words(tuple(_placed_words(line.words)), where)
    return Work(tuple(binder.starts), flow), tuple(dict.fromkeys(binder.notes))


@dataclass
class _Binder:
    """Binds one text; texts inside it, as behind `sh -c`, are bound by another that adds to the same calls."""

    source: Source
    capabilities: Mapping[str, Capability]
    read: Reader
    starts: list[Start] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    depth: int = 0

    def refuse(
        self, place: Word | Command | Stage | TypedWord, code: str, message: str, mend: str
    ) -> NoReturn:
        """Raise the error about what stands at `place`."""
        raise RequestError(Diagnostic(code, message, self.source.span(place.start, place.end), mend))

    def script(self, script: Script, where: _Where) -> Flow:
        """Return the flow of a script; a `cd` in it is where what follows it runs, and no more than that."""
        arms: list[Arm] = []
        pending: str | None = None
        moved = False
        for joint, pipeline in script.steps:
            if moved and joint != "&&":
                self.refuse(
                    pipeline.stages[0],
                    "folder-unsure",
                    "whether this runs in the folder that `cd` names is not sure",
                    "write cd FOLDER && { …; }",
                )
            if joint == ";" and _only_assigns(pipeline):
                pending = ";"
                continue
            if pending == ";" and not moved and joint == "||":
                self.refuse(pipeline.stages[0], "nothing-runs", "this never runs", "leave it out")
            target = self._folder(pipeline, where)
            if target is not None:
                if joint == "||":
                    self.refuse(
                        pipeline.stages[0],
                        "folder-unsure",
                        "whether this `cd` happens is not sure",
                        "write cd FOLDER && …, first",
                    )
                where, moved = where._replace(folder=target), True
                pending = pending or joint
                continue
            flow = self._pipeline(pipeline, where)
            arms.append(Arm(pending or joint, flow))  # type: ignore[arg-type]
            pending = None
        if not arms or pending is not None:
            place = script.steps[-1].pipeline.stages[0]
            self.refuse(place, "nothing-runs", "behind this nothing is run", "write what to run behind it")
        return arms[0].flow if len(arms) == 1 else Steps(tuple(arms))

    def _folder(self, pipeline: Pipeline, where: _Where) -> str | None:
        """Return the folder that a `cd` leads to, None where the pipeline is none."""
        stage = pipeline.stages[0]
        if not isinstance(stage, Command) or not stage.words or stage.words[0].text != "cd":
            return None
        if len(pipeline.stages) > 1 or pipeline.negated or stage.redirections or stage.assignments:
            self.refuse(
                stage, "folder-unsure", "this `cd` changes nothing for what follows", "write cd FOLDER && …"
            )
        if len(stage.words) != 2:
            self.refuse(stage, "folder-unsure", "`cd` has one folder here", "write cd FOLDER && …")
        word = self._typed(stage.words[1], where)
        if word.text is None or word.glob or word.text.startswith("-"):
            self.refuse(
                stage.words[1], "folder-unsure", "this is no folder's name", "write the folder's path"
            )
        return self._placed(word.text, where, word)

    def _placed(self, text: str, where: _Where, word: TypedWord) -> str:
        try:
            return placed(text, where.folder, word)
        except MisfitError as error:
            self.refuse(word, "path", str(error), error.mend)

    def _pipeline(self, pipeline: Pipeline, where: _Where) -> Flow:
        if pipeline.timed:
            self.refuse(
                pipeline.stages[0],
                "wrapper",
                "`time` is not run here",
                "leave it out; outcomes say how long they took",
            )
        if (
            len(pipeline.stages) == 1
            and not isinstance(pipeline.stages[0], Command)
            and _moves(pipeline.stages[0])
        ):
            self.refuse(
                pipeline.stages[0],
                "folder-unsure",
                "a `cd` in here is where what follows runs, too",
                "write it in ( … )",
            )
        stages = tuple(self._stage(stage, where) for stage in pipeline.stages)
        flow: Flow = stages[0] if len(stages) == 1 else Pipe(stages)
        return Opposite(flow) if pipeline.negated else flow

    def _stage(self, stage: Stage, where: _Where) -> Flow:
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
                self.refuse(
                    stage,
                    "loop",
                    "how often this loop runs is not known before",
                    "write for NAME in WORDS, or the commands one by one",
                )
            case _:
                assert_never(stage)
        return self._wired(flow, stage.redirections, where)

    def _unrolled(self, loop: For, where: _Where) -> Flow:
        """Return the script of a loop once for each of its words."""
        flows = []
        for word in loop.words:
            typed = self._typed(word, where)
            if typed.text is None or typed.glob:
                self.refuse(
                    word,
                    "loop",
                    "what this word stands for is not known before",
                    "name each word of the loop",
                )
            flows.append(
                self.script(loop.script, where._replace(values={**where.values, loop.name: typed.text}))
            )
        if not flows:
            self.refuse(loop, "nothing-runs", "this loop has no words", "leave it out")
        return flows[0] if len(flows) == 1 else Steps(tuple(Arm(";", flow) for flow in flows))

    def _command(self, command: Command, where: _Where) -> Flow:
        if not command.words:
            self.refuse(command, "nothing-runs", "this runs no program", "write the value where it is needed")
        environment = environment_of(command.assignments)
        if isinstance(environment, str):
            self.refuse(command, "environment", environment, "leave it out")
        where = where._replace(environment=(*where.environment, *environment))
        words = tuple(self._typed(word, where) for word in command.words)
        return self._wired(self.words(words, where), command.redirections, where)

    def words(self, words: Sequence[TypedWord], where: _Where) -> Flow:
        """Return what a command does: what it starts for another is that other command."""
        name = words[0].text or ""
        program = base_name(name)
        if program in STOPPED:
            self.refuse(words[0], "wrapper", *STOPPED[program])
        if program == "env" and len(words) > 1:
            return self._env(words, where)
        if program == "timeout":
            return self._timeout(words, where)
        if program in SHELLS:
            return self._text(words, where)
        if len(self.starts) >= _MOST_CALLS:
            self.refuse(
                words[0], "too-many", f"there are more than {_MOST_CALLS} calls", "ask for less at once"
            )
        call = self._call(words, where)
        self.starts.append(Start(call, where.folder, where.environment, where.deadline))
        return Run(len(self.starts) - 1)

    def _env(self, words: Sequence[TypedWord], where: _Where) -> Flow:
        place = 1
        found: list[tuple[str, str]] = []
        while (
            place < len(words)
            and "=" in (words[place].text or "")
            and not (words[place].text or "").startswith("-")
        ):
            name, _, value = (words[place].text or "").partition("=")
            found.append((name, value))
            place += 1
        environment = environment_of(found)
        if isinstance(environment, str):
            self.refuse(words[place - 1], "environment", environment, "leave it out")
        if place == len(words) or (words[place].text or "-").startswith("-"):
            self.refuse(
                words[0],
                "wrapper",
                "`env` is read here as env NAME=VALUE … PROGRAM",
                "write the program behind it",
            )
        return self.words(words[place:], where._replace(environment=(*where.environment, *environment)))

    def _timeout(self, words: Sequence[TypedWord], where: _Where) -> Flow:
        milliseconds = deadline_of(words[1].text) if len(words) > 2 else None
        if milliseconds is None:
            self.refuse(
                words[0],
                "wrapper",
                "`timeout` is read here as timeout SECONDS PROGRAM",
                "write it so, without options",
            )
        earlier = milliseconds if where.deadline is None else min(milliseconds, where.deadline)
        flow = self.words(words[2:], where._replace(deadline=earlier))
        if not isinstance(flow, Run):
            self.refuse(
                words[0], "wrapper", "`timeout` is about one program here", "write it before each program"
            )
        return flow

    def _text(self, words: Sequence[TypedWord], where: _Where) -> Flow:
        """Return the flow of a text behind `sh -c`."""
        text = words[2].text if len(words) == 3 and words[1].text in ("-c", "-lc", "-ec") else None
        if text is None or words[2].glob or words[1].text == "-ec":
            self.refuse(
                words[0],
                "wrapper",
                "a shell is read here as sh -c 'COMMANDS', with nothing behind it",
                "write the commands themselves",
            )
        if self.depth == _DEEPEST_TEXT:
            self.refuse(
                words[0], "too-deep", "commands stand in texts too deep", "write the commands themselves"
            )
        source = Source("command", text)
        inner = replace(self, source=source, depth=self.depth + 1)
        return inner.script(self.read(source), where._replace(values={}))

    def _typed(self, word: Word, where: _Where) -> TypedWord:
        """Return a word as far as it is known before anything runs."""
        texts: list[str] = []
        glob = any(isinstance(piece, Glob) for piece in word.pieces)
        for piece in word.pieces:
            text = self._piece(piece, word, where, glob=glob)
            if text is None:
                return TypedWord(None, glob, word.start, word.end)
            if not (text == "*" and texts and texts[-1] == "*" and isinstance(piece, Glob)):
                texts.append(text)
        return TypedWord("".join(texts), glob, word.start, word.end)

    def _piece(self, piece: Piece, word: Word, where: _Where, *, glob: bool) -> str | None:
        match piece:
            case Text():
                text = piece.text
            case Variable() if piece.name in where.values:
                text = where.values[piece.name]
            case Glob() if piece.pattern == "*":
                return "*"
            case Glob():
                self.refuse(
                    word,
                    "glob",
                    f"`{piece.pattern}` in a name is not read here",
                    "write * for it, or quote it",
                )
            case _:
                return None
        if glob and "*" in text:
            self.refuse(
                word, "glob", "this `*` is part of a name, and others are globs", "name the files one by one"
            )
        return text

    def _call(self, words: Sequence[TypedWord], where: _Where) -> Call:
        """Return the call that a command is: of the capability that is typed so, else of the one that runs any program."""
        name = words[0].text or ""
        best, found = 1, []
        for capability, form in _forms(self.capabilities, name):
            begun = reads_as(form, words)
            if begun is not None:
                found.append((begun, capability, form))
                best = max(best, len(form.words))
        found = [each for each in found if len(each[2].words) == best]
        calls: dict[Call, str] = {}
        misfits: list[MisfitError] = []
        for begun, capability, form in found:
            try:
                said = read_command(capability, form, words, begun, where.folder)
            except MisfitError as error:
                misfits.append(error)
                continue
            calls[self._bound(capability, said, words)] = capability.name
        if len(calls) > 1:
            names = " or ".join(sorted(set(calls.values())))
            self.refuse(words[0], "ambiguous", f"this may be {names}", "ask for it as a call, by its name")
        if calls:
            return next(iter(calls))
        return self._program(words, where, misfits)

    def _bound(self, capability: Capability, said: Said, words: Sequence[TypedWord]) -> Call:
        first = words[0]

        def find(syntax: CallSyntax) -> Places:
            places = {name: said.words.get(name, first) for name in syntax.values}
            arguments = (
                Argument(name, word.start, word.end, Literal(word.text, word.start, word.end))
                for name, word in places.items()
            )
            return Places(self.source.span(first.start, first.end), tuple(arguments))

        values = dict(said.values)
        return bind(
            CallSyntax(capability.name, values, self.source.name, self.source.text, find), self.capabilities
        )

    def _program(self, words: Sequence[TypedWord], where: _Where, misfits: Sequence[MisfitError]) -> Call:
        """Return the call of a program that nothing declares to be typed so, with its words as they are."""
        if misfits:
            misfit = misfits[0]
            self.notes.append(f"{misfit}; {misfit.mend}")
        for word in words:
            if word.text is None:
                self.refuse(
                    word,
                    "not-known",
                    "only running it would tell this word",
                    "run that first, and then write what it prints",
                )
            if word.glob:
                help_ = misfits[0] if misfits else None
                message = f"a glob is expanded for declared commands only{f' ({help_})' if help_ else ''}"
                self.refuse(word, "glob", message, "name the files one by one, or quote it")
        name = words[0].text or ""
        try:
            path = program_path(name, where.folder, words[0])
        except MisfitError as error:
            self.refuse(words[0], "path", str(error), error.mend)
        argv: tuple[Plain, ...] = (path, *(word.text for word in words[1:]))
        capability = self.capabilities.get(_ANY)
        if capability is None:
            self.refuse(
                words[0],
                "unknown-capability",
                f"`{excerpt(name)}` is no command of a capability",
                "use a declared one",
            )
        return self._bound(capability, _said({"argv": argv}, words[0]), words)

    def _wired(self, body: Flow, redirections: Sequence[Redirection], where: _Where) -> Flow:
        """Return a flow with its redirections, done from left to right."""
        if not redirections:
            return body
        source: int | None = None
        text: str | None = None
        outputs: dict[int, Output] = {1: "out", 2: "err"}
        for each in redirections:
            match each:
                case Here(descriptor=0):
                    source, text = None, self._typed(each.word, where).text
                    if text is None:
                        self.refuse(
                            each.word,
                            "not-known",
                            "only running it would tell this text",
                            "write the text itself",
                        )
                case File(descriptor=0, mode="<"):
                    source, text = self._opened(each, where), None
                case File(descriptor=1 | 2) if each.mode != "<":
                    found = self._opened(each, where)
                    outputs[each.descriptor] = "null" if found == -1 else found
                case Duplicate(descriptor=1 | 2, source=1 | 2):
                    outputs[each.descriptor] = outputs[each.source or 1]
                case _:
                    place = Word((), each.start, each.end)
                    self.refuse(
                        place,
                        "descriptor",
                        "only 0, 1 and 2 are redirected here",
                        "write <, >, >>, 2> or 2>&1",
                    )
        return Wired(body, source, text, outputs[1], outputs[2])

    def _opened(self, each: File, where: _Where) -> int:
        """Return the call that reads or writes a file, -1 for the device that is nothing."""
        word = self._typed(each.target, where)
        if word.text is None or word.glob:
            self.refuse(word, "not-known", "this is not surely one file", "name the file")
        path = self._placed(word.text, where, word)
        if path == "/dev/null":
            return -1
        if path in _DEVICES or path.startswith("/dev/fd/"):
            self.refuse(
                word, "descriptor", "this is a descriptor, and no file", "write 2>&1, or leave it out"
            )
        reads = each.mode == "<"
        values: dict[str, Plain] = (
            {"paths": (path,)} if reads else {"path": path, "append": each.mode == ">>"}
        )
        name = _READ if reads else _WRITE
        capability = self.capabilities.get(name)
        if capability is None:
            self.refuse(
                word,
                "unknown-capability",
                f"no capability is called `{name}`",
                "read or write the file by a call",
            )
        if len(self.starts) >= _MOST_CALLS:
            self.refuse(word, "too-many", f"there are more than {_MOST_CALLS} calls", "ask for less at once")
        self.starts.append(Start(self._bound(capability, _said(values, word), (word,)), where.folder))
        return len(self.starts) - 1


def _moves(stage: Stage) -> bool:
    """Whether what follows a stage may run in another folder than what stands before it."""
    match stage:
        case Command():
            return bool(stage.words) and stage.words[0].text == "cd"
        case Group() | For():
            scripts = [stage.script]
        case If():
            scripts = [each for branch in stage.branches for each in branch]
            scripts += [] if stage.otherwise is None else [stage.otherwise]
        case Loop():
            scripts = [stage.condition, stage.script]
        case Subshell():
            return False
        case _:
            assert_never(stage)
    return any(
        len(pipeline.stages) == 1 and _moves(pipeline.stages[0])
        for script in scripts
        for _, pipeline in script.steps
    )


def _only_assigns(pipeline: Pipeline) -> bool:
    """Whether a pipeline does nothing but give variables values that are known, which those behind it hold already."""
    [stage, *others] = pipeline.stages
    if others or pipeline.negated or not isinstance(stage, Command) or stage.words or stage.redirections:
        return False
    return all(each.value.text is not None for each in stage.assignments)


def _said(values: dict[str, Plain], word: TypedWord) -> Said:
    return Said(values, dict.fromkeys(values, word))


def _placed_words(words: tuple[str, ...]) -> Iterator[TypedWord]:
    """Yield words that nothing is left to be done to, at their places in their line."""
    start = 0
    for word in words:
        yield TypedWord(word, glob=False, start=start, end=start + len(word))
        start += len(word) + 1


def _forms(capabilities: Mapping[str, Capability], name: str) -> list[tuple[Capability, CommandForm]]:
    """Return the commands that begin with a program of this name, or that run the program of this path."""
    unique = {each.name: each for each in capabilities.values()}
    return [
        (capability, form)
        for _, capability in sorted(unique.items())
        for form in capability.commands
        if form.words[0] == name or capability.argv[0] == ArgvWord(name)
    ]
