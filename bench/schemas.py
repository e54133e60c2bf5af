"""Functions that others describe in JSON Schema, as capabilities with phrases by one fixed rule.

A phrase is the function's name or the beginning of its description, then its required parameters, each with its
name's words, joined by the words that English joins such things with. Nothing is fitted to any request.
"""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from governance.capabilities.phrase import Keyword, Slot, parse_phrase
from governance.policy.check import check

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from governance.capabilities import Capability
    from governance.request.syntax import CallSyntax

__all__ = ["Declared", "declared", "is_expected"]

_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_ENDS: Final = frozenset(
    [
        "given",
        "with",
        "using",
        "based",
        "by",
        "for",
        "from",
        "according",
        "where",
        "which",
        "that",
        "if",
        "whether",
        "when",
        "in",
        "on",
        "as",
        "at",
        "via",
        "to",
        "of",
    ]
)
_ARTICLES: Final = frozenset({"a", "an", "the"})
_JOINING: Final = ("of", "for", "in", "from", "with", "given", "to", "at", "on", "by")
_ASKING: Final = ("calculate", "compute", "find", "get", "retrieve", "fetch", "determine", "show", "what is")
_UNIT: Final = re.compile(r" in ([A-Za-z]+)")
_TYPES: Final = {
    "string": "String",
    "String": "String",
    "integer": "Int",
    "long": "Int",
    "float": "Decimal",
    "number": "Decimal",
    "double": "Decimal",
    "boolean": "Bool",
    "Boolean": "Bool",
}
_MOST_PHRASES: Final = 120
_MOST_SAID: Final = 4


class Declared(NamedTuple):
    """The capabilities of some functions, and what each and its parameters are really called."""

    capabilities: Mapping[str, Capability]
    names: Mapping[str, str]
    parameters: Mapping[str, Mapping[str, str]]


def declared(tools: Sequence[Mapping[str, Any]]) -> Declared:
    """Return the functions as capabilities; two that would be asked for alike lose what they share."""
    names: dict[str, str] = {}
    parameters: dict[str, Mapping[str, str]] = {}
    written: list[tuple[str, str, list[str]]] = []
    for number, tool in enumerate(tools):
        name = f"tool.f{number}"
        names[name] = tool["name"]
        properties = tool["parameters"].get("properties", {})
        called = {f"p{place}": each for place, each in enumerate(properties)}
        parameters[name] = called
        required = set(tool["parameters"].get("required", ()))
        types = {short: _type(properties[full]) for short, full in called.items()}
        lines = [
            f"  {short}: {kind}{'' if called[short] in required else '?'}" for short, kind in types.items()
        ]
        fixed = f"  effects {{ }}\n  argv {{ /bin/tool }}\n  stdin {{ {' '.join(called)} }}"
        said = {short: full for short, full in called.items() if full in required}
        sayable = len(said) <= _MOST_SAID and all(types[short] != "Json" for short in said)
        written.append((name, "\n".join([*lines, fixed]), _phrases(tool, said) if sayable else []))
    shared = _shared(written)
    texts = []
    for name, body, phrases in written:
        own = [f'"{phrase}"' for phrase in phrases if shared.isdisjoint(_forms(phrase))]
        said_as = f"  phrase {', '.join(own)}\n" if own else ""
        texts.append(f'capability {name} "s" {{\n{body}\n{said_as}}}\n')
    return Declared(check({"tools.policy": "".join(texts)}).capabilities, names, parameters)


def _shared(written: Sequence[tuple[str, str, list[str]]]) -> set[tuple[str, ...]]:
    """Return what two functions, or one in two ways, would be asked for by."""
    seen: dict[tuple[str, ...], tuple[str, ...]] = {}
    shared: set[tuple[str, ...]] = set()
    for name, _, phrases in written:
        for form, slots in (each for phrase in phrases for each in _forms(phrase).items()):
            if seen.setdefault(form, (name, *slots)) != (name, *slots):
                shared.add(form)
    return shared


def _forms(phrase: str) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Return the words of each form of the phrase, whatever its values are, and the parameters in it."""
    return {
        tuple(item.text if isinstance(item, Keyword) else "$" for item in form): tuple(
            item.parameter for item in form if isinstance(item, Slot)
        )
        for form in parse_phrase(phrase).forms()
    }


def _type(schema: Mapping[str, Any]) -> str:
    """Return the type of values that the schema describes, `Json` where a sentence has none for it."""
    names = schema.get("enum")
    if names and all(isinstance(name, str) and _NAME.fullmatch(name) for name in names):
        return f"Enum({', '.join(dict.fromkeys(names))})"
    if schema.get("type") in ("array", "list", "tuple", "Array", "ArrayList"):
        item = _TYPES.get(str((schema.get("items") or {}).get("type")))
        return "Json" if item is None else f"List<{item}>(1..64)"
    return _TYPES.get(str(schema.get("type")), "Json")


def words(text: str) -> list[str]:
    """Return the words of an identifier or of a description, in lower case, without articles."""
    return [word.lower() for word in _WORD.findall(text) if word.lower() not in _ARTICLES]


def _phrases(tool: Mapping[str, Any], said: Mapping[str, str]) -> list[str]:
    found = dict.fromkeys(f"{verb} {rest}".strip() for verb in _verbs(tool) for rest in _rests(tool, said))
    return list(islice(found, _MOST_PHRASES))


def _verbs(tool: Mapping[str, Any]) -> list[str]:
    """Return how the function is asked for: by its name, and by its description up to each of its prepositions."""
    sentence = words(re.split(r"[.;:,(]", tool.get("description", ""))[0])
    cuts = [place for place, word in enumerate(sentence) if word in _ENDS and place > 1]
    ways = [words(tool["name"].rpartition(".")[2]), *(sentence[:cut] for cut in (*cuts[:3], len(sentence)))]
    found: dict[str, None] = {}
    for each in ways:
        if each:
            found[" ".join(each)] = None
            if each[0] in _ASKING and len(each) > 1:
                found |= dict.fromkeys(f"{asking} {' '.join(each[1:])}" for asking in _ASKING)
    return list(found)


def _rests(tool: Mapping[str, Any], said: Mapping[str, str]) -> list[str]:
    """Return how the required parameters are said behind the verb."""
    if not said:
        return [""]
    values = {short: f"${short}{_unit(tool, full)}" for short, full in said.items()}
    if len(said) == 1:
        ((short, full),) = said.items()
        named = f"[{' '.join(words(full))}] {values[short]}"
        return [f"{joining} {named}".strip() for joining in (*_JOINING, "")]
    named, of, bare = (
        " and ".join(f"{' '.join(words(full))} {between}{values[short]}" for short, full in said.items())
        if between is not None
        else " and ".join(values.values())
        for between in ("", "of ", None)
    )
    found = [
        f"{joining} {rest}".strip()
        for rest in (named, of)
        for joining in ("with", "given", "for", "where", "")
    ]
    return [*found, *(f"{joining} {bare}" for joining in ("of", "for", "between"))]


def _unit(tool: Mapping[str, Any], name: str) -> str:
    """Return the unit that a number is described to be in, which may be said behind it."""
    schema = tool["parameters"]["properties"][name]
    found = _UNIT.findall(schema.get("description", "")) if schema.get("type") in ("integer", "float") else []
    return f" [{found[-1].lower()}]" if found and found[-1].lower() not in _ARTICLES else ""


def is_expected(call: CallSyntax, known: Declared, row: Mapping[str, Any]) -> bool:
    """Whether the call is the one that the row of the corpus expects, with values that it accepts."""
    if len(row["calls"]) != 1 or known.names[call.name] != row["calls"][0]["name"]:
        return False
    accepted = row["calls"][0]["accepted"]
    given = {known.parameters[call.name][name]: _exact(value) for name, value in call.values.items()}
    told = all(value in [_exact(each) for each in accepted.get(name, ())] for name, value in given.items())
    return told and all(name in given or "" in values or None in values for name, values in accepted.items())


def _exact(value: object) -> object:
    """Return a value in which numbers are the same as those of the corpus, and no truth value is a number."""
    match value:
        case bool() | str() | None:
            return value
        case int() | float() | Decimal():
            return Decimal(str(value))
        case list() | tuple():
            return [_exact(each) for each in value]
    return str(value)
