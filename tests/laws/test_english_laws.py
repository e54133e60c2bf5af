"""Any text is one call or a `RequestError`; what is written by the phrases is read as the call that it was written for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from governance.capabilities.phrase import Fixed, Keyword, Slot
from governance.errors import RequestError
from governance.request.bind import bind
from governance.request.english import parse_sentence, phrasebook_of
from governance.request.english.values import sayable, written
from governance.text import Source
from tests.laws.strategies import HOSTILE, calls, standard, texts

if TYPE_CHECKING:
    from governance.capabilities import Call
    from governance.request.syntax import CallSyntax

laws = settings(max_examples=300, deadline=None)
BOOK = phrasebook_of(standard())
WORDS = sorted(
    {item.text for spoken in BOOK.spoken for item in spoken.phrase.items if isinstance(item, Keyword)}
)
pieces = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(
        [
            "please",
            "could",
            "you",
            "the",
            "a",
            ",",
            "and",
            "/workspace/a.py",
            "/a",
            "10",
            "64KiB",
            "-1",
            "**/*.py",
            "''",
        ]
    ),
    st.sampled_from(HOSTILE),
    texts.map(lambda text: f'"{text}"'),
)
sentences = st.lists(pieces, max_size=12).map(" ".join)


def read(text: str) -> CallSyntax | None:
    """Return the call that the sentence is, None where it is refused with something to say instead."""
    try:
        return parse_sentence(Source("request", text), standard())
    except RequestError as error:
        told = error
    assert all(each.message and (each.help or each.code == "too-long") for each in told.diagnostics)
    assert told.render()
    return None


@laws
@given(st.one_of(sentences, st.text(max_size=60), texts))
def test_any_text_is_a_call_or_is_refused(text: str) -> None:
    syntax = read(text)
    if syntax is not None:
        call = bind(syntax, standard())
        places = syntax.places
        assert {argument.name for argument in places.arguments} == set(syntax.values)
        assert call.capability.name == syntax.name


def spoken_of(call: Call, number: int, *, articles: bool = False) -> str | None:
    """Return a sentence for the call by one of its capability's phrases, None where no sentence can be that call."""
    if any("\0" in word for word in call.argv):
        return None
    phrases = [spoken.phrase for spoken in BOOK.spoken if spoken.capability is call.capability]
    kinds = {each.name: each.type for each in call.capability.parameters}
    usual = {each.name: each.default for each in call.capability.parameters}
    for form in phrases[number % len(phrases)].forms():
        fixed = {item.parameter: item.text for item in form if isinstance(item, Fixed)}
        said = {item.parameter for item in form if isinstance(item, Slot)} | set(fixed)
        given_ = {name for name, value in call.arguments.items() if value != usual[name]}
        silent = all(written(call.arguments.get(name), kinds[name]) == text for name, text in fixed.items())
        if (
            not (given_ <= said <= set(call.arguments))
            or not silent
            or not all(sayable(kinds[name]) for name in said)
        ):
            continue
        words = []
        for item in form:
            match item:
                case Keyword(text=text, article=article):
                    words += [article, text] if articles and article and words else [text]
                case Slot(parameter=name):
                    value = call.arguments[name]
                    words.append(written(value, kinds[name]))
        return " ".join(words)
    return None


@laws
@given(calls, st.integers(0, 5), st.booleans())
def test_what_is_written_by_a_phrase_is_read_as_that_call(call: Call, number: int, articles: bool) -> None:
    text = spoken_of(call, number, articles=articles)
    assume(text is not None)
    syntax = read(text)
    assert syntax is not None, text
    assert bind(syntax, standard()) == call


@laws
@given(
    calls,
    st.integers(0, 5),
    st.sampled_from(["please {}", "Could you {}?", "{}, please", "{}.", "Please, {} thanks"]),
)
def test_politeness_means_nothing(call: Call, number: int, polite: str) -> None:
    text = spoken_of(call, number)
    assume(text is not None)
    syntax = read(polite.format(text))
    assert syntax is not None, text
    assert bind(syntax, standard()) == call


@laws
@given(sentences)
def test_what_is_offered_instead_can_be_said(text: str) -> None:
    offered = ""
    try:
        parse_sentence(Source("request", text), standard())
    except RequestError as error:
        offered = error.diagnostics[0].help.partition("you can say: ")[2]
    for sentence in offered.split(" or: ") if offered else ():
        assert " or: " in text or read(sentence) is not None


def test_hostile_texts_end() -> None:
    for word in ("a ", "read ", "the ", "and ", ", ", "/a ", '"a" ', "' ' ", "run program ", "x,", "please "):
        for head in ("", "run the program ", "search for ", "replace ", "write "):
            read((head + word * 70_000)[:65_000])
