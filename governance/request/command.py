"""A typed command to the arguments of the capability that it is: by its declared form, and by nothing else.

Options are known by their exact names; a path is placed in the folder where the command is typed. What does not
fit is refused with its place, so that another form may be tried, or the reason be told.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from governance.request.programs import base_name
from governance.request.saying import Saying
from governance.request.typed import MisfitError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from governance.capabilities.command import CommandForm, Option
    from governance.capabilities.declaration import Capability
    from governance.request.folder import Folder
    from governance.request.typed import Said, TypedWord

__all__ = ["read_command", "reads_as"]

_NUMBERED: Final = re.compile(r"-([1-9][0-9]{0,15})", re.ASCII)


def reads_as(form: CommandForm, words: Sequence[TypedWord]) -> int | None:
    """Return how many of `words` begin a command of this form, leading options among them; None where they do not."""
    if base_name(words[0].text or "") != form.words[0]:
        return None
    place = 1
    for wanted in form.words[1:]:
        place = _behind_leading(form, words, place)
        if place >= len(words) or words[place].text != wanted or words[place].glob:
            return None
        place += 1
    return place


def _behind_leading(form: CommandForm, words: Sequence[TypedWord], place: int) -> int:
    """Return the first place from `place` on that no leading option takes."""
    while place < len(words):
        option = next((each for each in form.leading if words[place].text in each.names), None)
        if option is None:
            break
        place += 2 if option.parameter else 1
    return place


def read_command(
    capability: Capability, form: CommandForm, words: Sequence[TypedWord], begun: int, folder: Folder
) -> Said:
    """Return what `words` say in this form, the first `begun` of which begin it, typed in `folder`.

    Raises `MisfitError` where they do not fit; whether the values fit the capability is for `bind` to say.
    """
    reading = _Reading(capability, form, folder)
    reading.begin(words[1:begun])
    reading.read(words[begun:])
    return reading.done()


class _Reading:
    """Reads one command: options as they come, operands when all are there."""

    def __init__(self, capability: Capability, form: CommandForm, folder: Folder) -> None:
        self._required = frozenset(each.name for each in capability.parameters if each.required)
        self._form = form
        self._bundles = form.bundles
        self._saying = Saying(capability, form, folder)
        self._optioned = False
        self._operands: list[TypedWord] = []
        self._behind: list[TypedWord] = []
        self._given: set[str] = set()

    def begin(self, words: Sequence[TypedWord]) -> None:
        """Take the leading options among the words that begin the command."""
        waiting = iter(words)
        for word in waiting:
            option = next((each for each in self._form.leading if word.text in each.names), None)
            if option is not None and option.parameter:
                self._saying.say(option, next(waiting))
                self._saying.enter(option.parameter)

    def read(self, words: Sequence[TypedWord]) -> None:
        """Take the words that follow: options, operands, and what stands behind `--`."""
        form, place, ended = self._form, 0, False
        words = self._unended(words)
        singles = sum(not operand.many for operand in form.operands)
        while place < len(words):
            word = words[place]
            place += 1
            if word.text is None:
                raise MisfitError("only running it would tell this word", "write the word itself", word)
            taken = len(self._operands) == singles
            if not self._pair(word, words[place:]):
                self._saying.never(word, option=not ended and self._is_option(word))
            if form.verbatim is not None and taken and (singles or ended or not self._is_option(word)):
                self._saying.keep(form.verbatim, [word, *words[place:]])
                return
            if ended:
                (self._operands if form.rest is None else self._behind).append(word)
            elif word.text == "--":
                ended = True
            elif self._is_option(word) or self._pair(word, words[place:]):
                place += self._option(word, words[place:])
                self._optioned = True
            else:
                self._operand(word)
                ended = form.first == "options"

    def _unended(self, words: Sequence[TypedWord]) -> Sequence[TypedWord]:
        """Return the words before the one that ends the command."""
        last = self._form.last
        if not last:
            return words
        if not words or words[-1].text != last or words[-1].glob:
            raise MisfitError(f"`{last}` does not end this", f"write {last} behind it")
        return words[:-1]

    def _operand(self, word: TypedWord) -> None:
        if self._optioned and self._form.first == "operands":
            raise MisfitError("this stands behind an option", "write it before all options", word)
        self._operands.append(word)

    def _pair(self, word: TypedWord, behind: Sequence[TypedWord]) -> str | None:
        """Return the two words that are known together."""
        if not behind or word.glob or behind[0].glob:
            return None
        pair = f"{word.text} {behind[0].text}"
        return pair if pair in self._form.names else None

    @staticmethod
    def _is_option(word: TypedWord) -> bool:
        return word.text is not None and word.text.startswith("-") and word.text != "-"

    def _option(self, word: TypedWord, behind: Sequence[TypedWord]) -> int:
        """Take an option, and say how many of the words behind it belong to it."""
        pair = self._pair(word, behind)
        if pair is not None:
            return 1 + self._taken(word._replace(text=pair), behind[1:])
        count = self._taken(word, behind)
        if word.text in self._form.closing and count < len(behind):
            raise MisfitError(f"what stands behind `{word.text}` is not read here", "write it last", word)
        return count

    def _taken(self, word: TypedWord, behind: Sequence[TypedWord]) -> int:
        text = word.text or ""
        if word.glob:
            raise MisfitError("an option is no glob", "quote it", word)
        numbered = _NUMBERED.fullmatch(text)
        if self._form.number is not None and numbered:
            self._saying.set(self._form.number, int(numbered[1]), word)
            return 0
        if text in self._form.ignored:
            return 0
        if any(text in names for names in self._form.needed):
            self._given.add(text)
            return 0
        following = behind[0] if behind else None
        option = self._form.option(text, following.text if following else None)
        if option is not None and option.end:
            return self._command(option, word, behind)
        if option is not None:
            return self._whole(option, word, following)
        name, equals, value = text.partition("=")
        attached = equals and name.startswith("--") and not self._form.apart
        option = self._form.option(name, value) if attached else None
        if option is not None and option.value is None:
            self._saying.say(option, word._replace(text=value))
            return 0
        if self._bundles and not text.startswith("--"):
            return self._bundle(word, following)
        raise self._saying.unknown(name, word)

    def _whole(self, option: Option, word: TypedWord, following: TypedWord | None) -> int:
        if option.value is not None:
            self._saying.say(option, word)
            return 0
        if following is None:
            raise MisfitError(f"`{word.text}` lacks its value", "write the value behind it", word)
        self._saying.say(option, following)
        return 1

    def _command(self, option: Option, word: TypedWord, behind: Sequence[TypedWord]) -> int:
        """Take a program and its words up to the one that ends them."""
        count = next(
            (place for place, each in enumerate(behind) if each.text == option.end and not each.glob), 0
        )
        if not count:
            raise MisfitError(
                f"`{word.text}` lacks a program and `{option.end}`", f"end it with {option.end}", word
            )
        if self._saying.holds(option.parameter):
            raise MisfitError(f"`{word.text}` stands here twice", "keep one of them", word)
        self._saying.keep(option.parameter, behind[:count])
        return count + 1

    def _bundle(self, word: TypedWord, following: TypedWord | None) -> int:
        """Take short options that stand together, the last of which may have its value attached."""
        text = word.text or ""
        for at in range(1, len(text)):
            name, rest = f"-{text[at]}", text[at + 1 :]
            if name in self._form.ignored:
                continue
            if any(name in names for names in self._form.needed):
                self._given.add(name)
                continue
            value = rest or (following.text if following else None)
            option = self._form.option(name) and self._form.option(name, value)
            if option is None:
                raise self._saying.unknown(name, word)
            if option.value is None and rest:
                self._saying.say(option, word._replace(text=rest))
                return 0
            if option.value is None:
                return self._whole(option, word._replace(text=name), following)
            self._saying.say(option, word)
        return 0

    def done(self) -> Said:
        """Return what was said, the operands given to their parameters."""
        form = self._form
        for names in form.needed:
            if self._given.isdisjoint(names):
                raise MisfitError(f"`{' '.join(form.words)}` lacks {names[0]} here", f"write {names[0]}")
        self._distribute()
        if form.rest is not None and self._behind:
            self._saying.rest(form.rest, self._behind)
        return self._saying.done()

    def _distribute(self) -> None:
        """Give the operands to their parameters: those that must be said first, then from left to right."""
        form, words = self._form, self._operands
        missing = [each for each in form.operands if not each.many and not self._saying.holds(each.parameter)]
        must = [each for each in missing if each.template or each.parameter in self._required]
        many = next((each for each in form.operands if each.many), None)
        if len(words) < len(must):
            name = must[len(words)].parameter or "the first operand"
            raise MisfitError(f"`{' '.join(form.words)}` lacks `{name}`", f"write {name}")
        optional = len(words) - len(must) if many is None else 0
        place = 0
        for operand in (each for each in form.operands if each in missing or each.many):
            if operand.many:
                behind = sum(each in must for each in form.operands[form.operands.index(operand) :])
                count = len(words) - place - behind
                if count:
                    self._saying.rest(operand.parameter, words[place : place + count])
            elif operand in must or optional > 0:
                optional -= operand not in must
                count = 1
                self._saying.operand(operand, words[place])
            else:
                continue
            place += count
        if place < len(words):
            raise MisfitError("there is one operand too many", "leave it out", words[place])
