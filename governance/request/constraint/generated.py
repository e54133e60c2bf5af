"""A Lark grammar of the calls of some capabilities, in the call syntax or as sentences.

It is written for decoders that know a part of Lark: rules, texts and bounded regular expressions, no templates, no
priorities, no imports. Everything that it derives can be read; not everything that can be read is derived.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from governance.capabilities.phrase import Group, Keyword, Slot
from governance.request.constraint.patterns import json_pattern, said_pattern
from governance.text import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from governance.canonical import Json
    from governance.capabilities.declaration import Capability, Parameter
    from governance.capabilities.phrase import Item, Phrase
    from governance.capabilities.values import Type

__all__ = ["Style", "lark_grammar", "openai_tool"]

Style: TypeAlias = Literal["call", "english"]

_TOOLS: Final = {
    "call": "Make one call of one capability, like fs.read(path=…).",
    "english": "Ask for one thing in one sentence.",
}


def openai_tool(definition: str, style: Style) -> dict[str, Json]:
    """Return the custom tool of OpenAI's that takes what the Lark grammar `definition` derives."""
    grammar: dict[str, Json] = {"type": "grammar", "syntax": "lark", "definition": definition}
    return {"type": "custom", "name": "governance", "description": _TOOLS[style], "format": grammar}


def lark_grammar(capabilities: Iterable[Capability], style: Style) -> str:
    """Return the grammar of the calls of `capabilities`, of which those are left out that cannot be said.

    Raises `ValueError` where none is left.
    """
    writer = _Writer(json_pattern if style == "call" else said_pattern)
    rules: dict[str, str] = {}
    for capability in capabilities:
        rule = _call(writer, capability) if style == "call" else _phrases(writer, capability)
        if rule is not None:
            name = capability.name.replace(".", "_")
            rules[name] = f"// {shown(capability.summary)}\n{name}: {rule}"
    if not rules:
        raise ValueError("there is nothing to be asked for")
    return "\n".join([f"start: {' | '.join(rules)}", *rules.values(), *writer.terminals()]) + "\n"


class _Writer:
    """Names the terminals: one for each pattern."""

    def __init__(self, pattern: Callable[[Type], str]) -> None:
        self._pattern = pattern
        self._names: dict[str, str] = {}

    def value(self, parameter: Parameter) -> str | None:
        """Return the terminal of the parameter's values, None where they have no pattern."""
        kind = replace(parameter.type, optional=False)
        try:
            pattern = self._pattern(kind)
        except ValueError:
            return None
        alike = sum(name.rpartition("_")[0] == kind.name.upper() for name in self._names.values())
        return self._names.setdefault(pattern, f"{kind.name.upper()}_{alike + 1}")

    def terminals(self) -> list[str]:
        """Return the definitions of all terminals."""
        return [f"{name}: /{pattern.replace('/', chr(92) + '/')}/" for pattern, name in self._names.items()]


def _text(text: str) -> str:
    """Return a literal text as Lark writes it."""
    return f'"{text}"'


def _call(writer: _Writer, capability: Capability) -> str | None:
    """Return the rule of calls: what must be given in the order declared, then what may be."""
    terminals = {parameter.name: writer.value(parameter) for parameter in capability.parameters}
    required = [each.name for each in capability.parameters if each.required]
    if any(terminals[name] is None for name in required):
        return None
    given = [f'"{name}=" {terminals[name]}' for name in required]
    rule = capability.name.replace(".", "_")
    optional = [
        (f"{rule}__{each.name}", f'"{each.name}=" {terminals[each.name]}')
        for each in capability.parameters
        if not each.required and terminals[each.name] is not None
    ]
    rest, chain = _chain(optional)
    if given:
        arguments, behind = [' ", " '.join(given), rest[0]], chain
    elif optional:
        # One of them comes first, without a comma; those after it may follow.
        firsts = (f"{each} {rest[place + 1]}".rstrip() for place, (_, each) in enumerate(optional))
        arguments, behind = [f"({' | '.join(firsts)})?"], chain[1:]
    else:
        arguments, behind = [], []
    whole = " ".join(part for part in (_text(f"{capability.name}("), *arguments, _text(")")) if part)
    return "\n".join([whole, *behind])


def _chain(optional: list[tuple[str, str]]) -> tuple[list[str], list[str]]:
    """Return the name of the rule that each argument and those after it may follow by, and the rules.

    A rule for each keeps the grammar as long as the declaration: in one rule, all choices would be multiplied out.
    """
    names = [*(name for name, _ in optional), ""]
    rules = [
        f'{name}: (", " {each})? {names[place + 1]}'.rstrip() for place, (name, each) in enumerate(optional)
    ]
    return names, rules


def _phrases(writer: _Writer, capability: Capability) -> str | None:
    """Return the rule of sentences, one alternative a phrase."""
    said = (_phrase(writer, capability, phrase) for phrase in capability.spoken)
    found = [each for each in said if each is not None]
    return "\n    | ".join(found) if found else None


def _phrase(writer: _Writer, capability: Capability, phrase: Phrase) -> str | None:
    parts: list[str] = []
    for number, part in enumerate(phrase.parts):
        items = part.items if isinstance(part, Group) else (part,)
        said = _items(writer, capability, items, first=number == 0)
        if said is None and not isinstance(part, Group):
            return None
        if said:
            parts.append(f"({said})?" if isinstance(part, Group) else said)
    return " ".join(parts)


def _items(writer: _Writer, capability: Capability, items: tuple[Item, ...], *, first: bool) -> str | None:
    """Return the items as they are said one after the other, None where a value has no pattern."""
    said: list[str] = []
    parameters = {parameter.name: parameter for parameter in capability.parameters}
    for item in items:
        match item:
            case Keyword(text=text):
                said.append(_text(text if first or text == "," else f" {text}"))
            case Slot(name):
                terminal = writer.value(parameters[name])
                if terminal is None:
                    return None
                said.append(f'" " {terminal}')
        first = False
    return " ".join(said)
