"""Checks phrases: each says all that a call must have, and no two capabilities are asked for by the same words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from governance.capabilities.phrase import Fixed, Keyword, PhraseError, Slot, parse_phrase
from governance.policy.syntax import Word
from governance.request.english.values import sayable, spoken

if TYPE_CHECKING:
    from governance.capabilities.declaration import Parameter
    from governance.capabilities.phrase import Item, Phrase
    from governance.policy.check.scope import FileScope
    from governance.policy.syntax import Clause

__all__ = ["check_phrases"]


def check_phrases(
    scope: FileScope, clauses: tuple[Clause, ...], parameters: dict[str, Parameter], name: Word
) -> tuple[str, ...]:
    """Return the phrases of the capability `name`; what is wrong with them is reported."""
    items = (item for clause in clauses if clause.keyword == "phrase" for item in clause.items)
    words = cast("tuple[Word, ...]", tuple(items))
    for word in words:
        try:
            phrase = parse_phrase(word.text)
        except PhraseError as error:
            scope.report("bad-phrase", str(error), _place(word, error.start, error.end), error.mend)
            continue
        sound = [_item(scope, word, item, parameters) for item in phrase.items]
        if all(sound):
            _complete(scope, word, phrase, parameters)
            _unlike(scope, word, phrase, parameters, name)
    return tuple(word.text for word in words)


def _place(word: Word, start: int, end: int) -> tuple[int, int]:
    """Return where a part of the text in quotes stands in the file."""
    return word.start + 1 + start, word.start + 1 + end


def _item(scope: FileScope, word: Word, item: Item, parameters: dict[str, Parameter]) -> bool:
    """Whether the item is a word, or speaks of a parameter that can be said; what is none is reported."""
    if isinstance(item, Keyword):
        return True
    place = _place(word, item.start, item.start + len(item.parameter))
    parameter = scope.find("parameter", Word(item.parameter, *place), parameters)
    if parameter is None:
        return False
    kind = replace(parameter.type, optional=False)
    if isinstance(item, Slot):
        if not sayable(kind):
            scope.report("bad-phrase", f"a {kind} cannot be said", place, f"leave out ${item.parameter}")
        return sayable(kind)
    try:
        kind.check(spoken(item.text, kind))
    except ValueError as error:
        scope.report("ill-typed", f"this is no {kind}: {error}", place, f"write a {kind}")
        return False
    return True


def _complete(scope: FileScope, word: Word, phrase: Phrase, parameters: dict[str, Parameter]) -> None:
    """Report each parameter that a call must have and a sentence need not say."""
    said = {item.parameter for item in phrase.always if not isinstance(item, Keyword)}
    for parameter in parameters.values():
        if parameter.required and parameter.name not in said:
            message = f"a sentence need not say `{parameter.name}`, which a call must have"
            scope.report("unsaid-parameter", message, word, f"put ${parameter.name} in it, in no [ … ]")


def _unlike(
    scope: FileScope, word: Word, phrase: Phrase, parameters: dict[str, Parameter], name: Word
) -> None:
    """Report a phrase of which some form asks for something else, too."""
    kinds = {each.name: str(replace(each.type, optional=False)) for each in parameters.values()}
    for form in phrase.forms():
        asked = (name.text, *(f"{item.parameter}={item.text}" for item in form if isinstance(item, Fixed)))
        asked += tuple(item.parameter for item in form if isinstance(item, Slot))
        key = tuple(
            item.text if isinstance(item, Keyword) else f"${kinds[item.parameter]}"
            for item in form
            if not isinstance(item, Fixed)
        )
        other = scope.scope.said.setdefault(key, asked)
        if other != asked:
            message = (
                f"the same words ask for {other[0]}"
                if other[0] != name.text
                else "the same words ask for two things"
            )
            scope.report("same-phrase", message, word, "let one of them say more")
            return
