"""How people type a capability: the words a command begins with, and what each option and operand says.

What a typed command holds is turned into arguments by this and by nothing else; what then runs is the
capability's own command line.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CommandForm", "Operand", "Option", "Preset"]


@dataclass(frozen=True, slots=True)
class Option:
    """An option by its exact names. Without `value` it takes one, which is the parameter's; else it says that value.

    The value of a `Bool` is `true`. With `end` it takes a program and its words, up to a word that is `end`; with
    `starting` only values that begin so, and the parameter is what follows. A name of two words is an option and the
    word behind it.
    """

    names: tuple[str, ...]
    parameter: str
    value: str | None = None
    end: str = ""
    starting: str = ""


@dataclass(frozen=True, slots=True)
class Operand:
    """A word that is no option, or with `many` all that no other operand takes.

    With a `template`, whose pieces of text and names of parameters take turns, several whole numbers stand in the word;
    `parameter` is then empty. With `starting` the word begins so, and the parameter is what follows.
    """

    parameter: str
    many: bool = False
    template: tuple[str, ...] = ()
    starting: str = ""


@dataclass(frozen=True, slots=True)
class Preset:
    """What a parameter is where no word says it."""

    parameter: str
    value: str | int | bool


@dataclass(frozen=True, slots=True)
class CommandForm:
    """One way to type a capability: `words` begin it, the program first.

    `leading` are options that stand behind the program, before the other words; one without a parameter changes
    nothing, and nor do the `ignored`. Of each of `needed` one name must be there. Nothing stands behind an option that
    is `closing`. `rest` takes what stands behind `--`, if operands do not; `verbatim` takes all words from the first that
    no operand takes, options too; `number` takes an option that is a number, like `-20`; `folder` is where the command is
    typed, if nothing else says it. No operand and no value is one of `never`, begins with
    one that ends with `*`, or holds one that a `*` stands before, too.
    Of the parameters of each of `either` words say at most one. With `first` options stand before operands, or operands before options; with `apart` no value is attached by `=`;
    `last` is the word that ends the command.
    """

    words: tuple[str, ...]
    leading: tuple[Option, ...] = ()
    options: tuple[Option, ...] = ()
    ignored: tuple[str, ...] = ()
    needed: tuple[tuple[str, ...], ...] = ()
    operands: tuple[Operand, ...] = ()
    rest: str | None = None
    verbatim: str | None = None
    number: str | None = None
    folder: str | None = None
    closing: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    given: tuple[Preset, ...] = ()
    either: tuple[tuple[str, ...], ...] = ()
    first: str = ""
    apart: bool = False
    last: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """All names of options, the leading ones left out."""
        said = (name for option in self.options for name in option.names)
        return (*self.ignored, *said, *(name for names in self.needed for name in names))

    @property
    def bundles(self) -> bool:
        """Whether short options may stand together, and their values be attached: where none has a long name after one hyphen."""
        words = (name.partition(" ")[0].partition("=")[0] for name in self.names)
        return all(name.startswith("--") or len(name) == 2 for name in words)

    def option(self, name: str, value: str | None = None) -> Option | None:
        """Return the option of exactly that name; of several, one that takes values like `value`, where it is known."""
        return next(
            (
                option
                for option in self.options
                if name in option.names and (value is None or value.startswith(option.starting))
            ),
            None,
        )

    def is_never(self, text: str, *, option: bool = False) -> bool:
        """Whether no operand and no value can be `text`, or no `option`, whose value may be attached to it."""
        return any(_is_like(text, each) for each in self.never if not (option and each.startswith("*")))


def _is_like(text: str, pattern: str) -> bool:
    """Whether `text` is `pattern`, begins with it where a `*` follows, or holds it where one stands before it, too."""
    if pattern.endswith("*"):
        return pattern[1:-1] in text if pattern[0] == "*" else text.startswith(pattern[:-1])
    return text == pattern
