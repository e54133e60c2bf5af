"""A typed command to the arguments of the capability that it is: by its declared form, and by nothing else.

Options are known by their exact names; a path is placed in the folder where the command is typed. What does not
fit is refused with its place, so that another form may be tried, or the reason be told.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from governance.request.programs import PLACE, SHELLS, STOPPED, base_name
from governance.text import excerpt, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from governance.capabilities.command import CommandForm, Operand, Option
    from governance.capabilities.declaration import Capability
    from governance.capabilities.values import Type
    from governance.request.nodes import Plain

__all__ = ["MisfitError", "Said", "TypedWord", "placed", "program_path", "read_command", "reads_as"]

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,15})", re.ASCII)
_SECONDS: Final = re.compile(r"(0|[1-9][0-9]{0,8})(?:\.([0-9]{1,3}))?s?", re.ASCII)
_NUMBERED: Final = re.compile(r"-([1-9][0-9]{0,15})", re.ASCII)


class TypedWord(NamedTuple):
    """A word of a typed command. With `glob` its `*` stand for any text; no `text` where only running it would tell."""

    text: str | None
    glob: bool
    start: int
    end: int


class MisfitError(ValueError):
    """A command is not typed in this form: what is wrong, where, and what to write instead."""

    def __init__(self, message: str, mend: str, word: TypedWord | None = None) -> None:
        super().__init__(message)
        self.mend = mend
        self.word = word


class Said(NamedTuple):
    """What a command says: values by parameter, and the words that each stands in."""

    values: dict[str, Plain]
    words: dict[str, TypedWord]


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
    capability: Capability, form: CommandForm, words: Sequence[TypedWord], begun: int, folder: str
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

    def __init__(self, capability: Capability, form: CommandForm, folder: str) -> None:
        self._kinds: Mapping[str, Type] = {each.name: each.type for each in capability.parameters}
        self._required = tuple(each.name for each in capability.parameters if each.required)
        self._form = form
        self._bundles = form.bundles
        self._folder = folder
        self._optioned = False
        self._operands: list[TypedWord] = []
        self._behind: list[TypedWord] = []
        self._given: set[str] = set()
        self._values: dict[str, Plain] = {}
        self._words: dict[str, TypedWord] = {}

    def begin(self, words: Sequence[TypedWord]) -> None:
        """Take the leading options among the words that begin the command."""
        waiting = iter(words)
        for word in waiting:
            option = next((each for each in self._form.leading if word.text in each.names), None)
            if option is not None and option.parameter:
                self._say(option, next(waiting))
                self._enter(option.parameter)

    def _enter(self, name: str) -> None:
        """Go on where a leading option says that the program goes: what is named later is named there."""
        folder = self._values[name]
        if name == self._form.folder and isinstance(folder, str):
            self._folder = folder

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
                self._never(word)
            if form.verbatim is not None and taken and (singles or ended or not self._is_option(word)):
                self._keep(form.verbatim, [word, *words[place:]])
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

    def _never(self, word: TypedWord) -> None:
        if self._form.never and self._form.is_never(word.text or ""):
            raise MisfitError(f"`{excerpt(word.text or '')}` is not read here", "leave it out", word)

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
            self._set(self._form.number, int(numbered[1]), word)
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
            self._say(option, word._replace(text=value))
            return 0
        if self._bundles and not text.startswith("--"):
            return self._bundle(word, following)
        raise self._unknown(name, word)

    def _whole(self, option: Option, word: TypedWord, following: TypedWord | None) -> int:
        if option.value is not None:
            self._say(option, word)
            return 0
        if following is None:
            raise MisfitError(f"`{word.text}` lacks its value", "write the value behind it", word)
        self._say(option, following)
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
        if option.parameter in self._values:
            raise MisfitError(f"`{word.text}` stands here twice", "keep one of them", word)
        self._keep(option.parameter, behind[:count])
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
                raise self._unknown(name, word)
            if option.value is None and rest:
                self._say(option, word._replace(text=rest))
                return 0
            if option.value is None:
                return self._whole(option, word._replace(text=name), following)
            self._say(option, word)
        return 0

    def _unknown(self, name: str, word: TypedWord) -> MisfitError:
        form = self._form
        names = sorted(set(form.names))
        near = nearest(name, names, 1)
        known = f"known: {', '.join(names)}" if names else "it has none"
        what = f"`{' '.join(form.words)}` has no option `{excerpt(name)}` here"
        return MisfitError(what, f"did you mean {near[0]}?" if near else known, word)

    def _say(self, option: Option, word: TypedWord) -> None:
        kind = self._kinds[option.parameter]
        if option.starting:
            if not (word.text or "").startswith(option.starting):
                raise self._unknown(option.names[0], word)
            word = word._replace(text=(word.text or "").removeprefix(option.starting))
        if option.value is not None:
            self._set(option.parameter, True if kind.name == "Bool" else option.value, word)
        elif kind.item is not None:
            items = self._values.get(option.parameter, ())
            self._words.setdefault(option.parameter, word)
            self._values[option.parameter] = (*_items(items), self._value(word, kind.item))
        else:
            self._set(option.parameter, self._value(word, kind), word)

    def _set(self, name: str, value: Plain, word: TypedWord) -> None:
        """Say a value once; a second, different one is not what the program would take without the first."""
        if name in self._values and self._values[name] != value:
            raise MisfitError(f"`{name}` is said twice", "keep one of them", word)
        self._values[name] = value
        self._words[name] = word

    def _keep(self, name: str, words: Sequence[TypedWord]) -> None:
        for word in words:
            if word.text is None or word.glob:
                raise MisfitError(
                    "only running it would tell this word", "write the word itself, or quote it", word
                )
        texts = tuple(word.text or "" for word in words)
        if self._kinds[name].name == "Argv":
            texts = (self._program(words[0]), *texts[1:])
        self._values[name] = " ".join(texts) if self._kinds[name].name == "String" else texts
        self._words[name] = words[0]

    def _program(self, word: TypedWord) -> str:
        """Return the whole path of a program that another starts; it starts no third one that its words would hide."""
        path = program_path(word.text or "", self._folder, word)
        name = base_name(path)
        if name in STOPPED or name in SHELLS:
            raise MisfitError(f"`{name}` hides what it runs", "write the program itself", word)
        return path

    def _value(self, word: TypedWord, kind: Type) -> Plain:
        """Return the value that a word is as one of `kind`; what no word can be is left for `bind` to refuse."""
        text = word.text
        if text is None:
            raise MisfitError("only running it would tell this word", "write the word itself", word)
        self._never(word)
        if text == "-" and kind.name in ("Path", "PathGlob"):
            raise MisfitError("`-` stands for the standard input", "leave it out, or name a file", word)
        if kind.name in ("Path", "PathGlob"):
            if word.glob and text.endswith("/"):
                raise MisfitError(
                    "a glob with a slash at its end names folders alone", "leave the slash out", word
                )
            if word.glob and kind.name == "Path":
                raise MisfitError("a glob may name more than one path here", "name the path itself", word)
            if kind.name == "PathGlob" and "*" in text and not word.glob:
                raise MisfitError(
                    "a `*` that is part of a name cannot be told from a glob", "rename the file", word
                )
            return placed(text, self._folder, word)
        if word.glob:
            raise MisfitError("this is no path, and a glob names paths", "quote it", word)
        if kind.name == "Int" and not _NUMBER.fullmatch(text):
            raise MisfitError("this is no whole number", "write it in digits", word)
        if kind.name in ("Int", "Size"):
            return int(text) if _NUMBER.fullmatch(text) else text
        seconds = _SECONDS.fullmatch(text) if kind.name == "Duration" else None
        if seconds is not None:
            return int(seconds[1]) * 1000 + int((seconds[2] or "0").ljust(3, "0"))
        return text

    def done(self) -> Said:
        """Return what was said, the operands given to their parameters."""
        form = self._form
        for names in form.needed:
            if self._given.isdisjoint(names):
                raise MisfitError(f"`{' '.join(form.words)}` lacks {names[0]} here", f"write {names[0]}")
        self._distribute()
        if form.rest is not None and self._behind:
            self._rest(form.rest, self._behind)
        if form.folder is not None and form.folder not in self._values:
            item = self._kinds[form.folder].item
            self._values[form.folder] = self._folder if item is None else (self._folder,)
        for names in form.either:
            said = [name for name in names if name in self._words]
            if len(said) > 1:
                message = f"`{said[0]}` and `{said[1]}` are both said here"
                raise MisfitError(message, "keep one of them", self._words[said[1]])
        for preset in form.given:
            self._values.setdefault(preset.parameter, preset.value)
        for name in self._required:
            if name not in self._values:
                raise MisfitError(f"`{' '.join(form.words)}` lacks `{name}`", f"write {name}")
        return Said(self._values, self._words)

    def _rest(self, name: str, words: list[TypedWord]) -> None:
        kind = self._kinds[name]
        if kind.item is not None:
            self._values[name] = tuple(self._value(word, kind.item) for word in words)
            self._words[name] = words[0]
            return
        if len(words) > 1:
            raise MisfitError("there is one operand too many", "leave it out", words[1])
        self._set(name, self._value(words[0], kind), words[0])

    def _distribute(self) -> None:
        """Give the operands to their parameters: those that must be said first, then from left to right."""
        form, words = self._form, self._operands
        missing = [each for each in form.operands if not each.many and not self._is_said(each.parameter)]
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
                    self._rest(operand.parameter, words[place : place + count])
            elif operand in must or optional > 0:
                optional -= operand not in must
                count = 1
                self._one(operand, words[place])
            else:
                continue
            place += count
        if place < len(words):
            raise MisfitError("there is one operand too many", "leave it out", words[place])

    def _is_said(self, name: str) -> bool:
        return name in self._values

    def _one(self, operand: Operand, word: TypedWord) -> None:
        template = operand.template
        if operand.starting and (word.glob or not (word.text or "").startswith(operand.starting)):
            raise MisfitError(f"this does not begin with `{operand.starting}`", "write it so", word)
        if not template:
            word = word._replace(text=(word.text or "").removeprefix(operand.starting))
            self._set(operand.parameter, self._value(word, self._kinds[operand.parameter]), word)
            return
        pattern = "".join(
            r"(0|[1-9][0-9]{0,15})" if place % 2 else re.escape(piece) for place, piece in enumerate(template)
        )
        found = None if word.glob else re.fullmatch(pattern, word.text or "", re.ASCII)
        if found is None:
            shape = "".join(f"{{{piece}}}" if place % 2 else piece for place, piece in enumerate(template))
            raise MisfitError(f"this has not the form {shape}", "write it in that form", word)
        for name, value in zip(template[1::2], found.groups(), strict=True):
            self._set(name, int(value), word)


def _items(value: Plain) -> tuple[Plain, ...]:
    return value if isinstance(value, tuple) else ()


def program_path(text: str, folder: str, word: TypedWord) -> str:
    """Return the program that `text` names: without a slash one of `/usr/bin`, else the file where it is typed."""
    return placed(text, folder if "/" in text else PLACE, word)


def placed(text: str, folder: str, word: TypedWord) -> str:
    """Return the path that `text` is in `folder`: `.` and doubled slashes lead nowhere, `..` is refused."""
    if not text:
        raise MisfitError("a path is not empty", "name the path", word)
    parts = [part for part in text.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise MisfitError("a path has no `..`", "write where it leads to", word)
    beneath = "" if text.startswith("/") or folder == "/" else folder
    return f"{beneath}/{'/'.join(parts)}" if parts or not beneath else beneath
