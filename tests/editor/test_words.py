"""What words are, what they stand for and what is proposed: laws over all policies, and tables."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.editor.index import Index
from governance.editor.proposals import propose
from governance.editor.words import Context, Role, named_at, role_of
from governance.library import policy_files, standard_library
from governance.policy.parse import policy_grammar, statement_at
from governance.text import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from governance.grammar import Token

POLICIES = Path(__file__).parents[2] / "policies"
BUNDLES = ("std", *(f"examples/{place.name}" for place in sorted((POLICIES / "examples").iterdir())))
FREE = {Role.CHOICE, Role.EFFECT, Role.TYPE}
"""The roles of words that the language itself declares."""


@cache
def sources(bundle: str) -> tuple[Source, ...]:
    own = () if bundle == "std" else policy_files(POLICIES / bundle)
    library = ((f"std/{name}", text) for name, text in standard_library().items())
    return tuple(Source(name, text) for name, text in (*library, *own))


def own_sources(bundle: str) -> tuple[Source, ...]:
    """Return the files of a bundle without the library's, which are looked at as a bundle of their own."""
    return tuple(each for each in sources(bundle) if bundle == "std" or not each.name.startswith("std/"))


@pytest.mark.parametrize("bundle", BUNDLES)
def test_every_name_of_a_bundle_that_holds_leads_to_a_declaration(bundle: str) -> None:
    index = Index(sources(bundle))
    for source in own_sources(bundle):
        for start, _, _ in tokens(source):
            named = named_at(source, start)
            if named is not None and named.role not in FREE and named.name not in ("user", "trusted"):
                assert index.meant(named), (source.span(start).place, named)


@pytest.mark.parametrize("bundle", BUNDLES)
def test_every_word_of_a_bundle_that_holds_would_have_been_proposed_in_its_place(bundle: str) -> None:
    index = Index(sources(bundle))
    for source in own_sources(bundle):
        for start, token, context in tokens(source):
            new = context.lead == context.kind and token.type in ("DOTTED", "NAME", "STRING", "WORD")
            free = (
                new
                or token.type == "NAME"
                or context.lead == "secret"
                or (token.type == "ARGV_WORD" and "$" not in token)
            )
            role = None if free else role_of(token.type, context)
            if role is None and not (policy_grammar().keyword(token.type) or "").isalpha():
                continue
            dot = token.find(".") + 1 if role is Role.VALUE else 0
            ways = [each.text for each in propose(source, start + dot, index).ways]
            assert said(token) in ways, (source.span(start).place, token, ways)


def said(token: Token) -> str:
    """Return a token as it is proposed."""
    match token.type:
        case "EFFECT_TARGET":
            return token.partition("/")[0].partition(".")[0]
        case "ARGV_FLAG" | "ARGV_WORD":
            return token[token.find("$") :].removesuffix("?")
        case _:
            return str(token)


def tokens(source: Source) -> Iterator[tuple[int, Token, Context]]:
    """Yield where each token of a file starts, itself, and the context it stands in."""
    first = last = 0
    while last < len(source.text):
        first, last = statement_at(source, last)
        context = Context()
        for token in policy_grammar().begun(source.text[first:last])[0]:
            yield first + (token.start_pos or 0), token, context
            context = context.after(token)


RULE = """\
agent "ann" { groups coders }
let keys = ["**/.env"]
label private { call fs.read  when path under "/w/private" }
"""


@pytest.mark.parametrize(
    ("text", "some", "none"),
    [
        ("per", ("permit", "forbid", "test"), ("when",)),
        ("permit x {\n  ", ("agent", "call", "sandbox"), ("counting", "approver", "image")),
        ("limit x {\n  ", ("counting", "at"), ("sandbox",)),
        ("permit x { agent in co", ("coders",), ("ann", "fs.read")),
        ('permit x { agent "', ('"ann"',), ("coders",)),
        ("permit x { call fs.", ("fs.read", "fs.*", "any"), ("coders",)),
        ("permit x { call fs.read when ", ("path", "not", "earlier"), ("keys", "content")),
        ("permit x { call fs.read when path ", ("under", "matches", "is"), ("path",)),
        ("permit x { call fs.read when path under ", ("keys",), ("coders",)),
        ("permit x { call fs.write when earlier fs.read where ", ("offset",), ("content",)),
        ("permit x { call fs.write when earlier fs.read within 1h and ", ("content",), ("offset",)),
        ("permit x { call fs.read allows fs.re", ("fs.read(",), ("fs.read",)),
        ('permit x { call fs.read allows fs.read(path="/w", ', ("offset=", "limit="), ("path=",)),
        ("forbid x { call fs.* when session carries ", ("private",), ("user",)),
        ("forbid x { call fs.* when path from ", ("private", "user"), ("keys",)),
        ("forbid x { call any that reads or ", ("writes",), ("read",)),
        ("sandbox x { isolation ", ("gvisor",), ("read-only",)),
        ('sandbox x { network hosts "example.org" methods ', ("GET",), ("none",)),
        ('capability a.b "x" { path: ', ("Path", "List"), ("path",)),
        ('capability a.b "x" { path: Path effects { ', ("read", "irreversible"), ("reads",)),
        ('test "x" { agent "ann" fs.read(path="/") -> deny ', ("forbidden", "over-limit"), ("permitted",)),
        ('import "', ('"mine.policy"', '"std/fs.policy"'), ()),
        ("# per", (), ("permit",)),
        ("permit x { nonsense ", (), ("agent",)),
        ("permit x { nonsense\npro", ("prove", "protected"), ()),
        ('let x = "per', (), ("permit",)),
    ],
)
def test_proposals_are_what_may_stand_there(text: str, some: tuple[str, ...], none: tuple[str, ...]) -> None:
    source = Source("mine.policy", RULE + text)
    index = Index([*sources("std"), source])
    ways = {each.text for each in propose(source, len(source.text), index).ways}
    assert set(some) <= ways
    assert not ways & set(none)


@given(
    st.text(alphabet=st.sampled_from('ab{}[]()"#\\\n .,:=|->$permit call fs.read'), max_size=200), st.data()
)
def test_no_text_is_too_broken_to_be_asked_about(text: str, data: st.DataObject) -> None:
    source = Source("mine.policy", text)
    index = Index([source])
    offset = data.draw(st.integers(0, len(text)))
    found = propose(source, offset, index)
    assert found.span.end == offset
    named = named_at(source, offset)
    assert named is None or source.text[named.start : named.end] == named.name
