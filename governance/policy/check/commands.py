"""Checks how a capability is typed: every option and operand says a parameter that can be said so."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from governance.capabilities.command import CommandForm, Operand, Option, Preset
from governance.policy.syntax import Word

if TYPE_CHECKING:
    from governance.capabilities.declaration import Parameter
    from governance.capabilities.values import Type
    from governance.policy.check.scope import FileScope
    from governance.policy.syntax import CommandPartSyntax, CommandSyntax

__all__ = ["check_command", "options_taking"]

_UNSPOKEN: Final = ("Argv", "Bool", "Json", "Record")
"""The types of which no word of a command line is a value."""

_WHOLE: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,14})")

_HOLE: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")
"""Where a template names a parameter."""


def check_command(scope: FileScope, syntax: CommandSyntax, parameters: dict[str, Parameter]) -> CommandForm:
    """Return one way to type a capability with these parameters; what is wrong with it is reported."""
    before = len(scope.scope.diagnostics)
    reading = _Reading(scope, parameters)
    for part in syntax.parts:
        reading.read(part)
    form = CommandForm(tuple(word.text for word in syntax.words), **reading.parts())
    if len(scope.scope.diagnostics) == before:
        reading.all_said(form, syntax.words[0])
    return form


def options_taking(commands: tuple[CommandSyntax, ...]) -> frozenset[tuple[str, str]]:
    """Return the names of options that take the word behind them, each with the parameter that this word says."""
    parts = (
        part for command in commands for part in command.parts if part.keyword.text in ("option", "program")
    )
    return frozenset(
        (name.text.rpartition(" ")[2], part.parameter.text)
        for part in parts
        for name in part.names
        if part.parameter is not None
    )


@dataclass(slots=True)
class _Reading:
    """What has been read of one command so far."""

    scope: FileScope
    parameters: dict[str, Parameter]
    leading: list[Option] = field(default_factory=list)
    options: list[Option] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    needed: list[tuple[str, ...]] = field(default_factory=list)
    operands: list[Operand] = field(default_factory=list)
    single: dict[str, str] = field(default_factory=dict)
    """What the keywords that stand once name."""
    names: set[str] = field(default_factory=set)
    given: list[Preset] = field(default_factory=list)
    either: list[tuple[str, ...]] = field(default_factory=list)
    closing: list[Word] = field(default_factory=list)
    never: list[str] = field(default_factory=list)

    def parts(self) -> dict[str, Any]:
        """Return what a form is made of."""
        return {
            **{
                name: tuple(getattr(self, name))
                for name in (
                    "leading",
                    "options",
                    "ignored",
                    "needed",
                    "operands",
                    "given",
                    "either",
                    "never",
                )
            },
            "closing": tuple(word.text for word in self.closing),
            "apart": "apart" in self.single,
            "first": self.single.get("first", ""),
            "last": self.single.get("ends", ""),
            "rest": self.single.get("rest"),
            "verbatim": self.single.get("words"),
            "number": self.single.get("number"),
            "folder": self.single.get("folder"),
        }

    def read(self, part: CommandPartSyntax) -> None:
        """Take up one part."""
        for name in part.names if part.keyword.text not in ("closing", "either") else ():
            self._once(name)
        names = tuple(name.text for name in part.names)
        kind = self._type(part.parameter)
        if part.parameter is not None and kind is None:
            return
        match part.keyword.text:
            case "option" | "leading" | "program":
                self._option(part, names, kind)
            case "flag":
                self._flag(part, names, kind)
            case "ignore":
                self.ignored += names
            case "needs":
                self.needed.append(names)
            case "operand" | "operands" if part.parameter is not None or part.value is not None:
                self._operand(part, kind)
            case "closing" | "never" | "either" | "given" | "apart" | "ends" | "options" | "operands":
                self._manner(part, kind)
            case _:
                self._single(part, kind)

    def _manner(self, part: CommandPartSyntax, kind: Type | None) -> None:
        """Take what is said of the words together: which stand first, last, with others, or nowhere."""
        keyword = part.keyword.text
        match keyword:
            case "closing":
                self.closing += part.names
            case "never":
                self.never += (name.text for name in part.names)
            case "either":
                found = [self._type(name) for name in part.names]
                if None not in found:
                    self.either.append(tuple(name.text for name in part.names))
            case "given":
                self._given(part, kind)
            case "apart" | "ends":
                self._alone(part.keyword, keyword, part.value.text if part.value else "")
            case _:
                self._alone(part.keyword, "first", keyword)

    def _option(self, part: CommandPartSyntax, names: tuple[str, ...], kind: Type | None) -> None:
        """Take an option that has a value, or before a command's other words one that has none."""
        if part.keyword.text == "program":
            if self._fits(part, kind, kind is not None and kind.name == "Argv", "Argv"):
                self.options.append(Option(names, _name(part), end=part.value.text if part.value else ""))
        elif kind is None or self._fits(part, kind, self._is_spoken(kind), "a type that a word can say"):
            found = self.leading if part.keyword.text == "leading" else self.options
            found.append(Option(names, _name(part), starting=part.value.text if part.value else ""))

    def _given(self, part: CommandPartSyntax, kind: Type | None) -> None:
        """Take what a parameter is where nothing says it: true, or the value that stands here."""
        text = None if part.value is None else part.value.text
        value: str | int | bool | None = text
        if text is None:
            value = True
        elif kind is not None and kind.name == "Int":
            value = int(text) if _WHOLE.fullmatch(text) else None
        fits = kind is not None and kind.name in (("Bool",) if text is None else ("Enum", "Int", "String"))
        if not self._fits(part, kind, fits, 'Bool, or say = "value" for an Enum, Int or String'):
            return
        try:
            self.given.append(Preset(_name(part), cast("str | int | bool", cast("Type", kind).check(value))))
        except ValueError as error:
            place = part.value or part.keyword
            self.scope.report(
                "bad-command", f"this is no value of `{_name(part)}`: {error}", place, "name one"
            )

    def _alone(self, keyword: Word, name: str, value: str) -> None:
        """Take a keyword that stands once."""
        if name in self.single:
            self.scope.report("said-twice", f"`{name}` stands here twice", keyword, "keep one of them")
        self.single[name] = value

    def _once(self, name: Word) -> None:
        if name.text in self.names:
            self.scope.report("said-twice", f"`{name.text}` stands here twice", name, "keep one of them")
        self.names.add(name.text)

    def _type(self, name: Word | None) -> Type | None:
        found = None if name is None else self.scope.find("parameter", name, self.parameters)
        return None if found is None else found.type

    def _fits(self, part: CommandPartSyntax, kind: Type | None, fits: object, wanted: str) -> bool:
        """Report a parameter that this part cannot say."""
        if fits or part.parameter is None:
            return bool(fits)
        message = f"`{part.keyword.text}` cannot say `{part.parameter.text}`, a {kind}"
        self.scope.report("bad-command", message, part.parameter, f"name a parameter of {wanted}")
        return False

    @staticmethod
    def _is_spoken(kind: Type | None) -> bool:
        return kind is not None and (kind.item or kind).name not in _UNSPOKEN

    def _flag(self, part: CommandPartSyntax, names: tuple[str, ...], kind: Type | None) -> None:
        if part.value is None:
            if self._fits(part, kind, kind is not None and kind.name == "Bool", 'Bool, or say = "value"'):
                self.options.append(Option(names, _name(part), "true"))
            return
        if self._fits(part, kind, kind is not None and kind.name == "Enum", "Enum"):
            if kind is not None and part.value.text not in kind.names:
                message = f"`{part.value.text}` is none of {', '.join(kind.names)}"
                self.scope.report("bad-command", message, part.value, "name one of them")
            self.options.append(Option(names, _name(part), part.value.text))

    def _operand(self, part: CommandPartSyntax, kind: Type | None) -> None:
        if part.value is not None and part.parameter is None:
            self._template(part)
            return
        many = part.keyword.text == "operands"
        wanted = "List or Set" if many else "a type that one word can say"
        if self._fits(
            part, kind, self._is_spoken(kind) and kind is not None and (kind.item is not None) is many, wanted
        ):
            if many and any(operand.many for operand in self.operands):
                self.scope.report(
                    "said-twice", "`operands` stands here twice", part.keyword, "keep one of them"
                )
            starting = part.value.text if part.value else ""
            self.operands.append(Operand(_name(part), many, starting=starting))

    def _template(self, part: CommandPartSyntax) -> None:
        """Read `"{first},{last}p"`: whole numbers with text between them."""
        value = part.value or part.keyword
        pieces = _HOLE.split(value.text)
        right = len(pieces) > 1 and all(pieces[2:-1:2])
        for name in pieces[1::2]:
            found = self.scope.find("parameter", Word(name, value.start, value.end), self.parameters)
            right = right and (found is None or found.type.name == "Int")
        if not right:
            mend = 'name parameters of Int, with text between them: "{first},{last}p"'
            self.scope.report("bad-command", "this is no template", value, mend)
        self.operands.append(Operand("", template=tuple(pieces)))

    def _single(self, part: CommandPartSyntax, kind: Type | None) -> None:
        keyword = part.keyword.text
        if keyword in self.single:
            self.scope.report(
                "said-twice", f"`{keyword}` stands here twice", part.keyword, "keep one of them"
            )
        fits, wanted = {
            "rest": (self._is_spoken(kind), "a type that a word can say"),
            "words": (
                kind is not None and (kind.name == "Argv" or (kind.item or kind).name == "String"),
                "Argv, String or List<String>",
            ),
            "number": (kind is not None and kind.name == "Int", "Int"),
            "folder": (
                kind is not None and (kind.item or kind).name in ("Path", "PathGlob"),
                "Path or List<Path>",
            ),
        }[keyword]
        if self._fits(part, kind, fits, wanted):
            self.single[keyword] = _name(part)

    def all_said(self, form: CommandForm, program: Word) -> None:
        """Report parameters that must be given and that nothing typed can say."""
        said = {option.parameter for option in (*form.leading, *form.options)}
        for operand in form.operands:
            said.update((operand.parameter, *operand.template[1::2]))
        said.update(self.single.values())
        said.update(each.parameter for each in self.given)
        for word in self.closing:
            if word.text not in form.names:
                mend = "declare it, or leave it out here"
                self.scope.report("bad-command", f"`{word.text}` is no option of this command", word, mend)
        for name, parameter in self.parameters.items():
            if parameter.required and name not in said:
                mend = f"add operand ${name} or option --{name.replace('_', '-')} ${name}"
                self.scope.report("bad-command", f"nothing in this command says `{name}`", program, mend)


def _name(part: CommandPartSyntax) -> str:
    return part.parameter.text if part.parameter is not None else ""
