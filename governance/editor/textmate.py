"""How editors colour policies: a TextMate grammar, made of the terminals that the policy grammar reads.

A TextMate grammar sees one line at a time and has no parser, so what a word is follows from the words beside it.
Nothing here is needed to read a policy.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

from governance.policy.parse import policy_grammar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from governance.canonical import Json

__all__ = ["scope_of", "textmate"]

_Rule: TypeAlias = "dict[str, Json]"

_SCOPES: Final[Mapping[str, str]] = {
    "CONSTANT": "constant.other",
    "DAY": "constant.language",
    "DOTTED": "entity.name.function",
    "EFFECT_TARGET": "variable.other",
    "FALSE": "constant.language",
    "INSTANT": "constant.numeric",
    "NAME": "variable.other",
    "NULL": "constant.language",
    "NUMBER": "constant.numeric",
    "OFFSET": "constant.numeric",
    "QUANTITY": "constant.numeric",
    "REFERENCE": "variable.other",
    "STRING": "string.quoted.double",
    "TARGET": "entity.name.function",
    "TIME": "constant.numeric",
    "TRUE": "constant.language",
    "TYPE": "support.type",
    "WORD": "variable.other",
    "call__ARGUMENT": "variable.parameter",
    "call__CAPABILITY": "entity.name.function",
}
"""What the terminals are coloured as that are no keywords or signs; more of the name says which unit, escape and so on."""

_TYPED: Final = ("ARGV_FLAG", "ARGV_WORD", "COMMAND_WORD", "OPTION_NAME", "OPTION_VALUE", "PARAMETER")
"""The terminals of command lines: words, and the parameters in them."""

_STATEMENTS: Final = (
    *("permit", "forbid", "ask", "limit", "label", "declassify"),
    *("capability", "agent", "let", "sandbox", "protected", "test", "prove", "import"),
)
_LEADS: Final = (
    *("as", "by", "carries", "clear", "clears", "counting", "each", "from", "groups", "in", "isolation"),
    *("label", "message", "network", "reuse", "root", "sandbox", "then"),
)
"""Keywords before a word that is a name, also where it is written like a keyword."""

_COMPARING: Final = r"[=!<>]=|[<>]|(?:in|under|matches|starts|ends|contains|is|from)\b|within[ \t]+(?![0-9])"
"""What follows a word that is a reference to a value."""


def scope_of(terminal: str, text: str) -> str:
    """Return the scope that a token of the policy grammar begins with: its terminal and its text tell."""
    name = terminal.rpartition("__")[2] if terminal.startswith("call__json__") else terminal
    if name in _TYPED:
        return _named("variable.parameter" if text.startswith("$") else "string.unquoted")
    if name in _SCOPES:
        return _named(_SCOPES[name])
    if text[:1].isalpha():
        return _named("keyword.control")
    return _named("punctuation" if text in ("{", "}", "[", "]", "(", ")", ",", ":") else "keyword.operator")


def textmate() -> dict[str, Json]:
    """Return the grammar, as JSON for whatever reads TextMate grammars."""
    return {
        "name": "Capability policy",
        "scopeName": "source.policy",
        "fileTypes": ["policy"],
        "patterns": [
            {"include": f"#{name}"}
            for name in (
                "comment",
                "string",
                "effects",
                "argv",
                "command",
                "bracket",
                "stdin",
                "choice",
                "call",
                "words",
            )
        ],
        "repository": {
            "comment": _match(_pattern("COMMENT"), "comment.line.number-sign"),
            "string": _string(),
            "effects": _block("effects", _effects()),
            "argv": _block("argv", _argv()),
            "command": _command(_pattern("COMMAND_WORD"), "string.unquoted"),
            "bracket": _command('"[^"]*"', "string.quoted.double"),
            "choice": _choice(),
            "stdin": _block("stdin", [_match(_pattern("NAME"), "variable.other")]),
            "call": _call(),
            "words": {"patterns": list(_words())},
        },
    }


def _named(scope: str) -> str:
    return f"{scope}.policy"


def _pattern(terminal: str) -> str:
    """Return the regular expression of a terminal, in the words that every engine knows."""
    return re.sub(r"\)([*+])\+", r")\1", policy_grammar().pattern(terminal))


def _match(pattern: str, scope: str, **captures: str) -> _Rule:
    """Return the rule that what matches is of `scope`; `_1` and so on say what the groups are of."""
    rule: _Rule = {"match": pattern}
    if scope:
        rule["name"] = _named(scope)
    if captures:
        rule["captures"] = {number[1:]: {"name": _named(each)} for number, each in captures.items()}
    return rule


def _string() -> _Rule:
    """Return the rule of strings: on one line, with the escapes of policies and, in calls, of JSON."""
    escape = _match(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})', "constant.character.escape")
    wrong = _match(r"\\.", "invalid.illegal.escape")
    return {"begin": '"', "end": '"|$', "name": _named("string.quoted.double"), "patterns": [escape, wrong]}


def _block(keyword: str, patterns: Iterable[_Rule]) -> _Rule:
    """Return the rule of a keyword with what stands in its braces."""
    return {
        "begin": rf"\b({keyword})[ \t]*(\{{)",
        "beginCaptures": {"1": {"name": _named("keyword.control")}, "2": {"name": _named("punctuation")}},
        "end": r"\}",
        "endCaptures": {"0": {"name": _named("punctuation")}},
        "patterns": [{"include": "#comment"}, *patterns],
    }


def _effects() -> Iterable[_Rule]:
    target = _pattern("EFFECT_TARGET")
    spend, last = policy_grammar().keyword("SPEND"), policy_grammar().keyword("IRREVERSIBLE")
    yield _match(rf"\b({spend})[ \t]+({target})", "", _1="keyword.control", _2="variable.other")
    yield _match(rf"\b{last}\b", "keyword.control")
    yield _match(target, "variable.other")


def _argv() -> Iterable[_Rule]:
    yield _match(_pattern("ARGV_FLAG"), "variable.parameter")
    yield _match(_pattern("PARAMETER"), "variable.parameter")
    yield _match(r"[\[\]]", "punctuation")
    yield _match(r"[!%-Z\\^-z|~]+", "string.unquoted")


def _command(word: str, scope: str) -> _Rule:
    """Return the rule of how a capability is typed: words of a scope, then options and operands in braces."""
    parts = [
        _match(_pattern("PARAMETER"), "variable.parameter"),
        _match(_pattern("OPTION_VALUE"), "string.unquoted"),
        _match(_pattern("OPTION_NAME"), "string.unquoted"),
        _match(r"[a-z]+", "keyword.control"),
        _match(r"=", "keyword.operator"),
        _match(r",", "punctuation"),
    ]
    rule = _block("command", [{"include": "#string"}, *parts])
    rule["begin"] = rf"\b(command)((?:[ \t]+(?:{word}))+)[ \t]*(\{{)"
    rule["beginCaptures"] = {
        "1": {"name": _named("keyword.control")},
        "2": {"name": _named(scope)},
        "3": {"name": _named("punctuation")},
    }
    return rule


def _choice() -> _Rule:
    """Return the rule of the names that an `Enum` lists, which may be written like keywords."""
    return {
        "begin": r"\b(Enum)[ \t]*(\()",
        "beginCaptures": {"1": {"name": _named("support.type")}, "2": {"name": _named("punctuation")}},
        "end": r"\)",
        "endCaptures": {"0": {"name": _named("punctuation")}},
        "patterns": [_match(_pattern("NAME"), "variable.other"), _match(",", "punctuation")],
    }


def _call() -> _Rule:
    """Return the rule of a call in an example or a test; it may go on over several lines."""
    argument = r"[A-Za-z_][A-Za-z0-9_]*(?= *=)"
    return {
        "begin": rf"(?!(?:{'|'.join(_keywords())})\b)([a-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*) *(\()",
        "beginCaptures": {
            "1": {"name": _named("entity.name.function")},
            "2": {"name": _named("punctuation")},
        },
        "end": r"\)",
        "endCaptures": {"0": {"name": _named("punctuation")}},
        "patterns": [
            {"include": "#string"},
            _match(argument, "variable.parameter"),
            _match(r"\b(?:true|false|null)\b", "constant.language"),
            _match(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", "constant.numeric"),
            _match(r"=", "keyword.operator"),
            _match(r"[{}\[\],:]", "punctuation"),
        ],
    }


def _words() -> Iterable[_Rule]:
    """Yield the rules of everything else; the first that matches at a place counts."""
    name, reference = _pattern("WORD"), _pattern("REFERENCE")
    dotted = r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+(?:\.\*)?|[a-z][a-z0-9_]*\.\*"
    unit = r"(-?[0-9]+(?:\.[0-9]+)?)([A-Za-z]+)?"
    keywords = "|".join(_keywords())
    yield _match(r"\b[a-z][a-z0-9_]*(?=[ \t]*:)", "variable.other")
    yield _match(
        rf"(?:{_pattern('INSTANT')}|{_pattern('TIME')}|utc[+-][0-9]{{2}}:[0-9]{{2}}|\butc\b)",
        "constant.numeric",
    )
    yield _match(unit, "constant.numeric", _2="keyword.other.unit")
    yield _match(rf"^(capability)[ \t]+({dotted})", "", _1="keyword.control", _2="entity.name.function")
    yield _match(rf"^({'|'.join(_STATEMENTS)})[ \t]+({name})", "", _1="keyword.control", _2="variable.other")
    yield _match(r"\b(protected|network)(?=[ \t]*(?:\{|hosts\b))", "keyword.control")
    yield _match(r"\b(?:agent|time|session)(?=[ \t]+(?:in|within|carries)\b)", "keyword.control")
    yield _match(
        rf"\b(?!(?:not|when|unless|where|and|or)\b){reference}(?![a-z0-9_.])(?=[ \t]*(?:{_COMPARING}))",
        "variable.other",
    )
    yield _match(rf"\b(size|of)[ \t]+({reference})", "", _1="keyword.control", _2="variable.other")
    yield _match(
        rf"([=!<>]=|(?<=[ \t])[<>])[ \t]*(?!(?:true|false|size)\b)({reference})",
        "",
        _1="keyword.operator",
        _2="variable.other",
    )
    yield _match(
        rf"\b({'|'.join(_LEADS)})[ \t]+(?!(?:cidr|hosts)\b)({name})",
        "",
        _1="keyword.control",
        _2="variable.other",
    )
    yield _match(dotted, "entity.name.function")
    yield _match(r"\b(?:true|false)\b|\b(?:mon|tue|wed|thu|fri|sat|sun)\b", "constant.language")
    yield _match(rf"\b(?:{keywords})\b(?!-)", "keyword.control")
    yield _match(_pattern("CONSTANT") + r"\b", "constant.other")
    yield _match(_pattern("TYPE"), "support.type")
    yield _match(name, "variable.other")
    yield _match(r"->|\.\.|[=!<>]=|[=<>?|]", "keyword.operator")
    yield _match(r"[{}\[\](),:]", "punctuation")


def _keywords() -> list[str]:
    """Return the words that the grammar reads as themselves, the longest first."""
    return sorted(policy_grammar().keywords - {"true", "false", "null"}, key=lambda word: (-len(word), word))
