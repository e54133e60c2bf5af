"""What the words of a statement are, written whole or only begun: told from the terminals that the grammar reads.

The grammar knows which terminal a word is, and so do the keyword before it and the statement's first word tell
what kind of thing it names. Nothing here knows what is declared.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from functools import reduce
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Final, NamedTuple

from governance.policy.parse import policy_grammar, statement_at

if TYPE_CHECKING:
    from governance.grammar import Token
    from governance.text import Source

__all__ = ["Begun", "Context", "Named", "Role", "begun_at", "named_at", "role_of"]


class Role(Enum):
    """What a word names."""

    AGENT = "agent"
    ARGUMENT = "argument"
    CAPABILITY = "capability"
    CHOICE = "word"
    EFFECT = "effect"
    FILE = "file"
    GROUP = "group"
    LABEL = "label"
    LET = "let"
    PARAMETER = "parameter"
    RULE = "rule"
    SANDBOX = "sandbox"
    SOURCE = "source"
    TEST = "test"
    TYPE = "type"
    VALUE = "value"


_BY_TERMINAL: Final = {
    "ARGV_FLAG": Role.PARAMETER,
    "ARGV_WORD": Role.PARAMETER,
    "DOTTED": Role.CAPABILITY,
    "EFFECT_TARGET": Role.PARAMETER,
    "PARAMETER": Role.PARAMETER,
    "REFERENCE": Role.VALUE,
    "TARGET": Role.CAPABILITY,
    "TYPE": Role.TYPE,
    "call__ARGUMENT": Role.ARGUMENT,
    "call__CAPABILITY": Role.CAPABILITY,
}
"""The terminals that are of one role wherever they stand."""

_AFTER: Final = {
    ("STRING", "agent"): Role.AGENT,
    ("STRING", "by"): Role.RULE,
    ("STRING", "import"): Role.FILE,
    ("STRING", "narrows"): Role.AGENT,
    ("WORD", "by"): Role.RULE,
    ("WORD", "carries"): Role.LABEL,
    ("WORD", "clear"): Role.LABEL,
    ("WORD", "clears"): Role.LABEL,
    ("WORD", "from"): Role.SOURCE,
    ("WORD", "groups"): Role.GROUP,
    ("WORD", "in"): Role.GROUP,
    ("WORD", "label"): Role.LABEL,
    ("WORD", "message"): Role.SOURCE,
    ("WORD", "sandbox"): Role.SANDBOX,
    ("NAME", "let"): Role.LET,
    ("NAME", "matching"): Role.LET,
    ("NAME", "or"): Role.EFFECT,
    ("NAME", "that"): Role.EFFECT,
    ("NAME", "under"): Role.LET,
    ("NAME", "within"): Role.LET,
}
"""The roles that the keyword before a terminal gives it; after every other keyword a word is one of a few."""

_RULES: Final = frozenset({"permit", "forbid", "ask", "limit", "declassify", "prove"})
"""The statements whose second word is a name of their own; that of a label is the label's."""

_OPERATORS: Final = frozenset(
    {
        "==",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "in",
        "cidr",
        "under",
        "within",
        "matches",
        "starts",
        "ends",
        "contains",
    }
)

_NEUTRAL: Final = frozenset("{}[](),|") | {":", ".."}
"""The signs that a keyword reaches across."""

_NAMES: Final = {
    **dict.fromkeys(("ARGV_FLAG", "ARGV_WORD", "PARAMETER"), re.compile(r"\$([a-z0-9_]+)")),
    "EFFECT_TARGET": re.compile(r"([a-z0-9_]+)"),
    "STRING": re.compile(r'"(.*)"'),
    "call__ARGUMENT": re.compile(r"([A-Za-z0-9_]+)"),
    "call__CAPABILITY": re.compile(r"([A-Za-z0-9_.]+)"),
}
"""Which part of a terminal is the name, where it is not the whole."""

_QUOTED: Final = re.compile(r'"[^"\\\n]*(?:\\.[^"\\\n]*)*+("?)|#.*')
"""A string, which may still be open, or a comment."""

_NAME_CHARACTERS: Final = f"{ascii_letters}{digits}_.*$-"


@dataclass(frozen=True, slots=True)
class Context:
    """What the words of a statement so far tell of the next one."""

    kind: str = ""
    """The first word of the statement."""
    lead: str = ""
    """The last keyword or operator."""
    about: tuple[str, ...] = ()
    """The capabilities and families that the statement is about; `*` is any."""
    past: tuple[str, ...] | None = None
    """Those of the past call that is spoken of."""
    called: str = ""
    """The capability of the call that is being written."""
    given: tuple[str, ...] = ()
    """The arguments that it has been given."""

    @property
    def right(self) -> bool:
        """Whether the next word is what a value is compared with."""
        return self.lead in _OPERATORS

    def after(self, token: Token) -> Context:
        """Return the context behind `token`."""
        text = str(token)
        keyword = policy_grammar().keyword(token.type)
        if keyword is None:
            return self._after_name(token.type, name_in(token.type, text)[0])
        if keyword in _NEUTRAL:
            return self
        by_person = text == "by" and self.lead == "clear"  # of a step it is by a rule
        found = replace(self, kind=self.kind or text, lead="" if by_person else text)
        if text == "earlier":
            return replace(found, past=())
        return found.also_about("*") if text == "any" and self.lead != "agent" else found

    def _after_name(self, terminal: str, name: str) -> Context:
        match terminal:
            case "DOTTED" | "TARGET":
                return self.also_about(name)
            case "call__CAPABILITY":
                return replace(self, called=name, given=())
            case "call__ARGUMENT":
                return replace(self, given=(*self.given, name))
            case "QUANTITY" if self.lead == "within":
                return replace(self, past=None)
            case _:
                return self

    def also_about(self, name: str) -> Context:
        """Return the context with one more capability, family or `*` that is spoken of."""
        if self.past is None:
            return replace(self, about=(*self.about, name))
        return replace(self, past=(*self.past, name))


class Begun(NamedTuple):
    """A statement up to a word that is still being written: what came before, and what may stand there."""

    context: Context
    terminals: frozenset[str]
    start: int
    """Where the word begins; it may be empty."""


class Named(NamedTuple):
    """A word that names something, where it stands, and what the statement told by then."""

    role: Role
    name: str
    start: int
    end: int
    context: Context


def begun_at(source: Source, offset: int) -> Begun | None:
    """Return what may stand where the word that ends at `offset` begins, None within a comment."""
    line = source.text.rfind("\n", 0, offset) + 1
    half = _half(source.text[line:offset])
    if half is None:
        return None
    start = line + half
    first, _ = statement_at(source, max(start - 1, 0))
    tokens, terminals = policy_grammar().begun(source.text[first:start])
    if not terminals and start == line:  # what stands before is wrong, but a new statement may begin here
        tokens, terminals = policy_grammar().begun("")
    return Begun(reduce(Context.after, tokens, Context()), terminals, start)


def named_at(source: Source, offset: int) -> Named | None:
    """Return the word at `offset` if it names something, its end being part of it."""
    first, last = statement_at(source, offset)
    tokens, _ = policy_grammar().begun(source.text[first:last])
    context = Context()
    for token in tokens:
        name, shift = name_in(token.type, str(token))
        begin = first + (token.start_pos or 0) + shift
        if begin <= offset <= begin + len(name):
            role = role_of(token.type, context)
            if role is not None and name:
                return Named(role, name, begin, begin + len(name), context)
        context = context.after(token)
    return None


def role_of(terminal: str, context: Context) -> Role | None:
    """Return what a word of `terminal` names in `context`, None where it names nothing."""
    if terminal in _BY_TERMINAL:
        return _BY_TERMINAL[terminal]
    if terminal == "NAME" and context.kind == "capability":
        return {"effects": Role.EFFECT, "stdin": Role.PARAMETER}.get(context.lead)
    if terminal == "WORD" and context.kind == context.lead and context.kind in _RULES:
        return Role.RULE
    found = _AFTER.get((terminal, context.lead))
    if found is None and terminal in ("CONSTANT", "NAME", "WORD"):
        return Role.CHOICE
    return found


def name_in(terminal: str, text: str) -> tuple[str, int]:
    """Return the name within the text of a terminal, and how far in it begins."""
    pattern = _NAMES.get(terminal)
    if pattern is None:
        return text, 0
    found = pattern.search(text)
    return (found[1], found.start(1)) if found else ("", 0)


def _half(line: str) -> int | None:
    """Return where the last word of `line` begins, which may be a string that is still open; None in a comment."""
    for found in _QUOTED.finditer(line):
        if found.end() == len(line) and not found[1]:
            return None if found[0].startswith("#") else found.start()
    return len(line.rstrip(_NAME_CHARACTERS))
