"""JSON Schemas of tools as capability declarations, so that calls of them can be read, bound and broken.

What the language cannot say exactly is either refused (`InexpressibleError`) or, where it can say more than the
schema does, said more widely; how often is counted. No schema says what a tool does to the world: effects and a
command line are for people to write, which is why this is no part of the product.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from governance.policy.check.capabilities import _reserved
from tests.documents import ROOT
from tests.policy.build import bundle_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from governance.capabilities import Capability

DATA: Final = ROOT / "tests" / "data"
CORPORA: Final = Path(os.environ.get("GOVERNANCE_CORPORA", ROOT.parent / "shared" / "corpora"))
"""Where the whole corpora lie, beside a checkout; samples of them are in `tests/data`."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_TYPES: Final = {
    "string": "String", "String": "String", "char": "String", "integer": "Int", "long": "Int", "number": "Decimal",
    "float": "Decimal", "double": "Decimal", "boolean": "Bool", "Boolean": "Bool", "any": "Json", "": "Json",
    "HashMap": "Json", "dict": "Json", "object": "Json",
}  # fmt: skip
"""The types of JSON Schema, and those that corpora write instead of them."""

_LISTS: Final = ("array", "Array", "ArrayList", "tuple")
_MOST: Final = 1_000


class InexpressibleError(Exception):
    """No declaration says what the schema does."""


class Declared(NamedTuple):
    """Capabilities by the names of the tools they declare, why others have none, and how many are wider."""

    capabilities: Mapping[str, Capability]
    refused: Mapping[str, str]
    wider: int


class _Converter:
    """Converts the schema of one tool; `wider` tells whether something was said more widely than it is."""

    def __init__(self) -> None:
        self.wider = False

    def unreserved(self, schema: Mapping[str, Any]) -> dict[str, str]:
        """Return the types of a tool's parameters."""
        found = self.parameters(schema)
        for name in found:
            if _reserved(name):
                raise InexpressibleError(f"the reserved name {name!r}")
        return found

    def parameters(self, schema: Mapping[str, Any]) -> dict[str, str]:
        """Return the types of the properties of an object, as the language writes them."""
        required = schema.get("required") or ()
        found = {}
        for name, each in (schema.get("properties") or {}).items():
            if not _NAME.fullmatch(name):
                raise InexpressibleError(f"the name {name!r}")
            optional = name not in required or (isinstance(each, dict) and each.get("optional") is True)
            found[name] = self.type(each).removesuffix("?") + ("?" if optional else "")
        return found

    def type(self, schema: Any) -> str:
        """Return the type of a schema."""
        if not isinstance(schema, dict) or "$ref" in schema or "oneOf" in schema or "allOf" in schema:
            self.wider = True
            return "Json"
        if "anyOf" in schema:
            kinds = [each for each in schema["anyOf"] if each != {"type": "null"}]
            self.wider |= len(kinds) > 1 or len(kinds) < len(schema["anyOf"])
            return self.type(kinds[0]) if len(kinds) == 1 else "Json"
        kind = schema.get("type", "")
        if not isinstance(kind, str):
            self.wider = True
            return "Json"
        if kind in _LISTS:
            return self._list(schema.get("items"))
        if kind not in _TYPES:
            raise InexpressibleError(f"the type {kind!r}")
        if schema.get("properties"):
            return f"{{ {', '.join(f'{name}: {each}' for name, each in self.parameters(schema).items())} }}"
        if "enum" in schema:
            return self._enum(schema["enum"], _TYPES[kind])
        self.wider |= "pattern" in schema or "format" in schema
        return _TYPES[kind]

    def _enum(self, words: list[Any], kind: str) -> str:
        names = dict.fromkeys(words)
        if kind == "String" and all(isinstance(each, str) and _NAME.fullmatch(each) for each in names):
            return f"Enum({', '.join(names)})"
        self.wider = True
        return kind

    def _list(self, items: Any) -> str:
        item = self.type({} if items is None else items).removesuffix("?")
        if item.startswith("List<"):
            item = "Json"
            if '"float"' in json.dumps(items) or '"number"' in json.dumps(items):
                raise InexpressibleError("a list of lists of numbers with fractions")
        return f"List<{item}>(..{_MOST})"


def declared(tools: Iterable[Mapping[str, Any]]) -> Declared:
    """Return the capabilities that tools are declared as; those of one name must be one tool."""
    texts, refused, wider = {}, {}, 0
    for tool in tools:
        converter = _Converter()
        try:
            parameters = converter.unreserved(tool.get("inputSchema") or tool["parameters"])
            texts[str(tool["name"])] = (f"tool.t{len(texts)}", parameters)
        except InexpressibleError as error:
            refused[str(tool["name"])] = str(error)
            continue
        wider += converter.wider
    bundle = bundle_of("\n".join(_declaration(*each) for each in texts.values()))
    return Declared({name: bundle.capabilities[each] for name, (each, _) in texts.items()}, refused, wider)


def _declaration(name: str, parameters: Mapping[str, str]) -> str:
    lines = "".join(f"  {each}: {kind}\n" for each, kind in parameters.items())
    stdin = f"  stdin {{ {' '.join(parameters)} }}\n" if parameters else ""
    return f'capability {name} "A tool" {{\n{lines}  effects {{ irreversible }}\n  argv {{ /bin/true }}\n{stdin}}}\n'


_PYTHON: Final = {"String": str, "Int": int, "Bool": bool, "Json": object}


def fits(schema: Any, value: object) -> bool:
    """Whether a value is what a schema says, as far as it says it; what is not named is not taken."""
    if not isinstance(schema, dict) or not isinstance(schema.get("type", ""), str):
        return True
    if "anyOf" in schema:
        return any(fits(each, value) for each in schema["anyOf"])
    kind = schema.get("type", "")
    if kind in _LISTS:
        return isinstance(value, list) and all(fits(schema.get("items") or {}, item) for item in value)
    if "enum" in schema and value not in schema["enum"]:
        return False
    if _TYPES[kind] == "Decimal":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if schema.get("properties"):
        return isinstance(value, dict) and _members_fit(schema, value)
    right = _PYTHON[_TYPES[kind]]
    return isinstance(value, right) and (right is not int or not isinstance(value, bool))


def _members_fit(schema: dict[str, Any], value: dict[str, Any]) -> bool:
    known = schema["properties"]
    required = [name for name in schema.get("required") or () if not known.get(name, {}).get("optional")]
    return set(required) <= set(value) <= set(known) and all(
        fits(known[name], each) for name, each in value.items()
    )


def records(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a file with one on each line."""
    return [json.loads(line) for line in path.read_text().splitlines()]
