"""What a typed command has said so far: each word as a value of its parameter, said once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from governance.capabilities.effects import Verb
from governance.request.programs import base_name, hides
from governance.request.typed import MisfitError, Said
from governance.text import excerpt, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from governance.capabilities.command import CommandForm, Operand, Option
    from governance.capabilities.declaration import Capability
    from governance.capabilities.values import Type
    from governance.request.folder import Folder
    from governance.request.nodes import Plain
    from governance.request.typed import TypedWord

__all__ = ["Saying"]

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,15})", re.ASCII)
_SECONDS: Final = re.compile(r"(0|[1-9][0-9]{0,8})(?:\.([0-9]{1,3}))?s?", re.ASCII)


class Saying:
    """The values that a command in `form` gives the parameters of `capability`, and the words they stand in."""

    def __init__(self, capability: Capability, form: CommandForm, folder: Folder) -> None:
        self._required = tuple(each.name for each in capability.parameters if each.required)
        self._kinds: Mapping[str, Type] = {each.name: each.type for each in capability.parameters}
        self._starts = any(effect.verb is Verb.EXECUTE for effect in capability.effects)
        self._form = form
        self._folder = folder
        self._said = Said({}, {})

    def holds(self, name: str) -> bool:
        """Whether a word has said the parameter `name`."""
        return name in self._said.values

    def enter(self, name: str) -> None:
        """Go on where a leading option says that the program goes: what is named later is named there."""
        folder = self._said.values[name]
        if name == self._form.folder and isinstance(folder, str):
            self._folder = self._folder._replace(path=folder)

    def say(self, option: Option, word: TypedWord) -> None:
        """Say what an option does, whose value, if it takes one, is `word`."""
        kind = self._kinds[option.parameter]
        if option.starting:
            if not (word.text or "").startswith(option.starting):
                raise self.unknown(option.names[0], word)
            word = word._replace(text=(word.text or "").removeprefix(option.starting))
        if option.value is not None:
            self.set(option.parameter, True if kind.name == "Bool" else option.value, word)
        elif kind.item is not None:
            items = self._said.values.get(option.parameter, ())
            self._said.words.setdefault(option.parameter, word)
            self._said.values[option.parameter] = (*_items(items), self.value(word, kind.item))
        else:
            self.set(option.parameter, self.value(word, kind), word)

    def set(self, name: str, value: Plain, word: TypedWord) -> None:
        """Say a value once; a second, different one is not what the program would take without the first."""
        if name in self._said.values and self._said.values[name] != value:
            raise MisfitError(f"`{name}` is said twice", "keep one of them", word)
        self._said.values[name] = value
        self._said.words[name] = word

    def keep(self, name: str, words: Sequence[TypedWord]) -> None:
        """Say words as they are. Where they are another program's, what they mean is not known here."""
        for word in words:
            if word.text is None or word.glob:
                raise MisfitError(
                    "only running it would tell this word", "write the word itself, or quote it", word
                )
            if self._starts:
                self._folder.check_opaque(word)
        texts = tuple(word.text or "" for word in words)
        if self._kinds[name].name == "Argv":
            texts = (self._program(texts, words[0]), *texts[1:])
        self._said.values[name] = " ".join(texts) if self._kinds[name].name == "String" else texts
        self._said.words[name] = words[0]

    def rest(self, name: str, words: Sequence[TypedWord]) -> None:
        """Say all that `words` are."""
        kind = self._kinds[name]
        if kind.item is not None:
            self._said.values[name] = tuple(self.value(word, kind.item) for word in words)
            self._said.words[name] = words[0]
            return
        if len(words) > 1:
            raise MisfitError("there is one operand too many", "leave it out", words[1])
        self.set(name, self.value(words[0], kind), words[0])

    def operand(self, operand: Operand, word: TypedWord) -> None:
        """Say what a word is that is the one of `operand`."""
        template = operand.template
        if operand.starting and (word.glob or not (word.text or "").startswith(operand.starting)):
            raise MisfitError(f"this does not begin with `{operand.starting}`", "write it so", word)
        if not template:
            word = word._replace(text=(word.text or "").removeprefix(operand.starting))
            self.set(operand.parameter, self.value(word, self._kinds[operand.parameter]), word)
            return
        pattern = "".join(
            r"(0|[1-9][0-9]{0,15})" if place % 2 else re.escape(piece) for place, piece in enumerate(template)
        )
        found = None if word.glob else re.fullmatch(pattern, word.text or "", re.ASCII)
        if found is None:
            shape = "".join(f"{{{piece}}}" if place % 2 else piece for place, piece in enumerate(template))
            raise MisfitError(f"this has not the form {shape}", "write it in that form", word)
        for name, value in zip(template[1::2], found.groups(), strict=True):
            self.set(name, int(value), word)

    def done(self) -> Said:
        """Return what was said, with what is so where no word says it. Raises `MisfitError` where something lacks."""
        form, (values, words) = self._form, self._said
        if form.folder is not None and form.folder not in values:
            path = self._folder.path
            values[form.folder] = path if self._kinds[form.folder].item is None else (path,)
        for names in form.either:
            said = [name for name in names if name in words]
            if len(said) > 1:
                message = f"`{said[0]}` and `{said[1]}` are both said here"
                raise MisfitError(message, "keep one of them", words[said[1]])
        for preset in form.given:
            values.setdefault(preset.parameter, preset.value)
        for name in self._required:
            if name not in values:
                raise MisfitError(f"`{' '.join(form.words)}` lacks `{name}`", f"write {name}")
        return self._said

    def never(self, word: TypedWord, *, option: bool = False) -> None:
        """Refuse what no operand and no value can be, or no `option`."""
        if self._form.never and self._form.is_never(word.text or "", option=option):
            raise MisfitError(f"`{excerpt(word.text or '')}` is not read here", "say it without", word)

    def unknown(self, name: str, word: TypedWord) -> MisfitError:
        """Return the error that no option is called `name`."""
        form = self._form
        names = sorted(set(form.names))
        near = nearest(name, names, 1)
        known = f"known: {', '.join(names)}" if names else "it has none"
        what = f"`{' '.join(form.words)}` has no option `{excerpt(name)}` here"
        return MisfitError(what, f"did you mean {near[0]}?" if near else known, word)

    def _program(self, texts: Sequence[str], word: TypedWord) -> str:
        """Return the whole path of a program that another starts; it starts no third one that its words would hide."""
        path = self._folder.program(texts[0], word)
        if hides((path, *texts[1:])):
            message = f"`{excerpt(base_name(path))}` hides what it runs"
            raise MisfitError(message, "write the program itself", word)
        return path

    def value(self, word: TypedWord, kind: Type) -> Plain:
        """Return the value that a word is as one of `kind`; what no word can be is left for `bind` to refuse."""
        text = word.text
        if text is None:
            raise MisfitError("only running it would tell this word", "write the word itself", word)
        self.never(word)
        if kind.name in ("Path", "PathGlob"):
            return self._path(text, word, one=kind.name == "Path")
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

    def _path(self, text: str, word: TypedWord, *, one: bool) -> str:
        """Return the path that a word is, or the glob unless it must be `one`."""
        if text == "-":
            raise MisfitError("`-` stands for the standard input", "leave it out, or name a file", word)
        if word.glob and text.endswith("/"):
            raise MisfitError(
                "a glob with a slash at its end names folders alone", "leave the slash out", word
            )
        if word.glob and one:
            raise MisfitError("a glob may name more than one path here", "name the path itself", word)
        if "*" in text and not one and not word.glob:
            raise MisfitError(
                "a `*` that is part of a name cannot be told from a glob", "rename the file", word
            )
        return self._folder.placed(text, word)


def _items(value: Plain) -> tuple[Plain, ...]:
    return value if isinstance(value, tuple) else ()
