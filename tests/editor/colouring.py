"""A small interpreter of TextMate grammars: rules of `match`, and of `begin` and `end`, line by line.

It knows what `governance.editor.textmate` writes: names, captures, `include` of the repository, nothing else.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

KNOWN: Final = frozenset(
    {"match", "name", "captures", "begin", "end", "beginCaptures", "endCaptures", "patterns", "include"}
)


class Within(NamedTuple):
    """The rule that is open, and what was matched to open it."""

    rule: dict[str, Any]


class Colouring:
    """Tells the scope of each character of a text."""

    def __init__(self, grammar: dict[str, Any]) -> None:
        self._grammar = grammar
        self._open: list[dict[str, Any]] = []

    def scopes(self, text: str) -> list[str]:
        """Return the innermost scope of each character, `` where there is none."""
        found: list[str] = []
        for line in text.split("\n"):
            found += [*self._line(line), ""]
        return found[:-1]

    def _rules(self, rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
        flat: list[dict[str, Any]] = []
        for rule in rules:
            assert rule.keys() <= KNOWN
            if "include" in rule:
                flat += self._rules([self._grammar["repository"][rule["include"].removeprefix("#")]])
            elif "match" in rule or "begin" in rule:
                flat.append(rule)
            else:
                flat += self._rules(rule["patterns"])
        return flat

    def _line(self, line: str) -> list[str]:
        found = [""] * len(line)
        at = 0
        while at <= len(line):
            top = self._open[-1] if self._open else None
            rules = self._rules(top["patterns"] if top else self._grammar["patterns"])
            best, chosen = None, None
            candidates = [(re.compile(top["end"]), None)] if top else []
            candidates += [(re.compile(rule.get("match") or rule["begin"]), rule) for rule in rules]
            for pattern, rule in candidates:
                match = pattern.search(line, at)
                if match and (best is None or match.start() < best.start()):
                    best, chosen = match, rule
            inside = top.get("name", "") if top else ""
            end = best.start() if best else len(line)
            found[at:end] = [inside] * (end - at)
            if best is None:
                break
            if chosen is None:
                self._put(found, best, top.get("name", ""), top.get("endCaptures", {}))
                self._open.pop()
            else:
                captures = chosen.get("captures") or chosen.get("beginCaptures", {})
                self._put(found, best, chosen.get("name", inside), captures)
                if "begin" in chosen:
                    self._open.append(chosen)
            if best.end() == at and chosen is not None:
                at += 1
            elif best.end() == len(line) and chosen is None and best.start() == best.end():
                break
            else:
                at = best.end()
        return found

    @staticmethod
    def _put(found: list[str], match: re.Match[str], name: str, captures: dict[str, Any]) -> None:
        found[match.start() : match.end()] = [name] * (match.end() - match.start())
        for number, each in captures.items():
            start, end = match.span(int(number))
            if start >= 0:
                found[start:end] = [each["name"]] * (end - start)
