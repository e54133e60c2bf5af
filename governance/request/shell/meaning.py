"""From what was parsed to what it means: each word spelled, each variable followed, each bound kept.

Only what is certain passes. A variable that one of two ways assigns is not known behind both; what runs in a
process of its own (a stage of several, a subshell, a substitution) changes nothing outside it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple, assert_never

from governance.request.shell.atoms import Bare
from governance.request.shell.characters import DEPTH
from governance.request.shell.effects import assigned, changed_by, only_lists, scope_behind
from governance.request.shell.keywords import KEYWORDS, READ_AGAIN
from governance.request.shell.raw import (
    RawAssignment,
    RawCompound,
    RawFor,
    RawGroup,
    RawIf,
    RawLoop,
    RawRedirection,
    RawScript,
    RawSimple,
)
from governance.request.shell.redirect import here_document, redirected
from governance.request.shell.refusals import Refusal, stray_word
from governance.request.shell.scope import Looped, Scope, special
from governance.request.shell.tree import (
    Assignment,
    Branch,
    Command,
    Duplicate,
    For,
    Group,
    If,
    Loop,
    Pipeline,
    Script,
    Step,
    Subshell,
    Word,
)
from governance.request.shell.words import Spelling, Where, lead, spelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from governance.grammar import Token
    from governance.request.shell.here import Body
    from governance.request.shell.raw import RawPipeline, RawStage, RawWord
    from governance.request.shell.tree import Redirection, Stage

__all__ = ["COMMANDS", "Meaning"]

COMMANDS: Final = 1_000
"""A command line has at most so many commands."""

_ELEMENT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\[|\+=)")


class _Read(NamedTuple):
    """A stage, and the scope behind it where it does not run in a process of its own."""

    stage: Stage
    scope: Scope


class Meaning:
    """Reads the scripts of one command line. `parse` gives what a text of its own, between backticks, is parsed to."""

    def __init__(self, bodies: dict[int, Body], parse: Callable[[str], RawScript]) -> None:
        self._bodies = bodies
        self._parse = parse
        self._commands = 0
        self._depth = 0
        self._offset = 0

    def whole(self, raw: RawScript, scope: Scope) -> Script:
        """Return the script that a command line is. Raises `Refusal`."""
        script, _ = self._script(raw, scope)
        for place in self._bodies:
            raise Refusal(
                "here-document", place, place + 2, "this looks like a here-document, and is quoted text"
            )
        return script

    def _script(self, raw: RawScript, scope: Scope) -> tuple[Script, Scope]:
        self._depth += 1
        if self._depth > DEPTH:
            raise Refusal("too-deep", self._offset, self._offset + 1, str(DEPTH))
        steps: list[Step] = []
        certain = scope
        for joint, raw_pipeline in raw.steps:
            if joint == ";":
                certain = scope = certain.shared(scope)
            elif joint == "||":
                scope = certain.shared(scope)
            pipeline, scope = self._pipeline(raw_pipeline, scope)
            if joint == ";":
                certain = scope
            steps.append(Step(joint, pipeline))  # type: ignore[arg-type]
        self._depth -= 1
        return Script(tuple(steps), steps[0].pipeline.start, steps[-1].pipeline.end), certain.shared(scope)

    def _pipeline(self, raw: RawPipeline, scope: Scope) -> tuple[Pipeline, Scope]:
        reads = [self._stage(stage, scope) for stage in raw.stages]
        stages = [read.stage for read in reads]
        for place in raw.both:
            both = Duplicate(2, 1, stages[place].end, stages[place].end)
            stages[place] = stages[place]._replace(redirections=(*stages[place].redirections, both))
        start = stages[0].start if raw.start is None else raw.start + self._offset
        pipeline = Pipeline(tuple(stages), raw.negated, raw.timed, start, stages[-1].end)
        return pipeline, reads[0].scope if len(reads) == 1 else scope

    def _stage(self, raw: RawStage, scope: Scope) -> _Read:
        self._commands += 1
        if self._commands > COMMANDS:
            raise Refusal("too-many", self._offset, self._offset + 1, f"{COMMANDS} commands")
        if isinstance(raw, RawSimple):
            return self._command(raw, scope)
        redirections = tuple(each for item in raw.redirections for each in self._redirection(item, scope))
        return self._compound(raw, redirections, scope)

    # Compound commands

    def _compound(self, raw: RawCompound, redirections: tuple[Redirection, ...], scope: Scope) -> _Read:
        body = raw.body
        start = (body.opening.start_pos or 0) + lead(body.opening) + self._offset
        end = max([(body.closing.end_pos or 0) + self._offset, *(each.end for each in redirections)])
        match body:
            case RawGroup():
                script, after = self._script(body.script, scope)
                if body.opening.type == "OPEN":
                    return _Read(Subshell(script, redirections, start, end), scope)
                return _Read(Group(script, redirections, start, end), after)
            case RawIf():
                return self._if(body, redirections, scope, (start, end))
            case RawLoop():
                inside = scope.without(changed_by(body.condition, body.script))
                condition, between = self._script(body.condition, inside)
                script, _ = self._script(body.script, between)
                until = body.opening.type == "UNTIL"
                return _Read(Loop(until, condition, script, redirections, start, end), inside)
            case RawFor():
                return self._for(body, redirections, scope, (start, end))
            case _:
                assert_never(body)

    def _if(
        self, raw: RawIf, redirections: tuple[Redirection, ...], scope: Scope, place: tuple[int, int]
    ) -> _Read:
        branches: list[Branch] = []
        behind: Scope | None = None
        for condition_block, block in zip(raw.blocks[::2], raw.blocks[1::2], strict=False):
            condition, scope = self._script(condition_block, scope)
            script, after = self._script(block, scope)
            behind = after if behind is None else behind.shared(after)
            branches.append(Branch(condition, script))
        otherwise = None
        if len(raw.blocks) % 2:
            otherwise, scope = self._script(raw.blocks[-1], scope)
        behind = scope if behind is None else behind.shared(scope)
        return _Read(If(tuple(branches), otherwise, redirections, *place), behind)

    def _for(
        self, raw: RawFor, redirections: tuple[Redirection, ...], scope: Scope, place: tuple[int, int]
    ) -> _Read:
        name = raw.opening.split()[1]
        start = (raw.opening.start_pos or 0) + raw.opening.index(name, lead(raw.opening) + 3) + self._offset
        if special(name):
            raise Refusal("special-variable", start, start + len(name), name)
        words = tuple(word for item in raw.words for word in self._words(item, scope))
        texts = [word.text for word in words]
        values = tuple(text for text in texts if text is not None)
        changed = changed_by(raw.script)
        inside = scope.without(changed)
        looped = Looped(values if len(values) == len(texts) else None)
        if changed is not None and name not in changed:
            inside = inside.given(name, looped)
        script, _ = self._script(raw.script, inside)
        return _Read(For(name, words, script, redirections, *place), inside.without((name,)))

    # Simple commands

    def _command(self, raw: RawSimple, scope: Scope) -> _Read:
        assignments: list[Assignment] = []
        words: list[Word] = []
        redirections: list[Redirection] = []
        within = scope
        for item in raw.items:
            if isinstance(item, RawAssignment):
                assignment = self._assignment(item, within)
                assignments.append(assignment)
                within = assigned(assignment, within)
            elif isinstance(item, RawRedirection):
                redirections += self._redirection(item, scope)
            elif words:
                words += self._words(item, scope)
            else:
                words.append(self._program(item, scope, raw))
        nodes: list[Assignment | Word | Redirection] = [*assignments, *words, *redirections]
        start, end = min(node.start for node in nodes), max(node.end for node in nodes)
        command = Command(tuple(assignments), tuple(words), tuple(redirections), start, end)
        if words:
            return _Read(command, scope_behind(command, scope))
        for assignment in assignments:
            if special(assignment.name):
                place = (assignment.start, assignment.start + len(assignment.name))
                raise Refusal("special-variable", *place, assignment.name)
        return _Read(command, within)

    def _spelling(self, scope: Scope) -> Spelling:
        return Spelling(scope, self._offset, lambda raw, quoted: self._inner(raw, scope, quoted=quoted))

    def _words(self, raw: RawWord, scope: Scope) -> Iterable[Word]:
        return spelled(self._spelling(scope).atoms(raw.parts, Where.ARGUMENT), Where.ARGUMENT, scope)

    def _program(self, raw: RawWord, scope: Scope, command: RawSimple) -> Word:
        """Return the first word of a command, which must be known, and be none that the shell takes for itself."""
        atoms = self._spelling(scope).atoms(raw.parts, Where.ARGUMENT)
        first, start, end = atoms[0], atoms[0].start, atoms[-1].end
        if isinstance(first, Bare):
            if len(atoms) == 1 and first.text in KEYWORDS:
                raise stray_word(first.text, start)
            if _ELEMENT.match(first.text):
                raise Refusal("array", start, end)
        words = spelled(atoms, Where.ARGUMENT, scope)
        if len(words) != 1 or (text := words[0].text) is None:
            raise Refusal("program-not-literal", start, end)
        if not text:
            raise Refusal("empty-program", start, end)
        if text in READ_AGAIN and not only_lists(text, command):
            raise Refusal("interpreted-again", start, end, text)
        if text.startswith("%"):  # a job, which bash takes to the foreground
            raise Refusal("special-parameter", start, end, text)
        return words[0]

    def _assignment(self, raw: RawAssignment, scope: Scope) -> Assignment:
        token = raw.parts[0]
        blanks = lead(token)  # type: ignore[arg-type]
        name, _, _ = token[blanks:].partition("=")  # type: ignore[union-attr]
        start = (token.start_pos or 0) + blanks + self._offset  # type: ignore[union-attr]
        value = start + len(name) + 1
        atoms = self._spelling(scope).atoms(raw.parts, Where.VALUE, skip=blanks + len(name) + 1)
        words = spelled(atoms, Where.VALUE, scope) if atoms else (Word((), value, value),)
        return Assignment(str(name), words[0], start, words[0].end)

    def _redirection(self, raw: RawRedirection, scope: Scope) -> tuple[Redirection, ...]:
        if raw.operator.type == "HERE_DOCUMENT":
            # Between backticks the lines of a here-document would end with the backtick's text.
            return (here_document(raw.operator, {} if self._offset else self._bodies, self._offset),)
        return redirected(raw, self._spelling(scope), scope, self._offset)

    # Scripts within words

    def _inner(self, raw: RawScript | Token, scope: Scope, *, quoted: bool) -> Script:
        if isinstance(raw, RawScript):
            return self._script(raw, scope)[0]
        blanks = lead(raw)
        before = self._offset
        self._offset += (raw.start_pos or 0) + blanks + 1
        inner = raw[blanks + 1 : -1]
        if quoted and '"' in inner:
            place = self._offset + inner.index('"')
            raise Refusal("backtick-escape", place, place + 1, '"')
        try:
            parsed = self._parse(inner + "\n")
        except Refusal as refusal:
            raise refusal.within(self._offset) from None
        script, _ = self._script(parsed, scope)
        self._offset = before
        return script
