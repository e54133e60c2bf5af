"""The words of one command to a call: of the capability that is typed so, else of the one that runs any program.

A program without a slash is that of `/usr/bin`, where the sandbox's image has its programs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from governance.capabilities.declaration import ArgvWord
from governance.request.bind import bind
from governance.request.command import read_command, reads_as
from governance.request.nodes import Argument, Literal
from governance.request.programs import hides
from governance.request.shell.unbound import refuse, refuse_misfit
from governance.request.syntax import CallSyntax, Places
from governance.request.typed import HostPathError, MisfitError, Said
from governance.text import excerpt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from governance.capabilities.call import Call
    from governance.capabilities.command import CommandForm
    from governance.capabilities.declaration import Capability
    from governance.request.folder import Folder
    from governance.request.typed import TypedWord
    from governance.text import Source

__all__ = ["Commands"]

_ANY: Final = "proc.exec"
_HIDDEN: Final = MisfitError("its words say what it starts", "write the program itself")


@dataclass(slots=True)
class Commands:
    """The commands that can be typed; `notes` tell why one was taken for no more than a program with its words."""

    capabilities: Mapping[str, Capability]
    notes: list[str] = field(default_factory=list)

    def call(self, source: Source, words: Sequence[TypedWord], folder: Folder) -> Call:
        """Return the call that `words` of `source`, typed in `folder`, are. Raises `RequestError`."""
        calls: dict[Call, str] = {}
        misfits: list[MisfitError] = []
        for begun, capability, form in self._forms(words):
            try:
                said = read_command(capability, form, words, begun, folder)
            except HostPathError as error:
                refuse_misfit(source, error.word or words[0], error)
            except MisfitError as error:
                misfits.append(error)
                continue
            calls[self.bound(source, capability, said, words[0])] = capability.name
        if len(calls) > 1:
            refuse(source, words[0], "ambiguous", " or ".join(sorted(set(calls.values()))))
        return next(iter(calls)) if calls else self._program(source, words, folder, misfits)

    def _forms(self, words: Sequence[TypedWord]) -> list[tuple[int, Capability, CommandForm]]:
        """Return the forms that begin with these words, as long a beginning as there is, and how many words it has."""
        unique = {each.name: each for each in self.capabilities.values()}
        name = words[0].text or ""
        found = [
            (begun, capability, form)
            for _, capability in sorted(unique.items())
            for form in capability.commands
            if form.words[0] == name or capability.argv[0] == ArgvWord(name)
            if (begun := reads_as(form, words)) is not None
        ]
        longest = max((len(form.words) for _, _, form in found), default=0)
        return [each for each in found if len(each[2].words) == longest]

    def bound(self, source: Source, capability: Capability, said: Said, first: TypedWord) -> Call:
        """Return the call of what is `said` by words of `source`; what none says stands at the first."""

        def find(syntax: CallSyntax) -> Places:
            places = {name: said.words.get(name, first) for name in syntax.values}
            arguments = (
                Argument(name, word.start, word.end, Literal(word.text, word.start, word.end))
                for name, word in places.items()
            )
            return Places(source.span(first.start, first.end), tuple(arguments))

        syntax = CallSyntax(capability.name, dict(said.values), source.name, source.text, find)
        return bind(syntax, self.capabilities)

    def _program(
        self, source: Source, words: Sequence[TypedWord], folder: Folder, misfits: Sequence[MisfitError]
    ) -> Call:
        """Return the call of a program that nothing declares to be typed so, with its words as they are."""
        # The form that is fitted furthest is the one that was meant.
        misfit = max(misfits, key=lambda each: each.word.start if each.word else -1, default=None)
        if misfit is not None:
            self.notes.append(f"{misfit}; {misfit.mend}")
        for word in words:
            if word.text is None:
                refuse(source, word, "word")
            if word.glob:
                refuse(source, word, "glob-of-program", f" ({misfit})" if misfit else "")
        name = words[0].text or ""
        try:
            path = folder.program(name, words[0])
            for word in words[1:]:
                folder.check_opaque(word)
        except MisfitError as error:
            refuse_misfit(source, error.word or words[0], error)
        texts = (path, *(word.text or "" for word in words[1:]))
        if hides(texts):
            why = misfit or _HIDDEN
            refuse(source, why.word or words[0], "wrapper", str(why), why.mend)
        capability = self.capabilities.get(_ANY)
        if capability is None:
            refuse(source, words[0], "no-capability", excerpt(name))
        return self.bound(source, capability, Said({"argv": texts}, {"argv": words[0]}), words[0])
