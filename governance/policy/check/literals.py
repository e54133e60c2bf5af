"""What the checks share: literals as canonical values and as sets of paths, numbers, clauses that stand once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from governance.canonical import EXACT_INTEGER
from governance.capabilities.glob import PathSet
from governance.capabilities.numbers import decimal_of
from governance.capabilities.values import check_glob, check_path, quantity
from governance.policy.syntax import LiteralSyntax
from governance.policy.syntax import SizeOf as SizeOfSyntax
from governance.text import excerpt, with_article

if TYPE_CHECKING:
    from collections.abc import Sequence

    from governance.capabilities.values import Type, Value
    from governance.policy.check.scope import FileScope
    from governance.policy.syntax import Clause, OperandSyntax, Word

__all__ = ["constant", "duration", "literal_of", "number", "path_sets", "said_once", "single"]


def constant(scope: FileScope, literal: LiteralSyntax, kind: Type) -> Value | None:
    """Return `literal` as a canonical value of `kind`; what is none is reported, and None."""
    try:
        return kind.check(_spelled(literal, kind))
    except ValueError as error:
        scope.report("ill-typed", f"this is no {kind}: {error}", literal, f"write {with_article(str(kind))}")
        return None


_UNQUOTED: Final = ("Size", "Duration", "Decimal", "Instant")
"""The types whose values a policy writes as they are: 64KiB, 30s, 500.00, 2027-01-31T09:00:00Z."""


def _spelled(literal: LiteralSyntax, kind: Type) -> object:
    """Return a literal as a plain value; a decimal may have zeros at its end. Raises ValueError for a lost quote."""
    value = literal.value
    if isinstance(value, tuple):
        return tuple(_spelled(item, kind.item or kind) for item in value)
    if isinstance(value, str) and not literal.quoted:
        if kind.name == "Int":
            raise ValueError(
                f"`{excerpt(value)}` is no whole number; write it without a point, a unit or a zero before it"
            )
        if kind.name not in _UNQUOTED:
            raise ValueError(f'it stands without quotes; write "{excerpt(value)}"')
        return decimal_of(value) if kind.name == "Decimal" else value
    return value


def literal_of(scope: FileScope, syntax: OperandSyntax) -> LiteralSyntax | None:
    """Return a literal, or the one that a `let` gave the name to; anything else is reported, and None."""
    if isinstance(syntax, LiteralSyntax):
        return syntax
    if isinstance(syntax, SizeOfSyntax):
        scope.report(
            "ill-typed", "a size does not fit here", syntax.name, "write a literal or the name of a let"
        )
        return None
    found = scope.find("let", syntax.name, scope.scope.lets)
    # A let may stand in another file: what is wrong with its value here is shown where it is used.
    return None if found is None else _placed(found, syntax.name)


def _placed(literal: LiteralSyntax, name: Word) -> LiteralSyntax:
    value = literal.value
    if isinstance(value, tuple):
        value = tuple(_placed(item, name) for item in value)
    return LiteralSyntax(value, name.start, name.end, literal.quoted)


_WHOLE: Final = re.compile(r"0|-?[1-9][0-9]*")
_ZERO: Final = re.compile(r"-?0[0-9]|-0")


def single(scope: FileScope, clauses: tuple[Clause, ...], keyword: str) -> Clause | None:
    """Return the one clause of that keyword; a second one is reported."""
    found = [clause for clause in clauses if clause.keyword == keyword]
    for extra in found[1:]:
        scope.report(
            "said-twice", f"`{keyword}` stands here twice", (extra.start, extra.end), "keep one of them"
        )
    return found[0] if found else None


def number(scope: FileScope, word: Word, name: str) -> int | None:
    """Return a number of the type `name`, with or without a unit; what is none is reported, and None."""
    try:
        value = int(word.text) if _WHOLE.fullmatch(word.text) else quantity(word.text, name)
    except (ValueError, KeyError):
        unit = {"Size": " like 64MiB", "Duration": " like 30s"}.get(name, "")
        zero = ", without a zero before it" if _ZERO.match(word.text) else ""
        mend = f"write a whole number{unit}{zero}"
        scope.report("bad-number", f"`{word.text[:40]}` is no {name}", word, mend)
        return None
    if value > EXACT_INTEGER:
        scope.report(
            "bad-bounds", f"`{excerpt(word.text)}` is out of range", word, f"at most {EXACT_INTEGER}"
        )
        return None
    return value


def duration(scope: FileScope, word: Word) -> int | None:
    """Return a length of time in milliseconds; one without a unit, or that is none, is reported, and None."""
    if word.text != "0" and _WHOLE.fullmatch(word.text):
        message = f"`{excerpt(word.text)}` does not say of what; it would be milliseconds"
        mend = f"write {excerpt(word.text)}s, {excerpt(word.text)}m or {excerpt(word.text)}ms"
        scope.report("no-unit", message, word, mend)
        return None
    return number(scope, word, "Duration")


def said_once(scope: FileScope, literal: LiteralSyntax, values: Sequence[object]) -> None:
    """Report each item of a list that stands in it before; `values` has what the items are."""
    seen: set[object] = set()
    for item, value in zip(literal.value if isinstance(literal.value, tuple) else (), values, strict=False):
        if value in seen:
            scope.report("said-twice", f"`{excerpt(str(value))}` stands here twice", item, "keep one of them")
        seen.add(value)


def path_sets(scope: FileScope, literal: LiteralSyntax, *, tree: bool) -> tuple[PathSet, ...]:
    """Return a path or glob literal, or a list of them, as sets: of whole trees, or of what each glob matches."""
    items = literal.value if isinstance(literal.value, tuple) else (literal,)
    if not items:
        scope.report("empty", "nothing lies in an empty list", literal, "name a path, or leave this out")
    found = []
    for item in items:
        if not isinstance(item.value, str):
            scope.report("ill-typed", "this is no path", item, 'write paths as strings: "/workspace"')
            continue
        try:
            found.append(
                PathSet.tree(check_path(item.value))
                if tree
                else PathSet.glob(check_glob(item.value, rooted=True))
            )
        except ValueError as error:
            scope.report(
                "bad-path" if tree else "bad-glob", str(error), item, 'like "/workspace" or "**/.env"'
            )
    return tuple(found)
