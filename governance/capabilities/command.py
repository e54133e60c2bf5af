"""How people type a capability: the words a command begins with, and what each option and operand says.

What a typed command holds is turned into arguments by this and by nothing else; what then runs is the
capability's own command line.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CommandForm", "Operand", "Option"]


@dataclass(frozen=True, slots=True)
class Option:
    """An option by its exact names. Without `value` it takes one, which is the parameter's; else it says that value.

    The value of a `Bool` is `true`. With `end` it takes a program and its words, up to a word that is `end`.
    """

    names: tuple[str, ...]
    parameter: str
    value: str | None = None
    end: str = ""


@dataclass(frozen=True, slots=True)
class Operand:
    """A word that is no option, or with `many` all that no other operand takes.

    With a `template`, whose pieces of text and names of parameters take turns, several whole numbers stand in the word;
    `parameter` is then empty.
    """

    parameter: str
    many: bool = False
    template: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommandForm:
    """One way to type a capability: `words` begin it, the program first.

    `leading` are options that stand behind the program, before the other words; one without a parameter changes
    nothing, and nor do the `ignored`. Of each of `needed` one name must be there. `rest` takes what stands behind `--`,
    if operands do not; `verbatim` takes all words from the first that no operand takes, options too; `number` takes an
    option that is a number, like `-20`; `folder` is where the command is typed, if nothing else says it.
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

    @property
    def bundles(self) -> bool:
        """Whether short options may stand together, and their values be attached: where none has a long name after one hyphen."""
        names = (*self.ignored, *(name for option in self.options for name in option.names))
        return all(name.startswith("--") or len(name.partition("=")[0]) == 2 for name in names)

    def option(self, name: str) -> Option | None:
        """Return the option of exactly that name."""
        return next((option for option in self.options if name in option.names), None)
