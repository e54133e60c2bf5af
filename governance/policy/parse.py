"""Policy text to statements, by `grammars/policy.lark`; every statement that does not fit is reported.

A file that does not parse whole is read again statement by statement, each at the place it has in the file,
so that one mistake hides no other.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final, cast

from governance.errors import Diagnostic
from governance.grammar import Grammar, Misfit, Token
from governance.policy import syntax
from governance.policy.scan import scan
from governance.policy.syntax import Clause, FileSyntax, Word
from governance.text import Source, shown

__all__ = ["parse_file", "policy_grammar", "statement_at"]

_HEAD: Final = re.compile(r'([a-z]+)[ \t]+(?:"([^"\n]*)|([A-Za-z0-9_.-]+))?')
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]+")
_MOST_DIAGNOSTICS: Final = 100
"""After so many statements that cannot be read the rest of a file is left unread."""

_WHOLE: Final = re.compile(r"0|-?[1-9][0-9]{0,19}")
"""A number in its one spelling; anything else is for the checker to refuse."""
_LINE_START: Final = re.compile(r"^[a-z]", re.MULTILINE)
_VALUES: Final = frozenset({"ANY", "ARGV_WORD", "CONSTANT", "INSTANT", "NAME", "QUANTITY", "STRING", "WORD"})
"""The terminals that say something; all other words and signs are there to be read."""


def parse_file(source: Source) -> tuple[FileSyntax, tuple[Diagnostic, ...]]:
    """Return the statements of `source` that can be read, and a diagnostic for each that cannot."""
    faults = scan(source)
    if any(fault.code == "too-deep" for fault in faults):
        return FileSyntax(source, (), frozenset(_NAME.findall(source.text))), faults
    reading = _Reading(source, [], list(faults), set())
    reading.read(_starts(source))
    return FileSyntax(source, tuple(reading.statements), frozenset(reading.unread)), tuple(
        reading.diagnostics
    )


def statement_at(source: Source, offset: int) -> tuple[int, int]:
    """Return where the statement at `offset` begins and ends, whether or not it can be read.

    Blank lines and comments after a statement belong to it, as they do while it is being written.
    """
    starts = _starts(source)
    place = bisect_right(starts, offset, hi=len(starts) - 1)
    return starts[place - 1], starts[place]


@lru_cache(maxsize=64)
def _starts(source: Source) -> list[int]:
    """Return where the statements of a text begin, after a 0, and where the last one ends."""
    return [0, *(match.start() for match in _LINE_START.finditer(source.text)), len(source.text)]


@dataclass(frozen=True, slots=True)
class _Reading:
    """What has been read of one file so far."""

    source: Source
    statements: list[syntax.Statement]
    diagnostics: list[Diagnostic]
    unread: set[str]

    def read(self, starts: list[int]) -> None:
        """Read the statements that begin at `starts`, the last of which is the end: all at once, else by halves."""
        start, end = starts[0], starts[-1]
        if len(self.diagnostics) >= _MOST_DIAGNOSTICS:
            self.unread.update(_NAME.findall(self.source.text, start, end))
            return
        try:
            self.statements.extend(_statements(self.source, start, end))
        except Misfit as misfit:
            if len(starts) == 2:
                self.diagnostics.append(_diagnostic(self.source, misfit, end))
                self._unread(start, end)
            else:
                half = len(starts) // 2
                self.read(starts[: half + 1])
                self.read(starts[half:])

    def _unread(self, start: int, end: int) -> None:
        """Note the names that the statement declares: its own, and of an agent also the groups."""
        head = _HEAD.match(self.source.text, start)
        if head is not None:
            self.unread.add(head[2] or head[3] or "")
            if head[1] == "agent":
                self.unread.update(_NAME.findall(self.source.text, head.end(), end))


def _statements(source: Source, start: int, end: int) -> tuple[syntax.Statement, ...]:
    """Read a part of the file in place: what stands before it is blank."""
    part = Source(source.name, " " * start + source.text[start:end])
    return tuple(cast("list[syntax.Statement]", policy_grammar().parse(part)))


def _diagnostic(source: Source, misfit: Misfit, end: int) -> Diagnostic:
    start = min(misfit.span.start, max(len(source.text) - 1, 0))
    expected = f"expected {', '.join(misfit.expected)}"
    if misfit.span.start >= end:
        last = len(source.text[:end].rstrip()) - 1
        return Diagnostic("syntax", "the statement is not finished", source.span(max(last, 0)), expected)
    message = f"{shown(misfit.found)} does not fit here"
    return Diagnostic("syntax", message, source.span(start, max(misfit.span.end, start + 1)), expected)


@cache
def policy_grammar() -> Grammar:
    """Return the grammar of policies, with what makes its statements."""
    return Grammar("policy", _Rules(), apart=True)


def _word(token: Any) -> Word:
    text = token[1:-1].replace('\\"', '"').replace("\\\\", "\\") if token.startswith('"') else str(token)
    return Word(text, token.start_pos, token.end_pos)


def _named(token: Any) -> Word:
    """Return the parameter that `$name` or `$name?` names."""
    return Word(token.strip("$?"), token.start_pos + 1, token.end_pos - token.endswith("?"))


def _words(children: list[Any]) -> tuple[Word, ...]:
    return tuple(_word(child) for child in children if child.type in _VALUES)


class _Rules:
    """The values that the rules of `policy.lark` make; each method is named for its rule."""

    def start(self, children: list[Any]) -> list[Any]:
        return children

    def capability(self, children: list[Any]) -> syntax.CapabilitySyntax:
        name, summary, *items = children
        parameters = tuple(item for item in items if isinstance(item, syntax.ParameterSyntax))
        clauses = tuple(item for item in items if isinstance(item, Clause))
        commands = tuple(item for item in items if isinstance(item, syntax.CommandSyntax))
        return syntax.CapabilitySyntax(_word(name), _word(summary), parameters, clauses, commands)

    def parameter(self, children: list[Any]) -> syntax.ParameterSyntax:
        name, kind, *default = children
        return syntax.ParameterSyntax(_word(name), kind, default[0] if default else None)

    def type(self, children: list[Any]) -> syntax.TypeSyntax:
        name, *parts = children
        found = {part[0]: part[1] for part in parts if isinstance(part, tuple)}
        optional = any(not isinstance(part, tuple) for part in parts)
        if isinstance(name, syntax.TypeSyntax):
            return name._replace(optional=optional)
        return syntax.TypeSyntax(
            _word(name),
            found.get("item"),
            found.get("bounds"),
            found.get("names", ()),
            found.get("within"),
            optional,
        )

    def record(self, children: list[Any]) -> syntax.TypeSyntax:
        name = Word("Record", children[0][0].start, children[-1][0].end)
        return syntax.TypeSyntax(name, None, None, (), None, optional=False, fields=tuple(children))

    def field(self, children: list[Any]) -> tuple[Word, syntax.TypeSyntax]:
        return _word(children[0]), children[1]

    def item_type(self, children: list[Any]) -> tuple[str, syntax.TypeSyntax]:
        return "item", children[0]

    def bounds(self, children: list[Any]) -> tuple[str, syntax.BoundsSyntax]:
        range_ = next(index for index, child in enumerate(children) if child.type == "RANGE")
        low, high = children[:range_], children[range_ + 1 :]
        return "bounds", syntax.BoundsSyntax(_word(low[0]) if low else None, _word(high[0]) if high else None)

    def names(self, children: list[Any]) -> tuple[str, tuple[Word, ...]]:
        return "names", _words(children)

    def within(self, children: list[Any]) -> tuple[str, syntax.WithinSyntax]:
        return "within", syntax.WithinSyntax(_word(children[0]), _word(children[1]))

    def effect(self, children: list[Any]) -> syntax.EffectSyntax:
        words = [_word(child) for child in children]
        target, unit = [*words[1:], None, None][:2]
        return syntax.EffectSyntax(words[0], target, unit)

    def argv_group(self, children: list[Any]) -> syntax.ArgvGroupSyntax:
        flag = next((_named(child) for child in children if child.type == "ARGV_FLAG"), None)
        return syntax.ArgvGroupSyntax(_words(children), flag)

    def command(self, children: list[Any]) -> syntax.CommandSyntax:
        said = ("COMMAND_WORD", "STRING")
        words = tuple(_word(child) for child in children if getattr(child, "type", "") in said)
        parts = tuple(child for child in children if isinstance(child, syntax.CommandPartSyntax))
        return syntax.CommandSyntax(words, parts)

    def _typed(self, children: list[Any]) -> syntax.CommandPartSyntax:
        keyword, *rest = children
        tokens = [child for child in rest if isinstance(child, Token)]
        texts = [_word(child) for child in tokens if child.type == "STRING"]
        parameter = next((_named(child) for child in tokens if child.type == "PARAMETER"), None)
        starting = next((child.text for child in rest if isinstance(child, syntax.StartingSyntax)), None)
        named = (
            child if isinstance(child, Word) else _word(child)
            for child in rest
            if isinstance(child, Word) or getattr(child, "type", "") in ("OPTION_NAME", "OPTION_VALUE")
        )
        names = tuple(texts) if keyword == "never" else tuple(named)
        if keyword == "either":
            parameter, names = None, tuple(_named(child) for child in tokens if child.type == "PARAMETER")
        return syntax.CommandPartSyntax(_word(keyword), names, parameter, starting or next(iter(texts), None))

    option = program = flag = leading = ignored = needs = closing = never = given = exclusive = _typed
    first = apart = ends = positional = rest = _typed

    def pair(self, children: list[Any]) -> Word:
        return _word(children[0])

    def starting(self, children: list[Any]) -> syntax.StartingSyntax:
        return syntax.StartingSyntax(_word(children[0]))

    def _led(self, children: list[Any]) -> Clause:
        keyword, *rest = children
        items = (
            (_word(child) if isinstance(child, Token) else child)
            for child in rest
            if not isinstance(child, Token) or child.type in _VALUES
        )
        return Clause(str(keyword), tuple(items), keyword.start_pos, keyword.end_pos)

    effects = argv = stdin = returns = phrase = tenant = groups = workspace = narrows = _led
    calls = when = unless = profile = because = including = allows = denies = asks = until = _led
    most = each = counting = clears = approver = _led
    as_agent = as_session = at = after = says = clear = _led

    def approve(self, children: list[Any]) -> Clause:
        keyword, person, *rest = children
        said = dict(zip((str(word) for word in rest[::2]), (_word(word) for word in rest[1::2]), strict=True))
        approval = syntax.ApprovalSyntax(_word(person), said.get("for"), said.get("times"))
        return Clause(str(keyword), (approval,), keyword.start_pos, keyword.end_pos)

    def agent(self, children: list[Any]) -> syntax.AgentSyntax:
        return syntax.AgentSyntax(_word(children[0]), tuple(children[1:]))

    def import_(self, children: list[Any]) -> syntax.ImportSyntax:
        return syntax.ImportSyntax(_word(children[0]))

    def let(self, children: list[Any]) -> syntax.LetSyntax:
        return syntax.LetSyntax(_word(children[0]), children[1])

    def rule(self, children: list[Any]) -> syntax.RuleSyntax:
        return syntax.RuleSyntax(_word(children[0]), _word(children[1]), tuple(children[2:]))

    def agents(self, children: list[Any]) -> Clause:
        keyword, *rest = children
        named = tuple(_word(child) for child in rest if child.type == "STRING")
        groups = tuple(_word(child) for child in rest if child.type == "WORD")
        clause = syntax.AgentsClause(groups, named, everyone=any(child.type == "ANY" for child in rest))
        return Clause(str(keyword), (clause,), keyword.start_pos, keyword.end_pos)

    def named(self, children: list[Any]) -> syntax.NamedTarget:
        return syntax.NamedTarget(_word(children[0]))

    def any(self, children: list[Any]) -> syntax.AnyTarget:
        first = children[0]
        verbs = tuple(child for child in children if isinstance(child, Word))
        reach, place = children[-1] if type(children[-1]) is tuple else (None, None)
        return syntax.AnyTarget(first.start_pos, first.end_pos, verbs, reach, place)

    def effect_word(self, children: list[Any]) -> Word:
        return _word(children[0])

    def reach(self, children: list[Any]) -> tuple[Word, Any]:
        word, place = children
        return _word(word), syntax.Reference(_word(place)) if isinstance(place, Token) else place

    def call__call(self, children: list[Any]) -> Word:
        """Return the place of an example; its text is read by the call grammar."""
        return Word("", children[0].start_pos, children[-1].end_pos)

    def either(self, children: list[Any]) -> syntax.ConditionSyntax:
        return syntax.Compound(every=False, conditions=tuple(children))

    def both(self, children: list[Any]) -> syntax.ConditionSyntax:
        return syntax.Compound(every=True, conditions=tuple(children))

    def opposite(self, children: list[Any]) -> syntax.Opposite:
        return syntax.Opposite(children[0])

    def comparison(self, children: list[Any]) -> syntax.ComparisonSyntax:
        left, *operator, right = children
        words = [_word(word) for word in operator]
        joined = Word(" ".join(word.text for word in words), words[0].start, words[-1].end)
        return syntax.ComparisonSyntax(left, joined, right)

    def presence(self, children: list[Any]) -> syntax.Presence:
        return syntax.Presence(_word(children[0]), children[1].type == "PRESENT")

    def carries(self, children: list[Any]) -> syntax.Carries:
        return syntax.Carries(_word(children[0]))

    def provenance(self, children: list[Any]) -> syntax.Provenance:
        return syntax.Provenance(_word(children[0]), _word(children[1]))

    def earlier(self, children: list[Any]) -> syntax.Earlier:
        happened = _word(children.pop(0)) if isinstance(children[0], Token) else None
        within = next(place for place, child in enumerate(children) if isinstance(child, Token))
        targets = tuple(
            child for child in children[:within] if isinstance(child, syntax.NamedTarget | syntax.AnyTarget)
        )
        where = children[within - 1] if len(targets) < within else None
        return syntax.Earlier(happened, targets, where, _word(children[within + 1]))

    def window(self, children: list[Any]) -> syntax.Window:
        words = [child for child in children if isinstance(child, Token)]
        times = [_word(word) for word in words if word.type == "TIME"]
        offset = next((_word(word) for word in words if word.type == "OFFSET"), None)
        days = tuple(child for child in children if not isinstance(child, Token))
        return syntax.Window(times[0], times[1], offset, days)

    def days(self, children: list[Any]) -> tuple[Word, Word]:
        return _word(children[0]), _word(children[-1])

    def member(self, children: list[Any]) -> syntax.Member:
        return syntax.Member(_word(children[-1]))

    def quota(self, children: list[Any]) -> syntax.Quota:
        words = [_word(child) for child in children]
        return syntax.Quota(words[0], words[1] if len(words) == 3 else None, words[-1])

    def reference(self, children: list[Any]) -> syntax.Reference:
        return syntax.Reference(_word(children[0]))

    def size(self, children: list[Any]) -> syntax.SizeOf:
        return syntax.SizeOf(_word(children[1]))

    def sandbox(self, children: list[Any]) -> syntax.SandboxSyntax:
        return syntax.SandboxSyntax(_word(children[0]), tuple(children[1:]))

    def text_field(self, children: list[Any]) -> syntax.Field:
        return syntax.Field(_word(children[0]), _word(children[1]))

    word_field = quantity_field = text_field

    def mount(self, children: list[Any]) -> syntax.MountSyntax:
        return syntax.MountSyntax(*_words(children))

    def scratch(self, children: list[Any]) -> syntax.ScratchSyntax:
        return syntax.ScratchSyntax(*_words(children))

    def hosts(self, children: list[Any]) -> syntax.HostsSyntax:
        rest: dict[str, Any] = dict(child for child in children if type(child) is tuple)
        hosts = _words([child for child in children if isinstance(child, Token)])
        return syntax.HostsSyntax(hosts, rest.get("port"), rest.get("methods", ()))

    def port(self, children: list[Any]) -> tuple[str, Word]:
        return "port", _word(children[0])

    def methods(self, children: list[Any]) -> tuple[str, tuple[Word, ...]]:
        return "methods", _words(children)

    def secret(self, children: list[Any]) -> syntax.SecretSyntax:
        return syntax.SecretSyntax(*_words(children))

    def waive(self, children: list[Any]) -> syntax.WaiveSyntax:
        return syntax.WaiveSyntax(*_words(children))

    def step(self, children: list[Any]) -> syntax.StepSyntax:
        calls = tuple(child for child in children if isinstance(child, Word))
        verdict, *code = [_word(child) for child in children if isinstance(child, Token)]
        rest: dict[str, Any] = dict(child for child in children if type(child) is tuple)
        return syntax.StepSyntax(
            calls, verdict, code[0] if code else None, rest.get("by", ()), rest.get("then")
        )

    def by(self, children: list[Any]) -> tuple[str, tuple[Word, ...]]:
        return "by", _words(children)

    def then(self, children: list[Any]) -> tuple[str, Word]:
        return "then", _word(children[0])

    def test(self, children: list[Any]) -> syntax.ScenarioSyntax:
        return syntax.ScenarioSyntax(_word(children[0]), tuple(children[1:]))

    def prove(self, children: list[Any]) -> syntax.ProveSyntax:
        name, how, *rest = children
        targets = tuple(child for child in rest if isinstance(child, syntax.NamedTarget | syntax.AnyTarget))
        clauses = tuple(child for child in rest if isinstance(child, Clause))
        return syntax.ProveSyntax(_word(name), how.type == "ALWAYS", targets, clauses)

    def protected(self, children: list[Any]) -> syntax.ProtectedSyntax:
        return syntax.ProtectedSyntax(children[0], _word(children[1]))

    def literal(self, children: list[Any]) -> syntax.LiteralSyntax:
        token = children[0]
        if isinstance(token, syntax.LiteralSyntax):
            return token
        quoted = token.type == "STRING"
        return syntax.LiteralSyntax(_value(token), token.start_pos, token.end_pos, quoted)

    def list(self, children: list[Any]) -> syntax.LiteralSyntax:
        return syntax.LiteralSyntax(tuple(children[1:-1:2]), children[0].start_pos, children[-1].end_pos)

    default = literal
    defaults = list  # noqa: A003 - the method above


def _value(token: Any) -> str | int | bool:
    match token.type:
        case "STRING":
            return _word(token).text
        case "QUANTITY":
            return int(token) if _WHOLE.fullmatch(token) else str(token)
        case "INSTANT":
            return str(token)
        case _:
            return bool(token.type == "TRUE")
